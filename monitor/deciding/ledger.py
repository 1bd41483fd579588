"""How the right half survives: a snapshot now and then, and a log of all that it was told since, in one database.

What one batch changes is `Changes`, saved in the same transaction as the sources' positions. So a crash at any moment
leaves a snapshot and a log that belong together, and the machine restored from them is the one that never stopped.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from detectors.records import Alarm
from monitor.config_alerts import HIT
from monitor.deciding.deciding import Deciding, Entry, Told
from monitor.deciding.observation import TRACES
from monitor.deciding.pipeline_state import SavedPipeline
from monitor.deciding.releases import Event
from monitor.deciding.windows import KEPT_HOURS, Row, Window, WindowKey, decode_window, encode_window

SNAPSHOT_SECONDS = 30.0
SNAPSHOT_OBSERVATIONS = 5_000
HISTORY_HOURS = 35 * 24  # how far back `leadline baseline` can reach

_PIPELINE, _EVENTS = "pipeline", "events"


class Changes(NamedTuple):
    """What there is to write: an entry of the log, or a snapshot in place of the log.

    `pieces` by kind and name, `windows` by key. Of hours before `slim_before`, of the pipeline named, only what
    baselines are built from is kept (`slimmed`), and nothing of those before `drop_before`.
    """

    log: bytes | None = None
    clear_log: bool = False
    pieces: Sequence[tuple[str, str, bytes]] = ()
    windows: Sequence[tuple[WindowKey, bytes]] = ()
    drop_before: Sequence[tuple[str, int]] = ()
    alarms: Sequence[Alarm] = ()


class Saved(NamedTuple):
    """What was written down."""

    pieces: Sequence[tuple[str, str, bytes]]
    windows: Iterable[tuple[WindowKey, bytes]]
    log: Iterable[bytes]


class Ledger:
    """Tells a machine what happens, and says what of it has to be written down."""

    def __init__(self, deciding: Deciding, measures: frozenset[str] = frozenset((HIT,))) -> None:
        self.deciding = deciding
        self._kept = measures | {TRACES}
        self._changed: set[str] = set()
        self._observations = 0
        self._since = 0.0
        self._dirty = False

    def restore(self, saved: Saved) -> None:
        """Be what was written down."""
        pipelines, events = {}, []
        for kind, name, body in saved.pieces:
            if kind == _PIPELINE:
                pipelines[name] = msgspec.msgpack.decode(body, type=SavedPipeline)
            elif kind == _EVENTS:
                events = msgspec.msgpack.decode(body, type=list[Event])
        oldest = {name: state.hour - KEPT_HOURS for name, state in pipelines.items()}
        recent = ((k, decode_window(b)) for k, b in saved.windows if k.hour >= oldest.get(k.pipeline, 0))
        log = [msgspec.msgpack.decode(body, type=Entry) for body in saved.log]
        self.deciding.restore(pipelines, recent, events, log)
        self._changed = {one.pipeline for entry in log for one in entry.observations}
        self._observations = sum(len(entry.observations) for entry in log)

    def told(self, entry: Entry) -> tuple[Told, Changes]:
        """Let the machine take in an entry; what came of it, and what to write down."""
        told = self.deciding.apply(entry)
        self._changed.update(one.pipeline for one in entry.observations)
        self._observations += len(entry.observations)
        self._since = self._since or entry.now
        late = entry.now - self._since >= SNAPSHOT_SECONDS or self._observations >= SNAPSHOT_OBSERVATIONS
        if self._dirty or late:
            return told, self._snapshot(entry.now, told.alarms)
        return told, Changes(log=msgspec.msgpack.encode(entry), alarms=told.alarms)

    def reconfigured(self) -> None:
        """What the machine was told by a configuration is in no log: the next entry brings a snapshot."""
        self._dirty = True

    def _snapshot(self, now: float, alarms: Sequence[Alarm]) -> Changes:
        deciding = self.deciding
        pieces = [(_EVENTS, "", msgspec.msgpack.encode(deciding.events))]
        windows, dropped = [], []
        for name in self._changed & deciding.pipelines.keys():
            state = deciding.pipelines[name]
            pieces.append((_PIPELINE, name, msgspec.msgpack.encode(state.saved())))
            windows += self._windows(name, state.hour - KEPT_HOURS)
            dropped.append((name, state.hour - HISTORY_HOURS))
        self._changed, self._observations, self._since, self._dirty = set(), 0, now, False
        return Changes(clear_log=True, pieces=pieces, windows=windows, drop_before=dropped, alarms=alarms)

    def _windows(self, pipeline: str, oldest: int) -> list[tuple[WindowKey, bytes]]:
        """Those that changed; and those that memory lets go of, without what only estimates need."""
        held = self.deciding.windows
        found = []
        for key, window in held.of(pipeline):
            if key.hour < oldest:
                found.append((key, encode_window(window, self._kept)))
            elif key in held.touched:
                found.append((key, encode_window(window)))
        held.expire(pipeline, oldest)
        return found


def history(stored: Iterable[tuple[WindowKey, bytes]]) -> list[Row]:
    """Windows as they were written down."""
    found: list[tuple[WindowKey, Window]] = [(key, decode_window(body)) for key, body in stored]
    return found
