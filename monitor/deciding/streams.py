"""One alert over one pipeline: a decider for all of its traffic, and one for each kind of query in it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple, cast

import msgspec
import numpy as np

from detectors import budget
from detectors.baseline import Baseline
from detectors.budget import Budget, Stream
from detectors.deciders import (
    ESR,
    Abstained,
    Cusum,
    CusumConfig,
    CusumState,
    Decider,
    EsrState,
    Threshold,
    ThresholdConfig,
    ThresholdState,
)
from detectors.records import ALL, Alarm
from monitor.config_alerts import Alert
from monitor.deciding.observation import Floats, scenario_of

HYSTERESIS = 0.02  # above its limit, for the alarm of a threshold to end
Turn = Literal["raised", "resolved"]
Why = Literal["evidence", "new_reference", "alert_removed"]
State = EsrState | CusumState | ThresholdState
_STATES: dict[str, type[State]] = {"e_detector": EsrState, "cusum": CusumState, "threshold": ThresholdState}


class Values(NamedTuple):
    """What the streams of one alert and pipeline are fed: values in [0, 1] of which lower is worse, in order."""

    times: Floats
    strata: Sequence[str]
    values: Floats
    weights: Floats


class SavedStream(msgspec.Struct, frozen=True, array_like=True):
    """All that a stream remembers."""

    decider: str
    reference: str
    state: bytes
    values_a_day: float
    evidence: float | None
    shortfall: float
    calm: float | None
    raised: float | None
    last: float


class Watched:
    """One stream: its decider, and since when something stands.

    `abstained` says why there is no decider, or why it has no evidence yet. `state` is what a decider starts from.
    `calm` is the time of the last trace that looked healthy, where there was one: when a drop began is estimated as
    Page did, by the last moment at which the sum of shortfalls beyond half of the smallest drop was 0.
    """

    def __init__(self, strata: Sequence[str] = ()) -> None:
        self.strata = frozenset(strata)
        self.decider: Decider | None = None
        self.state: State | None = None
        self.abstained: Abstained | None = Abstained.WEEK_NOT_COVERED
        self.evidence: float | None = None
        self.values_a_day = 0.0
        self.shortfall = 0.0
        self.calm: float | None = None
        self.raised: float | None = None
        self.last = 0.0

    def use(self, made: Decider | Abstained) -> None:
        """A decider that was made from `state`, or the reason for none."""
        if isinstance(made, Abstained):
            self.decider, self.abstained, self.evidence = None, made, None
            return
        self.decider = made
        self.abstained = Abstained.TOO_FEW_VALUES if self.evidence is None else None

    def watch(self, times: Floats, short: Floats) -> None:
        """Note by how much values fell short of what matters, to know since when an alarm stands."""
        if len(short):
            total = self.shortfall + np.cumsum(short)
            lowest = np.minimum(0.0, np.minimum.accumulate(total))
            at_rest = np.flatnonzero(total <= lowest)
            self.shortfall = float(total[-1] - lowest[-1])
            if len(at_rest):
                self.calm = float(times[at_rest[-1]])

    def update(self, fed: Values) -> Iterator[tuple[Turn, float]]:
        """Feed it; ("raised" or "resolved", time of the trace) as alarms come and go."""
        if self.decider is None or not len(fed.values):
            return
        decider = self.decider
        if isinstance(decider, Threshold):
            verdict = decider.update(fed.values, fed.weights)
        else:
            verdict = decider.update(fed.values)
        self.state = cast("State", decider.state)
        self.evidence, self.abstained = verdict.evidence, verdict.abstained
        self.last = float(fed.times[-1])
        for position in verdict.raised:
            self.raised = float(fed.times[position])
            yield "raised", self.raised
        if self.raised is not None and not verdict.alarm:
            self.raised = None
            yield "resolved", self.last

    def saved(self, decider: str, reference: str) -> SavedStream:
        """All that it remembers, with what kind of decider it has and what that took residuals from."""
        return SavedStream(
            decider, reference, msgspec.msgpack.encode(self.state), self.values_a_day, self.evidence, self.shortfall,
            self.calm, self.raised, self.last,
        )  # fmt: skip

    def restore(self, saved: SavedStream) -> None:
        """Go on from what was saved, once it is given a decider."""
        self.state = msgspec.msgpack.decode(saved.state, type=_STATES[saved.decider])
        self.values_a_day, self.evidence = saved.values_a_day, saved.evidence
        self.shortfall, self.calm, self.raised, self.last = saved.shortfall, saved.calm, saved.raised, saved.last


class Streams:
    """The streams of one alert in one pipeline.

    Parameters
    ----------
    alert, pipeline
        Whose.
    baseline
        What residuals are taken from; None until there is one, and then only a threshold decides.

    Attributes
    ----------
    watchable
        How many streams share the budget: those whose reference is sure enough.
    """

    def __init__(self, alert: Alert, pipeline: str, baseline: Baseline | None) -> None:
        self.alert, self.pipeline, self.baseline = alert, pipeline, baseline
        self.streams = {ALL: Watched()}
        self._known: dict[str, Stream] = {}
        if baseline is not None and self._on_residuals:
            self.streams = {ALL: Watched(list(baseline.strata))}
            for scenario in sorted({scenario_of(name) for name in baseline.strata}):
                self.streams[scenario] = Watched([name for name in baseline.strata if scenario_of(name) == scenario])
            self._known = {n: budget.stream_of(baseline, sorted(one.strata)) for n, one in self.streams.items()}
        configs = (budget.esr_config(budget_of(alert, 1), known) for known in self._known.values())
        self.watchable = sum(not isinstance(one, Abstained) for one in configs)

    @property
    def _on_residuals(self) -> bool:
        return self.alert.decider != "threshold"

    @property
    def reference(self) -> str:
        """The version of the baseline; empty without one."""
        return self.baseline.version if self.baseline is not None else ""

    def plan(self, streams: int, traffic: Mapping[str, int]) -> None:
        """Make the deciders, or make them anew from what they remember: for a number of streams that share the budget.

        `traffic` is the values a day of each stratum of late. It only raises what is planned with: a decider whose
        limit falls could alarm by that alone.
        """
        for name, stream in self.streams.items():
            stream.values_a_day = max(stream.values_a_day, float(sum(traffic.get(one, 0) for one in stream.strata)))
            stream.use(self._make(name, stream, max(1, streams)))

    def known(self, name: str) -> Stream | None:
        """What is known of a stream, at the traffic that it is planned with; None without a baseline."""
        known = self._known.get(name)
        if known is None:
            return None
        return msgspec.structs.replace(known, traces_a_day=max(known.traces_a_day, self.streams[name].values_a_day))

    def _make(self, name: str, stream: Watched, streams: int) -> Decider | Abstained:
        if self.alert.limit is not None:
            limit = self.alert.limit
            config = ThresholdConfig(limit=limit, hysteresis=min(HYSTERESIS, 1 - limit))
            return Threshold(config, cast("ThresholdState | None", stream.state))
        known = self.known(name)
        if self.baseline is None or known is None:
            return Abstained.WEEK_NOT_COVERED
        made = budget.esr_config(budget_of(self.alert, streams), known)
        if isinstance(made, Abstained):
            return made
        if self.alert.decider == "e_detector":
            return ESR(made, cast("EsrState | None", stream.state))
        allowance = self.alert.smallest_drop / 2
        limit = budget.cusum_limit(made.average_run_length, allowance, self.baseline.spread)
        return Cusum(CusumConfig(allowance=allowance, limit=limit), cast("CusumState | None", stream.state))

    def fits(self, scale: str, stratum: str) -> str:
        """What becomes of a value: `fed`, to all traffic alone (`unseen_stratum`), or why to nothing."""
        if not self._on_residuals:
            return "fed"
        if self.baseline is None:
            return "no_reference"
        if self.baseline.scale not in ("", scale):
            return "other_scale"
        return "fed" if stratum in self.baseline.strata else "unseen_stratum"

    def take(self, fed: Values) -> Iterator[Alarm]:
        """Feed each stream what is its own, of values that `fits` lets through."""
        if not self._on_residuals:
            yield from self._alarms(ALL, self.streams[ALL], fed)
            return
        if self.baseline is None:
            return
        residuals = self.baseline.residuals(fed.times, fed.strata, fed.values)
        strata = np.asarray(fed.strata, dtype=str)
        for name, stream in self.streams.items():
            own = np.full(len(strata), True) if name == ALL else np.isin(strata, list(stream.strata))
            yield from self._alarms(name, stream, Values(fed.times[own], (), residuals[own], fed.weights[own]))

    def _alarms(self, name: str, stream: Watched, fed: Values) -> Iterator[Alarm]:
        limit, drop = self.alert.limit, self.alert.smallest_drop
        stream.watch(fed.times, limit - fed.values if limit is not None else -fed.values - drop / 2)
        for state, at in stream.update(fed):
            yield self._alarm(name, stream, state, at)

    def _alarm(self, name: str, stream: Watched, state: Turn, at: float, why: Why = "evidence") -> Alarm:
        return Alarm(
            alarm=self.alert.called, pipeline=self.pipeline, scenario=name, state=state, why=why, at=_moment(at),
            since=None if stream.calm is None else _moment(min(stream.calm, at)), evidence=stream.evidence,
            signal=self.alert.signal, reference=self.reference,
        )  # fmt: skip

    def standing(self) -> Iterator[Alarm]:
        """The alarms that stand, as they were raised."""
        for name, stream in self.streams.items():
            if stream.raised is not None:
                yield self._alarm(name, stream, "raised", stream.raised)

    def ended(self, why: Why) -> Iterator[Alarm]:
        """The ends of all alarms that stand, because nobody watches these streams any more."""
        for name, stream in self.streams.items():
            if stream.raised is not None:
                yield self._alarm(name, stream, "resolved", stream.last, why)

    def saved(self) -> dict[str, SavedStream]:
        """All that the streams remember."""
        return {
            name: stream.saved(self.alert.decider, self.reference)
            for name, stream in self.streams.items()
            if stream.state is not None
        }

    def restore(self, saved: Mapping[str, SavedStream]) -> None:
        """Go on from what was saved, once planned; what was of another reference or decider is forgotten."""
        for name, one in saved.items():
            stream = self.streams.get(name)
            if stream is not None and (one.decider, one.reference) == (self.alert.decider, self.reference):
                stream.restore(one)


def budget_of(alert: Alert, streams: int) -> Budget:
    """What an alert asks for, over so many streams."""
    return Budget(smallest_drop=alert.smallest_drop, false_pages_a_year=alert.false_pages_per_year, streams=streams)


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)
