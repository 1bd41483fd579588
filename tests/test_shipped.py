"""The data that comes with the package: the prior and the normalisation reference."""

from itertools import pairwise

import pytest

from detectors.risk import Target, assess_risk, shipped_normalisation, shipped_prior
from detectors.signals import SIGNALS

TARGETS = {"at_5": shipped_prior().at_5, "at_1": shipped_prior().at_1}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_prior_weighs_signals_that_there_are(target: Target) -> None:
    assert target.weights.keys() <= SIGNALS.keys()
    assert all(weight > 0 for weight in target.weights.values())


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_curves_rise_from_evidence_to_probability(target: Target) -> None:
    """Over all of [0, 1], or more evidence could mean less risk."""
    assert len(target.evidence) == len(target.probability) >= 2
    assert all(before < after for before, after in pairwise(target.evidence))
    assert all(before <= after for before, after in pairwise(target.probability))
    assert target.probability[0] < target.probability[-1]
    assert target.evidence[0] >= 0
    assert target.evidence[-1] <= 1
    assert target.probability[0] >= 0
    assert target.probability[-1] <= 1


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_level_has_an_error(target: Target) -> None:
    """No prior that was fitted elsewhere is exact here."""
    assert 0 < target.level_error < 0.5


def test_each_signal_moves_the_risk_in_its_direction() -> None:
    """All of them at their best, then at their worst, as percentiles."""
    for target in TARGETS.values():
        best = target.risk(dict.fromkeys(target.weights, 0.0))
        worst = target.risk(dict.fromkeys(target.weights, 1.0))
        assert best is not None
        assert worst is not None
        assert 0 <= best < worst <= 1


def test_the_reference_is_of_known_signals_and_does_not_fall() -> None:
    reference = shipped_normalisation()
    assert reference.version.startswith("shipped")
    assert reference.sketches.keys() <= SIGNALS.keys()
    for sketch in reference.sketches.values():
        assert len(sketch.knots) >= 2
        assert all(before <= after for before, after in pairwise(sketch.knots))


def test_nothing_to_go_by_is_no_risk() -> None:
    found = assess_risk({}, shipped_normalisation(), shipped_prior())
    assert (found.at_5, found.at_1, found.drivers) == (None, None, ())
