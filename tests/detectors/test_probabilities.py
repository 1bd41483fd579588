"""The risk as a probability: levels, and what remains where only the safe ones are kept."""

import numpy as np
import pytest

from detectors.probabilities import coverage_of, level_of, mean_curves
from detectors.skill import risk_coverage
from tests.detectors.test_outcomes import NAN, columns, draws

FAILED = [True] * 10 + [False] * 30


def test_a_level_is_held_against_the_truth_of_all_traces() -> None:
    """The risk of the rated 30 is .2 and none of them failed; the ten it abstained on all did, and they count."""
    of = columns(FAILED, risk=[NAN] * 10 + [0.2] * 30)._replace(level_errors={"risk": np.full(40, 0.1)})
    level = level_of(of, "no_relevant_at_5")
    assert level is not None
    assert (level.estimated, level.true) == (pytest.approx(0.2), 0.25)
    assert (level.low, level.high) == pytest.approx((0.2 - 1.96 * 0.1, 0.2 + 1.96 * 0.1), abs=1e-4)


def test_few_rated_traces_have_no_level() -> None:
    of = columns(FAILED, risk=[NAN] * 11 + [0.2] * 29)._replace(level_errors={"risk": np.full(40, 0.1)})
    assert level_of(of, "no_relevant_at_5") is None


def test_the_area_lies_between_the_oracle_and_the_constant() -> None:
    """A perfect risk is the oracle; a constant one has the failure rate, in every draw about."""
    right = coverage_of(columns(FAILED, risk=[0.9] * 10 + [0.1] * 30), "no_relevant_at_5", draws(40))
    level = coverage_of(columns(FAILED, risk=[0.4] * 40), "no_relevant_at_5", draws(40))
    assert right is not None
    assert level is not None
    assert right.area.value == right.oracle == pytest.approx(sum(i / (30 + i) for i in range(1, 11)) / 40)
    assert level.area.value == level.constant == pytest.approx(0.25)
    assert level.area.low < 0.25 < level.area.high


def test_curves_are_means_over_recordings() -> None:
    """One risk is right and the other wrong: the mean of their two curves at each share."""
    one, other = columns(FAILED, risk=[0.9] * 10 + [0.1] * 30), columns(FAILED, risk=[0.1] * 10 + [0.9] * 30)
    curves = mean_curves([one, other], "no_relevant_at_5")
    half = [np.interp(0.5, *risk_coverage(of.predictors["risk"], FAILED)[:2]) for of in (one, other)]
    assert curves.risk[50] == pytest.approx(np.mean(half))
    assert (curves.coverage[50], curves.constant, curves.risk[-1]) == (0.5, 0.25, pytest.approx(0.25))
    assert curves.oracle[50] == 0
