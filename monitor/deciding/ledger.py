"""How the right half survives: a snapshot now and then, and a log of all that it was told since, in one database.

What one batch changes is `Changes`, saved in the same transaction as the sources' positions. So a crash at any moment
leaves a snapshot and a log that belong together, and the machine restored from them is the one that never stopped.
"""

from collections.abc import Iterable, Sequence
from threading import Lock

import msgspec

from detectors.records import Alarm
from monitor.config_alerts import HIT
from monitor.deciding.changes import Changes, Saved
from monitor.deciding.deciding import Deciding, Entry, Told
from monitor.deciding.judge_drift import SavedJudge
from monitor.deciding.observation import TRACES
from monitor.deciding.pipeline_state import SavedPipeline
from monitor.deciding.releases import Event
from monitor.deciding.settings import Settings
from monitor.deciding.windows import KEPT_HOURS, Row, WindowKey, decode_window, encode_window

SNAPSHOT_SECONDS = 30.0
SNAPSHOT_OBSERVATIONS = 5_000
HISTORY_HOURS = 35 * 24  # how far back `leadline baseline` can reach

_PIPELINE, _EVENTS, _JUDGE = "pipeline", "events", "judge"


class Ledger:
    """Tells a machine what happens, and says what of it has to be written down."""

    def __init__(self, deciding: Deciding) -> None:
        self.deciding = deciding
        self.exclusive = Lock()  # held from telling to saving: what is logged is in the order in which it was told
        self._changed: set[str] = set()
        self._told = 0  # observations and re-judgements
        self._since = 0.0
        self._alarms: list[Alarm] = []  # of a configuration: written with the snapshot that it brings
        self._reconfigured = False

    def restore(self, saved: Saved) -> None:
        """Be what was written down."""
        pipelines, events, judge = {}, [], SavedJudge({})
        for kind, name, body in saved.pieces:
            if kind == _PIPELINE:
                pipelines[name] = msgspec.msgpack.decode(body, type=SavedPipeline)
            elif kind == _EVENTS:
                events = msgspec.msgpack.decode(body, type=list[Event])
            elif kind == _JUDGE:
                judge = msgspec.msgpack.decode(body, type=SavedJudge)
        recent = (
            row for name, state in pipelines.items() for row in history(saved.windows(name, state.hour - KEPT_HOURS))
        )
        log = [msgspec.msgpack.decode(body, type=Entry) for body in saved.log]
        self.deciding.restore(pipelines, recent, events, judge, log)
        self._changed = {one.pipeline for entry in log for one in entry.observations}
        self._told = sum(len(entry.observations) + len(entry.rejudged) for entry in log)

    def told(self, entry: Entry) -> tuple[Told, Changes]:
        """Let the machine take in an entry; what came of it, and what to write down."""
        told = Told([], []) if entry.empty else self.deciding.apply(entry)
        self._changed.update(one.pipeline for one in entry.observations)
        self._told += len(entry.observations) + len(entry.rejudged)
        self._since = self._since or entry.now
        late = entry.now - self._since >= SNAPSHOT_SECONDS and self._told > 0
        if self._reconfigured or late or self._told >= SNAPSHOT_OBSERVATIONS:
            return told, self._snapshot(entry.now, told.alarms)
        return told, Changes(log=None if entry.empty else msgspec.msgpack.encode(entry), alarms=told.alarms)

    def use(self, settings: Settings) -> Told:
        """Another configuration. It is in no log, so that the next entry brings a snapshot."""
        told = self.deciding.use(settings)
        self._reconfigured = True
        self._changed.update(self.deciding.pipelines)
        self._alarms += told.alarms
        return told

    def _snapshot(self, now: float, alarms: Sequence[Alarm]) -> Changes:
        deciding = self.deciding
        pieces = [
            (_EVENTS, "", msgspec.msgpack.encode(deciding.events)),
            (_JUDGE, "", msgspec.msgpack.encode(deciding.judge.saved())),
        ]
        windows, dropped = [], []
        for name in self._changed & deciding.pipelines.keys():
            state = deciding.pipelines[name]
            pieces.append((_PIPELINE, name, msgspec.msgpack.encode(state.saved())))
            windows += self._windows(name, state.hour - KEPT_HOURS)
            dropped.append((name, state.hour - HISTORY_HOURS))
        every = [*self._alarms, *alarms]
        self._changed, self._told, self._since, self._reconfigured, self._alarms = set(), 0, now, False, []
        return Changes(clear_log=True, pieces=pieces, windows=windows, drop_before=dropped, alarms=every)

    def _windows(self, pipeline: str, oldest: int) -> list[tuple[WindowKey, bytes]]:
        """Those that changed; and those that memory lets go of, without what only estimates need."""
        held = self.deciding.windows
        kept = {TRACES, HIT, *(alert.signal for alert in self.deciding.settings.alerts.values())}
        found = []
        for key, window in held.of(pipeline):
            if key.hour < oldest:
                found.append((key, encode_window(window, kept)))
            elif key in held.touched:
                found.append((key, encode_window(window)))
        held.expire(pipeline, oldest)
        return found


def history(stored: Iterable[tuple[WindowKey, bytes]]) -> list[Row]:
    """Windows as they were written down."""
    return [(key, decode_window(body)) for key, body in stored]
