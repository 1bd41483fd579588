"""The right half as one deterministic machine: observations and deploy events in, alarms out.

Its state is what it was, and what it was told since, in order: so a snapshot with the log after it restores it to the
last bit, wherever it stopped. It knows no clock; `now` comes with what it is told.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from threading import Lock
from typing import NamedTuple

import msgspec
import numpy as np

from detectors.baseline import Baseline
from detectors.deciders import Abstained
from detectors.records import Alarm
from monitor.config_alerts import HIT, Alert
from monitor.deciding.baselines import build_baseline, enough, goodness, usable
from monitor.deciding.judge_drift import JudgeDrift, Rejudged, SavedJudge
from monitor.deciding.observation import JUDGED, Evidence, Observation, maker, stratum, weight_of
from monitor.deciding.pipeline_state import PipelineState, SavedPipeline
from monitor.deciding.releases import Comparison, Event, judge
from monitor.deciding.settings import Settings
from monitor.deciding.streams import SavedStream, Streams, Values
from monitor.deciding.windows import DAY_HOURS, HOUR_SECONDS, KEPT_HOURS, Row, Windows

MAX_PIPELINES = 100
LATE_SECONDS = DAY_HOURS * HOUR_SECONDS  # behind the newest trace of its pipeline: it says nothing of now
FED = ("fed", "unseen_stratum")
AHEAD_SECONDS = 300.0  # of the clock: more, and its own is wrong
EVENTS = 200


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What the machine was told at once."""

    now: float
    observations: tuple[Observation, ...] = ()
    event: Event | None = None
    rejudged: tuple[Rejudged, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.observations or self.event or self.rejudged)


class Told(NamedTuple):
    """What came of an entry: alarms, and comparisons of releases that were finished or begun."""

    alarms: list[Alarm]
    comparisons: list[Comparison]


class Deciding:
    """Windows, baselines, streams and releases of every pipeline.

    Parameters
    ----------
    settings
        What to watch for.
    history
        Windows of a pipeline older than those in memory, for baselines; read at the turn of an hour.
    """

    def __init__(self, settings: Settings, history: Callable[[str], Iterable[Row]] = lambda _: ()) -> None:
        self.settings = settings
        self.windows = Windows()
        self.pipelines: dict[str, PipelineState] = {}
        self.events: list[Event] = []
        self.judge = JudgeDrift(settings.judge)
        self.counted: Counter[tuple[str, ...]] = Counter()  # ("late", pipeline) and the like
        self.lock = Lock()  # whoever reads from another thread holds it
        self._history = history

    def apply(self, entry: Entry) -> Told:
        """Take in what an entry says."""
        with self.lock:
            if entry.event is not None:
                self.events = [*self.events, entry.event][-EVENTS:]
            groups: dict[str, list[Observation]] = defaultdict(list)
            for one in self._in_time(entry):
                groups[one.pipeline].append(one)
            self.windows.add([*chain.from_iterable(groups.values())])
            told = Told([*self.judge.take(entry.rejudged)], [])
            for name, group in groups.items():
                self._take(self.pipelines[name], group, entry.now, told)
            return told

    def _in_time(self, entry: Entry) -> Iterator[Observation]:
        """Those that count, with the times and releases that they count by."""
        for one in entry.observations:
            state = self.pipelines.get(one.pipeline)
            if state is None:
                if len(self.pipelines) >= MAX_PIPELINES:
                    self.counted["too_many_pipelines", "_other"] += 1
                    continue
                state = self.pipelines[one.pipeline] = PipelineState(one.pipeline)
            time = one.time
            if time > entry.now + AHEAD_SECONDS:
                self.counted["ahead", one.pipeline] += 1
                time = entry.now
            if time < state.newest - KEPT_HOURS * HOUR_SECONDS:
                self.counted["too_late", one.pipeline] += 1
                continue
            state.newest = max(state.newest, time)
            label = state.releases.label(self._release(one, time))
            yield (
                one
                if (time, label) == (one.time, one.release)
                else msgspec.structs.replace(one, time=time, release=label)
            )

    def _release(self, one: Observation, time: float) -> str:
        """What the trace says that it was served by, and what was announced by then."""
        announced = [e for e in self.events if e.pipeline in (None, one.pipeline) and e.time <= time]
        marker = max(announced, key=lambda event: event.time).release if announced else ""
        return " ".join(filter(None, (one.release, marker)))

    def _take(self, state: PipelineState, group: Sequence[Observation], now: float, told: Told) -> None:
        judge = next((one.judge for one in reversed(group) if one.judge), state.judge)
        if (group[-1].scale, judge) != (state.scale, state.judge):
            state.scale, state.judge = group[-1].scale, judge
            self._equip(state, told)
            self._plan_all()
        self._count_releases(state, group, told)
        hour = int(state.newest // HOUR_SECONDS)
        if hour > state.hour:
            state.hour = hour
            self._turn(state, now, told)
        fresh = [one for one in group if one.time >= state.newest - LATE_SECONDS]
        self.counted["late", state.name] += len(group) - len(fresh)
        for streams in state.streams.values():
            told.alarms.extend(streams.take(self._values(streams, fresh)))

    def _count_releases(self, state: PipelineState, group: Sequence[Observation], told: Told) -> None:
        times: dict[str, list[float]] = defaultdict(list)
        for one in group:
            times[one.release].append(one.time)
        for label, seen in times.items():
            if state.releases.add(label, min(seen), max(seen), len(seen)):
                assert state.releases.comparison is not None, "begun just now"
                told.comparisons.append(state.releases.comparison)
        if state.releases.due:
            assert state.releases.comparison is not None, "it is due"
            state.releases.comparison = judge(state.releases.comparison, list(self.windows.of(state.name)))
            told.comparisons.append(state.releases.comparison)

    def _values(self, streams: Streams, fresh: Sequence[Observation]) -> Values:
        """What of the traces an alert watches; the rest is counted with the reason."""
        signal = streams.alert.signal
        weight = weight_of(signal)
        chosen, values = [], []
        for one in fresh:
            value = one.hit if signal == HIT else one.signals.get(signal)
            outcome = _outcome(one, value, streams)
            self.counted["watched", streams.alert.called, streams.pipeline, outcome] += 1
            if outcome in FED and value is not None:
                chosen.append(one)
                values.append(value)
        return Values(
            np.array([one.time for one in chosen]),
            [one.stratum for one in chosen],
            goodness(np.array(values), signal),
            np.array([one.judge_uniform if signal in JUDGED else one.weights[weight] for one in chosen]),
        )

    def _turn(self, state: PipelineState, now: float, told: Told) -> None:
        """What is done once an hour: baselines that have enough, limits that keep up with traffic."""
        state.releases.forget(state.newest - KEPT_HOURS * HOUR_SECONDS)
        if self._freeze(state, now):
            self._equip(state, told)
            self._plan_all()
        else:
            self._plan(state)

    def _freeze(self, state: PipelineState, now: float) -> bool:
        """Freeze the baselines that have had enough traffic; whether there is a new one."""
        drops: dict[str, float] = {}
        for alert in self.settings.alerts.values():
            if alert.decider != "threshold" and self._baseline(state, alert.signal) is None:
                drops[alert.signal] = min(alert.smallest_drop, drops.get(alert.signal, 1.0))
        if not drops:
            return False
        rows = self.rows(state.name)
        frozen = False
        for measure, drop in drops.items():
            scale = maker(state, measure)
            built = build_baseline(usable(rows, measure, scale), state.name, measure, scale, now)
            if not isinstance(built, Abstained) and enough(built, drop):
                state.freeze(built)
                frozen = True
        return frozen

    def rows(self, pipeline: str) -> list[Row]:
        """Every window of a pipeline up to the hour that is not over yet, from memory and from before."""
        recent = dict(self.windows.of(pipeline))
        older = [(key, window) for key, window in self._history(pipeline) if key not in recent]
        hour = self.pipelines[pipeline].hour
        return [row for row in (*older, *recent.items()) if row[0].hour < hour]

    def _baseline(self, state: PipelineState, measure: str) -> Baseline | None:
        """The one that was given, else the one that was frozen; none of another scale."""
        scale, given = maker(state, measure), self.settings.given_for(state.name, measure)
        if given:
            return next((one for one in given if one.scale in ("", scale)), None)
        return state.frozen.get(scale, {}).get(measure)

    def _equip(
        self, state: PipelineState, told: Told, saved: Mapping[str, Mapping[str, SavedStream]] | None = None
    ) -> None:
        """Let every alert watch a pipeline against the baseline that it has now, once planned; what stays the same goes
        on.
        """
        saved = saved if saved is not None else {name: streams.saved() for name, streams in state.streams.items()}
        for name, streams in state.streams.items():
            alert = self.settings.alerts.get(name)
            if alert is None:
                told.alarms.extend(streams.ended("alert_removed"))
            elif (alert.decider, streams.reference) != (streams.alert.decider, self._reference(state, alert)):
                told.alarms.extend(streams.ended("new_reference"))
        state.streams = {
            name: Streams(alert, state.name, self._baseline(state, alert.signal))
            for name, alert in self.settings.alerts.items()
        }
        for name, streams in state.streams.items():
            streams.restore(saved.get(name, {}))

    def _reference(self, state: PipelineState, alert: Alert) -> str:
        baseline = self._baseline(state, alert.signal)
        return baseline.version if baseline is not None else ""

    def _plan_all(self) -> None:
        """Where streams came or went: all of them share the budget."""
        for state in self.pipelines.values():
            self._plan(state)

    def _plan(self, state: PipelineState) -> None:
        for name, streams in state.streams.items():
            streams.plan(self.streams(name), self._traffic(state.name, streams.alert.signal))

    def streams(self, alert: str) -> int:
        """How many streams share the budget of an alert."""
        return sum(state.streams[alert].watchable for state in self.pipelines.values() if alert in state.streams)

    def _traffic(self, pipeline: str, measure: str) -> Counter[str]:
        """Values a day by stratum, over the last day; nothing before a day has passed."""
        hour = self.pipelines[pipeline].hour
        found: Counter[str] = Counter()
        for key, window in self.windows.of(pipeline, hour - DAY_HOURS):
            if key.hour < hour:
                found[stratum(key.scenario, key.evidence)] += round(float(window.moments(measure).values))
        return found

    def restore(
        self,
        pipelines: Mapping[str, SavedPipeline],
        windows: Iterable[Row],
        events: Iterable[Event],
        judge: SavedJudge,
        log: Iterable[Entry],
    ) -> None:
        """Be what was saved, and take in again what came after; alarms of that time were raised then."""
        self.windows = Windows(windows)
        self.events = list(events)
        self.judge.restore(judge)
        self.pipelines = {name: PipelineState.restored(name, saved) for name, saved in pipelines.items()}
        for name, saved in pipelines.items():
            self._equip(self.pipelines[name], Told([], []), saved.streams)
        self._plan_all()
        for entry in log:
            self.apply(entry)

    def standing(self) -> list[Alarm]:
        """Every alarm that stands, as it was raised."""
        with self.lock:
            every = (streams for state in self.pipelines.values() for streams in state.streams.values())
            return [*self.judge.standing(), *(alarm for streams in every for alarm in streams.standing())]

    def use(self, settings: Settings) -> Told:
        """Another configuration from now on."""
        with self.lock:
            self.settings = settings
            told = Told([*self.judge.use(settings.judge)], [])
            for state in self.pipelines.values():
                self._equip(state, told)
            self._plan_all()
            return told


def _outcome(one: Observation, value: float | None, streams: Streams) -> str:
    """What becomes of a trace in the streams of an alert: one of `FED`, or why not."""
    if one.evidence == Evidence.DEGRADED:
        return "degraded"
    signal = streams.alert.signal
    if value is None:
        return "no_value" if one.weights[weight_of(signal)] else "not_sampled"
    if not 0 <= value <= 1:
        return "out_of_range"
    if signal in JUDGED and not one.judge_uniform:
        return "not_uniform"
    return streams.fits(maker(one, signal), one.stratum)
