"""What survives a restart: source positions, identities seen, normalisation references and their samples."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from detectors.reference import Normalisation
from monitor.database import FileLock, open_database, transaction
from monitor.dedupe import WINDOW_TRACES
from monitor.sources.base import Position

SCHEMA = 1
_TABLES = (
    "CREATE TABLE positions (source TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE seen (id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL)",
    """CREATE TABLE reference_samples (id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL,
    scorer TEXT NOT NULL, depth INTEGER NOT NULL, signals TEXT NOT NULL)""",
    """CREATE TABLE normalisations (pipeline TEXT NOT NULL, scorer TEXT NOT NULL, depth INTEGER NOT NULL,
    built_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (pipeline, scorer, depth)) WITHOUT ROWID""",
)


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


class State:
    """One SQLite file, one writer. A crash in the middle of `save` leaves what was there before it."""

    def __init__(self, path: Path, window: int = WINDOW_TRACES) -> None:
        self._window = window
        self._lock = FileLock(path)
        try:
            self._connection = open_database(path, _TABLES, SCHEMA, synchronous="NORMAL")
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
