"""What calls cost, and budgets that no interleaving of calls overruns."""

import math
import time
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from monitor.config_judge import JudgeConfig, Price
from monitor.judge.errors import OverBudget

HOUR_SECONDS = 3600
DAY_HOURS = 24
NANO = 10**9
Period = Literal["hour", "day"]
Kind = Literal["dollars", "tokens"]


class Tokens(NamedTuple):
    """Of one call. `input` has the cached ones in it."""

    input: int
    cached: int
    output: int


class Spent(NamedTuple):
    """Money in whole billionths of a dollar, so that sums are exact, and tokens."""

    nanodollars: int = 0
    tokens: int = 0

    def plus(self, other: "Spent") -> "Spent":
        return Spent(self.nanodollars + other.nanodollars, self.tokens + other.tokens)

    def minus(self, other: "Spent") -> "Spent":
        return Spent(self.nanodollars - other.nanodollars, self.tokens - other.tokens)

    @property
    def dollars(self) -> float:
        return self.nanodollars / NANO


def cost(tokens: Tokens, price: Price | None) -> Spent:
    """What a call costs, rounded up; without a price, its tokens only.

    >>> cost(Tokens(1000, 0, 100), Price(input_per_million=0.25, output_per_million=2)).dollars
    0.00045
    """
    if price is None:
        return Spent(0, tokens.input + tokens.output)
    cached = price.cached_input_per_million
    dollars_for_millions = (
        (tokens.input - tokens.cached) * price.input_per_million
        + tokens.cached * (price.input_per_million if cached is None else cached)
        + tokens.output * price.output_per_million
    )
    return Spent(math.ceil(dollars_for_millions * NANO / 10**6), tokens.input + tokens.output)


class Limit(NamedTuple):
    """The most of one kind that may be spent in each hour or day of the clock, UTC."""

    period: Period
    kind: Kind
    most: int  # nanodollars or tokens

    @property
    def hours(self) -> int:
        return 1 if self.period == "hour" else DAY_HOURS

    def of(self, spent: Spent) -> int:
        """What counts towards it."""
        return spent.nanodollars if self.kind == "dollars" else spent.tokens


def limits_of(config: JudgeConfig) -> tuple[Limit, ...]:
    """The budgets that a configuration sets."""
    given: tuple[tuple[Period, Kind, float | None], ...] = (
        ("hour", "dollars", config.dollars_per_hour), ("day", "dollars", config.dollars_per_day),
        ("hour", "tokens", config.tokens_per_hour), ("day", "tokens", config.tokens_per_day),
    )  # fmt: skip
    return tuple(
        Limit(period, kind, int(most * (NANO if kind == "dollars" else 1)))
        for period, kind, most in given
        if most is not None
    )


class Ledger(Protocol):
    """What survives a restart."""

    def spend(self, hour: int, more: Spent) -> None: ...

    def spent_since(self, hour: int) -> dict[int, Spent]: ...


class Hold(NamedTuple):
    """What a call was charged before it was made, and the hour that it was charged to."""

    hour: int
    charged: Spent


class Budget:
    """Charges a call with the most that it can cost before it is made, and with what it did cost after.

    What was charged is written before the call is made, so that neither calls at the same time nor a crash among them
    overruns a limit; whatever a crash left unsettled stays charged in full. A call counts in the hour in which it
    began. A limit is overrun only by an endpoint that uses more tokens than the prompt has bytes, or than it was
    allowed to write. One thread at a time.
    """

    def __init__(self, limits: tuple[Limit, ...], ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self.limits = limits
        self._ledger = ledger
        self._clock = clock
        self._hours = ledger.spent_since(self._hour() // DAY_HOURS * DAY_HOURS)

    def _hour(self) -> int:
        return int(self._clock() // HOUR_SECONDS)

    def hold(self, most: Spent) -> Hold:
        """Charge a call with the most that it can cost.

        Raises
        ------
        OverBudget
            Where a limit has not that much left; nothing is charged.
        """
        hour = self._hour()
        for limit in self.limits:
            if limit.of(most) > self.left(limit):
                raise OverBudget(f"the budget of {limit.kind} for this {limit.period} is spent")
        self._charge(hour, most)
        return Hold(hour, most)

    def settle(self, hold: Hold, spent: Spent) -> None:
        """Let the charge of a call be what it did cost."""
        self._charge(hold.hour, spent.minus(hold.charged))

    def _charge(self, hour: int, more: Spent) -> None:
        if hour not in self._hours:
            self._hours = {at: spent for at, spent in self._hours.items() if at > hour - 2 * DAY_HOURS}
        self._hours[hour] = self._hours.get(hour, Spent()).plus(more)
        self._ledger.spend(hour, more)

    def left(self, limit: Limit) -> int:
        """What a limit has left in this hour or day, in nanodollars or tokens."""
        first = self._hour() // limit.hours * limit.hours
        spent = sum(limit.of(self._hours.get(hour, Spent())) for hour in range(first, first + limit.hours))
        return limit.most - spent

    def seconds_left(self, limit: Limit) -> float:
        """Until its hour or day is over."""
        length = limit.hours * HOUR_SECONDS
        return length - self._clock() % length

    def remaining(self) -> dict[Period, float]:
        """The share that is left of the scarcer budget of each period that has one, 0 to 1."""
        shares: dict[Period, float] = {}
        for limit in self.limits:
            share = max(0.0, self.left(limit) / limit.most)
            shares[limit.period] = min(share, shares.get(limit.period, 1.0))
        return shares
