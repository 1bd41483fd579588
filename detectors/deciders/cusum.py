"""The cumulative sum: the classic detector of a lasting drop, for streams whose spread is known."""

import msgspec
from numpy.typing import ArrayLike

from detectors.deciders.base import Abstained, Verdict, numbers

CLEAR_AT = 0.5  # share of the limit that the sum must fall below before an alarm ends


class CusumConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When a cumulative sum alarms.

    Parameters
    ----------
    allowance
        How far below the reference a value may lie before it counts: half of the smallest drop that matters is best
        against that drop.
    limit
        Of the sum, in units of the value. Comes from `budget.cusum_limit`.
    """

    allowance: float
    limit: float

    def __post_init__(self) -> None:
        if not 0 <= self.allowance < float("inf"):
            raise ValueError("allowance: expected 0 or more")
        if not 0 < self.limit < float("inf"):
            raise ValueError("limit: expected more than 0")


class CusumState(msgspec.Struct, frozen=True):
    """The sum, whether an alarm stands, and how many values were seen."""

    total: float = 0.0
    alarm: bool = False
    values: int = 0


class Cusum:
    """An alarm once values have fallen short of the reference by `limit`, beyond the allowance for each.

    S_n = max(0, S_{n-1} - residual_n - allowance),  S_0 = 0;  alarm at S_n >= limit. The evidence is S / limit. An
    alarm stands until the evidence is below `CLEAR_AT`; then all starts anew from 0. While it stands, S is held at its
    limit.

    What it promises is less than `ESR` does: the average run length that its limit was made for holds for independent
    normal values of the spread that was assumed, and about so for others. It needs no bounds on the values.

    References
    ----------
    Page: Continuous inspection schemes, Biometrika 41 (1954).

    Examples
    --------
    >>> decider = Cusum(CusumConfig(allowance=0.05, limit=0.5))
    >>> decider.update([0.1, -0.1] * 50).evidence
    0.1
    >>> decider.update([-0.25, -0.25, -0.25]).raised
    (2,)
    """

    def __init__(self, config: CusumConfig, state: CusumState | None = None) -> None:
        state = state or CusumState()
        self.config = config
        self._total, self._alarm, self._values = state.total, state.alarm, state.values

    @property
    def state(self) -> CusumState:
        """All that it remembers."""
        return CusumState(self._total, self._alarm, self._values)

    def update(self, values: ArrayLike) -> Verdict:
        """Take residuals in their order, each finite."""
        row = numbers(values, -1e300, 1e300).tolist()
        raised = tuple(position for position, residual in enumerate(row) if self._step(residual))
        self._values += len(row)
        if not self._values:
            return Verdict(None, alarm=False, abstained=Abstained.TOO_FEW_VALUES)
        return Verdict(self._total / self.config.limit, self._alarm, raised)

    def _step(self, residual: float) -> bool:
        total = max(0.0, self._total - residual - self.config.allowance)
        raises = total >= self.config.limit and not self._alarm
        self._total = min(total, self.config.limit)
        self._alarm = self._alarm or raises
        if self._alarm and self._total < CLEAR_AT * self.config.limit:
            self._total, self._alarm = 0.0, False
        return raises
