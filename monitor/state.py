"""What survives a restart: source positions, identities seen, normalisation references and their samples, and all of
the right half (`monitor/deciding/ledger.py`).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from detectors.records import Alarm
from detectors.reference import Normalisation
from monitor.database import FileLock, open_database, open_read_only, transaction
from monitor.deciding.changes import Changes, Saved
from monitor.deciding.windows import WindowKey
from monitor.dedupe import WINDOW_TRACES
from monitor.errors import LeadlineError
from monitor.sources.base import Position

_SCHEMA_1 = (
    "CREATE TABLE positions (source TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE seen (id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL)",
    """CREATE TABLE reference_samples (id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL,
    scorer TEXT NOT NULL, depth INTEGER NOT NULL, signals TEXT NOT NULL)""",
    """CREATE TABLE normalisations (pipeline TEXT NOT NULL, scorer TEXT NOT NULL, depth INTEGER NOT NULL,
    built_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (pipeline, scorer, depth)) WITHOUT ROWID""",
)
_SCHEMA_2 = (
    "CREATE TABLE pieces (kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, name))",
    """CREATE TABLE windows (pipeline TEXT NOT NULL, hour INTEGER NOT NULL, scenario TEXT NOT NULL,
    evidence TEXT NOT NULL, scale TEXT NOT NULL, release TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (pipeline, hour, scenario, evidence, scale, release))""",
    "CREATE TABLE told (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
    "CREATE TABLE alarms (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)",
)
_SCHEMA_3 = (
    "ALTER TABLE windows RENAME TO windows_2",
    """CREATE TABLE windows (pipeline TEXT NOT NULL, hour INTEGER NOT NULL, scenario TEXT NOT NULL,
    evidence TEXT NOT NULL, scale TEXT NOT NULL, release TEXT NOT NULL, judge TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (pipeline, hour, scenario, evidence, scale, release, judge))""",
    "INSERT INTO windows SELECT pipeline, hour, scenario, evidence, scale, release, '', body FROM windows_2",
    "DROP TABLE windows_2",
)
_SCHEMAS = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3)
_ALARMS = 10_000


class ReferenceKey(NamedTuple):
    """Whose normalisation: a new scorer or depth starts a new one."""

    pipeline: str
    scorer: str
    depth: int


Sample = tuple[ReferenceKey, dict[str, float]]


class Step(NamedTuple):
    """All that one batch changes; saved as one."""

    positions: dict[str, Position]
    digests: Sequence[bytes] = ()
    samples: Sequence[Sample] = ()
    frozen: Sequence[tuple[ReferenceKey, Normalisation]] = ()
    decided: Changes = Changes()


class Stored:
    """What a state file holds of the right half."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def decided(self) -> Saved:
        """What was saved of the right half: its last snapshot, and what it was told since."""
        pieces = self._connection.execute("SELECT kind, name, body FROM pieces").fetchall()
        told = (row[0] for row in self._connection.execute("SELECT body FROM told ORDER BY id"))
        return Saved(pieces, self.windows, told)

    def windows(self, pipeline: str, since_hour: int = 0) -> Iterator[tuple[WindowKey, bytes]]:
        """The windows of a pipeline that are still there, from an hour on, as of the last snapshot."""
        query = "SELECT * FROM windows WHERE pipeline = ? AND hour >= ?"
        rows = self._connection.execute(query, (pipeline, since_hour))
        return ((WindowKey(*row[:-1]), row[-1]) for row in rows)


@contextmanager
def stored(path: Path) -> Iterator[Stored]:
    """A state file as it is at this moment, read beside whoever goes on writing it.

    Raises
    ------
    LeadlineError
        As of `database.open_read_only`, and where it is damaged.
    """
    with closing(open_read_only(path, len(_SCHEMAS))) as connection:
        try:
            yield Stored(connection)
        except sqlite3.Error as error:
            raise LeadlineError(f"{path}: cannot be read: {error}") from error


class State(Stored):
    """One SQLite file, one writer. A crash in the middle of `save` leaves what was there before it."""

    def __init__(self, path: Path, window: int = WINDOW_TRACES) -> None:
        self._window = window
        self._lock = FileLock(path)
        try:
            super().__init__(open_database(path, _SCHEMAS, synchronous="NORMAL"))
        except BaseException:
            self._lock.release()
            raise
        self._open = True

    def save(self, step: Step) -> None:
        """Write all of `step`, or nothing."""
        with transaction(self._connection):
            self._save_positions(step.positions)
            self._save_digests(step.digests)
            self._save_references(step)
            self._save_decided(step.decided)

    def _save_positions(self, positions: dict[str, Position]) -> None:
        rows = [(source, msgspec.json.encode(position).decode()) for source, position in positions.items()]
        self._connection.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", rows)

    def _save_digests(self, digests: Sequence[bytes]) -> None:
        if not digests:
            return
        self._connection.executemany("INSERT INTO seen (digest) VALUES (?)", [(digest,) for digest in digests])
        self._connection.execute("DELETE FROM seen WHERE id <= (SELECT max(id) FROM seen) - ?", (self._window,))

    def _save_references(self, step: Step) -> None:
        rows = [(*key, msgspec.json.encode(signals).decode()) for key, signals in step.samples]
        columns = "reference_samples (pipeline, scorer, depth, signals)"
        self._connection.executemany(f"INSERT INTO {columns} VALUES (?, ?, ?, ?)", rows)  # noqa: S608 - a constant
        built_at = datetime.now(UTC).isoformat()
        for key, reference in step.frozen:
            body = msgspec.json.encode(reference).decode()
            self._connection.execute("INSERT INTO normalisations VALUES (?, ?, ?, ?, ?)", (*key, built_at, body))
            self._connection.execute(
                "DELETE FROM reference_samples WHERE pipeline = ? AND scorer = ? AND depth = ?", key
            )

    def _save_decided(self, changes: Changes) -> None:
        run = self._connection.executemany
        if changes.clear_log:
            self._connection.execute("DELETE FROM told")
        run("INSERT INTO told (body) VALUES (?)", [(changes.log,)] if changes.log is not None else [])
        run("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)", changes.pieces)
        run(
            "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(*key, body) for key, body in changes.windows],
        )
        run("DELETE FROM windows WHERE pipeline = ? AND hour < ?", changes.drop_before)
        if changes.alarms:
            rows = [(msgspec.json.encode(alarm).decode(),) for alarm in changes.alarms]
            run("INSERT INTO alarms (body) VALUES (?)", rows)
            self._connection.execute("DELETE FROM alarms WHERE id <= (SELECT max(id) FROM alarms) - ?", (_ALARMS,))

    def alarms(self) -> list[Alarm]:
        """The last alarms, oldest first."""
        rows = self._connection.execute("SELECT body FROM alarms ORDER BY id")
        return [msgspec.json.decode(row[0], type=Alarm) for row in rows]

    def position(self, source: str) -> Position | None:
        """Where a source had got to; None for one that is new."""
        row = self._connection.execute("SELECT position FROM positions WHERE source = ?", (source,)).fetchone()
        return msgspec.json.decode(row[0], type=dict[str, Any]) if row else None

    def digests(self) -> list[bytes]:
        """The identities of the last traces, oldest first."""
        return [row[0] for row in self._connection.execute("SELECT digest FROM seen ORDER BY id")]

    def samples(self) -> list[Sample]:
        """What was collected for references that are not frozen yet, in order."""
        rows = self._connection.execute("SELECT pipeline, scorer, depth, signals FROM reference_samples ORDER BY id")
        return [(ReferenceKey(*row[:3]), msgspec.json.decode(row[3], type=dict[str, float])) for row in rows]

    def normalisations(self) -> dict[ReferenceKey, Normalisation]:
        """Every frozen reference."""
        rows = self._connection.execute("SELECT pipeline, scorer, depth, body FROM normalisations")
        return {ReferenceKey(*row[:3]): msgspec.json.decode(row[3], type=Normalisation) for row in rows}

    def close(self) -> None:
        """Close the file; twice is fine."""
        if self._open:
            self._connection.close()
            self._lock.release()
            self._open = False
