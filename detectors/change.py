"""Did retrieval get better or worse between two recordings, without labels?

Each family of evidence gives every retrieval a percentile of BEFORE's own, frozen reference, on both sides. What counts
is how those differ per query: means of such differences are right in sign, and a factor fitted where the truth was
known makes differences of the hit rate of them.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.estimate import MINIMUM_SAMPLES
from detectors.records import Assessment
from detectors.reference import Normalisation
from detectors.resampling import CONFIDENCE, Floats, query_draws
from detectors.risk import UNTRUSTED, badness

REPETITIONS = 4000
CELLS = 4_000_000  # of one block of draws in memory
KNOWN_SHARE = 0.5  # of the queries: a family that is known for fewer has no say
OWN_OVERLAP = 0.9  # mean RBO with BM25's list from which a side is BM25's own ranking
OWN_DISCORDANCE = 0.05  # mean (1 - tau-b) / 2 up to which a side is in the cross-encoder's own order
SEED = 0


class Scale(msgspec.Struct, frozen=True):
    """How differences of evidence become a difference of the hit rate, for one set of families.

    `factors` of the families' mean differences; `error` is the standard deviation of the size's relative error on
    collections that they were not fitted on: no number of queries mends it.
    """

    factors: dict[str, float]
    error: float


class ChangeScale(msgspec.Struct, frozen=True):
    """The calibration of a change (detectors/data/change.json, made by tools/fit_change.py).

    `evidence` names the one signal by which each family speaks: both are best values over the first five served, so
    that the order within those, which the hit rate does not know of, cannot count. `scales` are keyed by the families
    that were at hand, joined with `+`.
    """

    version: str
    evidence: dict[str, str]
    scales: dict[str, Scale]


@cache
def shipped_scale() -> ChangeScale:
    """The calibration that comes with the package."""
    return msgspec.json.decode(files("detectors").joinpath("data/change.json").read_bytes(), type=ChangeScale)


class Difference(msgspec.Struct, frozen=True):
    """A mean on both sides, and the change with its interval."""

    before: float
    after: float
    difference: float
    low: float
    high: float

    @property
    def direction(self) -> int:
        """1 up, -1 down, 0 where the interval holds zero."""
        return int(self.low > 0) - int(self.high < 0)


class Sides(NamedTuple):
    """Columns of numbers of two recordings, NaN where unknown; where `paired`, row by row of the same queries."""

    before: Floats
    after: Floats
    paired: bool


def evidence_of(assessment: Assessment, reference: Normalisation, signals: Mapping[str, str]) -> dict[str, float]:
    """What each family says of one retrieval: the percentile, 1 the best, of its signal within the reference.

    An empty result is the worst by any family. A family that is not to be trusted on the query's scenario is left out.
    """
    if not assessment.document_ids:
        return dict.fromkeys(signals, 0.0)
    bad = badness(assessment.signals, reference)
    untrusted = {UNTRUSTED.get(scenario) for scenario in assessment.scenarios}
    return {family: 1 - bad[signal] for family, signal in signals.items() if signal in bad and family not in untrusted}


def own_rankings(assessments: Sequence[Assessment]) -> dict[str, str]:
    """The families that would judge their own like in a recording, with why: every judge prefers that."""
    found = {}
    overlap = _mean(assessments, "lexical_rbo")
    if overlap is not None and overlap >= OWN_OVERLAP:
        found["lexical"] = f"its lists are BM25's own (RBO {overlap:.2f})"
    discordance = _mean(assessments, "rank_discordance")
    if discordance is not None and discordance <= OWN_DISCORDANCE:
        found["scorer"] = f"its lists are in the cross-encoder's own order (discordance {discordance:.2f})"
    return found


def _mean(assessments: Sequence[Assessment], signal: str) -> float | None:
    values = [one.signals[signal] for one in assessments if signal in one.signals]
    return float(np.mean(values)) if values else None


def known_families(sides: Sides, families: Sequence[str]) -> list[str]:
    """Those known for enough of the queries, on both sides; one column of `sides` a family."""
    masks = (_both_known(sides),) if sides.paired else (~np.isnan(sides.before), ~np.isnan(sides.after))
    enough = [
        mask.sum(axis=0) >= max(MINIMUM_SAMPLES, KNOWN_SHARE * len(mask))
        if len(mask)
        else np.zeros(mask.shape[1], bool)
        for mask in masks
    ]
    return [family for column, family in enumerate(families) if all(found[column] for found in enough)]


def _both_known(sides: Sides) -> NDArray[np.bool_]:
    return ~np.isnan(sides.before) & ~np.isnan(sides.after)


def combined(sides: Sides, families: Sequence[str], scales: Mapping[str, Scale]) -> Sides:
    """One number a query, whose mean difference estimates that of the hit rate; NaN where no family is known.

    Paired, each query is weighed by the families known for it on both sides. Unpaired, only those count of which every
    family is known: numbers of different families have no level in common.
    """
    values = (sides.before, sides.after)
    if sides.paired:
        masks = [_both_known(sides)] * 2
    else:
        masks = [np.tile(~np.isnan(side).any(axis=1, keepdims=True), side.shape[1]) for side in values]
    before, after = (_weighed(side, mask, families, scales) for side, mask in zip(values, masks, strict=True))
    return Sides(before, after, sides.paired)


def _weighed(values: Floats, known: NDArray[np.bool_], families: Sequence[str], scales: Mapping[str, Scale]) -> Floats:
    result = np.full((len(values), 1), np.nan)
    for pattern in {tuple(row) for row in known.tolist() if any(row)}:
        names = [family for family, there in zip(families, pattern, strict=True) if there]
        factors = scales["+".join(names)].factors
        rows = (known == pattern).all(axis=1)
        result[rows, 0] = values[np.ix_(rows, np.array(pattern))] @ [factors[name] for name in names]
    return result


def differences(
    sides: Sides, *, error: float = 0.0, comparisons: int = 1, limit: float = np.inf, seed: int = SEED
) -> list[Difference | None]:
    """The change of the mean of every column, with its percentile bootstrap interval over queries.

    Paired, the same queries are drawn on both sides, and only those count that are known on both; unpaired, each side
    is drawn for itself.

    Parameters
    ----------
    error
        Relative standard deviation of a factor on every change: draws are multiplied by exp(error z), z normal.
    comparisons
        How many of these are looked at together: each interval then has 1 - .05 / comparisons (Bonferroni).
    limit
        The largest change that there can be, up or down.

    Returns
    -------
    list of Difference or None
        None for a column with fewer than `MINIMUM_SAMPLES` values on either side.

    Examples
    --------
    >>> import numpy as np
    >>> before, after = np.zeros((50, 1)), np.tile([[0.1], [0.3]], (25, 1))
    >>> [change] = differences(Sides(before, after, paired=True))
    >>> round(change.difference, 3), change.direction
    (0.2, 1)
    """
    before, after = sides.before, sides.after
    if sides.paired:
        unknown = ~_both_known(sides)
        before, after = (np.where(unknown, np.nan, values) for values in (before, after))
        draws = _mean_draws(after - before, "paired", seed)
    else:
        draws = _mean_draws(after, "after", seed) - _mean_draws(before, "before", seed)
    draws = draws * np.exp(error * np.random.default_rng(seed).standard_normal(REPETITIONS))[:, None]
    tail = (1 - CONFIDENCE) / 2 / comparisons
    counts = np.minimum((~np.isnan(before)).sum(axis=0), (~np.isnan(after)).sum(axis=0))
    return [
        _difference(before[:, column], after[:, column], draws[:, column], tail, limit)
        if count >= MINIMUM_SAMPLES
        else None
        for column, count in enumerate(counts)
    ]


def _difference(before: Floats, after: Floats, draws: Floats, tail: float, limit: float) -> Difference:
    first, last = float(np.nanmean(before)), float(np.nanmean(after))
    ends = [last - first, *np.nanquantile(draws, [tail, 1 - tail]).tolist()]
    return Difference(first, last, *(min(max(end, -limit), limit) for end in ends))


def _mean_draws(columns: Floats, name: str, seed: int) -> Floats:
    """The mean of every column on every draw of the rows; shape (REPETITIONS, columns)."""
    known = ~np.isnan(columns)
    table = np.hstack([np.where(known, columns, 0.0), known])
    block = max(1, min(REPETITIONS, CELLS // max(1, len(columns))))
    sums = []
    for start in range(0, REPETITIONS, block):
        size = min(block, REPETITIONS - start)
        sums.append(query_draws({f"{name} {start}": len(columns)}, size, seed)[f"{name} {start}"] @ table)
    above, taken = np.split(np.vstack(sums), 2, axis=1)
    return np.asarray(np.divide(above, taken, out=np.full(above.shape, np.nan), where=taken > 0))
