"""The calibration of a change from changes whose truth is known."""

import random

import pytest

from detectors.change_fit import KnownChange, estimate, fit_change

EVIDENCE = {"lexical": "best_covered_terms", "scorer": "best_relevance"}


def world(factor: float, spread: float, biased: float = 0.0) -> list[KnownChange]:
    """Eight collections; the scorer says truth over `factor`, give or take a spread; the lexical family is biased."""
    dice = random.Random(1)
    found = []
    for collection in range(8):
        here = factor * (1 + spread * (-1) ** collection)
        for truth in (-0.3, -0.2, -0.1, 0.0, 0.1):
            lexical = truth / factor + biased * dice.uniform(-1, 1)
            found.append(KnownChange(str(collection), {"lexical": lexical, "scorer": truth / here}, truth, 0.001))
    return found


def test_the_factor_is_found() -> None:
    scale = fit_change(world(2.0, 0.0, biased=0.3), EVIDENCE, "v")
    assert scale.scales["scorer"].factors["scorer"] == pytest.approx(2.0, abs=0.01)
    assert scale.scales["scorer"].error == pytest.approx(0.0, abs=0.02)
    assert scale.scales["lexical+scorer"].factors == pytest.approx({"lexical": 0.0, "scorer": 2.0}, abs=0.05)
    assert (scale.version, scale.evidence) == ("v", EVIDENCE)


def test_the_error_is_that_on_collections_that_were_left_out() -> None:
    """Half of them need 1.2 times the mean factor, half .8 times."""
    assert fit_change(world(2.0, 0.2), EVIDENCE, "v").scales["scorer"].error == pytest.approx(0.2, abs=0.08)


def test_a_change_is_estimated_by_the_families_that_may_speak() -> None:
    scale = fit_change(world(2.0, 0.0), EVIDENCE, "v")
    assert estimate(KnownChange("x", {"lexical": -0.1}, 0, 0), scale) == pytest.approx(-0.2, abs=0.01)


def test_families_are_fitted_where_they_may_speak() -> None:
    """A change without its lexical family does not count for that."""
    known = [*world(2.0, 0.0), *(KnownChange(str(c), {"scorer": 0.1}, -0.5, 0.001) for c in range(8))]
    scale = fit_change(known, EVIDENCE, "v")
    assert scale.scales["lexical"].factors["lexical"] == pytest.approx(2.0, abs=0.01)
    assert scale.scales["scorer"].factors["scorer"] < 1.9


def test_one_collection_is_not_enough() -> None:
    with pytest.raises(ValueError, match="at least two collections"):
        fit_change([KnownChange("x", {"lexical": 0.1, "scorer": 0.1}, 0.1, 0.01)], EVIDENCE, "v")
