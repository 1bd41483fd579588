"""Three nested tiers by a hash of the identity, and the budget that sets a rate."""

import json
import subprocess
import sys

import pytest

from detectors.records import QueryTrace, Reason, Tier
from monitor.config import SampleRates
from monitor.sampling import PairBudget, Sampler, draw
from tests.builders import trace

RATES = SampleRates(cheap=0.5, scorer=0.1, judge=0.02)
MANY = [QueryTrace(trace_id=f"id-{i}", query="q", documents=()) for i in range(20_000)]


def sampler(rates: SampleRates = RATES) -> Sampler:
    return Sampler(lambda _: rates)


def test_the_tiers_nest_and_take_their_share() -> None:
    """Within four standard deviations of 20,000 draws; the weight of a tier is one over its rate."""
    weights = [taken for taken in map(sampler().weights, MANY) if taken is not None]
    for tier, rate in ((Tier.CHEAP, 0.5), (Tier.SCORER, 0.1)):
        found = [weight for taken in weights if (weight := taken.of(tier)) is not None]
        assert len(found) / len(MANY) == pytest.approx(rate, abs=4 * (rate * (1 - rate) / len(MANY)) ** 0.5)
        assert set(found) == {1 / rate}


def test_weighted_counts_add_up_to_the_traffic() -> None:
    """What the weights are for."""
    weights = [taken for taken in map(sampler().weights, MANY) if taken is not None]
    assert sum(taken.scorer or 0 for taken in weights) == pytest.approx(len(MANY), rel=0.1)


def test_full_and_empty_rates_are_exact() -> None:
    assert all(sampler(SampleRates(cheap=1, scorer=1, judge=1)).weights(one) is not None for one in MANY[:1000])
    assert not any(sampler(SampleRates(cheap=0, scorer=0)).weights(one) for one in MANY[:1000])
    only_cheap = [sampler(SampleRates(cheap=1, scorer=0)).weights(one) for one in MANY[:1000]]
    assert {taken.scorer for taken in only_cheap if taken} == {None}


def test_every_process_draws_the_same() -> None:
    """Replicas and replays agree; what the draws are is fixed by the version in the domain string."""
    script = """
import json, sys
from detectors.records import QueryTrace
from monitor.sampling import draw
print(json.dumps([draw(QueryTrace(trace_id=f"id-{i}", query="q", documents=())) for i in range(100)]))
"""
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(other) == [draw(one) for one in MANY[:100]]
    assert draw(MANY[0]) == pytest.approx(DRAW_OF_FIRST, abs=1e-15)


DRAW_OF_FIRST = 0.2798726563756167  # blake2b of "default", "id-0" and "", by hand


def test_the_draw_is_of_the_identity_alone() -> None:
    """Neither text nor time, so that a sample cannot be of the queries that someone chose."""
    one = trace("a", span_id="s")
    assert draw(one) == draw(trace("a", span_id="s", query="other", documents=[], timestamp="2026-01-01T00:00:00Z"))
    assert (
        len({draw(one), draw(trace("a")), draw(trace("b", span_id="s")), draw(trace("a", span_id="s", pipeline="p"))})
        == 4
    )


def test_each_pipeline_has_its_own_rates() -> None:
    rates = {"busy": SampleRates(cheap=0.0, scorer=0.0), "quiet": SampleRates(cheap=1.0, scorer=1.0)}
    chosen = Sampler(rates.__getitem__)
    assert chosen.weights(trace(pipeline="busy")) is None
    assert chosen.weights(trace(pipeline="quiet")) is not None


def test_says_whether_rate_or_budget_left_a_trace_out() -> None:
    chosen = sampler(SampleRates(cheap=1.0, scorer=0.5))
    chosen.scorer_share = 0.5
    reasons = {chosen.why_not(one, Tier.SCORER) for one in MANY[:200] if draw(one) >= 0.5}
    assert reasons == {Reason.NOT_SAMPLED}
    assert {chosen.why_not(one, Tier.SCORER) for one in MANY[:200] if 0.25 <= draw(one) < 0.5} == {Reason.OVER_BUDGET}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(budget: PairBudget, chosen: Sampler, clock: Clock, *, seconds: int, pairs_per_second: float) -> float:
    """Traffic whose full rates would ask for so many pairs; gives the pairs a second of the last period."""
    spent = 0.0
    for _ in range(seconds):
        clock.now += 1
        pairs = round(pairs_per_second * chosen.scorer_share)
        spent = pairs
        budget.spend(pairs)
    return spent


def test_the_budget_is_met_and_the_weights_follow() -> None:
    """400 pairs a second wanted, 100 allowed: a quarter of the rate, and four times its weight."""
    clock, chosen = Clock(), sampler(SampleRates(cheap=1.0, scorer=0.4))
    budget = PairBudget(chosen, 100, clock)
    assert run(budget, chosen, clock, seconds=600, pairs_per_second=400) == pytest.approx(100, rel=0.02)
    weights = {taken.scorer for taken in map(chosen.weights, MANY[:2000]) if taken and taken.scorer}
    assert list(weights) == [pytest.approx(1 / (0.4 * 0.25), rel=0.02)]


def test_the_rate_moves_once_a_period_and_not_at_a_jump() -> None:
    """Within a period the weights are exact; a burst does not throw the rate to the floor."""
    clock, chosen = Clock(), sampler()
    budget = PairBudget(chosen, 100, clock)
    run(budget, chosen, clock, seconds=29, pairs_per_second=1000)
    assert chosen.scorer_share == 1.0
    run(budget, chosen, clock, seconds=1, pairs_per_second=1000)
    assert chosen.scorer_share == pytest.approx(0.55)


def test_the_rate_comes_back_when_the_traffic_goes() -> None:
    clock, chosen = Clock(), sampler()
    budget = PairBudget(chosen, 100, clock)
    run(budget, chosen, clock, seconds=300, pairs_per_second=1000)
    assert chosen.scorer_share < 0.2
    run(budget, chosen, clock, seconds=300, pairs_per_second=50)
    assert chosen.scorer_share == 1.0


def test_the_rate_never_falls_to_nothing() -> None:
    """Without any scored trace nothing would be known of the demand."""
    clock, chosen = Clock(), sampler()
    budget = PairBudget(chosen, 0.001, clock)
    run(budget, chosen, clock, seconds=1200, pairs_per_second=1_000_000)
    assert chosen.scorer_share == pytest.approx(PairBudget.FLOOR)
