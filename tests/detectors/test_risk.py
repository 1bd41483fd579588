from itertools import pairwise

import numpy as np
import pytest

from detectors.reference import Normalisation, QuantileSketch
from detectors.risk import DRIVERS, EMPTY_RESULT, Prior, Target, assess_risk, badness, rank_sum

UNIT = QuantileSketch((0.0, 1.0))  # the percentile of a value is the value
NAMES = ("score_gap", "lexical_miss", "regret", "uncovered_terms", "lexical_rbo", "union_rbo")
REFERENCE = Normalisation("test", 10, "none", 100, dict.fromkeys(NAMES, UNIT))
AT_5 = Target({"score_gap": 3.0, "lexical_miss": 1.0}, (0.0, 0.5, 1.0), (0.1, 0.2, 0.8), level_error=0.1)
AT_1 = Target({"score_gap": 1.0, "regret": 1.0}, (0.2, 0.8), (0.3, 0.9), level_error=0.1)
PRIOR = Prior("test", AT_5, AT_1)


def test_badness_turns_every_signal_so_that_high_is_bad() -> None:
    """A small gap is bad (direction -), a large lexical miss is bad (direction +)."""
    assert badness({"score_gap": 0.2, "lexical_miss": 0.6}, REFERENCE) == pytest.approx(
        {"score_gap": 0.8, "lexical_miss": 0.6}
    )


def test_a_signal_that_the_reference_does_not_know_has_no_badness() -> None:
    assert badness({"score_z": 2.0, "lexical_miss": 0.6}, REFERENCE) == {"lexical_miss": 0.6}


def test_rank_sum_is_a_weighted_mean() -> None:
    """(3 * .8 + 1 * .6) / 4 = .75."""
    assert rank_sum({"score_gap": 0.8, "lexical_miss": 0.6}, AT_5.weights) == pytest.approx(0.75)


def test_a_signal_that_abstained_counts_as_undecided() -> None:
    """(3 * .5 + 1 * .6) / 4 = .525."""
    assert rank_sum({"lexical_miss": 0.6}, AT_5.weights) == pytest.approx(0.525)


def test_without_any_signal_of_the_prior_there_is_no_risk() -> None:
    """Not 0, not the average: nothing is known."""
    for signals in ({}, {"uncovered_terms": 0.5}, {"score_z": 1.0}):
        risk = assess_risk(signals, REFERENCE, PRIOR)
        assert (risk.at_5, risk.at_1, risk.drivers) == (None, None, ())


def test_each_risk_rests_on_its_own_signals() -> None:
    """The regret says nothing about the first five: no risk there; at one (.5 + .9) / 2 = .7, so .8."""
    risk = assess_risk({"regret": 0.9}, REFERENCE, PRIOR)
    assert risk.at_5 is None
    assert risk.at_1 == pytest.approx(0.8)


def test_risk_is_the_curves_value_and_not_the_percentile() -> None:
    """At five (3 * .8 + .6) / 4 = .75, half way from .5 to 1, so .2 + .5 * .6 = .5; at one (.8 + .5) / 2 = .65, so
    .3 + .45 / .6 * .6 = .75.
    """
    risk = assess_risk({"score_gap": 0.2, "lexical_miss": 0.6}, REFERENCE, PRIOR)
    assert risk.at_5 == pytest.approx(0.5)
    assert risk.at_1 == pytest.approx(0.75)


def test_a_curve_is_flat_outside_its_points() -> None:
    assert AT_1.risk({"score_gap": 0.0, "regret": 0.0}) == 0.3
    assert AT_1.risk({"score_gap": 1.0, "regret": 1.0}) == 0.9


def test_more_evidence_against_a_retrieval_never_lowers_its_risk() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        gap, miss = sorted(rng.random(5).tolist(), reverse=True), sorted(rng.random(5).tolist())
        risks = [
            assess_risk({"score_gap": g, "lexical_miss": m}, REFERENCE, PRIOR).at_5 or 0.0
            for g, m in zip(gap, miss, strict=True)
        ]
        assert all(before <= after for before, after in pairwise(risks))


def test_drivers_are_the_signals_that_speak_against_it_strongest_first() -> None:
    signals = {"score_gap": 0.2, "lexical_miss": 0.95, "regret": 0.74, "uncovered_terms": 0.75}
    assert assess_risk(signals, REFERENCE, PRIOR).drivers == ("lexical_miss", "score_gap", "uncovered_terms")


def test_at_most_four_drivers_are_named() -> None:
    signals = {"score_gap": 0.1, "lexical_miss": 0.99, "regret": 0.98, "uncovered_terms": 0.97, "lexical_rbo": 0.04}
    drivers = assess_risk(signals, REFERENCE, PRIOR).drivers
    assert drivers == ("lexical_miss", "regret", "uncovered_terms", "lexical_rbo")
    assert len(drivers) == DRIVERS


def test_an_empty_result_is_the_worst_failure() -> None:
    assert (EMPTY_RESULT.at_5, EMPTY_RESULT.at_1, EMPTY_RESULT.drivers) == (1, 1, ("empty_result",))


@pytest.mark.parametrize(
    ("weights", "evidence", "probability", "named"),
    [
        ({}, (0.0, 1.0), (0.0, 1.0), "weights"),
        ({"score_gap": 0.0}, (0.0, 1.0), (0.0, 1.0), "weights"),
        ({"score_gap": 1.0}, (1.0, 0.0), (0.0, 1.0), "evidence"),
        ({"score_gap": 1.0}, (0.0, 1.0), (0.5, 0.4), "probability"),
        ({"score_gap": 1.0}, (0.0, 1.0), (0.5, 1.4), "probability"),
        ({"score_gap": 1.0}, (0.0, 1.0), (0.5,), "probability"),
    ],
)
def test_a_prior_that_is_no_rising_curve_is_refused(
    weights: dict[str, float], evidence: tuple[float, ...], probability: tuple[float, ...], named: str
) -> None:
    with pytest.raises(ValueError, match=f"^{named}: expected"):
        Target(weights, evidence, probability, 0.1)
