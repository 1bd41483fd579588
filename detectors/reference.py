"""The normalisation reference: what a signal's values look like in one pipeline, frozen.

It turns a signal into a percentile, so that scores of different models can be combined. It is never rolling: against
recent traffic any lasting drop would vanish.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

KNOTS = 129
MINIMUM_VALUES = 20  # of one signal; below that its percentiles are not worth having


class QuantileSketch(msgspec.Struct, frozen=True):
    """Evenly spaced quantiles of one signal, `knots[0]` the smallest value and `knots[-1]` the largest."""

    knots: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.knots) < 2 or list(self.knots) != sorted(self.knots):
            raise ValueError("knots: expected two or more numbers that do not fall")

    @classmethod
    def of(cls, values: Sequence[float]) -> "QuantileSketch":
        """A sketch of at most `KNOTS` quantiles; `values` is not empty."""
        count = min(KNOTS, max(2, len(values)))
        return cls(tuple(np.quantile(values, np.linspace(0, 1, count)).tolist()))

    def percentile(self, value: float) -> float:
        """The share of the reference below `value`, ties counted half, in [0, 1].

        >>> QuantileSketch((0.0, 0.0, 0.0, 1.0, 2.0)).percentile(0.0)
        0.25
        >>> QuantileSketch((0.0, 1.0, 2.0)).percentile(1.5)
        0.75
        """
        knots = self.knots
        first, last = bisect_left(knots, value), len(knots) - 1
        if first > last:
            return 1.0
        above = knots[first]
        if above == value:
            return (first + bisect_right(knots, value) - 1) / 2 / last
        if first == 0:
            return 0.0
        below = knots[first - 1]
        return (first - 1 + (value - below) / (above - below)) / last


class Normalisation(msgspec.Struct, frozen=True):
    """Sketches of every signal of one pipeline under one scorer at one depth.

    `version` is `shipped`, or says which traffic it was built from; it goes into each assessment that used it.
    """

    version: str
    depth: int
    scorer: str
    traces: int
    sketches: dict[str, QuantileSketch]

    @classmethod
    def of(cls, signals: Sequence[Mapping[str, float]], *, version: str, depth: int, scorer: str) -> "Normalisation":
        """Built from the signals of some traces; a signal with fewer than `MINIMUM_VALUES` values has no sketch."""
        columns: dict[str, list[float]] = {}
        for trace in signals:
            for name, value in trace.items():
                columns.setdefault(name, []).append(value)
        enough = {name: values for name, values in columns.items() if len(values) >= MINIMUM_VALUES}
        sketches = {name: QuantileSketch.of(values) for name, values in enough.items()}
        return cls(version, depth, scorer, len(signals), sketches)
