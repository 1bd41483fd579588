"""Two recordings without labels: evidence, who may give it, and the intervals of what it comes to."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from detectors.change import (
    ChangeScale,
    Difference,
    Scale,
    Sides,
    combined,
    differences,
    evidence_of,
    known_families,
    own_rankings,
    shipped_scale,
)
from detectors.records import NO_TIMESTAMP, Assessment, Evidence, Weights
from detectors.reference import Normalisation
from detectors.risk import bases
from detectors.signals import SIGNALS

EVIDENCE = {"lexical": "best_covered_terms", "scorer": "best_relevance"}
REFERENCE = Normalisation.of(
    [{"best_covered_terms": i / 100, "best_relevance": i / 100} for i in range(101)], version="b", depth=10, scorer="s"
)
SCALES = {
    "lexical": Scale({"lexical": 2.0}, 0.3),
    "scorer": Scale({"scorer": 1.5}, 0.3),
    "lexical+scorer": Scale({"lexical": 0.5, "scorer": 1.0}, 0.3),
}
NAN = float("nan")


def paired(before: list[list[float]], after: list[list[float]]) -> Sides:
    return Sides(np.array(before), np.array(after), paired=True)


def assessment(**changes: Any) -> Assessment:
    plain: dict[str, Any] = {
        "trace_id": "t", "span_id": None, "timestamp": NO_TIMESTAMP, "pipeline": "default", "query_id": None,
        "scenario": "none", "scenarios": (), "weights": Weights(), "risk": None, "risk_at_1": None, "drivers": (),
        "signals": {}, "abstentions": {}, "evidence": Evidence(), "versions": {}, "document_ids": ("d",),
        "attributes": {}, "query": None,
    }  # fmt: skip
    return Assessment(**{**plain, **changes})


def said(**changes: Any) -> Assessment:
    return assessment(signals={"best_covered_terms": 0.25, "best_relevance": 0.75}, **changes)


def test_evidence_is_the_percentile_of_the_familys_signal() -> None:
    assert evidence_of(said(), REFERENCE, EVIDENCE) == pytest.approx({"lexical": 0.25, "scorer": 0.75}, abs=0.01)


def test_an_empty_result_is_the_worst_by_any_family() -> None:
    assert evidence_of(said(document_ids=()), REFERENCE, EVIDENCE) == {"lexical": 0.0, "scorer": 0.0}


def test_the_cross_encoder_is_not_asked_about_negation() -> None:
    assert evidence_of(said(scenarios=("negation",)), REFERENCE, EVIDENCE).keys() == {"lexical"}


def test_a_signal_that_abstained_says_nothing() -> None:
    assert evidence_of(assessment(signals={}), REFERENCE, EVIDENCE) == {}


@pytest.mark.parametrize(
    ("signals", "family"), [({"lexical_rbo": 0.99}, "lexical"), ({"rank_discordance": 0.01}, "scorer")]
)
def test_no_family_judges_its_own_ranking(signals: dict[str, float], family: str) -> None:
    assert own_rankings([assessment(signals=signals)] * 3).keys() == {family}


def test_an_ordinary_ranking_is_nobodys_own() -> None:
    assert own_rankings([assessment(signals={"lexical_rbo": 0.5, "rank_discordance": 0.3})]) == {}
    assert own_rankings([assessment(signals={})]) == {}


def test_a_family_needs_half_of_the_queries_on_both_sides() -> None:
    before = np.ones((100, 2))
    after = np.where(np.arange(100)[:, None] < [49, 50], 1.0, NAN)
    assert known_families(Sides(before, after, paired=True), ["lexical", "scorer"]) == ["scorer"]
    assert known_families(Sides(after, before, paired=False), ["lexical", "scorer"]) == ["scorer"]
    few = np.ones((29, 1))
    assert known_families(Sides(few, few, paired=True), ["lexical"]) == []


def test_each_query_is_weighed_by_what_is_known_of_it_on_both_sides() -> None:
    sides = paired([[0.2, 0.4], [0.2, NAN], [0.2, 0.4], [NAN, NAN]], [[0.4, 0.5], [0.4, 0.5], [NAN, 0.6], [1.0, 1.0]])
    found = combined(sides, ["lexical", "scorer"], SCALES)
    change = (found.after - found.before)[:, 0]
    assert change[:3] == pytest.approx([0.5 * 0.2 + 1.0 * 0.1, 2.0 * 0.2, 1.5 * 0.2])
    assert np.isnan(change[3])


def test_unpaired_numbers_of_different_families_are_not_mixed() -> None:
    before, after = np.array([[0.2, 0.4], [0.2, NAN]]), np.array([[0.4, 0.5], [NAN, 0.5], [0.1, 0.1]])
    found = combined(Sides(before, after, paired=False), ["lexical", "scorer"], SCALES)
    assert found.before[:, 0] == pytest.approx([0.5, NAN], nan_ok=True)
    assert found.after[:, 0] == pytest.approx([0.7, NAN, 0.15], nan_ok=True)


def test_the_paired_interval_is_that_of_the_paired_t_test() -> None:
    """On 400 pairs the bootstrap and Student agree."""
    dice = np.random.default_rng(1)
    before = dice.normal(0.5, 0.2, (400, 1))
    after = before + dice.normal(0.02, 0.1, (400, 1))
    [found] = differences(Sides(before, after, paired=True))
    expected = stats.ttest_rel(after[:, 0], before[:, 0]).confidence_interval()
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.001)
    assert found.difference == pytest.approx((after - before).mean())


def test_the_unpaired_interval_is_that_of_welch() -> None:
    dice = np.random.default_rng(2)
    before, after = dice.normal(0.5, 0.2, (300, 1)), dice.normal(0.55, 0.3, (500, 1))
    [found] = differences(Sides(before, after, paired=False))
    expected = stats.ttest_ind(after[:, 0], before[:, 0], equal_var=False).confidence_interval()
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.004)


def test_more_comparisons_and_an_uncertain_factor_make_it_wider() -> None:
    dice = np.random.default_rng(3)
    sides = Sides(np.zeros((200, 1)), dice.normal(0.1, 0.2, (200, 1)), paired=True)
    widths = []
    for comparisons, error in ((1, 0.0), (10, 0.0), (10, 0.5)):
        [found] = differences(sides, comparisons=comparisons, error=error)
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[0] < widths[1] < widths[2]


def test_an_uncertain_factor_does_not_turn_the_sign() -> None:
    [found] = differences(paired([[0.0]] * 50, [[0.1]] * 50), error=0.6)
    assert found is not None
    assert found.direction == 1
    assert found.high / 0.1 == pytest.approx(np.exp(1.96 * 0.6), rel=0.1)


def test_pairs_that_are_known_on_one_side_do_not_count() -> None:
    before, after = [[0.0], [NAN]] * 40, [[0.5], [9.0]] * 40
    [found] = differences(paired(before, after))
    assert found == Difference(0.0, 0.5, 0.5, 0.5, 0.5)


def test_below_the_minimum_sample_there_is_none() -> None:
    assert differences(paired([[0.0]] * 29, [[1.0]] * 29)) == [None]


def test_the_same_seed_gives_the_same_interval() -> None:
    sides = Sides(np.zeros((60, 1)), np.linspace(-1, 2, 60)[:, None], paired=True)
    assert differences(sides) == differences(sides)


def test_the_shipped_calibration_is_whole() -> None:
    """It knows every set of families, speaks by signals that there are, and is never exact."""
    scale: ChangeScale = shipped_scale()
    assert set(scale.evidence.values()) <= SIGNALS.keys()
    assert list(scale.scales) == bases(scale.evidence)
    for basis, one in scale.scales.items():
        assert list(one.factors) == basis.split("+")
        assert min(one.factors.values()) >= 0 < sum(one.factors.values())
        assert 0 < one.error < 1
