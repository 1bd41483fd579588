"""The baseline: what is normal for a pipeline in each stratum and hour of the week, frozen.

A metric that a detector watches moves while all is well: nights are not days, Sundays ask other things. What is left
after the baseline is taken off, the residual, does not. It is rebuilt only when a person says so: one that learns from
its own traffic learns every lasting drop.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.deciders.base import Abstained, inverse_probabilities, numbers
from detectors.moments import Floats, Moments, added
from detectors.shrinkage import shrunk_cells

Hours = NDArray[np.intp]

HOURS = 168
WEEK = timedelta(hours=HOURS)
LEAST_VALUES = 2 * HOURS  # effective, of all strata
_HOUR_SECONDS = 3600.0
_MONDAY = 4 * 24  # 1970-01-01 was a Thursday: hours from there to the first Monday


class Stratum(msgspec.Struct, frozen=True):
    """Of one stratum, its level as a whole with its standard error; by hour of the week from Monday 00:00 UTC the mean,
    its standard error, the values seen and their weight; and its values' quantiles, from the 0th to the 100th of 100.
    """

    level: float
    level_error: float
    mean: tuple[float, ...]
    error: tuple[float, ...]
    values: tuple[int, ...]
    weight: tuple[float, ...]
    quantiles: tuple[float, ...] = ()


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What one measure of one pipeline was while all was well.

    A stratum is what its level depends on beside the hour: the primary scenario, and how much evidence was asked for.
    `since` and `until` are the first and the last value that it was built from, `level` their mean and `level_error`
    its standard error, `spread` their standard deviation within strata. `scale` names what the values were made by:
    values of another scale have nothing to do with it.
    """

    version: str
    built: datetime
    pipeline: str
    measure: str
    scale: str = ""
    since: datetime
    until: datetime
    level: float
    level_error: float
    spread: float
    strata: dict[str, Stratum]

    def __post_init__(self) -> None:
        for name, stratum in self.strata.items():
            rows = (stratum.mean, stratum.error, stratum.values, stratum.weight)
            if {len(row) for row in rows} != {HOURS}:
                raise ValueError(f"strata.{name}: expected {HOURS} numbers in each row")
            numbers(stratum.mean, 0.0, 1.0)
        if not self.strata:
            raise ValueError("strata: expected at least one")

    @property
    def days(self) -> float:
        """From the first to the last value."""
        return (self.until - self.since).total_seconds() / 86400

    @property
    def highest_residual(self) -> float:
        """No residual of a value in [0, 1] is larger: 1 less the smallest mean. Never 0, for `EsrConfig.highest`."""
        return max(1e-3, 1.0 - min(min(stratum.mean) for stratum in self.strata.values()))

    def residuals(self, times: ArrayLike, strata: Sequence[str], values: ArrayLike) -> Floats:
        """Each value less the mean of its cell, in [-1, 1].

        A stratum that was never seen is taken to be as all together (`unseen`): what it is like when all is well nobody
        knows, so new queries that do worse count as a drop. Times are seconds since 1970.
        """
        names, codes = np.unique(np.asarray(strata, dtype=str), return_inverse=True)
        known = [(str(name), self.strata.get(str(name))) for name in names]
        means = np.array([self.unseen(name) if one is None else one.mean for name, one in known]).reshape(-1, HOURS)
        return np.asarray(numbers(values, 0.0, 1.0) - means[codes, hours_of_week(times)])

    def unseen(self, name: str) -> Floats:
        """The weighted mean of all strata by hour, shape (168,); of those that end alike after `/`, if any do."""
        ending = name.rpartition("/")[2]
        alike = [one for of, one in self.strata.items() if of.endswith("/" + ending)]
        chosen = alike or list(self.strata.values())
        weight = np.array([sum(one.weight) for one in chosen])
        return np.asarray(weight @ np.array([one.mean for one in chosen]) / weight.sum())

    def level_error_of(self, strata: Sequence[str]) -> float:
        """How far the level of a stream of some strata may be off: sqrt(sum share error^2), shares within the stream.

        More than the standard error of their common mean, by about the root of their number: the mix may turn to any
        of them, and then that one's error counts.
        """
        chosen = [self.strata[name] for name in strata]
        weight = np.array([sum(one.weight) for one in chosen])
        return float(np.sqrt(weight @ np.square([one.level_error for one in chosen]) / weight.sum()))

    def values_a_day(self, strata: Sequence[str]) -> float:
        """How many values of these strata came, each counted once."""
        return sum(sum(self.strata[name].values) for name in strata) / max(self.days, 1e-9)

    def shape(self, strata: Sequence[str], size: int = 1000) -> tuple[float, ...]:
        """Residuals that stand for those of a stream of some strata: quantiles less levels, `size` or so of them.

        What the hour adds stays in, so they spread a little more than true ones.
        """
        chosen = [self.strata[name] for name in strata]
        counts = np.array([sum(one.values) for one in chosen])
        drawn = np.maximum(1, np.round(size * counts / counts.sum())).astype(int)
        rows = (
            np.interp((np.arange(n) + 0.5) / n, np.linspace(0, 1, len(one.quantiles)), one.quantiles) - one.level
            for n, one in zip(drawn, chosen, strict=True)
        )
        return tuple(np.clip(np.concatenate(list(rows)), -1.0, self.highest_residual).tolist())

    def moments(self, weight_by_hour: Floats) -> dict[str, Moments]:
        """Of its strata over hours of the week in which as much weight came later; shape (168,).

        What a decomposition takes as `before`: the same hours, in the mix that the baseline saw in them.
        """
        own = np.sum([one.weight for one in self.strata.values()], axis=0)
        factor = np.divide(weight_by_hour, own, out=np.zeros(HOURS), where=own > 0)
        return {name: self._moments(stratum, factor) for name, stratum in self.strata.items()}

    def _moments(self, one: Stratum, factor: Floats) -> Moments:
        count, weight, mean = np.array(one.values, dtype=float), np.array(one.weight), np.array(one.mean)
        w = weight * factor
        squares = np.divide(w**2, count, out=np.zeros(HOURS), where=count > 0)
        power = mean**2 + self.spread**2
        parts = count * (factor > 0), w, squares, w * mean, squares * mean, squares * power, w * power, 0 * w
        return Moments(*parts).total()


def hours_of_week(times: ArrayLike) -> Hours:
    """Hours since Monday 00:00 UTC, from 0 to 167, of seconds since 1970.

    >>> hours_of_week([0, datetime(2026, 11, 30, 1, 59, tzinfo=UTC).timestamp()])  # a Thursday and a Monday
    array([72,  1])
    """
    hours = np.floor(np.asarray(times, dtype=np.float64) / _HOUR_SECONDS).astype(np.intp)
    return np.asarray((hours - _MONDAY) % HOURS)


def build(
    times: ArrayLike,
    strata: Sequence[str],
    values: ArrayLike,
    weights: ArrayLike = 1.0,
    *,
    pipeline: str,
    measure: str,
    version: str,
    built: datetime,
) -> Baseline | Abstained:
    """The baseline that values of a healthy time make.

    Parameters
    ----------
    times
        Seconds since 1970, shape (n,); in any order.
    strata
        That of each value.
    values, weights
        In [0, 1], with their inverse sampling probabilities.
    pipeline, measure, version, built
        What it is the baseline of, and what it is called.

    Raises
    ------
    ValueError
        A time, value or weight is not finite or out of its range.
    """
    x = numbers(values, 0.0, 1.0)
    seconds, w = np.broadcast_to(numbers(times, -1e11, 1e11), x.shape), inverse_probabilities(weights, len(x))
    if len(x) == 0:
        return Abstained.WEEK_NOT_COVERED
    names, codes = np.unique(np.asarray(strata, dtype=str), return_inverse=True)
    cell, size = codes * HOURS + hours_of_week(seconds), len(names) * HOURS
    sums = (np.bincount(cell, part, size).reshape(-1, HOURS) for part in Moments.each(x, w))
    rows = Moments.from_array(np.stack(list(sums), axis=-1)).array
    tables = {str(name): Moments.from_array(row) for name, row in zip(names, rows, strict=True)}
    quantiles = {str(name): np.quantile(x[codes == i], np.linspace(0, 1, 101)) for i, name in enumerate(names)}
    since, until = (datetime.fromtimestamp(float(end), UTC) for end in (seconds.min(), seconds.max()))
    return build_from(tables, quantiles, since, until, pipeline=pipeline, measure=measure, version=version, built=built)


def build_from(
    tables: Mapping[str, Moments],
    quantiles: Mapping[str, ArrayLike],
    since: datetime,
    until: datetime,
    *,
    pipeline: str,
    measure: str,
    version: str,
    built: datetime,
    scale: str = "",
    whole_week: bool = True,
) -> Baseline | Abstained:
    """The same from sums: of each stratum by hour of the week, shape (168,), with 101 quantiles of its values.

    A cell's mean is a sum of four: the pipeline's mean, what its stratum adds, what its hour adds in every stratum,
    and what is left to the cell itself. Each of the last three is shrunk to 0 by as much as its own counts are too few
    to tell it from 0 (empirical Bayes, `shrinkage.shrunk`): a cell that was hardly seen has the mean that its stratum
    and its hour suggest. The error of a cell adds the four variances up.

    Returns
    -------
    Baseline or Abstained
        WEEK_NOT_COVERED before a whole week has passed, with values on each of its days; TOO_FEW_VALUES under two
        effective values an hour of the week. Neither without `whole_week`: what little there is then suggests all
        other hours, which is enough to plan with and not to watch by.
    """
    named = {name: table for name, table in sorted(tables.items()) if table.values.sum()}
    if not named or (whole_week and (until - since < WEEK or not _every_day(added(list(named.values()))))):
        return Abstained.WEEK_NOT_COVERED
    cells = Moments(*(np.array(part) for part in zip(*named.values(), strict=True)))  # (strata, 168)
    whole = cells.total()
    if whole_week and whole.effective < LEAST_VALUES:
        return Abstained.TOO_FEW_VALUES
    levels = cells.total(axis=1)
    spread = _spread(levels)
    return Baseline(
        version=version, built=built, pipeline=pipeline, measure=measure, scale=scale, since=since, until=until,
        level=float(whole.mean), level_error=float(_error(whole, spread)), spread=spread,
        strata=dict(zip(named, _strata(cells, levels, spread, [quantiles[name] for name in named]), strict=True)),
    )  # fmt: skip


def _every_day(whole: Moments) -> bool:
    return bool((whole.values.reshape(7, 24).sum(axis=1) > 0).all())


def _error(moments: Moments, spread: float) -> Floats:
    """Standard error of each mean: spread sqrt(sum w^2) / sum w."""
    return np.asarray(spread * np.sqrt(moments.squares) / moments.weight)


def _spread(levels: Moments) -> float:
    """Standard deviation within strata; never 0, so that a precision is a number."""
    within = levels.powers - levels.summed**2 / levels.weight
    return max(1e-6, float(np.sqrt(max(0.0, float(within.sum())) / float(levels.weight.sum()))))


def _strata(cells: Moments, levels: Moments, spread: float, quantiles: Sequence[ArrayLike]) -> Iterator[Stratum]:
    precision = np.divide(cells.effective, spread**2, out=np.zeros(cells.values.shape), where=cells.values > 0)
    rows = (
        levels.mean, _error(levels, spread), *shrunk_cells(np.nan_to_num(cells.mean), precision),
        cells.values.astype(int), cells.weight.round(3), quantiles,
    )  # fmt: skip
    for level, level_error, mean, error, values, weight, of in zip(*rows, strict=True):
        row = (tuple(np.asarray(part).tolist()) for part in (mean, error, values, weight, np.round(of, 4)))
        yield Stratum(float(level), float(level_error), *row)


def to_json(baseline: Baseline) -> bytes:
    """To be read by a person too: a row of 168 numbers is seven lines, one a day."""
    plain = msgspec.to_builtins(baseline)
    text = json.dumps(plain, indent=1)
    return re.sub(r"\[[^\[\]]*\]", lambda row: _by_day(json.loads(row.group())), text).encode() + b"\n"


def _by_day(row: list[float]) -> str:
    days = [", ".join(map(json.dumps, row[day : day + 24])) for day in range(0, len(row), 24)]
    return "[\n    " + ",\n    ".join(days) + "]"


def from_json(text: bytes) -> Baseline:
    """What `to_json` wrote; ValueError (msgspec's) where it is something else."""
    return msgspec.json.decode(text, type=Baseline)
