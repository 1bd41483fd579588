"""Comparing rankings: Kendall's tau-b, tau_AP, rank-biased overlap, correlation of scores, top-one probability."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CONSTANT = 1e-9  # scores that differ by less than this share of the largest do so by rounding


def kendall_tau_b(scores: Floats) -> float:
    """Kendall's tau-b between the order of a list and scores for it: 1 where the scores fall, -1 where they rise.

    tau-b = (C - D) / sqrt((P - T_order)(P - T_scores)) over the P pairs; an order has no ties, so T_order is 0.

    Parameters
    ----------
    scores
        One score per rank, the first rank first; shape (k,).

    Returns
    -------
    float
        In [-1, 1]; NaN with fewer than two scores or where all are equal. O(k^2).

    Examples
    --------
    >>> kendall_tau_b(np.array([0.9, 0.5, 0.7]))
    0.3333333333333333
    """
    above, below = np.triu_indices(len(scores), k=1)
    signs = np.sign(scores[above] - scores[below])
    untied = np.count_nonzero(signs)
    return float(signs.sum() / np.sqrt(len(signs) * untied)) if untied else float("nan")


def tau_ap(scores: Floats) -> float:
    """tau_AP of a list against the order of `scores` as the reference: tau that weighs the top of the list.

    tau_AP = 2 / (k - 1) * sum over ranks i >= 2 of C(i) / (i - 1), less 1, where C(i) counts the documents above rank
    i that the reference too puts above the document at i; a tie in the reference counts half.
    Yilmaz, Aslam, Robertson: A new rank correlation coefficient for information retrieval, SIGIR 2008.

    Parameters
    ----------
    scores
        The reference's score of the document at each rank of the list; shape (k,).

    Returns
    -------
    float
        In [-1, 1]; NaN with fewer than two scores or where all are equal.

    Examples
    --------
    >>> tau_ap(np.array([0.9, 0.5, 0.7]))  # rank 2: 1 of 1 right, rank 3: 1 of 2
    0.5
    """
    k = len(scores)
    if k < 2 or np.ptp(scores) == 0:
        return float("nan")
    right = (np.sign(scores[:, None] - scores[None, :]) + 1) / 2
    share = np.triu(right, k=1).sum(axis=0)[1:] / np.arange(1, k)
    return float(2 * share.mean() - 1)


def pearson(one: Floats, other: Floats) -> float:
    """Pearson's correlation of two rankers' scores of the same documents: it weighs how far apart they are.

    Parameters
    ----------
    one, other
        Finite, in the same order of documents; shape (k,).

    Returns
    -------
    float
        In [-1, 1]; NaN where the scores of either are all alike. O(k).

    Examples
    --------
    >>> round(pearson(np.array([3.0, 2.0, 1.0]), np.array([0.9, 0.8, 0.1])), 3)
    0.918
    """
    centred = [scores - scores.mean() for scores in (one, other)]
    widths = [float(np.abs(scores).max()) for scores in centred]
    if any(w <= CONSTANT * np.abs(s).max() for w, s in zip(widths, (one, other), strict=True)):
        return float("nan")
    x, y = (scores / width for scores, width in zip(centred, widths, strict=True))
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1, 1))


def top_one(scores: Floats) -> Floats:
    """The probability of each document to be the one, if one is: exp(s_i) / sum exp(s_j), shape (k,).

    Top-one probability under Luce's choice axiom: Cao, Qin, Liu, Tsai, Li: Learning to rank: from pairwise approach to
    listwise approach, ICML 2007.

    >>> top_one(np.log([6.0, 3.0, 1.0])).round(2).tolist()
    [0.6, 0.3, 0.1]
    """
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def rbo_ext(one: Sequence[str], other: Sequence[str], persistence: float = 0.9) -> float:
    """Extrapolated rank-biased overlap of two rankings, which may differ in members and length.

    Webber, Moffat, Zobel: A similarity measure for indefinite rankings, TOIS 2010, equation 32. Two random orders of
    the same ten documents already have .65: thresholds do not carry over between lists of one and of two sources.

    Parameters
    ----------
    one, other
        Document keys, best first, each without repeats.
    persistence
        Share of readers who go on from one rank to the next, in (0, 1); .9 puts 86% of the weight on the first ten.

    Returns
    -------
    float
        In [0, 1]; NaN where both are empty, 0 where one is. O(length).

    Examples
    --------
    >>> round(rbo_ext(["a", "b", "c"], ["a", "c", "d"]), 6)
    0.685
    """
    short, long = sorted((one, other), key=len)
    s, n = len(short), len(long)
    if s == 0:
        return 0.0 if n else float("nan")
    overlap = _overlaps(short, long)
    depths = np.arange(1, n + 1)
    discount = persistence**depths
    agreement = overlap / depths
    agreement[s:] += overlap[s - 1] * (depths[s:] - s) / (s * depths[s:])
    tail = (overlap[-1] - overlap[s - 1]) / n + overlap[s - 1] / s
    value = (1 - persistence) / persistence * float(agreement @ discount) + tail * persistence**n
    return float(min(1.0, max(0.0, value)))


def _overlaps(short: Sequence[str], long: Sequence[str]) -> Floats:
    """How many documents the first d of both lists share, for every d up to the longer's length."""
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    counts = np.empty(len(long))
    shared = 0
    for rank, key in enumerate(long):
        seen_long.add(key)
        shared += key in seen_short
        if rank < len(short):
            seen_short.add(short[rank])
            shared += short[rank] in seen_long
        counts[rank] = shared
    return counts
