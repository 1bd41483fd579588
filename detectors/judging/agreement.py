"""How far two gradings of the same pairs agree: a judge with itself later, or with people."""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from detectors.deciders.base import numbers
from detectors.estimate import MINIMUM_SAMPLES, wilson
from detectors.judging.records import BEST_GRADE

Floats = NDArray[np.float64]


class Figure(NamedTuple):
    """A number and its 95% interval."""

    value: float
    low: float
    high: float


class Agreement(msgspec.Struct, frozen=True):
    """Of `pairs` that were graded twice.

    `exact` is the share with the same whole grade, `shift` the mean of second less first, in grades. `kappa` is None
    where both gradings have one grade for all.
    """

    pairs: int
    exact: Figure
    shift: Figure
    kappa: Figure | None


def agreement(first: ArrayLike, second: ArrayLike) -> Agreement | None:
    """Compare two gradings, from 0 to 3 and perhaps fractional (expected grades), of the same query-passage pairs.

    The pairs have to be different ones: each counts as an independent draw. What it cannot see: who of the two is
    right; and agreement is of these pairs, which are chosen by grade, not of the traffic.

    Returns
    -------
    Agreement or None
        None below `MINIMUM_SAMPLES` pairs. The interval of `exact` is Wilson's.

    Raises
    ------
    ValueError
        A grade is no number from 0 to 3, or there are not as many of the one as of the other.

    Examples
    --------
    >>> found = agreement([0, 1, 2, 3] * 25, [0, 1, 2, 2] * 25)
    >>> found.exact.value, round(found.shift.value, 2), round(found.kappa.value, 2)
    (0.75, -0.25, 0.88)
    """
    x, y = numbers(first, 0.0, BEST_GRADE), numbers(second, 0.0, BEST_GRADE)
    if len(x) != len(y):
        raise ValueError(f"second: expected {len(x)} grades, as many as first, not {len(y)}")
    if len(x) < MINIMUM_SAMPLES:
        return None
    same = int((np.rint(x) == np.rint(y)).sum())
    return Agreement(len(x), Figure(same / len(x), *wilson(same, len(x))), mean_shift(y - x), weighted_kappa(x, y))


def mean_shift(moved: Floats) -> Figure:
    """The mean of paired differences, with Student's interval over those and two more: one up by a grade, one down.

    The two are what Agresti and Coull add to a share: n pairs of which none moved are no proof that none ever will, and
    without them the interval would be 0 wide.

    References
    ----------
    Agresti, Coull: Approximate is better than "exact" for interval estimation of binomial proportions, The American
    Statistician 52 (1998); that it carries over to differences is checked by simulation.
    """
    n = len(moved)
    squares = float(np.square(moved - moved.mean()).sum()) + 2.0
    half = float(stdtrit(n + 1, 0.975)) * np.sqrt(squares / (n + 1) / n)
    return Figure(float(moved.mean()), float(moved.mean() - half), float(moved.mean() + half))


def weighted_kappa(first: Floats, second: Floats) -> Figure | None:
    """Cohen's kappa with quadratic weights, of grades that may be fractional; None where it is undefined.

    kappa = 1 - mean (x - y)^2 / (mean x^2 + mean y^2 - 2 mean x mean y): disagreement seen over that of the same
    grades paired by chance. On real numbers that is Lin's concordance correlation coefficient. The interval is the
    jackknife's, with Student's quantile, and ends at -1 and 1; where no pair moved it has no width and means nothing.

    References
    ----------
    Cohen: Weighted kappa, Psychological Bulletin 70 (1968); Lin: A concordance correlation coefficient to evaluate
    reproducibility, Biometrics 45 (1989).
    """
    n = len(first)
    if not np.ptp(np.concatenate([first, second])) > 0:
        return None
    rows = np.stack([np.square(first - second), np.square(first) + np.square(second), first, second])
    kappa = float(_kappa(rows.mean(axis=1)))
    without = _kappa((rows.sum(axis=1, keepdims=True) - rows) / (n - 1))
    error = np.sqrt((n - 1) / n * np.square(without - without.mean()).sum())
    half = float(stdtrit(n - 1, 0.975)) * float(error)
    return Figure(kappa, max(-1.0, kappa - half), min(1.0, kappa + half))


def _kappa(means: Floats) -> Floats:
    """Of the means of (x - y)^2, x^2 + y^2, x and y; 1 where nothing disagrees even by chance."""
    seen, squares, one, other = means
    chance = squares - 2 * one * other
    return np.asarray(1 - np.divide(seen, chance, out=np.zeros_like(seen), where=chance > 1e-12))
