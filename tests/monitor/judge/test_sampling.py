"""Which traces the judge sees, and with what weight."""

from collections.abc import Sequence

import numpy as np
import pytest

from detectors.records import Assessment, QueryTrace, Reason, Weights
from monitor.config import SampleRates
from monitor.judge.sampling import JudgeSampler
from monitor.sampling import Sampler
from tests.monitor.kit import assessment

RATES = SampleRates(cheap=1.0, scorer=0.5, judge=0.1)
COUNT = 20_000
RISKS = np.random.default_rng(9).beta(0.5, 1.5, COUNT)


def sampled(
    preferring: float = 0.0, share: float = 1.0, rates: SampleRates = RATES
) -> list[tuple[Assessment, Weights | Reason]]:
    first, judge = Sampler(lambda _: rates), JudgeSampler(lambda _: rates, lambda: share, preferring)
    found = []
    for i, risk in enumerate(RISKS.tolist()):
        trace = QueryTrace(trace_id=f"t{i}", query="q", documents=())
        weights = first.weights(trace)
        assert weights is not None
        one = assessment(trace.trace_id, weights=weights, risk=risk)
        found.append((one, judge.take(one, trace)))
    return found


def weights_of(found: Sequence[tuple[Assessment, Weights | Reason]]) -> list[tuple[float, Weights]]:
    return [(one.risk or 0.0, weights) for one, weights in found if isinstance(weights, Weights)]


@pytest.mark.parametrize("preferring", [0.0, 0.5, 0.9])
def test_means_are_unbiased_whatever_is_preferred(preferring: float) -> None:
    """The weighted mean of the risk itself, which preference depends on, is that of all traces: within 4 errors."""
    values, weights = np.array([(risk, one.judge or 0.0) for risk, one in weights_of(sampled(preferring))]).T
    mean = float(weights @ values / weights.sum())
    error = float(np.sqrt(np.square(weights * (values - mean)).sum()) / weights.sum())
    assert abs(mean - RISKS.mean()) < 4 * error
    assert len(values) == pytest.approx(0.1 * COUNT, rel=0.1)


def test_the_tiers_stay_nested() -> None:
    """The judge sees nothing that the scorer does not, however uncertain."""
    judged = weights_of(sampled(0.9))
    assert all(one.scorer is not None for _, one in judged)
    assert all((one.judge or 0.0) >= (one.scorer or 0.0) for _, one in judged)


def test_uncertain_traces_are_preferred_and_the_rest_is_uniform() -> None:
    found = weights_of(sampled(0.5))
    spread = np.array([risk * (1 - risk) for risk, _ in found])
    assert spread.mean() > 1.1 * float((RISKS * (1 - RISKS)).mean())
    uniform = [risk for risk, one in found if one.judge_uniform is not None]
    assert {one.judge_uniform for _, one in found} == {None, 20.0}
    assert np.mean(uniform) == pytest.approx(RISKS.mean(), abs=4 * RISKS.std() / len(uniform) ** 0.5)


def test_without_a_preference_all_are_uniform() -> None:
    assert {(one.judge, one.judge_uniform) for _, one in weights_of(sampled())} == {(10.0, 10.0)}


def test_what_a_budget_leaves_out_is_told_from_what_was_not_drawn() -> None:
    full, half = sampled(), sampled(share=0.5)
    taken = {one.trace_id for one, weights in full if isinstance(weights, Weights)}
    kept = {one.trace_id for one, weights in half if isinstance(weights, Weights)}
    over = {one.trace_id for one, weights in half if weights is Reason.OVER_BUDGET}
    assert kept | over == taken
    assert kept.isdisjoint(over)
    assert {weights.judge for _, weights in weights_of(half)} == {20.0}


def test_with_nothing_left_nobody_is_taken() -> None:
    assert not weights_of(sampled(share=0.0))


def test_a_few_are_judged_unless_told_otherwise() -> None:
    """And never more than the scorer sees."""
    assert SampleRates().judged == 0.002
    assert SampleRates(scorer=0.001).judged == 0.001
    assert SampleRates(judge=0.05).judged == 0.05
