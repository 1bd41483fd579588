"""The risk taken at its word: the level that it states, and what it is worth to keep only what it calls safe."""

from collections.abc import Sequence

import msgspec
import numpy as np

from detectors.estimate import weighted_mean
from detectors.outcomes import RISKS, Outcomes, enough
from detectors.resampling import Bools, Counts, Floats, Interval, interval
from detectors.skill import risk_coverage

GRID = 101  # points of a mean risk-coverage curve


class Level(msgspec.Struct, frozen=True):
    """A failure rate as a recording's risks have it, with the interval that is stated, beside the true one."""

    estimated: float
    low: float
    high: float
    true: float


class LevelError(msgspec.Struct, frozen=True):
    """Estimated less true failure rates over recordings; `covered` of their intervals hold the true one."""

    mean_absolute: float
    root_mean_square: float
    bias: float
    covered: int
    recordings: int


class Coverage(msgspec.Struct, frozen=True):
    """Area under the risk-coverage curve, between that of the oracle (best) and of a constant (no skill)."""

    area: Interval
    oracle: float
    constant: float


class Curves(msgspec.Struct, frozen=True):
    """Mean risk-coverage curves over recordings: failure rates at each share of the queries kept."""

    coverage: list[float]
    risk: list[float]
    oracle: list[float]
    constant: float


def level_of(of: Outcomes, kind: str) -> Level | None:
    """The estimate as the sidecar makes it, from the traces that were rated, beside the truth of all traces.

    So a risk that abstains where retrieval is hard pays for it. None where too few were rated for an estimate.
    """
    name = RISKS[kind]
    known = of.known(name)
    risks, errors = of.predictors[name][known], of.level_errors[name][known]
    estimate = weighted_mean(risks, np.ones(len(risks)), level_error=errors)
    if estimate is None:
        return None
    return Level(estimate.mean, estimate.low, estimate.high, float(of.failed[kind].mean()))


def level_error(levels: Sequence[Level]) -> LevelError | None:
    """How far estimates are off, over recordings of the same weight; None without any.

    >>> error = level_error([Level(0.2, 0.1, 0.3, 0.25), Level(0.2, 0.1, 0.3, 0.45)])
    >>> round(error.mean_absolute, 3), round(error.root_mean_square, 3), round(error.bias, 3), error.covered
    (0.15, 0.18, -0.15, 1)
    """
    if not levels:
        return None
    errors = np.array([level.estimated - level.true for level in levels])
    covered = sum(level.low <= level.true <= level.high for level in levels)
    root = float(np.sqrt(np.square(errors).mean()))
    return LevelError(float(np.abs(errors).mean()), root, float(errors.mean()), covered, len(levels))


def coverage_of(of: Outcomes, kind: str, counts: Counts) -> Coverage | None:
    """The area under the risk-coverage curve of a recording, where the risk did not abstain."""
    known = of.rows(of.known(RISKS[kind]))
    risk, failed = known.predictors[RISKS[kind]], known.failed[kind]
    if not enough(failed):
        return None
    taken = counts[:, known.queries].astype(int)
    draws = [_area(np.repeat(risk, row), np.repeat(failed, row)) for row in taken]
    area = interval(_area(risk, failed), np.array(draws))
    return Coverage(area, _area(failed.astype(float), failed), float(failed.mean()))


def _area(risk: Floats, failed: Bools) -> float:
    return risk_coverage(risk, failed).area


def mean_curves(some: Sequence[Outcomes], kind: str) -> Curves:
    """Of all recordings, each of the same weight, where the risk did not abstain."""
    grid = np.linspace(0, 1, GRID)
    rows = [of.rows(of.known(RISKS[kind])) for of in some]
    known = [of for of in rows if len(of.queries)]
    risk = [_curve(of.predictors[RISKS[kind]], of.failed[kind], grid) for of in known]
    oracle = [_curve(of.failed[kind].astype(float), of.failed[kind], grid) for of in known]
    constant = [of.failed[kind].mean() for of in known]
    if not known:
        return Curves([], [], [], float("nan"))
    return Curves(
        grid.tolist(), np.mean(risk, axis=0).tolist(), np.mean(oracle, axis=0).tolist(), float(np.mean(constant))
    )


def _curve(risk: Floats, failed: Bools, grid: Floats) -> Floats:
    curve = risk_coverage(risk, failed)
    return np.asarray(np.interp(grid, curve.coverage, curve.failure_rate))
