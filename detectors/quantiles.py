"""Quantiles of weighted values that were counted in bins, with intervals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from detectors.estimate import MINIMUM_SAMPLES
from detectors.moments import Floats


class Quantile(NamedTuple):
    """A quantile and its interval."""

    value: float
    low: float
    high: float


def binned_quantile(
    bounds: Sequence[float],
    weight: Floats,
    share: float,
    effective: float,
    *,
    low: float = 0.0,
    confidence: float = 0.95,
) -> Quantile | None:
    """The value below which a share of the weight lies, after Woodruff; within a bin values are taken to lie evenly.

    The interval is that of the share at the quantile, share +- z sqrt(share (1 - share) / effective), read off the
    same distribution. It says nothing of what binning costs: at most the width of a bin.

    Parameters
    ----------
    bounds, weight
        Upper bounds of the bins, rising, and the weight in each; one more weight, of what lies above the last bound,
        which is taken to lie at it.
    share
        In [0, 1]: .5 is the median.
    effective
        Effective samples, (sum w)^2 / sum w^2.
    low
        Where the first bin begins.
    confidence
        Of the interval.

    Returns
    -------
    Quantile or None
        None below `estimate.MINIMUM_SAMPLES` effective samples.

    References
    ----------
    Woodruff: Confidence intervals for medians and other position measures, JASA 47 (1952).

    Examples
    --------
    >>> binned_quantile([0.25, 0.5, 0.75, 1.0], np.array([100, 100, 100, 100, 0]), 0.5, 400).value
    0.5
    """
    if effective < MINIMUM_SAMPLES:
        return None
    half = float(ndtri((1 + confidence) / 2) * np.sqrt(share * (1 - share) / effective))
    return Quantile(
        *(float(read_quantiles(bounds, weight, [at], low)[0]) for at in (share, share - half, share + half))
    )


def read_quantiles(bounds: Sequence[float], weight: Floats, shares: Sequence[float], low: float = 0.0) -> Floats:
    """The values below which shares of binned weight lie; shape of `shares`. Shares beyond [0, 1] are the ends."""
    inner = np.array(weight[:-1], dtype=np.float64)
    inner[-1] += weight[-1]
    below = np.concatenate([[0.0], np.cumsum(inner)]) / inner.sum()
    edges = np.array([low, *bounds])
    rises = np.concatenate([[True], np.diff(below) > 0])
    rises[:-1] |= np.diff(below) > 0  # the lower edge of a bin that holds something counts too
    return np.asarray(np.interp(np.clip(shares, 0, 1), below[rises], edges[rises]))
