"""A simulated pipeline: known traces drawn anew, the baseline and detectors that settings make, and what they see."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline, build
from detectors.budget import Budget, Plan, esr_config, plan, stream_of
from detectors.deciders import ESR, Abstained, EsrConfig, EsrState
from detectors.records import ALL
from detectors.simulated_traffic import BURSTS, MONDAY, Traffic, simulated

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_BATCH = 500


class Pool(NamedTuple):
    """Of each recorded trace, in the same order in every pool: 1 - risk, NaN where there is none; its scenario; and
    whether a relevant document was among the first five, 1 or 0, NaN where nobody knows.
    """

    hits: Floats
    scenarios: NDArray[np.str_]
    truth: Floats


class AlarmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """As of `Budget`, whose `streams` are counted."""

    smallest_drop: float = 0.05
    false_pages_a_year: float = 4.0


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """So many independent stacks, each with days that make its baseline and days that are watched."""

    traces_a_day: float = 1000.0
    reference_days: int = 28
    watched_days: int = 60
    stacks: int = 50
    seed: int = 0


class NotWatchedError(ValueError):
    """No stream can be watched: the baseline abstains, or every plan does."""


class Source(NamedTuple):
    """The recorded traces that have a risk, by scenario, the most frequent first; of each, the worst first."""

    pool: Pool
    shares: Floats
    items: list[Positions]

    @classmethod
    def of(cls, pool: Pool) -> "Source":
        rated = np.flatnonzero(~np.isnan(pool.hits))
        rated = rated[np.argsort(pool.hits[rated], kind="stable")]
        names = [name for name, _ in Counter(pool.scenarios[rated].tolist()).most_common()]
        items = [rated[pool.scenarios[rated] == name] for name in names]
        return cls(pool, np.array([len(own) for own in items]) / len(rated), items)

    def drawn(self, traffic: Traffic) -> Positions:
        """Which recorded trace came each time."""
        items = np.empty(len(traffic.times), dtype=np.intp)
        for code, own in enumerate(self.items):
            here = traffic.scenarios == code
            items[here] = own[(traffic.places[here] * len(own)).astype(np.intp)]
        return items


class Seen(NamedTuple):
    """What one stack saw of a fault: how long until its first alarm, infinite where there was none, of which stream."""

    traces: float
    hours: float
    stream: str
    change: float
    true_change: float
    unwatched: float
    falls: dict[str, tuple[float, float]]


class Stack:
    """One simulated pipeline: its baseline, its detectors as they stand when a fault begins, and the traffic after.

    `items` are the recorded traces that come after that, while all is well.
    """

    def __init__(self, source: Source, settings: AlarmSettings, simulation: Simulation, number: int) -> None:
        self._source, self._simulation, self._number = source, simulation, number
        learnt = self._traffic(source.shares, 0, simulation.reference_days)
        self._baseline = _baseline(learnt.times, source.pool, source.drawn(learnt))
        self.plans = _plans(self._baseline, settings)
        self._configs = {name: made.config for name, made in self.plans.items() if isinstance(made, Plan)}
        if not self._configs:
            raise NotWatchedError(str(self.plans[ALL]))
        hours = 24 * simulation.watched_days
        self._hour = int(np.random.default_rng((simulation.seed, number, 2)).integers(hours // 6, hours // 2))
        self._start = MONDAY.timestamp() + 3600.0 * (24 * simulation.reference_days + self._hour)
        watched = self._watched(source.shares)
        self._begin = int(np.searchsorted(watched.times, self._start))
        self._times = watched.times[self._begin :]
        before, self.items = np.split(source.drawn(watched), [self._begin])
        residuals = self._residuals(watched.times[: self._begin], source.pool, before)
        self._states: dict[str, EsrState] = {}
        detectors = self.detectors()
        self.alarms = sum(1 for _ in alarms_of(detectors, source.pool.scenarios[before], residuals))
        self._states = {name: detector.state for name, detector in detectors.items()}
        self.alarms += self.alarms_after(self.items)

    @property
    def days_after(self) -> float:
        return self._simulation.watched_days - self._hour / 24

    def shifted(self) -> Positions:
        """The traces after the beginning, as many at the same times, of another mix."""
        shares = np.tile(self._source.shares, (24 * self._simulation.watched_days, 1))
        shares[self._hour :] = (shares[self._hour :] + 1 / shares.shape[1]) / 2
        return self._source.drawn(self._watched(shares))[self._begin :]

    def alarms_after(self, items: Positions) -> int:
        """In healthy traffic of these traces, from the beginning to the end."""
        pool = self._source.pool
        return sum(1 for _ in alarms_of(self.detectors(), pool.scenarios[items], self._after(pool, items)))

    def seen(self, pool: Pool, items: Positions) -> Seen:
        """What comes of it when these traces come, as they are in a pool."""
        scenarios, residuals, healthy = pool.scenarios[items], self._after(pool, items), self._source.pool
        at, stream = next(alarms_of(self.detectors(), scenarios, residuals), (None, ""))
        own = {name: residuals[_of(name, scenarios, residuals)] for name in self._configs}
        return Seen(
            np.inf if at is None else at + 1.0,
            np.inf if at is None else float(self._times[at] - self._start) / 3600,
            stream,
            mean_of_known(pool.hits[items] - healthy.hits[self.items]),
            mean_of_known(pool.truth[items] - healthy.truth[self.items]),
            float(np.isnan(residuals).mean()),
            {
                name: (-mean_of_known(values), self._configs[name].tolerance)
                for name, values in own.items()
                if len(values)
            },
        )

    def _traffic(self, shares: Floats, first_day: int, days: int) -> Traffic:
        rng = np.random.default_rng((self._simulation.seed, self._number, int(first_day > 0)))
        return simulated(shares, days, first_day, rng, self._simulation.traces_a_day / BURSTS)

    def _watched(self, shares: Floats) -> Traffic:
        return self._traffic(shares, self._simulation.reference_days, self._simulation.watched_days)

    def detectors(self) -> dict[str, ESR]:
        """As they stand when the fault begins."""
        return {name: ESR(config, self._states.get(name)) for name, config in self._configs.items()}

    def _after(self, pool: Pool, items: Positions) -> Floats:
        return self._residuals(self._times, pool, items)

    def _residuals(self, times: Floats, pool: Pool, items: Positions) -> Floats:
        """NaN where there is no risk."""
        hits, found = pool.hits[items], np.full(len(items), np.nan)
        rated = ~np.isnan(hits)
        found[rated] = self._baseline.residuals(times[rated], pool.scenarios[items][rated].tolist(), hits[rated])
        return found


def _baseline(times: Floats, pool: Pool, items: Positions) -> Baseline:
    made = build(
        times, pool.scenarios[items].tolist(), pool.hits[items],
        pipeline="backtest", measure="hit_at_5", version="1", built=MONDAY,
    )  # fmt: skip
    if isinstance(made, Abstained):
        raise NotWatchedError(str(made))
    return made


def _plans(baseline: Baseline, settings: AlarmSettings) -> dict[str, Plan | Abstained]:
    """Of the pipeline's stream and each scenario's; those that can be watched share the budget."""
    names = sorted(baseline.strata)
    known = {name: stream_of(baseline, names if name == ALL else [name]) for name in (ALL, *names)}
    wanted = Budget(smallest_drop=settings.smallest_drop, false_pages_a_year=settings.false_pages_a_year, streams=1)
    watchable = sum(isinstance(esr_config(wanted, stream), EsrConfig) for stream in known.values())
    shared: Budget = msgspec.structs.replace(wanted, streams=max(1, watchable))
    return {name: plan(shared, stream) for name, stream in known.items()}


def _of(stream: str, scenarios: NDArray[np.str_], residuals: Floats) -> NDArray[np.bool_]:
    """Which traces a stream is fed."""
    known = ~np.isnan(residuals)
    return known if stream == ALL else known & (scenarios == stream)


def alarms_of(
    detectors: Mapping[str, ESR], scenarios: NDArray[np.str_], residuals: Floats
) -> Iterator[tuple[int, str]]:
    """Where alarms are raised, and of which stream, in their order; in batches, so that who needs one reads no more."""
    for start in range(0, len(residuals), _BATCH):
        part = slice(start, start + _BATCH)
        raised: list[tuple[int, str]] = []
        for name, detector in detectors.items():
            at = start + np.flatnonzero(_of(name, scenarios[part], residuals[part]))
            raised += [(int(at[i]), name) for i in detector.update(residuals[at]).raised]
        yield from sorted(raised)


def mean_of_known(values: Floats) -> float:
    """Of what is known; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
