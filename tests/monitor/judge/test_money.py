"""What calls cost, and budgets that hold whatever calls do at the same time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config_judge import Price
from monitor.judge.errors import OverBudget
from monitor.judge.money import Budget, Limit, Spent, Tokens, cost, limits_of
from tests.monitor.judge.kit import PRICES, START, MemoryLedger, Time, judge_config

PRICE = Price(**PRICES["m"])


@pytest.mark.parametrize(
    ("tokens", "price", "dollars"),
    [
        (Tokens(1_000_000, 0, 0), PRICE, 1.0),
        (Tokens(1_000_000, 1_000_000, 0), PRICE, 0.1),
        (Tokens(0, 0, 1_000_000), PRICE, 10.0),
        (Tokens(1000, 400, 20), PRICE, 0.00084),
        (Tokens(1000, 400, 20), Price(input_per_million=1, output_per_million=10), 0.0012),
        (Tokens(1, 0, 0), Price(input_per_million=1e-9, output_per_million=0), 1e-9),
        (Tokens(1000, 400, 20), None, 0.0),
    ],
)
def test_tokens_cost_their_price_rounded_up_to_a_billionth(tokens: Tokens, price: Price | None, dollars: float) -> None:
    spent = cost(tokens, price)
    assert spent.dollars == pytest.approx(dollars, abs=1e-12)
    assert spent.tokens == tokens.input + tokens.output


def test_limits_are_those_that_are_set() -> None:
    config = judge_config("http://a", prices=PRICES, dollars_per_day=2.5, tokens_per_hour=1000)
    assert limits_of(config) == (Limit("day", "dollars", 2_500_000_000), Limit("hour", "tokens", 1000))
    assert limits_of(judge_config("http://a")) == ()


def budget(ledger: MemoryLedger, time: Time, *, hour: int = 100, day: int = 250) -> Budget:
    return Budget((Limit("hour", "tokens", hour), Limit("day", "tokens", day)), ledger, time)


def test_an_hour_and_a_day_are_the_clocks() -> None:
    """100 an hour, 250 a day, from half past ten in the evening on."""
    time = Time(START + 10.5 * 3600)
    held = budget(MemoryLedger(), time)
    assert [held.seconds_left(limit) for limit in held.limits] == [1800, 5400]
    held.hold(Spent(0, 100))
    with pytest.raises(OverBudget, match="tokens for this hour"):
        held.hold(Spent(0, 1))
    assert held.remaining() == {"hour": 0.0, "day": 0.6}
    time.now += 1800
    held.hold(Spent(0, 100))
    assert held.remaining() == {"hour": 0.0, "day": 0.2}
    time.now += 3600
    assert held.remaining() == {"hour": 1.0, "day": 1.0}


def test_the_day_ends_it_where_the_hours_do_not() -> None:
    time = Time()
    held = budget(MemoryLedger(), time)
    for _ in range(2):
        held.hold(Spent(0, 100))
        time.now += 3600
    with pytest.raises(OverBudget, match="tokens for this day"):
        held.hold(Spent(0, 51))
    held.hold(Spent(0, 50))


def test_a_restart_forgets_nothing() -> None:
    """Neither what was settled nor what was under way."""
    ledger, time = MemoryLedger(), Time()
    before = budget(ledger, time)
    before.settle(before.hold(Spent(0, 40)), Spent(0, 10))
    before.hold(Spent(0, 40))
    after = budget(ledger, time)
    assert [after.left(limit) for limit in after.limits] == [50, 200]
    with pytest.raises(OverBudget):
        after.hold(Spent(0, 51))


def test_a_call_counts_in_the_hour_in_which_it_began() -> None:
    ledger, time = MemoryLedger(), Time()
    held = budget(ledger, time)
    began = held.hold(Spent(0, 90))
    time.now += 3600
    held.settle(began, Spent(0, 70))
    assert sorted(ledger.hours.values()) == [Spent(0, 70)]
    assert [held.left(limit) for limit in held.limits] == [100, 180]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 60), st.floats(0, 1)),
        st.tuples(st.just("end"), st.integers(0, 5), st.just(0.0)),
        st.tuples(st.just("wait"), st.integers(1, 9000), st.just(0.0)),
        st.tuples(st.just("crash"), st.just(0), st.just(0.0)),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_no_interleaving_overruns_a_budget(steps: list[tuple[str, int, float]]) -> None:
    """Calls begin and end in any order, over hours and restarts; each costs at most what it was held for."""
    ledger, time = MemoryLedger(), Time()
    held = budget(ledger, time)
    open_calls = []
    for step, number, share in steps:
        if step == "begin":
            try:
                open_calls.append((held.hold(Spent(0, number)), Spent(0, int(number * share))))
            except OverBudget:
                assert any(number > held.left(limit) for limit in held.limits)
        elif step == "end" and open_calls:
            held.settle(*open_calls.pop(number % len(open_calls)))
        elif step == "wait":
            time.now += number
        elif step == "crash":
            held, open_calls = budget(ledger, time), []
        days: dict[int, int] = {}
        for hour, spent in ledger.hours.items():
            assert 0 <= spent.tokens <= 100
            days[hour // 24] = days.get(hour // 24, 0) + spent.tokens
        assert max(days.values(), default=0) <= 250
        for limit in held.limits:
            now = int(time() // 3600) // limit.hours
            assert limit.most - held.left(limit) == sum(
                spent.tokens for hour, spent in ledger.hours.items() if hour // limit.hours == now
            )


def test_money_is_counted_without_an_error_of_rounding() -> None:
    """A thousand calls at a price that no binary fraction has."""
    ledger, time = MemoryLedger(), Time()
    each = cost(Tokens(3, 0, 1), Price(input_per_million=0.07, output_per_million=0.3))
    held = Budget((Limit("hour", "dollars", 1000 * each.nanodollars),), ledger, time)
    for _ in range(1000):
        held.settle(held.hold(each), each)
    assert held.left(held.limits[0]) == 0
    with pytest.raises(OverBudget):
        held.hold(each)
