"""How much of its sampling rate the judge can keep up with, so that a budget lasts until its end."""

import time
from collections.abc import Callable
from threading import Lock

from monitor.judge.money import Budget, Limit, Spent

UTILISATION = 0.8  # of calls at a time and of the rate; beyond, waits grow without bound


class Pace:
    """The share of its configured rate that the judge takes, set every `PERIOD_SECONDS`, slowly.

    Calls that full rates would ask for are held against what each limit allows: the rate; calls at a time over the mean
    time of one; and what is left of a budget over the mean cost of a call and the rest of its hour or day. The share
    holds for a whole period and depends on what was asked before it only, so that weights are exact. It begins low
    where there is a limit to overrun, and at most triples in a period. Any thread may call.

    Parameters
    ----------
    calls_per_second
        None: no such limit.
    concurrency
        Calls at a time.
    """

    PERIOD_SECONDS = 30.0
    FLOOR = 1e-5
    BEGIN = 0.01
    GROWTH = 3.0
    MEMORY = 0.7  # how much less each period counts than the next in what is known of the demand
    CALLS = 100  # behind a mean, about

    def __init__(
        self, budget: Budget, *, calls_per_second: float | None, concurrency: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._budget = budget
        self._rate = calls_per_second
        self._concurrency = concurrency
        self._clock = clock
        self._lock = Lock()
        self._began = clock()
        self._asked = 0
        self._calls = self._exposure = 0.0  # asked for in all, and seconds times the share that was in force
        self._done = 0
        self._seconds = 0.0
        self._cost = (0.0, 0.0)
        self._share = self.BEGIN if budget.limits or calls_per_second else 1.0

    @property
    def share(self) -> float:
        """Of the configured rate, now."""
        with self._lock:
            elapsed = self._clock() - self._began
            if elapsed >= self.PERIOD_SECONDS:
                self._adjust(elapsed)
            return self._share

    def asked(self) -> None:
        """A call is wanted."""
        with self._lock:
            self._asked += 1

    def done(self, seconds: float, spent: Spent) -> None:
        """A call that was made took so long and cost so much, attempts that failed with it."""
        with self._lock:
            self._done += 1
            weight = 1 / min(self._done, self.CALLS)
            self._seconds += weight * (seconds - self._seconds)
            money, tokens = self._cost
            self._cost = (money + weight * (spent.nanodollars - money), tokens + weight * (spent.tokens - tokens))

    def _adjust(self, elapsed: float) -> None:
        self._calls = self.MEMORY * self._calls + self._asked
        self._exposure = self.MEMORY * self._exposure + elapsed * self._share
        demand = self._calls / self._exposure
        target = min(1.0, self._allowed() / demand) if demand > 0 else 1.0
        self._share = max(self.FLOOR, min(target, self.GROWTH * self._share))
        self._began, self._asked = self._clock(), 0

    def _allowed(self) -> float:
        """Calls a second."""
        allowed = UTILISATION * self._concurrency / self._seconds if self._seconds > 0 else float("inf")
        if self._rate is not None:
            allowed = min(allowed, UTILISATION * self._rate)
        return min([allowed, *map(self._affordable, self._budget.limits)])

    def _affordable(self, limit: Limit) -> float:
        """Calls a second, until a budget is new; towards the end a little less, so that it is not gone before."""
        left, each = self._budget.left(limit), self._cost[0 if limit.kind == "dollars" else 1]
        if left <= 0:
            return 0.0
        return left / each / (self._budget.seconds_left(limit) + 4 * self.PERIOD_SECONDS) if each > 0 else float("inf")
