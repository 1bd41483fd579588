"""What every decider is: numbers in, one at a time or many; evidence, an alarm or the reason for neither out."""

from enum import StrEnum
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray


class Abstained(StrEnum):
    """Why there is no verdict, no reference or no plan. It is never OK."""

    TOO_FEW_VALUES = "too_few_values"
    WEEK_NOT_COVERED = "week_not_covered"
    REFERENCE_TOO_THIN = "reference_too_thin"


class Verdict(msgspec.Struct, frozen=True):
    """What a decider says after a batch.

    Parameters
    ----------
    evidence
        As a share of its limit, 1 at the limit; None where it abstains.
    alarm
        Whether an alarm stands after the last value.
    raised
        Positions in the batch at which an alarm was raised: each is a page, also where the alarm ended in the batch.
    abstained
        Why there is no evidence; None where there is.
    """

    evidence: float | None
    alarm: bool
    raised: tuple[int, ...] = ()
    abstained: Abstained | None = None


class Decider(Protocol):
    """A stream of numbers in which lower is worse, and whether it has fallen.

    All that it remembers is its `state`, a plain frozen struct: a decider of the same configuration made with it goes
    on exactly as this one, to the last bit, after JSON too. How the stream is cut into batches makes no difference,
    except where a decider says that a batch is a look. None of them knows the time: a stream has order, not hours.
    """

    @property
    def state(self) -> msgspec.Struct:
        """All that it remembers."""
        ...

    def update(self, values: ArrayLike) -> Verdict:
        """Take one number, or many in their order; none asks what is known already.

        Raises ValueError, and takes nothing of the batch, where a number is NaN or out of its range.
        """
        ...


def numbers(values: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """One number or many as a row, each checked to lie between two bounds; NaN does not."""
    row = np.asarray(values, dtype=np.float64).reshape(-1)
    fits = (row >= low) & (row <= high)
    if not fits.all():
        wrong = int(fits.argmin())
        raise ValueError(f"value {wrong}: expected a number from {low:g} to {high:g}, not {row[wrong]:g}")
    return row


def inverse_probabilities(weights: ArrayLike, count: int) -> NDArray[np.float64]:
    """Weights as a row, one for all or as many; above 0, and not so far apart that squares would overflow."""
    return np.broadcast_to(numbers(weights, 1e-12, 1e12), (count,))
