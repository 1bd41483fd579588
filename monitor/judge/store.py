"""What the judge remembers on disk: verdicts, what was spent, and the pieces of its ledger of trust."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

from monitor.database import FileLock, open_database
from monitor.judge.money import Spent
from monitor.metrics import Metrics

log = structlog.get_logger()

_SCHEMA = (
    """CREATE TABLE verdicts (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL, model TEXT NOT NULL,
    at REAL NOT NULL, value BLOB NOT NULL, UNIQUE (key, model))""",
    "CREATE TABLE spending (hour INTEGER PRIMARY KEY, nanodollars INTEGER NOT NULL, tokens INTEGER NOT NULL)",
    "CREATE TABLE anchors (kind TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    "CREATE TABLE pieces (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)
COMPONENT = "judge:store"
SWEEP_EVERY = 1000  # verdicts
DAY_SECONDS = 86_400.0


def store_path(state: Path) -> Path:
    """Where it is, beside the state file."""
    return state.with_suffix(".judge.db")


class JudgeStore:
    """One SQLite file, one process. Any thread may call.

    A disk that says no costs memory, never the judging: it is counted as a failure of `judge:store`, a verdict is then
    asked for again, and budgets hold as long as this process runs.

    Parameters
    ----------
    days, entries
        How long verdicts are kept, and how many at most; the oldest go.

    Raises
    ------
    LeadlineError
        Where the file cannot be opened, or another leadline has it.
    """

    def __init__(
        self, path: Path, metrics: Metrics, *, days: float, entries: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._metrics = metrics
        self._seconds = days * DAY_SECONDS
        self._entries = entries
        self._clock = clock
        self._lock = Lock()
        self._file = FileLock(path)
        try:
            self._connection = open_database(path, (_SCHEMA,), synchronous="NORMAL")
        except BaseException:
            self._file.release()
            raise
        self._puts = 0
        self._failing = False
        self._open = True
        self._sweep()

    def get(self, key: bytes, model: str) -> bytes | None:
        """What is remembered under a key of a model; None where nothing is, or it is too old."""
        query = "SELECT at, value FROM verdicts WHERE key = ? AND model = ?"
        found = self._run(query, (key, model))
        if not found:
            self._metrics.inc("judge_cache_total", "miss")
            return None
        [(at, value)] = found
        fresh = self._clock() - at < self._seconds
        self._metrics.inc("judge_cache_total", "hit" if fresh else "expired")
        return bytes(value) if fresh else None

    def put(self, key: bytes, model: str, value: bytes) -> None:
        """Remember it, in place of what was under the same key of the same model."""
        query = "INSERT OR REPLACE INTO verdicts (key, model, at, value) VALUES (?, ?, ?, ?)"
        self._run(query, (key, model, self._clock(), value))
        self._puts += 1
        if self._puts % SWEEP_EVERY == 0:
            self._sweep()

    def _sweep(self) -> None:
        """Forget what is too old, and the oldest of too many."""
        self._run("DELETE FROM verdicts WHERE id <= (SELECT max(id) FROM verdicts) - ?", (self._entries,))
        fresh = "SELECT coalesce(min(id), (SELECT max(id) + 1 FROM verdicts)) FROM verdicts WHERE at > ?"
        self._run(f"DELETE FROM verdicts WHERE id < ({fresh})", (self._clock() - self._seconds,))  # noqa: S608

    def last_model(self) -> str | None:
        """The model of the verdict that was kept last; None before the first."""
        found = self._run("SELECT model FROM verdicts ORDER BY id DESC LIMIT 1")
        return str(found[0][0]) if found else None

    def spend(self, hour: int, more: Spent) -> None:
        """Add to what was spent in an hour, counted from 1970."""
        query = """INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT (hour) DO UPDATE SET
            nanodollars = nanodollars + excluded.nanodollars, tokens = tokens + excluded.tokens"""
        self._run(query, (hour, *more))

    def spent_since(self, hour: int) -> dict[int, Spent]:
        """What was spent in each hour from one on."""
        rows = self._run("SELECT hour, nanodollars, tokens FROM spending WHERE hour >= ?", (hour,))
        return {at: Spent(nanodollars, tokens) for at, nanodollars, tokens in rows}

    def anchors(self, kind: str) -> list[bytes]:
        """The anchors of a kind, in the order of their ids."""
        rows = self._run("SELECT body FROM anchors WHERE kind = ? ORDER BY id", (kind,))
        return [bytes(body) for (body,) in rows]

    def set_anchor(self, kind: str, name: str, body: bytes) -> None:
        """Keep an anchor under its id, in place of what was there."""
        self._run("INSERT OR REPLACE INTO anchors VALUES (?, ?, ?)", (kind, name, body))

    def forget_anchor(self, kind: str, name: str) -> None:
        """Keep it no more."""
        self._run("DELETE FROM anchors WHERE kind = ? AND id = ?", (kind, name))

    def forget_anchors(self, kind: str) -> None:
        """Keep none of a kind."""
        self._run("DELETE FROM anchors WHERE kind = ?", (kind,))

    def piece(self, key: str) -> bytes | None:
        """What is kept under a name; None where nothing is."""
        found = self._run("SELECT value FROM pieces WHERE key = ?", (key,))
        return bytes(found[0][0]) if found else None

    def set_piece(self, key: str, value: bytes) -> None:
        """Keep it under a name, in place of what was there."""
        self._run("INSERT OR REPLACE INTO pieces VALUES (?, ?)", (key, value))

    def _run(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            with self._lock:
                found = self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._metrics.failed(COMPONENT)
            log.error("the judge's store fails, going on without", error=type(error).__name__)
            self._failing = True
            return []
        if self._failing:
            self._failing = False
            self._metrics.succeeded(COMPONENT)
        return found

    def close(self) -> None:
        """Close the file; twice is fine."""
        if self._open:
            self._open = False
            with suppress(sqlite3.Error):
                self._connection.close()
            self._file.release()
