"""How well a number foretells failures: AUROC, risk-coverage, precision of the riskiest, Brier skill, Kendall's tau."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

Floats = NDArray[np.float64]

RISKIEST = 0.1
REPETITIONS = 1000
_BLOCK = 4_000_000  # counts that the bootstrap holds at a time, 32 MB


class RiskCoverage(NamedTuple):
    """At each share of the queries kept, the least risky first, the failure rate among them; `area` is their mean."""

    coverage: Floats
    failure_rate: Floats
    area: float


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
