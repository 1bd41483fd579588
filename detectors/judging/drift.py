"""Is the judge itself still the same? A fixed set of pairs, the anchors, is re-judged all day; has it moved?

The first `FIRST` verdicts on an anchor are its reference: their mean. They are taken after the anchors were chosen:
the verdict by which a pair came into the set says too much, since of pairs chosen for a grade of 3 more were graded too
high than too low. What is left of their noise is one fixed offset for each anchor, however often it comes round again,
and its mean over the set is what a detector's tolerance has to hold.
"""

from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.budget import DAYS_A_YEAR, TOLERATED
from detectors.deciders.base import Abstained, numbers
from detectors.deciders.esr import EsrConfig
from detectors.judging.records import BEST_GRADE

Floats = NDArray[np.float64]

FIRST = 3  # verdicts that make an anchor's reference
LEAST_ANCHORS = 30
SURE = 2.0  # standard errors of the reference that the tolerance holds


class Side(StrEnum):
    """Where a judge may go; each is a detector of its own."""

    STRICTER = "stricter"
    LAXER = "laxer"
    APART = "apart"  # other grades, whatever their mean


class DriftBudget(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants of the watch over the judge.

    Parameters
    ----------
    smallest_shift
        Of the mean grade, that matters, in grades: .25 is every fourth anchor a grade lower.
    false_alarms_a_year
        Over all sides together.
    an_hour
        Re-judgements.
    """

    smallest_shift: float = 0.25
    false_alarms_a_year: float = 1.0
    an_hour: float = 30.0


class Reference(NamedTuple):
    """What is normal for a judge. `moved` is the mean distance of a new verdict from its anchor's reference, and the
    errors are standard errors of the two levels; all as shares of the scale of grades, from 0 to 1.
    """

    anchors: int
    error: float
    moved: float
    moved_error: float


def reference_of(verdicts: ArrayLike) -> Reference | Abstained:
    """What the first verdicts say; grades of shape (anchors, FIRST).

    error = s / sqrt(anchors FIRST), s the standard deviation of verdicts within anchors. `moved` is taken from each
    verdict's distance from the mean of the anchor's others; from the mean of one verdict more it will be smaller, if
    anything, so that it errs on the safe side.

    Returns
    -------
    Reference or Abstained
        TOO_FEW_VALUES below `LEAST_ANCHORS` anchors.

    Examples
    --------
    >>> reference_of([[1, 1, 2], [2, 2, 2]] * 50)
    Reference(anchors=100, error=0.00785..., moved=0.111..., moved_error=0.0111...)
    """
    grades = numbers(verdicts, 0.0, BEST_GRADE).reshape(-1, FIRST) / BEST_GRADE
    count = len(grades)
    if count < LEAST_ANCHORS:
        return Abstained.TOO_FEW_VALUES
    within = grades - grades.mean(axis=1, keepdims=True)
    distance = np.abs(within).mean(axis=1) * FIRST / (FIRST - 1)
    error = np.sqrt(np.square(within).sum() / (count * (FIRST - 1)) / (count * FIRST))
    return Reference(count, float(error), float(distance.mean()), float(distance.std(ddof=1) / np.sqrt(count)))


def drift_configs(budget: DriftBudget, reference: Reference) -> dict[Side, EsrConfig | Abstained]:
    """An e-SR detector for each side, which share the budget equally.

    ARL = 24 * 365.25 * an_hour * sides / false_alarms_a_year re-judgements; tolerance = a fifth of the smallest shift
    + 2 standard errors of the reference. REFERENCE_TOO_THIN where that is more than half of the smallest shift.
    Two errors and not one, as baselines have it: there is one reference and not one for each stratum and hour, and the
    same anchors come round for ever, so that an offset beyond the tolerance is an alarm in the end.
    """
    shift = budget.smallest_shift / BEST_GRADE
    run_length = 24 * DAYS_A_YEAR * budget.an_hour * len(Side) / budget.false_alarms_a_year

    def config(error: float, highest: float) -> EsrConfig | Abstained:
        tolerance = TOLERATED * shift + SURE * error
        if tolerance > shift / 2:
            return Abstained.REFERENCE_TOO_THIN
        return EsrConfig(average_run_length=max(2.0, run_length), tolerance=tolerance, highest=highest)

    return {
        Side.STRICTER: config(reference.error, 1.0),
        Side.LAXER: config(reference.error, 1.0),
        Side.APART: config(reference.moved_error, max(1e-3, reference.moved)),  # no residual is larger
    }


def residuals(side: Side, new: ArrayLike, reference: ArrayLike, moved: float) -> Floats:
    """What a side's detector is fed, in [-1, 1]: 0 on average while the judge is what it was, less when it is not.

    With D = (new - reference) / 3: D where it grows stricter, -D where laxer, and apart `moved` - |D|.
    """
    difference = (np.asarray(new, dtype=np.float64) - np.asarray(reference, dtype=np.float64)) / BEST_GRADE
    if side is Side.APART:
        return np.asarray(moved - np.abs(difference))
    return difference if side is Side.STRICTER else -difference


def round_order(anchors: Sequence[str], turn: int) -> list[str]:
    """In which order anchors are re-judged in one round: each once, at random, and the same whenever it is asked for.

    A random order makes a part of a round a fair sample of the set. Within a round that is drawing without
    replacement, under which a product of bets is on average no larger than with it (Maclaurin's inequality), so the
    detectors' bound holds at the ends of rounds.
    """
    return sorted(anchors, key=lambda anchor: sha256(f"{turn}\0{anchor}".encode()).digest())
