"""The judge's share: budgets last to their end without a hard stop, and what is not limited is not slowed."""

import random
from collections.abc import Callable

import pytest

from monitor.judge.errors import OverBudget
from monitor.judge.money import Budget, Limit, Spent
from monitor.judge.pace import Pace
from tests.monitor.judge.kit import MemoryLedger, Time

CALL_TOKENS, MOST_TOKENS = 1000, 4000


class Traffic:
    """Traces at a rate, each worth five calls where the share takes it; calls take a second."""

    def __init__(self, limits: tuple[Limit, ...] = (), rate: float | None = None, concurrency: int = 10_000) -> None:
        self.time = Time()
        self.ledger = MemoryLedger()
        self.budget = Budget(limits, self.ledger, self.time)
        self.pace = Pace(self.budget, calls_per_second=rate, concurrency=concurrency, clock=self.time)
        self.random = random.Random(1)
        self.refused = self.made = 0
        self.shares: list[float] = []

    def run(self, seconds: int, traces_per_second: Callable[[float], float]) -> "Traffic":
        for _ in range(seconds):
            share = self.pace.share
            self.shares.append(share)
            wanted = traces_per_second(self.time() % 86_400)
            for _ in range(int(wanted) + (self.random.random() < wanted % 1)):
                if self.random.random() < share:
                    self._trace()
            self.time.now += 1
        return self

    def _trace(self) -> None:
        for _ in range(5):
            self.pace.asked()
            try:
                hold = self.budget.hold(Spent(0, MOST_TOKENS))
            except OverBudget:
                self.refused += 1
                continue
            spent = Spent(0, int(CALL_TOKENS * self.random.uniform(0.5, 1.5)))
            self.budget.settle(hold, spent)
            self.pace.done(1.0, spent)
            self.made += 1


@pytest.mark.parametrize("traces_per_second", [0.1, 1.0, 30.0, 200.0])
def test_an_hours_budget_is_spent_without_being_overrun(traces_per_second: float) -> None:
    """Asked for 2 to 4,000 times as much as it allows: hardly a call is refused, and most of it is used."""
    limit = Limit("hour", "tokens", int(0.1 * 5 * CALL_TOKENS * 3600 / 2))
    traffic = Traffic((limit,)).run(3 * 3600, lambda _: traces_per_second)
    used = [spent.tokens / limit.most for spent in traffic.ledger.hours.values()]
    assert min(used) > 0.85
    assert traffic.refused < 0.005 * traffic.made


def test_a_days_budget_lasts_through_a_day_of_uneven_traffic() -> None:
    """Five times as much in the busy half of the day as in the other."""
    limit = Limit("day", "tokens", 20_000_000)
    traffic = Traffic((limit,)).run(24 * 3600, lambda second: 1.0 if 28_800 < second < 72_000 else 0.2)
    later = {at: spent.tokens for at, spent in traffic.ledger.hours.items()}
    assert min(later.values()) > 0.02 * limit.most
    assert traffic.refused < 0.005 * traffic.made


def test_what_nothing_limits_is_not_slowed() -> None:
    assert set(Traffic().run(300, lambda _: 50.0).shares) == {1.0}


def test_a_budget_that_is_large_enough_is_no_limit_after_the_first_minutes() -> None:
    traffic = Traffic((Limit("hour", "tokens", 100_000_000),)).run(600, lambda _: 1.0)
    assert traffic.shares[0] == Pace.BEGIN
    assert set(traffic.shares[180:]) == {1.0}


def test_the_rate_and_the_calls_at_a_time_are_kept_to_four_fifths() -> None:
    """50 calls a second are wanted; 10 a second may be made, or 20 at a time of a second each."""
    for limits, most in (({"rate": 10.0}, 10.0), ({"concurrency": 20}, 20.0)):
        traffic = Traffic(**limits).run(1200, lambda _: 10.0)  # type: ignore[arg-type]
        before = traffic.made
        traffic.run(1200, lambda _: 10.0)
        assert (traffic.made - before) / 1200 == pytest.approx(0.8 * most, rel=0.1)


def test_a_share_holds_for_a_period_and_grows_threefold_at_most() -> None:
    traffic = Traffic((Limit("hour", "tokens", 1_000_000),)).run(3600, lambda second: 20.0 if second % 600 < 60 else 0)
    changes = [i for i in range(1, 3600) if traffic.shares[i] != traffic.shares[i - 1]]
    assert all(change % Pace.PERIOD_SECONDS == 0 for change in changes)
    assert all(
        after <= Pace.GROWTH * before * 1.0001
        for before, after in zip(traffic.shares, traffic.shares[1:], strict=False)
    )


def test_it_comes_back_when_the_hour_is_new() -> None:
    """Even where so little is taken that nothing asks any more."""
    limit = Limit("hour", "tokens", 5_000_000)
    traffic = Traffic((limit,))
    traffic.ledger.spend(int(traffic.time() // 3600), Spent(0, limit.most))
    traffic.budget = traffic.pace._budget = Budget((limit,), traffic.ledger, traffic.time)
    traffic.run(3600, lambda _: 1.0)
    assert traffic.shares[-1] == Pace.FLOOR
    traffic.run(600, lambda _: 1.0)
    assert traffic.shares[-1] > 0.1
