"""The baseline: what is normal for a pipeline in each scenario and hour of the week, frozen.

A metric that a detector watches moves while all is well: nights are not days, Sundays ask other things. What is left
after the baseline is taken off, the residual, does not. It is rebuilt only when a person says so: one that learns from
its own traffic learns every lasting drop.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.deciders.base import Abstained, inverse_probabilities, numbers
from detectors.estimate import effective_samples

Floats = NDArray[np.float64]
Hours = NDArray[np.intp]

HOURS = 168
_HOUR_SECONDS = 3600.0
_MONDAY = 4 * 24  # 1970-01-01 was a Thursday: hours from there to the first Monday


class Scenario(msgspec.Struct, frozen=True):
    """Of one scenario, its level as a whole with its standard error, and by hour of the week from Monday 00:00 UTC:
    the mean, its standard error, and the values seen.
    """

    level: float
    level_error: float
    mean: tuple[float, ...]
    error: tuple[float, ...]
    values: tuple[int, ...]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What one measure of one pipeline was while all was well.

    `since` and `until` are the first and the last value that it was built from, `level` their mean and `level_error`
    its standard error, `spread` their standard deviation within scenarios. A detector's tolerance is at least its
    operational tolerance plus the `level_error` of its stream, the pipeline or a scenario.
    """

    version: str
    built: datetime
    pipeline: str
    measure: str
    since: datetime
    until: datetime
    level: float
    level_error: float
    spread: float
    scenarios: dict[str, Scenario]

    def __post_init__(self) -> None:
        for name, scenario in self.scenarios.items():
            if {len(scenario.mean), len(scenario.error), len(scenario.values)} != {HOURS}:
                raise ValueError(f"scenarios.{name}: expected {HOURS} numbers in each row")
            numbers(scenario.mean, 0.0, 1.0)
        if not self.scenarios:
            raise ValueError("scenarios: expected at least one")

    @property
    def highest_residual(self) -> float:
        """No residual of a value in [0, 1] is larger: 1 less the smallest mean. Never 0, for `EsrConfig.highest`."""
        return max(1e-3, 1.0 - min(min(scenario.mean) for scenario in self.scenarios.values()))

    def residual(self, value: float, scenario: str, timestamp: datetime) -> float | Abstained:
        """The value less the mean of its cell, in [-1, 1]; a scenario that was never seen has no mean."""
        (value,) = numbers(value, 0.0, 1.0).tolist()
        known = self.scenarios.get(scenario)
        if known is None:
            return Abstained.UNKNOWN_SCENARIO
        (hour,) = hours_of_week([timestamp.timestamp()])
        return float(value - known.mean[hour])

    def residuals(self, times: ArrayLike, scenarios: Sequence[str], values: ArrayLike) -> Floats:
        """The residuals of many, as `residual` says them; NaN for a scenario that was never seen.

        Times are seconds since 1970.
        """
        unknown = np.full(HOURS, np.nan)
        table = {name: np.array(scenario.mean) for name, scenario in self.scenarios.items()}
        names, codes = np.unique(np.asarray(scenarios, dtype=str), return_inverse=True)
        means = np.array([table.get(str(name), unknown) for name in names]).reshape(-1, HOURS)
        return np.asarray(numbers(values, 0.0, 1.0) - means[codes, hours_of_week(times)])


def hours_of_week(times: ArrayLike) -> Hours:
    """Hours since Monday 00:00 UTC, from 0 to 167, of seconds since 1970.

    >>> hours_of_week([0, datetime(2026, 11, 30, 1, 59, tzinfo=UTC).timestamp()])  # a Thursday and a Monday
    array([72,  1])
    """
    hours = np.floor(np.asarray(times, dtype=np.float64) / _HOUR_SECONDS).astype(np.intp)
    return np.asarray((hours - _MONDAY) % HOURS)


def build(
    times: ArrayLike,
    scenarios: Sequence[str],
    values: ArrayLike,
    weights: ArrayLike = 1.0,
    *,
    pipeline: str,
    measure: str,
    version: str,
    built: datetime,
) -> Baseline | Abstained:
    """The baseline that values of a healthy time make.

    A cell's mean is a sum of four: the pipeline's mean, what its scenario adds, what its hour adds in every scenario,
    and what is left to the cell itself. Each of the last three is shrunk to 0 by as much as its own counts are too few
    to tell it from 0 (empirical Bayes, `shrunk`): a cell that was hardly seen has the mean that its scenario and its
    hour suggest. The error of a cell adds the four variances up.

    Parameters
    ----------
    times
        Seconds since 1970, shape (n,); in any order.
    scenarios
        The primary scenario of each value.
    values, weights
        In [0, 1], with their inverse sampling probabilities.
    pipeline, measure, version, built
        What it is the baseline of, and what it is called.

    Returns
    -------
    Baseline or Abstained
        WEEK_NOT_COVERED before a whole week has passed, with values on each of its days; TOO_FEW_VALUES under two
        effective values an hour of the week.

    Raises
    ------
    ValueError
        A time, value or weight is not finite or out of its range.
    """
    x = numbers(values, 0.0, 1.0)
    seconds, w = np.broadcast_to(numbers(times, -1e11, 1e11), x.shape), inverse_probabilities(weights, len(x))
    hour = hours_of_week(seconds)
    if len(x) == 0 or np.ptp(seconds) < HOURS * _HOUR_SECONDS or len(np.unique(hour // 24)) < 7:
        return Abstained.WEEK_NOT_COVERED
    if effective_samples(w) < 2 * HOURS:
        return Abstained.TOO_FEW_VALUES
    names, scenario = np.unique(np.asarray(scenarios, dtype=str), return_inverse=True)
    table = _Table.of(x, w, scenario * HOURS + hour, len(names))
    spread = _spread(x, w, scenario)
    level, level_error = table.whole().levels(spread)
    first, last = (datetime.fromtimestamp(float(end), UTC) for end in (seconds.min(), seconds.max()))
    return Baseline(
        version=version, built=built, pipeline=pipeline, measure=measure, since=first, until=last,
        level=float(level[0]), level_error=float(level_error[0]), spread=spread,
        scenarios=dict(zip(map(str, names), _scenarios(table, spread), strict=True)),
    )  # fmt: skip


class _Table(NamedTuple):
    """Sums over the values of each cell; shape (scenarios, 168), or (1, 168) of all together."""

    counts: Floats
    total: Floats
    squares: Floats
    summed: Floats

    @classmethod
    def of(cls, x: Floats, w: Floats, cell: Hours, scenarios: int) -> "_Table":
        parts = (np.ones(len(x)), w, w * w, w * x)
        size = scenarios * HOURS
        return cls(*(np.bincount(cell, part, size).astype(float).reshape(-1, HOURS) for part in parts))

    def whole(self) -> "_Table":
        return _Table(*(part.sum(axis=0, keepdims=True) for part in self))

    def levels(self, spread: float) -> tuple[Floats, Floats]:
        """The weighted mean of each row and its standard error, spread sqrt(sum w^2) / sum w; shapes (scenarios,)."""
        total = self.total.sum(axis=1)
        return self.summed.sum(axis=1) / total, spread * np.sqrt(self.squares.sum(axis=1)) / total


def _scenarios(table: _Table, spread: float) -> Iterator[Scenario]:
    seen = table.counts > 0
    raw = np.divide(table.summed, table.total, out=np.zeros(seen.shape), where=seen)
    precision = np.divide(table.total**2, table.squares * spread**2, out=np.zeros(seen.shape), where=seen)
    rows = (*table.levels(spread), *_shrunk_cells(raw, precision), table.counts.astype(int))
    for level, level_error, mean, error, values in zip(*rows, strict=True):
        yield Scenario(float(level), float(level_error), *(tuple(row.tolist()) for row in (mean, error, values)))


def _spread(x: Floats, w: Floats, scenario: NDArray[np.intp]) -> float:
    """Within scenarios; never 0, so that a precision is a number."""
    means = np.bincount(scenario, w * x) / np.bincount(scenario, w)
    return max(1e-6, float(np.sqrt(w @ np.square(x - means[scenario]) / w.sum())))


def _shrunk_cells(raw: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Mean and standard error of each cell; shapes (scenarios, 168). Backfits scenarios and hours, then cells."""
    mean = (precision * raw).sum() / precision.sum()
    of_scenario, of_hour = np.zeros((len(raw), 1)), np.zeros((1, HOURS))
    for _ in range(10):  # settles to under 1e-4 in three
        of_scenario, scenario_variance = _shrunk_effects(raw - mean - of_hour, precision, axis=1)
        of_hour, hour_variance = _shrunk_effects(raw - mean - of_scenario, precision, axis=0)
    additive = mean + of_scenario + of_hour
    used = len(raw) + HOURS - 1
    of_cell, cell_variance = shrunk(raw - additive, precision, used)
    error = np.sqrt(1 / precision.sum() + scenario_variance + hour_variance + cell_variance)
    return np.clip(additive + of_cell, 0.0, 1.0).round(5), error.round(5)  # five digits, so that a file is readable


def _shrunk_effects(left: Floats, precision: Floats, axis: int) -> tuple[Floats, Floats]:
    total = precision.sum(axis=axis, keepdims=True)
    summed = (precision * left).sum(axis=axis, keepdims=True)
    return shrunk(np.divide(summed, total, out=np.zeros(total.shape), where=total > 0), total, 1)


def shrunk(effects: Floats, precision: Floats, used: int = 0) -> tuple[Floats, Floats]:
    """Effects drawn to 0 by how well they are known, and the variances of what results (empirical Bayes).

    between = max(0, (sum p d^2 - (k - used)) / sum p), over the k effects d that were seen, each of precision p;
    mean = d between p / (1 + between p);  variance = between / (1 + between p).

    Parameters
    ----------
    effects, precision
        Of one shape; a precision, the inverse variance of an effect's error, is 0 where nothing was seen.
    used
        Degrees of freedom that went into the centre.

    References
    ----------
    DerSimonian, Laird: Meta-analysis in clinical trials (1986); Morris: Parametric empirical Bayes inference (1983).

    Examples
    --------
    >>> mean, variance = shrunk(np.array([0.2, -0.2, 0.0]), np.array([100.0, 100.0, 0.0]))
    >>> mean.round(3), variance.round(4)
    (array([ 0.15, -0.15,  0.  ]), array([0.0075, 0.0075, 0.03  ]))
    """
    free = max(0, int((precision > 0).sum()) - used)
    between = max(0.0, float(((precision * effects**2).sum() - free) / precision.sum()))
    return effects * between * precision / (1 + between * precision), between / (1 + between * precision)


def to_json(baseline: Baseline) -> bytes:
    """To be read by a person too: a row of 168 numbers is seven lines, one a day."""
    plain = msgspec.to_builtins(baseline)
    text = json.dumps(plain, indent=1)
    return re.sub(r"\[[^\[\]]*\]", lambda row: _by_day(json.loads(row.group())), text).encode() + b"\n"


def _by_day(row: list[float]) -> str:
    days = [", ".join(map(json.dumps, row[day : day + 24])) for day in range(0, HOURS, 24)]
    return "[\n    " + ",\n    ".join(days) + "]"


def from_json(text: bytes) -> Baseline:
    """What `to_json` wrote; ValueError (msgspec's) where it is something else."""
    return msgspec.json.decode(text, type=Baseline)
