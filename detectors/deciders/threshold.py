"""A fixed limit under a mean of recent values: what an operator who has promised a level wants."""

from collections import deque

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from detectors.deciders.base import Abstained, Verdict, inverse_probabilities, numbers
from detectors.estimate import MINIMUM_SAMPLES, Estimate, weighted_mean


class ThresholdConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When a mean of recent values is too low.

    Parameters
    ----------
    limit
        An alarm is raised where the whole interval of the mean lies below it.
    hysteresis
        An alarm ends where the mean is back at `limit + hysteresis`.
    window_values
        How many of the last values the mean is taken over.
    minimum_samples
        Effective samples, (sum w)^2 / sum w^2, below which it abstains; at least `estimate.MINIMUM_SAMPLES`.
    confidence
        Of the interval of one look. Windows that overlap are looked at again and again, so false alarms come more often
        than one look suggests; a count of them that is promised takes `ESR`.
    """

    limit: float
    hysteresis: float = 0.02
    window_values: int = 1000
    minimum_samples: float = 100
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.limit < 1:
            raise ValueError("limit: expected more than 0, and less than 1")
        if not 0 <= self.hysteresis <= 1 - self.limit:
            raise ValueError("hysteresis: expected 0 or more, and at most 1 - limit")
        if not MINIMUM_SAMPLES <= self.minimum_samples <= self.window_values:
            raise ValueError(f"minimum_samples: expected {MINIMUM_SAMPLES} or more, and at most window_values")
        if not 0 < self.confidence < 1:
            raise ValueError("confidence: expected more than 0, and less than 1")


class ThresholdState(msgspec.Struct, frozen=True):
    """The values of the window with their weights, oldest first, and whether an alarm stands."""

    window: tuple[tuple[float, float], ...] = ()
    alarm: bool = False


class Threshold:
    """An alarm where the mean of the last values lies below a limit, beyond its interval.

    The mean is the Horvitz-Thompson one of `estimate.weighted_mean`, so the sample may be drawn with any known
    probabilities. The evidence is (1 - upper end of the interval) / (1 - limit): the share of failures that is sure,
    over the share that is allowed. Where it abstains, an alarm that stands goes on.

    It is judged once a batch, at its end: that is how often an operator looks, and a mean over a thousand values for
    each of them would be work without worth. So, unlike for the others, batches matter here: they are the looks.

    Examples
    --------
    >>> decider = Threshold(ThresholdConfig(limit=0.8, window_values=200))
    >>> decider.update([0.9, 0.7] * 20).abstained
    <Abstained.TOO_FEW_VALUES: 'too_few_values'>
    >>> decider.update([0.9, 0.5] * 80).alarm
    True
    """

    def __init__(self, config: ThresholdConfig, state: ThresholdState | None = None) -> None:
        state = state or ThresholdState()
        self.config = config
        self._window = deque(state.window, maxlen=config.window_values)
        self._alarm = state.alarm

    @property
    def state(self) -> ThresholdState:
        """All that it remembers."""
        return ThresholdState(tuple(self._window), self._alarm)

    def update(self, values: ArrayLike, weights: ArrayLike = 1.0) -> Verdict:
        """Take values in [0, 1] in their order; `weights` are their inverse sampling probabilities, one or as many."""
        row = numbers(values, 0.0, 1.0)
        weighed = inverse_probabilities(weights, len(row))
        self._window.extend(zip(row.tolist(), weighed.tolist(), strict=True))
        estimate = self._estimate()
        if estimate is None:
            return Verdict(None, self._alarm, abstained=Abstained.TOO_FEW_VALUES)
        raises = not self._alarm and estimate.high < self.config.limit
        goes_on = self._alarm and estimate.mean < self.config.limit + self.config.hysteresis
        self._alarm = raises or goes_on
        evidence = (1 - estimate.high) / (1 - self.config.limit)
        return Verdict(evidence, self._alarm, (len(row) - 1,) if raises else ())

    def _estimate(self) -> Estimate | None:
        pairs = np.array(self._window).reshape(-1, 2)
        found = weighted_mean(pairs[:, 0], pairs[:, 1], confidence=self.config.confidence)
        return found if found is not None and found.effective_samples >= self.config.minimum_samples else None
