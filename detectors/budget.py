"""From what an operator understands to what detectors need, and to what those will be able to see."""

from collections.abc import Sequence
from math import exp, log

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from detectors.baseline import Baseline
from detectors.deciders.base import Abstained, numbers
from detectors.deciders.esr import EsrConfig, bet_factors, first_alarms

Floats = NDArray[np.float64]

DAYS_A_YEAR = 365.25
TOLERATED = 0.2  # of the smallest drop that matters: what may be lost unseen without any fault
_MOST_VALUES = 50_000  # of a simulated stream


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants.

    Parameters
    ----------
    smallest_drop
        Of the watched mean, that matters: .05 is five points.
    false_pages_a_year
        Acceptable over everything that is watched.
    streams
        How many are watched: pipelines, and scenarios of each, times measures.
    """

    smallest_drop: float
    false_pages_a_year: float
    streams: int

    def __post_init__(self) -> None:
        if not 0 < self.smallest_drop < 1:
            raise ValueError("smallest_drop: expected more than 0, and less than 1")
        if not 0 < self.false_pages_a_year < float("inf"):
            raise ValueError("false_pages_a_year: expected more than 0")
        if self.streams < 1:
            raise ValueError("streams: expected 1 or more")


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one stream while it is healthy.

    Parameters
    ----------
    traces_a_day
        That it is fed, so after sampling.
    residuals
        Some of its own, a few hundred or more: the shape of their distribution decides how soon a drop is seen.
    reference_error
        How far its reference may be off, `Baseline.level_error_of`.
    highest
        `Baseline.highest_residual`.
    """

    traces_a_day: float
    residuals: tuple[float, ...]
    reference_error: float = 0.0
    highest: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.traces_a_day < float("inf"):
            raise ValueError("traces_a_day: expected more than 0")
        if not 0 <= self.reference_error < 1:
            raise ValueError("reference_error: expected 0 or more, and less than 1")
        if not self.residuals:
            raise ValueError("residuals: expected at least one")
        numbers(self.residuals, -1.0, self.highest)


def stream_of(baseline: Baseline, strata: Sequence[str], traces_a_day: float = 0.0) -> Stream:
    """What a baseline knows of the stream of some of its strata; at the traffic that it saw, or at more."""
    return Stream(
        traces_a_day=max(traces_a_day, baseline.values_a_day(strata)),
        residuals=baseline.shape(strata),
        reference_error=baseline.level_error_of(strata),
        highest=baseline.highest_residual,
    )


class Plan(msgspec.Struct, frozen=True):
    """A detector for one stream, and what it will see at the stream's traffic.

    `delay_traces` and `delay_hours`: until a drop of the size that matters is found, on average, by `expected_delay`.
    `detectable_drop`: the smallest that is found within `within_hours`, on average.
    """

    config: EsrConfig
    delay_traces: float
    delay_hours: float
    detectable_drop: float
    within_hours: float


def average_run_length(budget: Budget, traces_a_day: float) -> float:
    """Healthy values until a false alarm that one stream may have: 365.25 traces_a_day streams / false_pages_a_year.

    Each stream gets the same share of the pages, whatever its traffic. The union bound adds the shares up, so streams
    may depend on each other in any way: a scenario's stream is part of its pipeline's.

    >>> average_run_length(Budget(smallest_drop=0.05, false_pages_a_year=4, streams=40), traces_a_day=1000)
    3652500.0
    """
    return max(2.0, DAYS_A_YEAR * traces_a_day * budget.streams / budget.false_pages_a_year)


def esr_config(budget: Budget, stream: Stream) -> EsrConfig | Abstained:
    """The e-SR detector that a budget makes for a stream.

    REFERENCE_TOO_THIN where the tolerance, a fifth of the smallest drop plus the reference's standard error, leaves
    less than half of that drop: build the baseline from more traffic, or watch for larger drops.
    """
    tolerance = TOLERATED * budget.smallest_drop + stream.reference_error
    if tolerance > budget.smallest_drop / 2:
        return Abstained.REFERENCE_TOO_THIN
    run_length = average_run_length(budget, stream.traces_a_day)
    return EsrConfig(average_run_length=run_length, tolerance=tolerance, highest=stream.highest)


def plan(budget: Budget, stream: Stream, within_hours: float = 24.0) -> Plan | Abstained:
    """`esr_config`, and what it will see."""
    config = esr_config(budget, stream)
    if isinstance(config, Abstained):
        return config
    delay = expected_delay(config, stream.residuals, budget.smallest_drop)
    return Plan(
        config,
        delay_traces=delay,
        delay_hours=24 * delay / stream.traces_a_day,
        detectable_drop=detectable_drop(config, stream.residuals, within_hours / 24 * stream.traces_a_day),
        within_hours=within_hours,
    )


def expected_delay(config: EsrConfig, residuals: ArrayLike, drop: float) -> float:
    """Values until an e-SR detector finds a drop, by formula; infinite where the drop does not exceed the tolerance.

    (log(bets * average_run_length) - log(1 + head start)) / growth, where growth is the largest over bets of
    E log(1 - b (residual - drop + tolerance)), as of the residuals given, lowered; the head start is what the winning
    bet's statistic holds when the drop comes and gathers while it grows, 1 / decay + 1 / growth, decay being the same
    expectation without the drop, with its sign turned. After Wald's equation; the overshoot is left out.
    Against `simulated_delays` on risks of public collections it is right for 10 and 20 points, and up to a seventh too
    long for 2 to 5 (docs/alarms.md).

    Parameters
    ----------
    config
        Of the detector.
    residuals
        Healthy ones; their mean is taken off, since they stand for a shape and a few of them say little of a level.
    drop
        Of the mean; each residual falls by it, but not below -1.

    References
    ----------
    Shin, Ramdas, Rinaldo, arXiv 2203.03532. The head start is our own approximation, checked by simulation.
    """
    x = _centred(config, residuals)
    growth = _growth(config, lowered(x, drop))
    best = int(growth.argmax())
    if growth[best] <= 0:
        return float("inf")
    decay = -_growth(config, x)[best]
    head = 1 / growth[best] + (1 / decay if decay > 0 else 0.0)
    limit = log(config.bets * config.average_run_length)
    return max(1.0, float((limit - np.log1p(head)) / growth[best]))


def _centred(config: EsrConfig, residuals: ArrayLike) -> Floats:
    x = numbers(residuals, -1.0, config.highest)
    x = x - x.mean()
    return np.asarray(x * min(1.0, config.highest / max(x.max(), 1e-9), 1 / max(-x.min(), 1e-9)))  # in range again


def _growth(config: EsrConfig, residuals: Floats) -> Floats:
    """The mean logarithm of each bet's factors; shape (bets,)."""
    return np.asarray(np.log(bet_factors(config, residuals)).mean(axis=0))


def lowered(residuals: Floats, drop: float) -> Floats:
    """Residuals whose mean fell by `drop`: each by the same, but not below -1."""
    return np.maximum(-1.0, residuals - drop)


def detectable_drop(config: EsrConfig, residuals: ArrayLike, values: float) -> float:
    """The smallest drop found within so many values, on average (`expected_delay`); 1 where none is."""

    def late(drop: float) -> float:
        return log(min(expected_delay(config, residuals, drop), 1e300) / values)

    return 1.0 if late(1.0) >= 0 else float(brentq(late, 0.0, 1.0, xtol=1e-4))


def simulated_delays(
    config: EsrConfig, residuals: ArrayLike, drop: float, *, before: int = 500, repetitions: int = 200, seed: int = 0
) -> Floats:
    """Values until an e-SR detector finds a drop, in seeded simulated streams of residuals drawn anew.

    Parameters
    ----------
    config, residuals, drop
        As of `expected_delay`.
    before
        Healthy values that come first; a stream that alarms in them is left out.
    repetitions, seed
        How many streams, and what makes them the same each time.

    Returns
    -------
    NDArray
        One a stream that did not alarm early; infinite where 50,000 values were too few.
    """
    x, rng = _centred(config, residuals), np.random.default_rng(seed)
    expected = expected_delay(config, x, drop)
    after = int(min(_MOST_VALUES, 6 * expected + 100))
    drawn = rng.choice(x, size=(repetitions, before + after))
    drawn[:, before:] = lowered(drawn[:, before:], drop)
    alarms = first_alarms(config, drawn)
    found = alarms[(alarms == 0) | (alarms > before)]
    return np.where(found > 0, found - before, np.inf).astype(np.float64)


def cusum_limit(average_run_length: float, allowance: float, spread: float) -> float:
    """The limit of a CUSUM, by Siegmund's approximation for independent normal values.

    ARL = (exp(2 d b) - 2 d b - 1) / (2 d^2), d = allowance / spread, b = limit / spread + 1.166; solved for the limit.
    Within about 5% for normal values. For skewed ones it promises nothing: `ESR` does.

    References
    ----------
    Siegmund: Sequential Analysis (1985).

    Examples
    --------
    >>> round(cusum_limit(930.9, allowance=0.5, spread=1.0), 1)  # tabulated for one side: 5
    5.0
    """
    if not (allowance > 0 and spread > 0 and average_run_length > 1):
        raise ValueError("allowance, spread: expected more than 0, and average_run_length: more than 1")
    d = allowance / spread

    def short(b: float) -> float:
        return (exp(2 * d * b) - 2 * d * b - 1) / (2 * d * d) - average_run_length

    highest = log(4 * d * d * average_run_length + 4) / (2 * d) + 4 / d
    b = float(brentq(short, 0.0, highest))
    return max(1e-9, (b - 1.166) * spread)
