"""Traffic with days, weeks, bursts and a mix that wanders: when, of which scenario, and how good a trace."""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)  # day 0
BURSTS = 1.25  # traffic with them, over traffic without


class Traffic(NamedTuple):
    """Of each trace, in the order of time: seconds since 1970, the number of its scenario, and its place from 0 (the
    worst) to 1 among the traces that its scenario may have.
    """

    times: Floats
    scenarios: NDArray[np.intp]
    places: Floats


def simulated(
    shares: Floats, days: int, first_day: int, rng: np.random.Generator, traces_a_day: float = 2000.0
) -> Traffic:
    """Healthy traffic from midnight of a day, counted from a Monday.

    Nights and weekends bring fewer traces, of another mix, and more from the worse half of each scenario: where a
    scenario's traces are risks of public collections, its level swings by about three points. A tenth of the time a
    burst of one scenario multiplies an hour by up to six. The mix wanders from day to day and shifts for good once.

    Parameters
    ----------
    shares
        Of the scenarios on average, shape (scenarios,), or in each hour, shape (24 * days, scenarios).
    days, first_day
        How many, and from which.
    rng
        What is drawn from it does not depend on the shares, so other shares leave all else as it was.
    traces_a_day
        On average without bursts, which add a quarter (`BURSTS`).

    Examples
    --------
    >>> traffic = simulated(np.array([0.7, 0.3]), days=7, first_day=0, rng=np.random.default_rng(0))
    >>> bool((traffic.scenarios == 0).mean() > 0.5)
    True
    """
    kinds = shares.shape[-1]
    hour = np.arange(24 * first_day, 24 * (first_day + days))
    night = (1 + np.cos(2 * np.pi * (hour - 3) / 24)) / 2
    weekend = (hour // 24) % 7 >= 5
    wander = np.repeat(rng.normal(0, 0.25, (days, kinds)), 24, axis=0)
    swing = np.outer(night, rng.normal(0, 0.4, kinds)) + np.outer(weekend, rng.normal(0, 0.4, kinds))
    mix = shares * np.exp(wander + swing)
    mix[hour > rng.choice(hour)] *= np.exp(rng.normal(0, 0.4, kinds))
    mix /= mix.sum(axis=1, keepdims=True)
    volume = traces_a_day / 24 * (1.6 - 1.2 * night) * (1.2 - 0.7 * weekend) * rng.gamma(20, 1 / 20, len(hour))
    burst = (rng.random(len(hour)) < 0.1) * rng.uniform(0, 5, len(hour))
    mix += burst[:, None] * np.eye(kinds)[rng.integers(kinds, size=len(hour))]
    counts = rng.poisson(volume * (1 + burst))
    mix = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)
    of = np.repeat(np.arange(len(hour)), counts)
    scenarios = np.minimum((rng.random(len(of))[:, None] > mix[of]).sum(axis=1), kinds - 1)
    worse = rng.random(len(of)) < (0.25 * night + 0.08 * weekend)[of]
    places = rng.random(len(of)) * np.where(worse, 0.5, 1.0)
    times = MONDAY.timestamp() + 3600.0 * (hour[of] + rng.random(len(of)))
    return Traffic(np.sort(times), scenarios, places)
