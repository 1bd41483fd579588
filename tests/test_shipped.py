"""The data that comes with the package: the prior and the normalisation reference."""

from itertools import pairwise

import pytest

from detectors.risk import Curve, Target, assess_risk, bases, shipped_normalisation, shipped_prior
from detectors.signals import SIGNALS

PRIOR = shipped_prior()
TARGETS = {"at_5": PRIOR.at_5, "at_1": PRIOR.at_1}
CURVES = {f"{name} {basis}": curve for name, target in TARGETS.items() for basis, curve in target.curves.items()}


def test_the_families_are_of_signals_that_there_are() -> None:
    assert list(PRIOR.families) == ["score", "lexical", "scorer"]
    assert {name for members in PRIOR.families.values() for name in members} <= SIGNALS.keys()


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_every_signal_that_weighs_is_of_a_family(target: Target) -> None:
    assert target.weights.keys() <= {name for members in PRIOR.families.values() for name in members}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_more_evidence_is_more_risk(curve: Curve) -> None:
    assert curve.slope > 0


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_the_level_has_an_error(curve: Curve) -> None:
    """No prior that was fitted elsewhere is exact here."""
    assert 0 < curve.level_error < 0.5


@pytest.mark.parametrize("basis", bases(PRIOR.families))
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_risk_is_lowest_at_every_signals_best_and_highest_at_its_worst(target: Target, basis: str) -> None:
    best, worst = (PRIOR.rated(target, dict.fromkeys(target.weights, bad), basis).probability for bad in (0.0, 1.0))
    assert 0 <= best < worst <= 1


def test_scores_alone_know_the_level_worst() -> None:
    """They have no scale in common: whatever else is at hand, the level errs less."""
    for target in TARGETS.values():
        error = {basis: curve.level_error for basis, curve in target.curves.items()}
        assert error.pop("score") > max(error.values())


def test_the_reference_is_of_known_signals_and_does_not_fall() -> None:
    reference = shipped_normalisation()
    assert reference.version.startswith("shipped")
    assert reference.sketches.keys() <= SIGNALS.keys()
    for sketch in reference.sketches.values():
        assert len(sketch.knots) >= 2
        assert all(before <= after for before, after in pairwise(sketch.knots))


def test_nothing_to_go_by_is_no_risk() -> None:
    assert assess_risk({}, shipped_normalisation(), PRIOR) is None
