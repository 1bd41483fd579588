"""Means with intervals, over samples that were drawn with known probabilities."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from detectors.moments import Moments

MINIMUM_SAMPLES = 30


class Estimate(msgspec.Struct, frozen=True):
    """A mean, its interval and what it rests on. `effective_samples` = (sum w)^2 / sum w^2 over `samples` values."""

    mean: float
    low: float
    high: float
    effective_samples: float
    samples: int


def effective_samples(weights: ArrayLike) -> float:
    """How many equal weights tell as much: (sum w)^2 / sum w^2; 0 of none.

    >>> effective_samples([2.0, 2.0, 2.0]), effective_samples([1.0, 0.0])
    (3.0, 1.0)
    """
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / np.square(w).sum()) if len(w) else 0.0


def weighted_mean(
    values: ArrayLike, weights: ArrayLike, *, level_error: ArrayLike = 0.0, confidence: float = 0.95
) -> Estimate | None:
    """The Horvitz-Thompson mean, self-normalised, of values in [0, 1].

    mean = sum(w x) / sum(w); variance = sum(w^2 (x - mean)^2) / (sum w)^2 * n / (n - 1) + level_error^2.

    Parameters
    ----------
    values, weights
        Values in [0, 1] and their inverse sampling probabilities; shape (n,).
    level_error
        Standard deviation of what more samples would not mend: how far a prior's level is off between collections. Of
        all values, or of each; levels err together, so the error of their mean is the mean of their errors.
    confidence
        Of the interval, by the normal approximation.

    Returns
    -------
    Estimate or None
        None below `MINIMUM_SAMPLES` effective samples: such an interval would not hold what it says.

    Examples
    --------
    >>> estimate = weighted_mean([0.2, 0.4] * 50, [1.0] * 100)
    >>> round(estimate.mean, 4), round(estimate.low, 4), round(estimate.high, 4)
    (0.3, 0.2803, 0.3197)
    """
    return mean_of(Moments.of(values, weights, level_error), confidence=confidence)


def mean_of(moments: Moments, *, low: float = 0.0, high: float = 1.0, confidence: float = 0.95) -> Estimate | None:
    """The same of sums (scalars) over values that lie between `low` and `high`, where the interval ends."""
    effective = float(moments.effective)
    if effective < MINIMUM_SAMPLES:
        return None
    mean, count, total = float(moments.mean), float(moments.values), float(moments.weight)
    sampling = float(moments.around(mean)[1]) / total**2 * count / (count - 1)
    half = float(ndtri((1 + confidence) / 2) * np.sqrt(sampling + float(moments.errors / total) ** 2))
    return Estimate(mean, max(low, mean - half), min(high, mean + half), effective, round(count))


def wilson(hits: float, of: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share: `hits` of `of` (more than 0), by Wilson's score.

    >>> tuple(round(end, 3) for end in wilson(9, 10))
    (0.596, 0.982)

    References
    ----------
    Wilson: Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    z, share = float(ndtri((1 + confidence) / 2)), hits / of
    middle = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2)) / (1 + z**2 / of)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


class Difference(msgspec.Struct, frozen=True):
    """A change of a mean between two samples, with its interval and its size in standard deviations of the first."""

    before: float
    after: float
    low: float
    high: float
    standardised: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.low <= 0 <= self.high


def difference(before: Sequence[float], after: Sequence[float], *, confidence: float = 0.95) -> Difference | None:
    """The change of a mean between two independent samples of equal weights (Welch, normal approximation).

    Parameters
    ----------
    before, after
        Values; shapes (n,) and (m,).
    confidence
        Of the interval around after - before. Whoever looks at k signals or k times asks for 1 - (1 - c) / k.

    Returns
    -------
    Difference or None
        None where either sample is below `MINIMUM_SAMPLES`.

    Examples
    --------
    >>> change = difference([0.0, 1.0] * 50, [1.0] * 50)
    >>> round(change.after - change.before, 2), change.shown, round(change.standardised, 1)
    (0.5, True, 1.0)
    """
    one, other = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if min(len(one), len(other)) < MINIMUM_SAMPLES:
        return None
    change = float(other.mean() - one.mean())
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    half = float(ndtri((1 + confidence) / 2) * error)
    spread = float(one.std(ddof=1))
    standardised = change / spread if spread > 0 else 0.0
    return Difference(float(one.mean()), float(other.mean()), change - half, change + half, standardised)
