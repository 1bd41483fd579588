"""`leadline baseline`: the windows of a time range, from a state file or from assessments, made into baselines."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from detectors.baseline import Baseline
from detectors.deciders import Abstained
from detectors.records import Assessment
from monitor.calibrating import read_lines
from monitor.config import Config
from monitor.config_alerts import HIT, WATCHABLE
from monitor.deciding.baselines import build_baseline, usable
from monitor.deciding.observation import TRACES, Evidence, Observation, maker
from monitor.deciding.settings import Settings
from monitor.deciding.windows import HOUR_SECONDS, KEPT_HOURS, Row, Windows
from monitor.errors import LeadlineError
from monitor.planning.coverage import lacks
from monitor.planning.machine import machine_of

_BATCH = 1000


class Collected(NamedTuple):
    """The windows of one pipeline, the scale of its newest trace and its newest judge, and the signals in all windows
    (None: every).
    """

    rows: Sequence[Row]
    scale: str
    judge: str
    kept: Collection[str] | None = None


class Frozen(NamedTuple):
    """Baselines of one pipeline over the same time, the traces that they rest on, and those left out by reason."""

    baselines: Sequence[Baseline]
    traces: int
    left_out: Counter[str]


def signals_of(config: Config, chosen: Sequence[str]) -> list[str]:
    """What to make baselines of: what was chosen, else what alerts watch against one, else `hit_at_5`.

    Raises
    ------
    LeadlineError
        A chosen signal is none, or has values out of [0, 1].
    """
    for name in chosen:
        if name not in WATCHABLE:
            raise LeadlineError(f"--signal: got {name!r}, expected one of {', '.join(WATCHABLE)}")
    watched = [alert.signal for alert in config.alerts if alert.decider != "threshold"]
    return list(dict.fromkeys(chosen or watched or [HIT]))


def moment(text: str | None, option: str) -> float | None:
    """Seconds since 1970 of a time with its zone.

    >>> moment("2026-11-02T01:00:00+01:00", "--since")
    1793577600.0
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise LeadlineError(f"{option}: got {text!r}, expected ISO 8601 with a zone, as 2026-11-02T00:00:00Z")
    return found.timestamp()


def from_state(config: Config, pipeline: str) -> Collected:
    """Every hour that is over, of a pipeline in the state file of a sidecar.

    Raises
    ------
    LeadlineError
        The state cannot be read, or has nothing of the pipeline.
    """
    with machine_of(config.state.path, Settings({})) as deciding:
        state = deciding.pipelines.get(pipeline)
        if state is None:
            raise _unknown(pipeline, config.state.path.name, deciding.pipelines)
        kept = {HIT, *(alert.signal for alert in config.alerts)}
        return Collected(deciding.rows(pipeline), state.scale, state.judge, kept)


def from_assessments(files: Sequence[Path], config: Config, pipeline: str) -> Collected:
    """The same of files that the jsonl sink wrote.

    Raises
    ------
    LeadlineError
        A file cannot be read, a line is no assessment, or there is nothing of the pipeline.
    """
    windows, others, newest, judged = Windows(), set[str](), None, None
    depth = config.pipeline(pipeline).depth
    assessments = (one for file in files for _, one in read_lines(file, Assessment))
    while batch := list(islice(assessments, _BATCH)):
        others.update(one.pipeline for one in batch)
        own = [Observation.of(one, depth, "") for one in batch if one.pipeline == pipeline]
        windows.add(own)
        newest = _newest([newest, *own])
        judged = _newest([judged, *(one for one in own if one.judge)])
    if newest is None:
        raise _unknown(pipeline, ", ".join(file.name for file in files), others)
    return Collected(list(windows.of(pipeline)), newest.scale, judged.judge if judged is not None else "")


def _newest(observations: Iterable[Observation | None]) -> Observation | None:
    """The last of those with the latest time."""
    known = [one for one in observations if one is not None]
    return max(reversed(known), key=lambda one: one.time, default=None)


def _unknown(pipeline: str, place: str, there: Iterable[str]) -> LeadlineError:
    names = ", ".join(sorted(there)) or "none"
    return LeadlineError(f"baseline: no traces of pipeline {pipeline!r} in {place}, there are those of: {names}")


def freeze(
    collected: Collected, pipeline: str, signals: Sequence[str], since: float | None, until: float | None, now: float
) -> Frozen:
    """Baselines of whole hours within a range.

    Raises
    ------
    LeadlineError
        There is too little in the range for one of them.
    """
    within = [row for row in collected.rows if _within(row[0].hour, since, until)]
    rows = usable(within, HIT, collected.scale)
    return Frozen(
        [_baseline(within, pipeline, signal, collected, now) for signal in signals],
        _traces(rows),
        Counter(
            degraded=_traces(row for row in within if row[0].evidence == Evidence.DEGRADED),
            made_by_others=_traces(
                row for row in within if row[0].evidence != Evidence.DEGRADED and row[0].scale != collected.scale
            ),
        ),
    )


def _within(hour: int, since: float | None, until: float | None) -> bool:
    start = hour * HOUR_SECONDS
    return (since is None or start >= since) and (until is None or start + HOUR_SECONDS <= until)


def _traces(rows: Iterable[Row]) -> int:
    return round(sum(float(window.moments(TRACES).values) for _, window in rows))


def _baseline(within: Sequence[Row], pipeline: str, signal: str, collected: Collected, now: float) -> Baseline:
    scale = maker(collected, signal)
    rows = usable(within, signal, scale)
    built = build_baseline(rows, pipeline, signal, scale, now)
    if not isinstance(built, Abstained):
        return built
    why = lacks(rows, signal) or built.value
    if collected.kept is not None and signal not in collected.kept:
        why += f"; of a signal that no alert watches {KEPT_HOURS} hours are kept"
    of = f", as made by {scale!r}" if not rows else ""
    raise LeadlineError(f"baseline: {pipeline}: {signal}{of}: {why}")
