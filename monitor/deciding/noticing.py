"""What a person needs of an alarm: by how much its stream moved, in which kinds of query, which traces to look at."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

import msgspec

from detectors.baseline import Baseline
from detectors.causes import likely_cause
from detectors.estimate import mean_of
from detectors.mix import Decomposition
from detectors.moments import Moments
from detectors.records import ALL, Alarm, Assessment
from detectors.signals import SIGNALS
from monitor.config_alerts import HIT, JUDGE_DRIFT
from monitor.deciding.baselines import goodness, usable, worse_is_lower
from monitor.deciding.deciding import Deciding
from monitor.deciding.estimates import change_since
from monitor.deciding.judge_trust import judge_notice
from monitor.deciding.observation import maker, scenario_of
from monitor.deciding.windows import DAY_HOURS, HOUR_SECONDS, Row, merged
from monitor.notifying.notice import WORST, Notice, Worst

REMEMBERED = 500  # traces of a pipeline, among which the worst are looked for


class RecentRisks:
    """The risks of the last traces of each pipeline."""

    def __init__(self) -> None:
        self._last: dict[str, deque[tuple[float, str, str]]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def add(self, assessments: Sequence[Assessment]) -> None:
        """Take more into account."""
        for one in assessments:
            if one.risk is not None:
                self._last[one.pipeline].append((one.risk, one.scenario, one.trace_id))

    def worst(self, pipeline: str, scenario: str) -> tuple[Worst, ...]:
        """The riskiest, of all or of one kind of query."""
        own = (one for one in self._last[pipeline] if scenario in (ALL, one[1]))
        return tuple(Worst(trace_id, risk) for risk, _, trace_id in sorted(own, reverse=True)[:WORST])


def notice_of(deciding: Deciding, alarm: Alarm, risks: RecentRisks) -> Notice:
    """The alarm with all that is known. Levels are those since it began, against the same hours in its baseline; the
    cause is read off the signals, against the day before it began.
    """
    if alarm.state == "resolved":
        return Notice(alarm=alarm)
    if alarm.alarm == JUDGE_DRIFT:
        return judge_notice(deciding, alarm)
    worst = risks.worst(alarm.pipeline, alarm.scenario) if alarm.signal == HIT else ()
    first = _first_hour(alarm)
    with deciding.lock:
        state = deciding.pipelines[alarm.pipeline]
        streams = state.streams.get(alarm.alarm)
        recent = deciding.windows.of(alarm.pipeline, first - DAY_HOURS)
        rows = [row for row in recent if alarm.scenario in (ALL, row[0].scenario)]
        comparable = usable(rows, HIT, state.scale)
        cause = likely_cause(*(_signals(r for r in comparable if (r[0].hour >= first) is now) for now in (False, True)))
        own = [row for row in usable(rows, alarm.signal, maker(state, alarm.signal)) if row[0].hour >= first]
    if streams is None or streams.baseline is None:
        made = _without_reference(alarm, own, worst)
    else:
        made = _against(streams.baseline, alarm, own, worst)
    return made if cause is None else msgspec.structs.replace(made, cause=cause.cause, remedy=cause.remedy)


def _signals(rows: Iterable[Row]) -> dict[str, Moments]:
    """Sums of every signal that has values."""
    total = merged(window for _, window in rows)
    return {name: moments for name in SIGNALS if (moments := total.moments(name)).values > 0}


def _first_hour(alarm: Alarm) -> int:
    """Of whole hours: the first after it began, or the one in which it was raised."""
    raised = int(alarm.at.timestamp() // HOUR_SECONDS)
    if alarm.since is None:
        return raised
    return min(raised, -int(-alarm.since.timestamp() // HOUR_SECONDS))


def _without_reference(alarm: Alarm, rows: Sequence[Row], worst: tuple[Worst, ...]) -> Notice:
    found = mean_of(_watched(rows, alarm))
    return Notice(alarm=alarm, after=None if found is None else _level(found.mean, alarm), worst=worst)


def _against(baseline: Baseline, alarm: Alarm, rows: Sequence[Row], worst: tuple[Worst, ...]) -> Notice:
    change = change_since(_only(baseline, alarm.scenario), rows, alarm.signal)
    if change is None:
        return Notice(alarm=alarm, worst=worst)
    after = float(_watched(rows, alarm).mean)
    sign = float(goodness(1.0, alarm.signal) - goodness(0.0, alarm.signal))
    low, high = sorted((sign * change.quality.low, sign * change.quality.high))
    return Notice(
        alarm=alarm, before=_level(after - change.total.change, alarm), after=_level(after, alarm),
        change=sign * change.quality.change, low=low, high=high, scenarios=_concerned(change), worst=worst,
    )  # fmt: skip


def _watched(rows: Sequence[Row], alarm: Alarm) -> Moments:
    """Sums of what its decider watches."""
    return worse_is_lower(merged(window for _, window in rows).moments(alarm.signal), alarm.signal)


def _only(baseline: Baseline, scenario: str) -> Baseline:
    """A baseline of the strata of one kind of query."""
    if scenario == ALL:
        return baseline
    own = {name: one for name, one in baseline.strata.items() if scenario_of(name) == scenario}
    return msgspec.structs.replace(baseline, strata=own)


def _level(value: float, alarm: Alarm) -> float:
    """As the signal itself has it."""
    return float(goodness(value, alarm.signal))


def _concerned(change: Decomposition) -> tuple[str, ...]:
    """Kinds of query whose quality is shown to have fallen, those first that add most."""
    fallen: dict[str, float] = defaultdict(float)
    for name, part in change.scenarios.items():
        if part.quality is not None and part.quality.high < 0:
            fallen[scenario_of(name)] += part.quality.change
    return tuple(sorted(fallen, key=fallen.__getitem__))
