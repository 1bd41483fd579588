"""What calibrated probabilities of relevance say a served list is worth, beside the best that could have been."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.calibration import noisy_or

Floats = NDArray[np.float64]


def expected_ndcg(served: ArrayLike, beside: ArrayLike) -> float:
    """Expected DCG of the served order over that of the best list of the same length from served and other documents.

    DCG = sum of p_i / log2(i + 1), with the probabilities p_i of relevance as gains. It sees a bad order and documents
    that were missed; it cannot see that nothing relevant is among the candidates: a list without a relevant document
    in its best order has 1. Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR techniques, TOIS 2002.

    Parameters
    ----------
    served
        P(relevant) of the served documents, in served order, whatever their ranks; shape (k,).
    beside
        P(relevant) of the candidates that were not served; shape (m,).

    Returns
    -------
    float
        In [0, 1]; NaN where nothing has a chance. O((k + m) log(k + m)).

    Examples
    --------
    >>> round(expected_ndcg([0.0, 0.5], [0.5]), 3)  # (.5 / log2(3)) / (.5 + .5 / log2(3))
    0.387
    """
    gains = np.asarray(served, dtype=np.float64)
    discounts = 1 / np.log2(np.arange(2, len(gains) + 2))
    best = float(_best(gains, beside) @ discounts)
    return min(1.0, float(gains @ discounts) / best) if best > 0 else float("nan")


def expected_regret(served: ArrayLike, beside: ArrayLike) -> float:
    """How much likelier a relevant document would have been among as many of the best of served and other documents.

    noisy_or(best) - noisy_or(served). It cannot see what neither list holds, and is small where all are bad.

    Parameters
    ----------
    served
        P(relevant) of the documents that count, the first five say, whatever their ranks; shape (k,).
    beside
        P(relevant) of all others, shape (m,).

    Returns
    -------
    float
        In [0, 1]. O((k + m) log(k + m)).

    Examples
    --------
    >>> expected_regret([0.5, 0.0], [0.5])  # .75 - .5
    0.25
    """
    gains = np.asarray(served, dtype=np.float64)
    return max(0.0, float(noisy_or(_best(gains, beside)) - noisy_or(gains)))


def _best(served: Floats, beside: ArrayLike) -> Floats:
    """The best of all, as many as were served, best first."""
    every = np.concatenate([served, np.asarray(beside, dtype=np.float64)])
    return -np.sort(-every)[: len(served)]
