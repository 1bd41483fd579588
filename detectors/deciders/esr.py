"""The e-SR detector: has a bounded mean fallen, with an average run length that holds whatever the distribution?"""

from math import log1p

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.deciders.base import Abstained, Verdict, numbers

Floats = NDArray[np.float64]

CLEAR_AT = 0.25  # evidence below which an alarm ends; much more, and chance ends it while a drop lasts


class EsrConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How an e-SR detector bets.

    Parameters
    ----------
    average_run_length
        1 / alpha, in values: healthy values until a false alarm, at least and on average. Comes from
        `budget.average_run_length`.
    tolerance
        How far below the reference still counts as healthy: at least the operational tolerance plus the reference's
        standard error, since a reference that is too high by more than this voids the guarantee.
    highest
        The largest residual that can occur: 1 for any value and any reference in [0, 1], and 1 less the smallest mean
        of the reference where that is known (`Baseline.highest_residual`). Where it is .25, bets may be four times
        as large, which more than halves the delay of a 10 point drop and does nothing for one of 3.
    bets
        Sizes on the grid, each half of the one before; 8 find drops of 1 to 50 points alike.
    """

    average_run_length: float
    tolerance: float
    highest: float = 1.0
    bets: int = 8

    def __post_init__(self) -> None:
        if not 1 < self.average_run_length < float("inf"):
            raise ValueError("average_run_length: expected more than 1 value")
        if not 0 <= self.tolerance < 1:
            raise ValueError("tolerance: expected 0 or more, and less than 1")
        if not 0 < self.highest <= 1:
            raise ValueError("highest: expected more than 0, and at most 1")
        if not 1 <= self.bets <= 32:
            raise ValueError("bets: expected 1 to 32")

    @property
    def grid(self) -> Floats:
        """The sizes of the bets, per unit of residual, largest first: with that the largest residual loses all.

        But for a billionth, so that no rounding makes a factor negative, and no logarithm of one infinite.
        """
        return np.asarray((1 - 1e-9) * 0.5 ** np.arange(self.bets) / (self.highest + self.tolerance))


class EsrState(msgspec.Struct, frozen=True):
    """One statistic for each bet, whether an alarm stands, and how many values were seen."""

    statistics: tuple[float, ...] = ()
    alarm: bool = False
    values: int = 0


class ESR:
    """An alarm once the evidence that the mean residual lies below -tolerance reaches its limit.

    For each bet b:  M_n = (M_{n-1} + 1) (1 - b (residual_n + tolerance)),  M_0 = 0; M is the mean over bets; alarm at
    M >= average_run_length. With X = (residual + 1) / 2, m0 = 1/2 - tolerance / 2 and lam = 2 b this is
    (M_{n-1} + 1) (1 + lam (m0 - X_n)), and the largest bet is 1 / (1 - m0) where `highest` is 1. The evidence is
    log(1 + M) / log(1 + average_run_length), which a lasting drop raises by about as much with every value.

    As long as each residual's mean given all before it is at least -tolerance, M_n - n is a supermartingale, so the
    average run length is at least `average_run_length`, and the expected number of alarms in any n values is at most
    n / average_run_length. Nothing else is assumed: not independence, not a distribution.

    An alarm stands until the evidence is below `CLEAR_AT`; then all starts anew from 0. While it stands, nothing is
    added to M, which without a drop then falls towards 0, and M is scaled down to its limit: so nothing overflows
    however long a drop lasts, and the bet that suits it best is all that is left when it ends.

    What it cannot see: a drop smaller than the tolerance; a rise. What voids it: a healthy mean that moves away from
    the reference (no reference for the hour or the scenario), and values that are not a uniform sample of the traffic:
    weights do not mend that, since weighted values are not bounded. Ties and batches make no difference.

    Parameters
    ----------
    config
        Its limit, tolerance and bets.
    state
        Where it goes on from.

    References
    ----------
    Shin, Ramdas, Rinaldo: E-detectors: a nonparametric framework for sequential change detection, arXiv 2203.03532;
    Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting, arXiv 2010.09686. That the expected
    number of alarms is bounded too follows from M_n + average_run_length * (alarms so far) - n, a supermartingale also
    across restarts.

    Examples
    --------
    >>> decider = ESR(EsrConfig(average_run_length=1000, tolerance=0.01))
    >>> decider.update([0.1, -0.1] * 200).alarm
    False
    >>> decider.update([0.0, -0.4] * 20).raised
    (25,)
    """

    def __init__(self, config: EsrConfig, state: EsrState | None = None) -> None:
        state = state or EsrState()
        if state.statistics and len(state.statistics) != config.bets:
            raise ValueError(f"statistics: expected {config.bets}, one for each bet")
        self.config = config
        self._bets: list[float] = config.grid.tolist()
        self._statistics = list(state.statistics) or [0.0] * config.bets
        self._alarm = state.alarm
        self._values = state.values

    @property
    def state(self) -> EsrState:
        """All that it remembers."""
        return EsrState(tuple(self._statistics), self._alarm, self._values)

    def update(self, values: ArrayLike) -> Verdict:
        """Take residuals in their order, each from -1 to `highest`."""
        row = numbers(values, -1.0, self.config.highest).tolist()
        raised = tuple(position for position, residual in enumerate(row) if self._step(residual))
        self._values += len(row)
        if not self._values:
            return Verdict(None, alarm=False, abstained=Abstained.TOO_FEW_VALUES)
        return Verdict(self._evidence(), self._alarm, raised)

    def _step(self, residual: float) -> bool:
        """Whether this value raises an alarm. Plain floats: on eight numbers an array is slower."""
        beyond = residual + self.config.tolerance
        bets = zip(self._statistics, self._bets, strict=True)
        start = 0.0 if self._alarm else 1.0
        statistics = [(before + start) * (1 - bet * beyond) for before, bet in bets]
        limit, total = self.config.average_run_length * len(statistics), sum(statistics)
        raises = total >= limit and not self._alarm
        if total > limit:
            statistics = [statistic * (limit / total) for statistic in statistics]
        self._statistics = statistics
        self._alarm = self._alarm or raises
        if self._alarm and not raises and self._evidence() < CLEAR_AT:
            self._statistics, self._alarm = [0.0] * len(statistics), False
        return raises

    def _evidence(self) -> float:
        mean = sum(self._statistics) / len(self._statistics)
        return min(1.0, log1p(mean) / log1p(self.config.average_run_length))


def bet_factors(config: EsrConfig, residuals: Floats) -> Floats:
    """What each residual multiplies the statistic of each bet by; shape (..., bets). Above 0."""
    return np.asarray(1 - (residuals[..., None] + config.tolerance) * config.grid)


def first_alarms(config: EsrConfig, residuals: Floats) -> NDArray[np.int64]:
    """After how many values each of many streams alarms first; 0 where it does not.

    Parameters
    ----------
    residuals
        Shape (streams, values), NaN from where a stream ends.

    Returns
    -------
    NDArray
        Shape (streams,). The same as `ESR` says, faster where streams are many.

    Examples
    --------
    >>> config = EsrConfig(average_run_length=1000, tolerance=0.01)
    >>> first_alarms(config, np.array([[0.0, -0.4] * 50, [0.1, -0.1] * 50]))
    array([44,  0])
    """
    statistics = np.zeros((len(residuals), config.bets))
    alarms = np.zeros(len(residuals), dtype=np.int64)
    for count, column in enumerate(residuals.T, 1):
        statistics += 1
        statistics *= bet_factors(config, column)
        over = statistics.sum(axis=1) >= config.average_run_length * config.bets  # false where NaN
        alarms[over & (alarms == 0)] = count
        statistics[over] = 0
    return alarms
