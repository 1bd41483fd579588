import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

from detectors.records import Rated
from detectors.reference import Normalisation, QuantileSketch
from detectors.risk import DRIVERS, EMPTY_RESULT, Curve, Prior, Target, assess_risk, badness, bases, with_level

UNIT = QuantileSketch((0.0, 1.0))  # the percentile of a value is the value
NAMES = ("score_gap", "lexical_miss", "regret", "uncovered_terms", "lexical_rbo", "union_rbo", "first_regret")
REFERENCE = Normalisation("test", 10, "none", 100, dict.fromkeys(NAMES, UNIT))
FAMILIES = {"score": ("score_gap",), "lexical": ("lexical_miss", "uncovered_terms"), "scorer": ("regret",)}


def curves(**others: Curve) -> dict[str, Curve]:
    """The identity for every basis, but for those named here, with `and` for the plus sign."""
    identity = dict.fromkeys(bases(FAMILIES), Curve(4.0, 0.0, 0.1))
    return identity | {name.replace("_and_", "+"): curve for name, curve in others.items()}


ALL = Curve(8.0, -1.0, 0.05)
WITHOUT_SCORER = Curve(2.0, -1.0, 0.15)
AT_5 = Target(
    {"score_gap": 3.0, "lexical_miss": 1.0, "regret": 4.0},
    curves(score_and_lexical_and_scorer=ALL, score_and_lexical=WITHOUT_SCORER),
)
AT_1 = Target({"score_gap": 1.0, "uncovered_terms": 1.0, "regret": 2.0}, curves())
COMMON = Normalisation("common", 10, "none", 100, {"regret": QuantileSketch((0.0, 2.0))})
PRIOR = Prior("test", FAMILIES, {}, AT_5, AT_1, COMMON)
EVERYTHING = {"score_gap": 0.2, "lexical_miss": 0.6, "uncovered_terms": 0.5, "regret": 0.9}


def test_badness_turns_every_signal_so_that_high_is_bad() -> None:
    """A small gap is bad (direction -), a large lexical miss is bad (direction +)."""
    assert badness({"score_gap": 0.2, "lexical_miss": 0.6}, REFERENCE) == pytest.approx(
        {"score_gap": 0.8, "lexical_miss": 0.6}
    )


def test_a_signal_that_the_reference_does_not_know_has_no_badness() -> None:
    assert badness({"score_z": 2.0, "lexical_miss": 0.6}, REFERENCE) == {"lexical_miss": 0.6}


def test_risk_is_the_curves_value_at_the_weighted_mean_of_badness() -> None:
    """At five (3 * .8 + .6 + 4 * .9) / 8 = .825, so 8 * .325 - 1 in logits; at one (.8 + .5 + 2 * .9) / 4 = .775."""
    risk = assess_risk(EVERYTHING, REFERENCE, PRIOR)
    assert risk is not None
    assert risk.basis == "score+lexical+scorer"
    assert (risk.at_5.probability, risk.at_5.level_error) == (pytest.approx(expit(1.6)), 0.05)
    assert risk.at_1.probability == pytest.approx(expit(4 * 0.275))


def test_where_a_family_is_missing_the_others_make_the_sum_and_have_a_curve_of_their_own() -> None:
    """Without the cross-encoder (3 * .8 + .6) / 4 = .75, so 2 * .25 - 1, with the larger error of that curve."""
    risk = assess_risk({name: EVERYTHING[name] for name in EVERYTHING if name != "regret"}, REFERENCE, PRIOR)
    assert risk is not None
    assert risk.basis == "score+lexical"
    assert (risk.at_5.probability, risk.at_5.level_error) == (pytest.approx(expit(-0.5)), 0.15)


def test_a_signal_that_is_missing_from_a_family_at_hand_counts_as_undecided() -> None:
    """`lexical_miss` is half of its family, so the family is there: at one (.8 + .5 + 2 * .9) / 4."""
    risk = assess_risk({"score_gap": 0.2, "lexical_miss": 0.6, "regret": 0.9}, REFERENCE, PRIOR)
    assert risk is not None
    assert risk.basis == "score+lexical+scorer"
    assert risk.at_1.probability == pytest.approx(expit(4 * 0.275))


def test_a_family_with_less_than_a_quarter_of_its_signals_counts_as_missing() -> None:
    members = ("lexical_miss", "uncovered_terms", "lexical_rbo", "first_covered_terms", "best_covered_terms")
    families = {"lexical": members, "score": ("score_gap",)}
    flat = Target({"lexical_miss": 1.0, "score_gap": 1.0}, dict.fromkeys(bases(families), ALL))
    prior = Prior("test", families, {}, flat, flat, COMMON)
    assert prior.basis({"lexical_miss": 0.9, "score_gap": 0.5}) == "score"
    assert prior.basis({"lexical_miss": 0.9, "lexical_rbo": 0.9, "score_gap": 0.5}) == "lexical+score"


def test_the_common_reference_carries_the_level() -> None:
    """A regret of .8 is at .8 of one's own traffic and at .4 of the common reference: .6 at equal shares. So at one
    (.8 + .5 + 2 * .6) / 4, where its own traffic alone says (.8 + .5 + 2 * .8) / 4.
    """
    signals = {**EVERYTHING, "regret": 0.8}
    found = []
    for share in ({}, {"regret": 0.5}):
        risk = assess_risk(signals, REFERENCE, Prior("test", FAMILIES, share, AT_5, AT_1, COMMON))
        assert risk is not None
        found.append(risk.at_1.probability)
    assert found == pytest.approx([expit(4 * 0.225), expit(4 * 0.125)])


def test_a_signal_that_is_missing_here_or_there_has_no_common_share() -> None:
    bad = {"regret": 0.5, "score_gap": 0.5}
    share = {"regret": 0.5, "score_gap": 0.5, "lexical_miss": 0.5}
    assert with_level(bad, {"regret": 2.0, "score_gap": 0.1}, COMMON, share) == {"regret": 0.75, "score_gap": 0.5}


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_common_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match=r"^common_share: expected shares above 0 and up to 1"):
        Prior("test", FAMILIES, {"regret": share}, AT_5, AT_1, COMMON)


@pytest.mark.parametrize("signals", [{}, {"score_z": 1.0}, {"first_regret": 0.5}])
def test_without_any_family_there_is_no_risk(signals: dict[str, float]) -> None:
    """Not 0, not the average: nothing is known."""
    assert assess_risk(signals, REFERENCE, PRIOR) is None


def test_on_negation_the_cross_encoder_is_not_believed() -> None:
    """As if it were not there: neither in the sum, nor among the drivers."""
    risk = assess_risk(EVERYTHING, REFERENCE, PRIOR, scenarios=("identifier", "negation"))
    assert risk is not None
    assert risk.basis == "score+lexical"
    assert risk.at_5 == Rated(pytest.approx(expit(-0.5)), 0.15)  # type: ignore[arg-type]
    assert risk.drivers == ("score_gap",)
    others = assess_risk(EVERYTHING, REFERENCE, PRIOR, scenarios=("identifier",))
    assert others is not None
    assert others.drivers == ("regret", "score_gap")


def test_a_negation_on_which_only_the_cross_encoder_speaks_has_no_risk() -> None:
    assert assess_risk({"regret": 0.9}, REFERENCE, PRIOR, scenarios=("negation",)) is None
    assert assess_risk({"regret": 0.9}, REFERENCE, PRIOR) is not None


def test_a_curve_is_logistic_around_the_middle_of_the_evidence() -> None:
    curve = Curve(slope=8.0, intercept=-1.0, level_error=0.1)
    assert [curve.at(x) for x in (0.0, 0.5, 1.0)] == pytest.approx([expit(-5), expit(-1), expit(3)])


def test_more_evidence_against_a_retrieval_never_lowers_its_risk() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        gap, miss = sorted(rng.random(5).tolist(), reverse=True), sorted(rng.random(5).tolist())
        found = [
            assess_risk({**EVERYTHING, "score_gap": g, "lexical_miss": m}, REFERENCE, PRIOR)
            for g, m in zip(gap, miss, strict=True)
        ]
        risks = [risk.at_5.probability for risk in found if risk is not None]
        assert len(risks) == 5
        assert all(before <= after for before, after in pairwise(risks))


def test_drivers_are_the_signals_that_speak_against_it_strongest_first() -> None:
    signals = {"score_gap": 0.2, "lexical_miss": 0.95, "regret": 0.74, "uncovered_terms": 0.75}
    risk = assess_risk(signals, REFERENCE, PRIOR)
    assert risk is not None
    assert risk.drivers == ("lexical_miss", "score_gap", "uncovered_terms")


def test_at_most_four_drivers_are_named() -> None:
    signals = {"score_gap": 0.1, "lexical_miss": 0.99, "regret": 0.98, "uncovered_terms": 0.97, "lexical_rbo": 0.04}
    risk = assess_risk(signals, REFERENCE, PRIOR)
    assert risk is not None
    assert risk.drivers == ("lexical_miss", "regret", "uncovered_terms", "lexical_rbo")
    assert len(risk.drivers) == DRIVERS


def test_an_empty_result_is_the_worst_failure() -> None:
    assert (EMPTY_RESULT.at_5, EMPTY_RESULT.at_1) == (Rated(1.0, 0.0), Rated(1.0, 0.0))
    assert EMPTY_RESULT.drivers == ("empty_result",)


@pytest.mark.parametrize("slope", [-0.1, math.inf, math.nan])
def test_a_curve_that_does_not_rise_is_refused(slope: float) -> None:
    with pytest.raises(ValueError, match=r"^slope: expected 0 or more"):
        Curve(slope, 0.0, 0.1)


@pytest.mark.parametrize("weights", [{}, {"score_gap": 0.0}])
def test_weights_are_above_zero(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^weights: expected"):
        Target(weights, curves())


def test_a_prior_without_a_curve_for_some_families_is_refused() -> None:
    fewer = {basis: curve for basis, curve in curves().items() if basis != "lexical+scorer"}
    with pytest.raises(ValueError, match=r"^at_1.curves: expected one for lexical\+scorer"):
        Prior("test", FAMILIES, {}, AT_5, Target(AT_1.weights, fewer), COMMON)


def test_a_prior_that_weighs_no_signal_of_a_family_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^at_5.weights: expected a signal of the family scorer"):
        Prior("test", FAMILIES, {}, Target({"score_gap": 1.0, "lexical_miss": 1.0}, curves()), AT_1, COMMON)
