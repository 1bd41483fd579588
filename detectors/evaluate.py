"""What labels say of the monitor itself: how well its signals and its risk foretell the retrievals that failed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from detectors.records import Assessment
from detectors.signals import SIGNALS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Measured = TypeVar("Measured")

FAILURE_KINDS = ("no_relevant_at_5", "no_relevant_at_1", "ndcg_below_half")
RELEVANT = 1  # the lowest grade that counts as relevant
MINIMUM_FAILURES = 10  # of one kind; an AUROC of fewer says nothing
RISKIEST = 0.1
REPETITIONS = 1000
_BLOCK = 4_000_000  # counts that the bootstrap holds at a time, 32 MB


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


class Skill(msgspec.Struct, frozen=True):
    """How well one signal foretells one kind of failure, over the `n` queries on which it did not abstain."""

    auroc: float
    low: float
    high: float
    n: int
    precision_of_riskiest: float


class RiskSkill(Skill, frozen=True):
    """A risk is a probability besides: its Brier skill, and the area under its risk-coverage curve."""

    brier_skill: float
    aurc: float


class Evaluation(msgspec.Struct, frozen=True):
    """What `leadline evaluate` reports of signals and risks; None where nothing can be said.

    `kendall_tau` is each signal's with nDCG@10, turned by its direction so that 1 is a signal that orders the queries
    by quality; `risk` and `risk_at_1` have an entry there too.
    """

    queries: int
    failure_rate: dict[str, float | None]
    signals: dict[str, dict[str, Skill | None]]
    risk: dict[str, RiskSkill | None]
    risk_at_1: dict[str, RiskSkill | None]
    kendall_tau: dict[str, float | None]


class RiskCoverage(NamedTuple):
    """At each share of the queries kept, the least risky first, the failure rate among them; `area` is their mean."""

    coverage: Floats
    failure_rate: Floats
    area: float


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


def auroc(signal: ArrayLike, failed: ArrayLike) -> float:
    """The probability that a failed query has a higher signal than one that did not fail, ties counted half.

    AUROC = (sum of the failed ones' ranks - f (f + 1) / 2) / (f (n - f)), ties sharing their mean rank: the
    Mann-Whitney U over all pairs. Hanley, McNeil: The meaning and use of the area under a ROC curve, Radiology 1982.

    Parameters
    ----------
    signal
        Oriented: higher speaks for failure. Finite; leave out where it abstained. Shape (n,).
    failed
        Whether the query failed; shape (n,).

    Returns
    -------
    float
        In [0, 1], .5 for a signal that knows nothing; NaN where none or all failed. O(n log n).

    Examples
    --------
    >>> auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])  # 3 of 4 pairs right, one tie
    0.875
    """
    bad = np.asarray(failed, dtype=bool)
    count = int(bad.sum())
    pairs = count * (len(bad) - count)
    if not pairs:
        return float("nan")
    ranks = rankdata(np.asarray(signal, dtype=np.float64))
    return float((ranks[bad].sum() - count * (count + 1) / 2) / pairs)


def auroc_interval(
    signal: ArrayLike, failed: ArrayLike, repetitions: int = REPETITIONS, *, seed: int = 0, confidence: float = 0.95
) -> tuple[float, float]:
    """The percentile bootstrap interval of `auroc`: queries are drawn anew, each with its signal and its outcome.

    Draws without a failed query, or with nothing else, have no AUROC and are left out: with ten failures that is about
    one draw in 20,000. It cannot see what the queries of another week would be, and where the signal parts the two
    without an error it is a point, whatever n.

    Parameters
    ----------
    signal, failed
        As in `auroc`.
    repetitions
        Draws; 1,000 leave a standard error of about 2% of the interval's width at either end.
    seed
        Of the draws: the same input gives the same interval.
    confidence
        Share of the draws between the two ends.

    Returns
    -------
    tuple[float, float]
        NaN twice where `auroc` is NaN. O(repetitions * n), in blocks of bounded size.

    Examples
    --------
    >>> signal, failed = np.arange(200.0), np.arange(200) % 3 == 0
    >>> low, high = auroc_interval(signal, failed)
    >>> low < auroc(signal, failed) < high
    True

    Notes
    -----
    Queries alike in signal and outcome share a cell, so a draw is one multinomial over cells, in rising order:
    AUROC = sum over values v of F_v (S_<v + S_v / 2) / (F S), F and S counting failures and successes in the draw.
    """
    bad = np.asarray(failed, dtype=bool)
    if bad.all() or not bad.any():
        return float("nan"), float("nan")
    _, value = np.unique(np.asarray(signal, dtype=np.float64), return_inverse=True)
    cells = np.bincount(2 * value + bad, minlength=2 * (int(value.max()) + 1))
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(cells))
    sizes = [min(block, repetitions - start) for start in range(0, repetitions, block)]
    drawn = np.concatenate([_auroc_of_cells(rng.multinomial(len(bad), cells / len(bad), size)) for size in sizes])
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn[~np.isnan(drawn)], [tail, 1 - tail])
    return float(low), float(high)


def _auroc_of_cells(counts: NDArray[np.int64]) -> Floats:
    """AUROC of each row: successes in even columns, failures in odd ones, values rising; NaN where a class is empty."""
    good, bad = counts[:, 0::2], counts[:, 1::2]
    below = np.cumsum(good, axis=1) - good / 2
    pairs = (good.sum(axis=1) * bad.sum(axis=1)).astype(np.float64)
    pairs[pairs == 0] = np.nan
    return np.asarray(np.einsum("ij,ij->i", bad, below) / pairs)


def kendall_with(values: ArrayLike, ndcg_at_10: ArrayLike) -> float:
    """Kendall's tau-b of a signal with nDCG over queries, what the literature on query performance prediction reports.

    Returns
    -------
    float
        In [-1, 1]; NaN with fewer than two queries or where either side is constant. O(n log n).

    Examples
    --------
    >>> round(kendall_with([0.1, 0.4, 0.2], [0.0, 1.0, 0.5]), 6)
    1.0
    """
    one, other = np.asarray(values, dtype=np.float64), np.asarray(ndcg_at_10, dtype=np.float64)
    return float(kendalltau(one, other).statistic) if len(one) > 1 else float("nan")


def risk_coverage(risk: ArrayLike, failed: ArrayLike) -> RiskCoverage:
    """What remains to fail when only the least risky queries are kept.

    With the queries by rising risk, failure_rate_i = failures among the first i / i, coverage_i = i / n, and AURC is
    the mean of the failure rates: the lower the better, the overall failure rate for a risk that knows nothing.
    Queries of equal risk each count with their common failure rate: the mean over all their orders.
    Geifman, Uziel, El-Yaniv: Bias-reduced uncertainty estimation for deep neural classifiers, ICLR 2019.

    Parameters
    ----------
    risk
        Higher is riskier; finite; shape (n,).
    failed
        Whether the query failed; shape (n,).

    Returns
    -------
    RiskCoverage
        Two arrays of shape (n,), in [0, 1]; `area` is NaN without queries. O(n log n).

    Examples
    --------
    >>> curve = risk_coverage([0.1, 0.6, 0.3, 0.8], [False, False, True, True])
    >>> curve.failure_rate.round(3).tolist(), round(curve.area, 4)
    ([0.0, 0.5, 0.333, 0.5], 0.3333)
    """
    expected = _failures_by_rising_risk(risk, failed)
    kept = np.arange(1, len(expected) + 1)
    rates = np.cumsum(expected) / kept
    return RiskCoverage(kept / max(1, len(kept)), rates, float(rates.mean()) if len(rates) else float("nan"))


def precision_of_riskiest(risk: ArrayLike, failed: ArrayLike, share: float = RISKIEST) -> float:
    """The failure rate among the riskiest queries: what a person finds who reads only those.

    Parameters
    ----------
    risk, failed
        As in `risk_coverage`; ties are broken in the mean over all orders.
    share
        Of the queries, in (0, 1]; to the nearest query, at least one.

    Returns
    -------
    float
        In [0, 1]; NaN without queries. O(n log n).

    Examples
    --------
    >>> precision_of_riskiest([0.1, 0.6, 0.3, 0.8], [False, False, True, True], share=0.5)
    0.5
    """
    expected = _failures_by_rising_risk(risk, failed)
    count = max(1, round(share * len(expected)))
    return float(expected[-count:].mean()) if len(expected) else float("nan")


def _failures_by_rising_risk(risk: ArrayLike, failed: ArrayLike) -> Floats:
    """The expected failure, 0 to 1, at each position of the queries by rising risk; queries of equal risk share it."""
    _, group, sizes = np.unique(np.asarray(risk, dtype=np.float64), return_inverse=True, return_counts=True)
    found = np.bincount(group, weights=np.asarray(failed, dtype=np.float64), minlength=len(sizes))
    return np.repeat(found / sizes, sizes)


def brier_skill(probability: ArrayLike, failed: ArrayLike) -> float:
    """How much better the probabilities are than the constant that knows only the observed failure rate.

    1 - mean((p - y)^2) / (r (1 - r)), r the mean of y. It rewards order and level both: below 0 where the level is so
    far off that the constant would have served better. Brier, Monthly Weather Review 1950.

    Parameters
    ----------
    probability
        Of failure, in [0, 1]; shape (n,).
    failed
        Whether the query failed; shape (n,).

    Returns
    -------
    float
        At most 1; NaN where none or all failed. O(n).

    Examples
    --------
    >>> round(brier_skill([0.8, 0.2, 0.4, 0.1], [True, False, False, False]), 4)  # 1 - (.25/4) / (3/16)
    0.6667
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(failed, dtype=np.float64)
    rate = y.mean() if len(y) else 0.0
    if rate in (0.0, 1.0):
        return float("nan")
    return float(1 - np.square(p - y).mean() / (rate * (1 - rate)))


def evaluate_signals(judged: Sequence[Judged], *, repetitions: int = REPETITIONS, seed: int = 0) -> Evaluation:
    """Every signal of `SIGNALS` and both risks against every kind of failure.

    Each is measured where it did not abstain, and those are not the same queries for all: a signal with a small `n`
    may have had the easy ones.

    Parameters
    ----------
    judged
        One entry per query with a relevant document, in any order.
    repetitions, seed
        Of the bootstrap.

    Returns
    -------
    Evaluation
        None for a kind of which fewer than `MINIMUM_FAILURES` are among a signal's queries, or which all of them are.
        O(signals * kinds * repetitions * n); 500 queries take about 2 seconds.

    Examples
    --------
    >>> outcome = dict.fromkeys(FAILURE_KINDS, False), dict.fromkeys(FAILURE_KINDS, True)
    >>> judged = [Judged({"score_gap": -i}, i / 40, None, {}, outcome[i >= 30], 1 - i / 40) for i in range(40)]
    >>> evaluation = evaluate_signals(judged)
    >>> evaluation.signals["score_gap"]["no_relevant_at_1"].auroc, evaluation.signals["lexical_rbo"]["no_relevant_at_1"]
    (1.0, None)
    """
    skill = partial(_skill, repetitions=repetitions, seed=seed)
    risk_skill = partial(_risk_skill, repetitions=repetitions, seed=seed)
    risks = {
        "risk": _column(query.risk for query in judged),
        "risk_at_1": _column(query.risk_at_1 for query in judged),
    }
    signals = {
        name: spec.direction * _column(query.signals.get(name) for query in judged) for name, spec in SIGNALS.items()
    }
    return Evaluation(
        len(judged),
        {kind: _or_none(_failed(judged, kind).mean()) if judged else None for kind in FAILURE_KINDS},
        {name: _by_kind(judged, column, skill) for name, column in signals.items()},
        _by_kind(judged, risks["risk"], risk_skill),
        _by_kind(judged, risks["risk_at_1"], risk_skill),
        {name: _tau(judged, column) for name, column in {**signals, **risks}.items()},
    )


def _column(values: Iterable[float | None]) -> Floats:
    """NaN where a query has no value."""
    return np.array([float("nan") if value is None else value for value in values], dtype=np.float64)


def _failed(judged: Sequence[Judged], kind: str) -> Bools:
    return np.array([query.failures[kind] for query in judged], dtype=bool)


def _by_kind(
    judged: Sequence[Judged], column: Floats, skill: Callable[[Floats, Bools], Measured]
) -> dict[str, Measured | None]:
    known = ~np.isnan(column)
    found: dict[str, Measured | None] = {}
    for kind in FAILURE_KINDS:
        failed = _failed(judged, kind)[known]
        enough = MINIMUM_FAILURES <= failed.sum() < len(failed)
        found[kind] = skill(column[known], failed) if enough else None
    return found


def _skill(signal: Floats, failed: Bools, *, repetitions: int, seed: int) -> Skill:
    low, high = auroc_interval(signal, failed, repetitions, seed=seed)
    return Skill(auroc(signal, failed), low, high, len(signal), precision_of_riskiest(signal, failed))


def _risk_skill(risk: Floats, failed: Bools, *, repetitions: int, seed: int) -> RiskSkill:
    common = _skill(risk, failed, repetitions=repetitions, seed=seed)
    area = risk_coverage(risk, failed).area
    return RiskSkill(**msgspec.structs.asdict(common), brier_skill=brier_skill(risk, failed), aurc=area)


def _tau(judged: Sequence[Judged], column: Floats) -> float | None:
    known = ~np.isnan(column)
    return _or_none(kendall_with(-column[known], _column(query.ndcg_at_10 for query in judged)[known]))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
