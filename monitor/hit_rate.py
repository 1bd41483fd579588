"""`hit_at_5`, estimated from the risks of assessed traces: over all of a pipeline, and for each kind of query."""

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from detectors.estimate import Estimate, weighted_mean
from detectors.records import Assessment

WINDOW_TRACES = 1000


class RatedTrace(NamedTuple):
    """What an estimate needs of an assessment."""

    risk: float
    weight: float
    level_error: float

    @classmethod
    def of(cls, assessment: Assessment) -> "RatedTrace | None":
        """None where there is no risk, or no weight to count it with."""
        risk, weight = assessment.risk, assessment.weights.cheap
        return cls(risk, weight, assessment.level_errors["risk"]) if risk is not None and weight is not None else None


def hit_estimate(rated: ArrayLike) -> Estimate | None:
    """`hit_at_5` = 1 - weighted mean risk, of rated traces: shape (n, 3), or flat."""
    risks, weights, errors = np.asarray(rated, dtype=np.float64).reshape(-1, 3).T
    return weighted_mean(1 - risks, weights, level_error=errors)


class HitWindows:
    """The last `WINDOW_TRACES` rated traces of a pipeline, and of each kind of query in it.

    A kind that is rare has a window that reaches further back, so that it has an estimate at all.
    """

    def __init__(self) -> None:
        self._all: deque[RatedTrace] = deque(maxlen=WINDOW_TRACES)
        self._scenarios: dict[str, deque[RatedTrace]] = {}

    def add(self, scenario: str, rated: RatedTrace) -> None:
        """Take one more trace into account."""
        self._all.append(rated)
        self._scenarios.setdefault(scenario, deque(maxlen=WINDOW_TRACES)).append(rated)

    def estimate(self) -> Estimate | None:
        """Of all; None below the minimum sample."""
        return hit_estimate(list(self._all))

    def by_scenario(self) -> dict[str, Estimate | None]:
        """Of each kind of query that came; None below the minimum sample."""
        return {scenario: hit_estimate(list(window)) for scenario, window in list(self._scenarios.items())}
