from datetime import UTC, datetime

import ir_measures
import numpy as np
import pytest

from detectors.labels import against_labels, failures, graded, ndcg
from detectors.records import Assessment, Evidence, Weights


def test_ndcg_worked_by_hand() -> None:
    """Served 0, 2, 1 of a judged 2, 1, 1: (2 / log2 3 + 1 / log2 4) / (2 + 1 / log2 3 + 1 / log2 4)."""
    log3 = 1.584962500721156
    assert ndcg([0, 2, 1], [1, 2, 1]) == pytest.approx((2 / log3 + 1 / 2) / (2 + 1 / log3 + 1 / 2))


def test_ndcg_is_that_of_ir_measures_with_linear_gain() -> None:
    """Grades 0 to 3, unjudged documents served, more judged ones than ranks, lists of 1 to 30."""
    rng = np.random.default_rng(8)
    for depth in (5, 10):
        for _ in range(100):
            documents = [f"d{i}" for i in range(60)]
            qrels = {key: int(rng.integers(0, 4)) for key in rng.permutation(documents)[: rng.integers(1, 40)]}
            qrels["d0"] = 2
            served = rng.permutation(documents)[: rng.integers(1, 31)].tolist()
            run = {"q": {key: -float(rank) for rank, key in enumerate(served)}}
            truth = ir_measures.calc_aggregate([ir_measures.nDCG @ depth], {"q": qrels}, run)
            assert ndcg(graded(served, qrels), qrels.values(), depth) == pytest.approx(next(iter(truth.values())))


def test_ndcg_of_the_best_order_is_one_and_of_nothing_relevant_zero() -> None:
    assert ndcg([3, 2, 1], [1, 2, 3, 0]) == 1
    assert ndcg([0, 0], [1]) == 0
    assert ndcg([], [1]) == 0


def test_ndcg_is_undefined_without_a_relevant_document() -> None:
    assert np.isnan(ndcg([0, 0], [0, 0]))
    assert np.isnan(ndcg([0], []))


def test_a_grade_below_zero_gains_nothing() -> None:
    """TREC marks spam with -2: worse than useless, and still no negative gain."""
    assert ndcg([-2, 1], [-2, 1]) == pytest.approx(1 / 1.584962500721156)


def test_a_document_served_twice_is_found_once() -> None:
    """Else five servings of the one relevant document would make an nDCG above 1."""
    assert graded(["a", "a", "b", "a"], {"a": 1, "b": 2}) == [1, 0, 2, 0]


@pytest.mark.parametrize(
    ("grades", "at_5", "at_1"),
    [
        ([1, 0, 0, 0, 0], False, False),
        ([0, 0, 0, 0, 2], False, True),
        ([0, 0, 0, 0, 0, 2], True, True),  # the sixth comes too late
        ([-1, 0], True, True),
        ([], True, True),
    ],
)
def test_failures_at_5_and_at_1(grades: list[int], at_5: bool, at_1: bool) -> None:
    found = failures(grades, ndcg_at_10=0.9)
    assert (found["no_relevant_at_5"], found["no_relevant_at_1"]) == (at_5, at_1)


def test_ndcg_below_half_is_strictly_below() -> None:
    assert failures([1], 0.4999)["ndcg_below_half"] is True
    assert failures([1], 0.5)["ndcg_below_half"] is False


def _assessment(document_ids: tuple[str, ...]) -> Assessment:
    return Assessment(
        trace_id="t",
        span_id=None,
        timestamp=datetime(2026, 11, 23, tzinfo=UTC),
        pipeline="p",
        query_id="q",
        scenario="none",
        scenarios=(),
        weights=Weights(),
        risk=0.3,
        risk_at_1=0.4,
        drivers=(),
        signals={"score_gap": 0.1},
        abstentions={},
        evidence=Evidence(),
        versions={},
        document_ids=document_ids,
        attributes={},
        query=None,
    )


def test_an_assessment_beside_its_labels() -> None:
    """The only relevant document at rank 2: nDCG = 1 / log2 3 = .63."""
    judged = against_labels(_assessment(("b", "a")), {"a": 1, "c": 0})
    assert judged is not None
    assert judged.failures == {"no_relevant_at_5": False, "no_relevant_at_1": True, "ndcg_below_half": False}
    assert judged.ndcg_at_10 == pytest.approx(0.6309297535714575)
    assert (judged.signals, judged.risk, judged.risk_at_1) == ({"score_gap": 0.1}, 0.3, 0.4)


def test_a_query_on_which_nobody_could_succeed_is_not_judged() -> None:
    assert against_labels(_assessment(("b",)), {"b": 0}) is None
    assert against_labels(_assessment(("b",)), {}) is None
