"""Bootstraps over queries and over collections: one set of draws for everything, so that every difference is paired.

A draw says how often each query of a collection was taken. Whatever is measured on the same draws can be subtracted
draw by draw: two predictors on the same traces, two retrievers over the same queries.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Counts = NDArray[np.float64]  # whole numbers, as floats because products of those are fast

CONFIDENCE = 0.95


class Interval(msgspec.Struct, frozen=True):
    """A figure with its 95% percentile bootstrap interval."""

    value: float
    low: float
    high: float


class Mean(Interval, frozen=True):
    """A mean over recordings. `low` and `high`: other queries of the same collections; `low_collections` and
    `high_collections`: other collections too. `recordings`: how many had enough failures to be in it.
    """

    low_collections: float
    high_collections: float
    recordings: int


class Drawn(NamedTuple):
    """One figure of one recording, and its value on each draw; NaN where a draw has none."""

    collection: str
    value: float
    draws: Floats


def query_draws(queries: Mapping[str, int], repetitions: int, seed: int) -> dict[str, Counts]:
    """How often each query was taken, by collection; shape (repetitions, queries of that collection).

    The draws of a collection depend on its name and on the seed, and not on which others are there.
    """
    return {name: _draws(count, repetitions, [seed, *name.encode()]) for name, count in queries.items()}


def _draws(count: int, repetitions: int, seed: Sequence[int]) -> Counts:
    taken = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), repetitions)
    return taken.astype(np.float64)


def auroc_draws(signal: Floats, failed: Bools, counts: Counts) -> Floats:
    """`skill.auroc` of every draw.

    With rows sorted by signal, tied ones summed: AUROC = sum over values v of F_v (S_<v + S_v / 2) / (F S), F and S
    counting failures and successes in the draw.

    Parameters
    ----------
    signal, failed
        One entry a trace, higher speaking for failure; shape (n,).
    counts
        How often each trace's query was drawn; shape (draws, n).

    Returns
    -------
    Floats
        Shape (draws,); NaN where a draw has no failure or nothing else. O(draws * n).

    Examples
    --------
    >>> auroc_draws(np.array([0.9, 0.4, 0.1]), np.array([True, False, True]), np.array([[1.0, 1, 1], [2, 1, 0]]))
    array([0.5, 1. ])
    """
    order = np.argsort(signal, kind="stable")
    ordered = signal[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    taken = counts[:, order]
    bad = np.add.reduceat(taken * failed[order], starts, axis=1)
    good = np.add.reduceat(taken * ~failed[order], starts, axis=1)
    below = np.cumsum(good, axis=1) - good / 2
    pairs = bad.sum(axis=1) * good.sum(axis=1)
    pairs[pairs == 0] = np.nan
    return np.asarray(np.einsum("ij,ij->i", bad, below) / pairs)


def brier_skill_draws(probability: Floats, failed: Bools, counts: Counts) -> Floats:
    """`skill.brier_skill` of every draw, each against the constant that knows that draw's failure rate.

    >>> brier_skill_draws(np.array([0.8, 0.2]), np.array([True, False]), np.array([[1, 1], [2, 0]])).round(4)
    array([0.84,  nan])
    """
    taken = counts.sum(axis=1)
    error = counts @ np.square(probability - failed) / taken
    rate = counts @ failed / taken
    constant = rate * (1 - rate)
    constant[constant == 0] = np.nan
    return np.asarray(1 - error / constant)


def mean_draws(values: Floats, counts: Counts) -> Floats:
    """The mean of every draw; NaN where nothing was drawn."""
    taken = counts.sum(axis=1)
    taken[taken == 0] = np.nan
    return np.asarray(counts @ values / taken)


def interval(value: float, draws: Floats) -> Interval:
    """The percentile interval of a figure; draws without a value are left out."""
    return Interval(value, *_ends(draws))


def mean_over(drawn: Sequence[Drawn], seed: int) -> Mean | None:
    """The mean of a figure over recordings, each of the same weight; None without any.

    The wider interval takes as many collections anew, each with all of its recordings: what other collections like
    these might give. With eight of them it is itself a rough figure.

    >>> drawn = [Drawn("a", 0.6, np.array([0.5, 0.7])), Drawn("b", 0.8, np.array([0.8, 0.8]))]
    >>> round(mean_over(drawn, 0).value, 3), mean_over(drawn, 0).recordings
    (0.7, 2)
    """
    if not drawn:
        return None
    names = sorted({one.collection for one in drawn})
    table = np.array([one.draws for one in drawn])
    member = np.array([[one.collection == name for one in drawn] for name in names], dtype=np.float64)
    sums, known = member @ np.nan_to_num(table), member @ ~np.isnan(table)
    shape = len(names), np.full(len(names), 1 / len(names)), table.shape[1]
    taken = np.random.default_rng(seed).multinomial(*shape).T
    value = float(np.mean([one.value for one in drawn]))
    plain, wide = (_ends(_ratio((t * sums).sum(axis=0), (t * known).sum(axis=0))) for t in (np.ones_like(taken), taken))
    return Mean(value, *plain, *wide, len(drawn))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))


def _ends(draws: Floats) -> tuple[float, float]:
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
