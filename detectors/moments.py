"""Sums over weighted values, from which means, intervals, references and differences are made.

They add up: over hours, scenarios and replicas. So an hour's are kept, and its values are not.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Moments(NamedTuple):
    """Sums over values x of weights w whose levels err by e; each of one shape, that of the cells.

    Sums of two sets of values are the sums of both: `added`.
    """

    values: Floats  # how many
    weight: Floats  # w
    squares: Floats  # w^2
    summed: Floats  # w x
    squares_summed: Floats  # w^2 x
    squares_powers: Floats  # w^2 x^2
    powers: Floats  # w x^2
    errors: Floats  # w e

    @classmethod
    def each(cls, values: ArrayLike, weights: ArrayLike, level_errors: ArrayLike = 0.0) -> Self:
        """Of each value alone; where a weight is 0 there is no value, whatever stands in its place."""
        w = np.asarray(weights, dtype=np.float64)
        x = np.where(w > 0, np.broadcast_to(np.asarray(values, dtype=np.float64), w.shape), 0.0)
        e = np.broadcast_to(np.asarray(level_errors, dtype=np.float64), w.shape)
        return cls((w > 0).astype(np.float64), w, w * w, w * x, w * w * x, (w * x) ** 2, w * x * x, w * e)

    @classmethod
    def of(cls, values: ArrayLike, weights: ArrayLike, level_errors: ArrayLike = 0.0) -> Self:
        """Of all values together: scalars."""
        return cls.each(values, weights, level_errors).total(axis=0)

    @classmethod
    def from_array(cls, sums: Floats) -> Self:
        """Of an array whose last axis holds the eight sums."""
        return cls(*np.moveaxis(sums, -1, 0))

    @property
    def array(self) -> Floats:
        """An array whose last axis holds the eight sums."""
        return np.stack(self, axis=-1)

    def total(self, axis: int | tuple[int, ...] | None = None) -> Self:
        """Added up along an axis, or over all cells."""
        return type(self)(*(np.asarray(part.sum(axis=axis)) for part in self))

    def flipped(self) -> Self:
        """Of 1 - x."""
        n, w, q, s1, qs, qp, p, e = self
        return type(self)(n, w, q, w - s1, q - qs, q - 2 * qs + qp, w - 2 * s1 + p, e)

    @property
    def mean(self) -> Floats:
        """Weighted; NaN where there is nothing."""
        out = np.full(np.shape(self.weight), np.nan)
        return np.asarray(np.divide(self.summed, self.weight, out=out, where=self.weight > 0))

    @property
    def effective(self) -> Floats:
        """Effective samples, (sum w)^2 / sum w^2; 0 where there is nothing."""
        out = np.zeros(np.shape(self.weight))
        return np.asarray(np.divide(self.weight**2, self.squares, out=out, where=self.squares > 0))

    def around(self, centre: ArrayLike) -> tuple[Floats, Floats]:
        """Sums of w^2 (x - centre) and of w^2 (x - centre)^2."""
        c = np.asarray(centre, dtype=np.float64)
        first = self.squares_summed - c * self.squares
        second = self.squares_powers - 2 * c * self.squares_summed + c * c * self.squares
        return first, np.maximum(0.0, second)


def moments_by(values: ArrayLike, names: Sequence[str], weights: ArrayLike = 1.0) -> dict[str, Moments]:
    """Of the values of each name."""
    x = np.asarray(values, dtype=np.float64)
    found, codes = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    terms = Moments.each(x, np.broadcast_to(np.asarray(weights, dtype=np.float64), x.shape))
    sums = Moments(*(np.bincount(codes, term, len(found)).astype(np.float64) for term in terms))
    return {str(name): Moments.from_array(row) for name, row in zip(found, sums.array, strict=True)}


def added(parts: Sequence[Moments]) -> Moments:
    """Of all parts together; of none, zeros."""
    return (
        Moments(*(np.asarray(sum(part, start=np.float64(0))) for part in zip(*parts, strict=True))) if parts else NONE
    )


NONE = Moments(*(np.asarray(0.0) for _ in Moments._fields))
