"""What labels say of a retrieval: its grades, its nDCG, and the three ways in which it may have failed."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from detectors.records import Assessment

FAILURE_KINDS = ("no_relevant_at_5", "no_relevant_at_1", "ndcg_below_half")
RELEVANT = 1  # the lowest grade that counts as relevant


class Judged(msgspec.Struct, frozen=True):
    """One query whose answer is known: what the monitor said of it, and what the labels say.

    A signal that abstained is not in `signals`; `failures` holds every one of `FAILURE_KINDS`.
    """

    signals: dict[str, float]
    risk: float | None
    risk_at_1: float | None
    level_errors: dict[str, float]
    failures: dict[str, bool]
    ndcg_at_10: float


def graded(document_ids: Sequence[str], qrels: Mapping[str, int]) -> list[int]:
    """The grade of each served document: 0 where it was not judged, and for the second serving of the same document.

    >>> graded(["a", "b", "a"], {"a": 2, "c": 1})
    [2, 0, 0]
    """
    first = {key: rank for rank, key in reversed(list(enumerate(document_ids)))}
    return [qrels.get(key, 0) if first[key] == rank else 0 for rank, key in enumerate(document_ids)]


def ndcg(grades_in_served_order: Sequence[int], all_grades_of_query: Iterable[int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gain.

    DCG = sum over ranks i <= depth of grade_i / log2(i + 1); nDCG = DCG / DCG of the best order of all judged
    documents. Grades below 0 gain nothing. Jaervelin, Kekaelaeinen: Cumulated gain-based evaluation of IR techniques,
    TOIS 2002; in the form of trec_eval's `ndcg_cut` and of ir_measures' `nDCG`.

    Parameters
    ----------
    grades_in_served_order
        Grade of the document at each rank, no document twice (`graded` sees to it).
    all_grades_of_query
        Grades of all documents judged for the query, served or not, in any order.
    depth
        Ranks that count, of both lists.

    Returns
    -------
    float
        In [0, 1]; NaN where no judged document has a grade above 0. O(judged log judged).

    Examples
    --------
    >>> round(ndcg([0, 2, 1], [2, 1, 1]), 4)  # (2/1.585 + 1/2) / (2 + 1/1.585 + 1/2)
    0.5627
    """
    ideal = _dcg(sorted(all_grades_of_query, reverse=True)[:depth])
    return _dcg(grades_in_served_order[:depth]) / ideal if ideal else float("nan")


def _dcg(grades: Sequence[int]) -> float:
    gains = np.maximum(np.asarray(grades, dtype=np.float64), 0.0)
    return float(gains @ (1 / np.log2(np.arange(2, len(gains) + 2))))


def failures(grades_in_served_order: Sequence[int], ndcg_at_10: float) -> dict[str, bool]:
    """Whether the retrieval failed, in each of the three ways. An empty list fails in all of them.

    Examples
    --------
    >>> failures([0, 0, 1], ndcg_at_10=0.5)
    {'no_relevant_at_5': False, 'no_relevant_at_1': True, 'ndcg_below_half': False}
    """
    relevant = [grade >= RELEVANT for grade in grades_in_served_order[:5]]
    found = (not any(relevant), not any(relevant[:1]), ndcg_at_10 < 0.5)
    return dict(zip(FAILURE_KINDS, found, strict=True))


def against_labels(assessment: Assessment, qrels: Mapping[str, int]) -> Judged | None:
    """The assessment beside the truth; None for a query without a relevant document, on which nobody could succeed."""
    if not any(grade >= RELEVANT for grade in qrels.values()):
        return None
    grades = graded(assessment.document_ids, qrels)
    value = ndcg(grades, qrels.values())
    found = failures(grades, value)
    return Judged(assessment.signals, assessment.risk, assessment.risk_at_1, assessment.level_errors, found, value)
