"""How often the detectors cry wolf and how soon they see a drop, on simulated streams of real risks: one table.

    python benchmarks/alarms.py ../shared/collections --signals /tmp/signals > table.md

Takes the assessments that `tools/fit_prior.py --signals` kept, rated by a prior fitted on the other collections. A
pipeline is four collections of one retriever, its scenarios; traces are drawn from them anew, seeded, hour by hour:
days and weekends have another volume, another mix and other levels; there are bursts, the mix wanders from day to day
and shifts for good once. 28 healthy days make the baseline and 60 more are watched, everything through the code that is
shipped. Says so and ends where there are no collections. About twenty minutes on one core.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import budget
from detectors.backtest import poisson_upper
from detectors.baseline import Baseline, build, hours_of_week
from detectors.budget import DAYS_A_YEAR, Budget, Plan, plan, stream_of
from detectors.deciders import ESR, Cusum, CusumConfig, Decider, EsrState, Threshold, ThresholdConfig
from detectors.mix import decompose
from detectors.moments import moments_by
from detectors.prior_fit import fit_prior
from detectors.simulated_traffic import MONDAY, simulated

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.risk_calibration import RECORDINGS, outcomes
from tools.fit_prior import load

Floats = NDArray[np.float64]

PIPELINES, TRACES_A_DAY = 200, 2000
MORE = 800  # pipelines, one at a time: enough years that the Poisson bound says something
REFERENCE_DAYS, WATCHED_DAYS = 28, 60
SHARES = np.array([0.45, 0.28, 0.15, 0.12])  # of the scenarios, on average
BUDGET = Budget(smallest_drop=0.03, false_pages_a_year=1 / 12, streams=1)
FINER = Budget(smallest_drop=0.015, false_pages_a_year=1 / 12, streams=1)
BEFORE, AFTER = 1000, 40_000  # traces of a stream around a drop


class Pool(NamedTuple):
    """The traces of one recording: 1 - risk, lowest first, and those of the traces that failed by the labels."""

    hits: Floats
    failed: Floats
    rate: float


class Traffic(NamedTuple):
    """Of one pipeline: when, which scenario, and how likely that a relevant document was served."""

    times: Floats
    scenarios: NDArray[np.str_]
    hits: Floats


class Period(NamedTuple):
    """Traffic, and its residuals against the baseline."""

    traffic: Traffic
    residuals: Floats

    def of(self, scenario: str | None) -> NDArray[np.intp]:
        """Where the traces of a stream are: a scenario's, or the pipeline's."""
        names = self.traffic.scenarios
        return np.arange(len(names)) if scenario is None else np.flatnonzero(names == scenario)


class Pipeline(NamedTuple):
    """A pipeline's baseline, the days that made it, and the days after."""

    pools: dict[str, Pool]
    baseline: Baseline
    learnt: Period
    watched: Period


def pools_of(collections: Path, signals: Path) -> dict[str, dict[str, Pool]]:
    """By retriever and collection."""
    directories = sorted(path.parent for path in collections.glob("*/corpus.jsonl"))
    data = [load(directory, name, signals, "bundled") for directory in directories for name in RECORDINGS]
    found: dict[str, dict[str, Pool]] = {retriever: {} for retriever in RECORDINGS.values()}
    for directory in directories:
        prior = fit_prior([one for one in data if one.collection != directory.name], "left out")
        for one in data:
            if one.collection == directory.name:
                rated = outcomes(one, prior, "at_5")
                hits, failed = 1 - rated.risk, rated.failed > 0
                pool = Pool(np.sort(hits), hits[failed], float(failed.mean()))
                found[RECORDINGS[one.recording]][directory.name] = pool
    return found


def traffic_of(
    pools: Mapping[str, Pool], days: int, first_day: int, rng: np.random.Generator, shares: Floats = SHARES
) -> Traffic:
    """Simulated traffic of the pools' traces."""
    drawn = simulated(shares, days, first_day, rng, TRACES_A_DAY)
    hits = np.empty(len(drawn.times))
    for i, pool in enumerate(pools.values()):
        here = drawn.scenarios == i
        hits[here] = pool.hits[(drawn.places[here] * len(pool.hits)).astype(int)]
    return Traffic(drawn.times, np.array(list(pools))[drawn.scenarios], hits)


def pipeline(pools: Mapping[str, Pool], rng: np.random.Generator, shares_after: Floats = SHARES) -> Pipeline:
    names = rng.choice(list(pools), len(SHARES), replace=False)
    chosen = {str(name): pools[str(name)] for name in names}
    learnt = traffic_of(chosen, REFERENCE_DAYS, 0, rng)
    watched = traffic_of(chosen, WATCHED_DAYS, REFERENCE_DAYS, rng, shares_after)
    baseline = build(
        learnt.times, learnt.scenarios.tolist(), learnt.hits,
        pipeline="simulated", measure="hit_at_5", version="1", built=MONDAY,
    )  # fmt: skip
    assert isinstance(baseline, Baseline)
    one, other = (Period(t, baseline.residuals(t.times, t.scenarios.tolist(), t.hits)) for t in (learnt, watched))
    return Pipeline(chosen, baseline, one, other)


Change = Callable[[Pipeline, NDArray[np.intp], np.random.Generator], Floats]


def planned(one: Pipeline, scenario: str | None = None, wanted: Budget = BUDGET) -> Plan:
    """The e-SR detector of a pipeline's stream, or of one scenario's."""
    strata = list(one.baseline.strata) if scenario is None else [scenario]
    made = plan(wanted, stream_of(one.baseline, strata))
    assert isinstance(made, Plan)
    return made


def cusum(one: Pipeline) -> Cusum:
    run_length = budget.average_run_length(BUDGET, len(one.learnt.residuals) / REFERENCE_DAYS)
    allowance = BUDGET.smallest_drop / 2
    limit = budget.cusum_limit(run_length, allowance, one.baseline.spread)
    return Cusum(CusumConfig(allowance=allowance, limit=limit))


def esr(one: Pipeline) -> ESR:
    return ESR(planned(one).config)


def finer(one: Pipeline) -> ESR:
    return ESR(planned(one, wanted=FINER).config)


def alarms_in(decider: Decider, values: Floats) -> int:
    return sum(len(decider.update(batch).raised) for batch in np.array_split(values, 24))


def wandering(one: Pipeline, sd: float, rng: np.random.Generator) -> Floats:
    """Residuals of a pipeline whose healthy level is another one each day: a reference cannot know that."""
    levels = np.repeat(rng.normal(0, sd, WATCHED_DAYS), 24)
    of = ((one.watched.traffic.times - one.watched.traffic.times[0]) // 3600).astype(int)
    hits, means = one.watched.traffic.hits, one.watched.traffic.hits - one.watched.residuals
    return np.clip(hits + levels[np.minimum(of, len(levels) - 1)], 0, 1) - means


def raw(one: Pipeline) -> Floats:
    """What is left when only the pipeline's mean is taken off."""
    return one.watched.traffic.hits - one.baseline.level


def lower_by(drop: float) -> Change:
    """Each value is lower by the same, but not below 0."""
    return lambda one, at, _: np.maximum(one.watched.traffic.hits[at] - drop, 0.0)


def truly_worse(drop: float) -> Change:
    """So much more of the traffic fails by the labels: it gets the risks of traces of its scenario that did."""

    def change(one: Pipeline, at: NDArray[np.intp], rng: np.random.Generator) -> Floats:
        hits = one.watched.traffic.hits[at].copy()
        for name, pool in one.pools.items():
            fails = (one.watched.traffic.scenarios[at] == name) & (rng.random(len(at)) < drop / (1 - pool.rate))
            hits[fails] = rng.choice(pool.failed, fails.sum())
        return hits

    return change


class Found(NamedTuple):
    """Delays in traces of the streams that were watched, and by how much the monitored mean fell."""

    delays: Floats
    fell: float

    def __str__(self) -> str:
        known = self.delays[~np.isnan(self.delays)]
        middle, late = np.quantile(known, [0.5, 0.9], method="higher")
        missed = f", {np.isinf(known).sum()} not found in {AFTER:,}" if np.isinf(known).any() else ""
        early = f", {len(self.delays) - len(known)} alarmed before" if len(known) < len(self.delays) else ""
        return f"median {middle:,.0f}, nine of ten {late:,.0f}{missed}{early}"


def found(
    pipelines: Sequence[Pipeline],
    change: Change,
    *,
    confined: int | None = None,
    own_stream: bool = False,
    make: Callable[[Pipeline], Decider] = esr,
) -> Found:
    """What a change does that begins somewhere in the watched days, in all scenarios or confined to one."""
    rng, delays, fell = np.random.default_rng(1), [], []
    for one in pipelines:
        hits, residuals = one.watched.traffic.hits, one.watched.residuals
        name = None if confined is None else list(one.pools)[confined]
        begins = int(rng.integers(len(hits) // 6, len(hits) // 2))
        touched = one.watched.of(name)
        touched = touched[touched >= begins]
        after = hits.copy()
        after[touched] = change(one, touched, rng)
        seen = one.watched.of(name if own_stream else None)
        split = int(np.searchsorted(seen, begins))
        decider = ESR(planned(one, name).config) if own_stream else make(one)
        changed = residuals[seen] + (after - hits)[seen]
        delays.append(delay(decider, changed[max(0, split - BEFORE) : split], changed[split : split + AFTER]))
        fell.append((hits - after)[touched].mean())
    return Found(np.array(delays), float(np.mean(fell)))


def ended(pipelines: Sequence[Pipeline]) -> Found:
    """Traces until an alarm ends, once a drop of 10 points that lasted 2,000 traces is over."""
    delays = []
    for one in pipelines:
        residuals = one.watched.residuals
        decider = esr(one)
        decider.update(residuals[:BEFORE])
        decider.update(np.maximum(-1.0, residuals[BEFORE : BEFORE + 2000] - 0.1))
        after = residuals[BEFORE + 2000 : BEFORE + 2000 + AFTER]
        stands = (decider.update(value).alarm for value in after)
        delays.append(next((float(n) for n, alarm in enumerate(stands, 1) if not alarm), float("inf")))
    return Found(np.array(delays), 0.0)


def delay(decider: Decider, before: Floats, after: Floats) -> float:
    """Traces until the first alarm; NaN where it comes too early, infinite where `after` ends without."""
    if decider.update(before).alarm:
        return float("nan")
    for start in range(0, len(after), 200):
        raised = decider.update(after[start : start + 200]).raised
        if raised:
            return start + raised[0] + 1
    return float("inf")


def false_alarms(streams: Iterable[tuple[Decider, Floats]]) -> str:
    """How many, and the upper end of the one-sided 95% Poisson interval, against one in twelve stream-years."""
    counts = [alarms_in(decider, values) for decider, values in streams]
    alarms, years = sum(counts), len(counts) * WATCHED_DAYS / DAYS_A_YEAR
    limit, allowed = poisson_upper(alarms), years * BUDGET.false_pages_a_year
    return f"{alarms} in {len(counts)} streams, at most {limit:.1f}; the budget is {allowed:.1f}"


def restored(one: Pipeline) -> str:
    """Whether a detector that is saved as JSON and restored between batches of any size ends as one that never was."""
    residuals = one.watched.residuals - np.where(np.arange(len(one.watched.residuals)) > 50_000, 0.1, 0)
    residuals = np.maximum(residuals, -1)
    config, state, raised = planned(one).config, EsrState(), []
    cuts = np.unique(np.random.default_rng(2).integers(len(residuals), size=2000))
    for start, end in zip([0, *cuts], [*cuts, len(residuals)], strict=True):
        decider = ESR(config, msgspec.json.decode(msgspec.json.encode(state), type=EsrState))
        raised += [int(start) + at for at in decider.update(residuals[start:end]).raised]
        state = decider.state
    whole = ESR(config)
    same = list(whole.update(residuals).raised) == raised and whole.state == state
    return f"{'identical' if same else 'DIFFERENT'}, {len(raised)} alarm, {len(cuts)} restarts"


def speed(decider: Decider, values: Floats, batch: int) -> str:
    began = time.process_time()
    for start in range(0, len(values), batch):
        decider.update(values[start] if batch == 1 else values[start : start + batch])
    return f"{len(values) / (time.process_time() - began):,.0f} a second"


def mix_alarms(pipelines: Sequence[Pipeline]) -> str:
    """Whether the decomposition calls a shift of mix quality: the first watched days against as many before.

    Levels within a scenario swing with the hour, and hours have their mix too: so a cell is a scenario in a quarter of
    the day, weekends apart.
    """
    shown = [0, 0]
    for one in pipelines:
        sides = []
        for period, days in ((one.learnt, slice(-7 * TRACES_A_DAY, None)), (one.watched, slice(7 * TRACES_A_DAY))):
            t = period.traffic
            hours = hours_of_week(t.times[days])
            of = zip(t.scenarios[days], hours % 24 // 6, hours >= 5 * 24, strict=True)
            cells = [f"{name} {quarter} {weekend}" for name, quarter, weekend in of]
            sides.append(moments_by(t.hits[days], cells))
        parts = decompose(*sides)
        assert parts is not None
        shown[0] += parts.quality.shown
        shown[1] += parts.mix.shown
    return f"quality in {shown[0]}, mix in {shown[1]} of {len(pipelines)} pipelines"


Row = tuple[str, str, str]


def false_alarm_rows(
    pipelines: Sequence[Pipeline], shifted: Sequence[Pipeline], more: Iterable[tuple[Decider, Floats]]
) -> Iterable[Row]:
    def over(make: Callable[[Pipeline], Decider], of: Sequence[Pipeline] = pipelines) -> str:
        return false_alarms((make(one), one.watched.residuals) for one in of)

    yield "**false alarms** in 60 days", "", ""
    yield "pipelines", over(esr), "the budget"
    yield f"{MORE} more pipelines", false_alarms(more), "the budget"
    scenarios = ((one, name) for one in pipelines for name in one.pools)
    own = ((ESR(planned(*of).config), of[0].watched.residuals[of[0].watched.of(of[1])]) for of in scenarios)
    yield "their scenarios", false_alarms(own), "the budget"
    yield "pipelines, smallest drop 1.5 points", over(finer), "the budget"
    yield "pipelines, mix turned round", over(esr, shifted), "the budget"
    yield "the same, decomposed, two weeks", mix_alarms(shifted), ""
    yield "pipelines, CUSUM", over(cusum), ""
    some = pipelines[:50]
    wide = [msgspec.structs.replace(planned(one).config, highest=1.0) for one in some]
    yield "e-SR, no reference but the mean", false_alarms((ESR(c), raw(o)) for c, o in zip(wide, some, strict=True)), ""
    rng = np.random.default_rng(3)
    for sd in (0.003, 0.01, 0.02):
        streams = ((ESR(config), wandering(one, sd, rng)) for config, one in zip(wide, some, strict=True))
        yield f"e-SR, another level each day, sd {100 * sd:g} points", false_alarms(streams), ""


def delay_rows(pipelines: Sequence[Pipeline]) -> Iterable[Row]:
    yield "**delay**, in traces", "", ""
    for points, aim in ((10, "300"), (5, "750"), (3, "1,760")):
        lower = lower_by(points / 100)
        yield f"{points} points lower", str(found(pipelines, lower)), f"median {aim}"
        yield f"{points} points lower, CUSUM", str(found(pipelines, lower, make=cusum)), ""
    yield "until the alarm ends, after 2,000 traces 10 points lower", str(ended(pipelines)), ""
    for points in (20, 10):
        worse = truly_worse(points / 100)
        usual, fine = found(pipelines, worse), found(pipelines, worse, make=finer)
        yield f"true hit rate {points} points lower, which lowers the number by {100 * usual.fell:.1f}", str(usual), ""
        yield "the same, smallest drop 1.5 points", str(fine), ""
    confined = lower_by(0.2)
    yield "20 points lower in a 12% scenario", str(found(pipelines, confined, confined=3, own_stream=True)), "150"
    yield "the same, on the pipeline's stream", str(found(pipelines, confined, confined=3)), ""
    config, residuals = planned(pipelines[0]).config, pipelines[0].learnt.residuals
    for points in (20, 10, 5, 3, 2):
        said = budget.expected_delay(config, residuals, points / 100)
        took = budget.simulated_delays(config, residuals, points / 100).mean()
        yield f"{points} points lower, mean by formula, by simulation", f"{said:,.0f}, {took:,.0f}", ""


def state_rows(one: Pipeline) -> Iterable[Row]:
    yield "**state and speed**", "", ""
    yield "restored in the middle", restored(one), "identical"
    for name, decider in {"e-SR": esr(one), "CUSUM": cusum(one)}.items():
        fed = [speed(decider, one.watched.residuals, batch) for batch in (1, 100)]
        yield f"{name}, one at a time, in hundreds", " and ".join(fed), "50,000"
    looks = Threshold(ThresholdConfig(limit=0.7))
    yield "threshold, in hundreds", speed(looks, one.watched.traffic.hits, 100), "50,000"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--signals", type=Path, required=True)
    arguments = parser.parse_args()
    if not any(arguments.collections.glob("*/corpus.jsonl")):
        print(f"skipped: no labelled collections in {arguments.collections}")
        return
    print("| | measured | aim |\n|---|---|---|")
    pools = list(pools_of(arguments.collections, arguments.signals).values())
    rng = np.random.default_rng(0)
    healthy, shifted = (
        [pipeline(pools[i % len(pools)], rng, after) for i in range(PIPELINES)] for after in (SHARES, SHARES[::-1])
    )
    others = (pipeline(pools[i % len(pools)], rng) for i in range(MORE))
    more = ((esr(one), one.watched.residuals) for one in others)
    for row in chain(false_alarm_rows(healthy, shifted, more), delay_rows(healthy), state_rows(healthy[0])):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
