"""What waits to be delivered, on disk: it survives a restart and a crash, and is bounded for every destination."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import msgspec

from monitor.database import open_database, transaction
from monitor.notifying.bodies import Event
from monitor.notifying.notice import Notice

_SCHEMA = (
    "CREATE TABLE seen (id INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL UNIQUE)",
    """CREATE TABLE standing (id INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT NOT NULL UNIQUE,
    notice BLOB NOT NULL)""",
    """CREATE TABLE waiting (id INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, fingerprint TEXT NOT NULL,
    told REAL, event BLOB NOT NULL)""",
)
MAX_RECORDS = 1000
MAX_BYTES = 4 * 2**20
SEEN = 10_000


class Waiting(NamedTuple):
    """An event in the queue of one destination; `told` is since when an Alertmanager knows of it, in epoch seconds."""

    id: int
    fingerprint: str
    told: float | None
    event: Event


class Outbox:
    """A queue for each destination in one SQLite file, and the alarms that stand. Any thread may call.

    Each queue holds at most `max_records` events and `max_bytes`; beyond, the oldest go. Of one alarm it holds at most
    an end, a raise and an end: what was raised and ended several times while nobody could be told becomes the first
    raise and the last end, which says how often.

    Parameters
    ----------
    destinations
        Their names; what waits for others is forgotten, and counted in `forgotten`.

    Raises
    ------
    LeadlineError
        Where the file cannot be opened. From each method: `sqlite3.Error`, where the disk says no.
    """

    def __init__(
        self, path: Path, destinations: Collection[str], *, max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._done: set[int] = set()  # delivered, though the disk may not know it yet: never sent again
        self._connection = open_database(path, (_SCHEMA,), synchronous="FULL")
        marks = ",".join("?" * len(destinations))
        query = f"DELETE FROM waiting WHERE destination NOT IN ({marks})"  # noqa: S608 - question marks
        self.forgotten = self._connection.execute(query, tuple(destinations)).rowcount

    def add(self, notice: Notice, destinations: Sequence[str]) -> Counter[str] | None:
        """Keep a notice for some destinations; it is safe once this returns.

        Returns
        -------
        Counter or None
            How many events each destination's queue had to drop; None where this turn of the alarm was seen before.
        """
        with self._lock, transaction(self._connection):
            if not self._is_new(notice.identity):
                return None
            event = Event(notice, self._started(notice))
            dropped: Counter[str] = Counter()
            for destination in destinations:
                self._insert(destination, event)
                dropped[destination] = self._trim(destination)
            return dropped

    def _is_new(self, identity: str) -> bool:
        """Whether it was not seen before; it has been from now on."""
        new = self._connection.execute("INSERT OR IGNORE INTO seen (identity) VALUES (?)", (identity,)).rowcount
        self._connection.execute("DELETE FROM seen WHERE id <= (SELECT max(id) FROM seen) - ?", (SEEN,))
        return bool(new)

    def _started(self, notice: Notice) -> datetime:
        """When the alarm was raised; keeps account of what stands."""
        execute, fingerprint, at = self._connection.execute, notice.fingerprint, notice.alarm.at
        if notice.alarm.state == "raised":
            row = (fingerprint, msgspec.json.encode(notice))
            execute("INSERT OR REPLACE INTO standing (fingerprint, notice) VALUES (?, ?)", row)
            execute("DELETE FROM standing WHERE id <= (SELECT max(id) FROM standing) - ?", (self._max_records,))
            return at
        found = execute("SELECT notice FROM standing WHERE fingerprint = ?", (fingerprint,)).fetchone()
        execute("DELETE FROM standing WHERE fingerprint = ?", (fingerprint,))
        return msgspec.json.decode(found[0], type=Notice).alarm.at if found else notice.alarm.since or at

    def _insert(self, destination: str, event: Event) -> None:
        fingerprint = event.notice.fingerprint
        if event.resolved:
            event = self._condense([one for one in self._read(destination) if one.fingerprint == fingerprint], event)
        row = (destination, fingerprint, msgspec.json.encode(event))
        self._connection.execute("INSERT INTO waiting (destination, fingerprint, event) VALUES (?, ?, ?)", row)

    def _condense(self, before: Sequence[Waiting], end: Event) -> Event:
        """The end that stands for all from the first raise that waits; what lies between is forgotten."""
        raises = [one for one in before if not one.event.resolved]
        if not raises:
            return end
        between = [one for one in before if one.id > raises[0].id]
        self._delete(one.id for one in between)
        ended = sum(one.event.raises for one in between if one.event.resolved) or 1
        return Event(end.notice, raises[0].event.starts_at, ended + len(raises) - 1)

    def _trim(self, destination: str) -> int:
        """Drop the oldest beyond what a queue may hold; how many."""
        query = "SELECT id, length(event) FROM waiting WHERE destination = ? ORDER BY id DESC"
        kept_bytes, dropped = 0, []
        for kept, (number, size) in enumerate(self._connection.execute(query, (destination,)).fetchall()):
            kept_bytes += size
            if kept >= self._max_records or kept_bytes > self._max_bytes:
                dropped.append(number)
        self._delete(dropped)
        return len(dropped)

    def _delete(self, numbers: Iterable[int]) -> None:
        self._connection.executemany("DELETE FROM waiting WHERE id = ?", [(number,) for number in numbers])

    def waiting(self, destination: str) -> list[Waiting]:
        """All that waits for a destination, the oldest first."""
        with self._lock:
            return self._read(destination)

    def _read(self, destination: str) -> list[Waiting]:
        query = "SELECT id, fingerprint, told, event FROM waiting WHERE destination = ? ORDER BY id"
        rows = self._connection.execute(query, (destination,)).fetchall()
        return [
            Waiting(number, fingerprint, told, msgspec.json.decode(event, type=Event))
            for number, fingerprint, told, event in rows
            if number not in self._done
        ]

    def settle(self, done: Iterable[int], told: Iterable[int] = (), now: float = 0.0) -> None:
        """Let go of what was delivered; note of what stands that it was told."""
        with self._lock:
            self._done.update(done)
            with transaction(self._connection):
                self._delete(self._done)
                query = "UPDATE waiting SET told = ? WHERE id = ? AND told IS NULL"
                self._connection.executemany(query, [(now, number) for number in told])
            self._done.clear()

    def standing(self) -> dict[str, Notice]:
        """The alarms that were raised and have not ended, by fingerprint."""
        with self._lock:
            rows = self._connection.execute("SELECT fingerprint, notice FROM standing").fetchall()
        return {fingerprint: msgspec.json.decode(notice, type=Notice) for fingerprint, notice in rows}

    def counts(self) -> Counter[str]:
        """How many events wait for each destination that any wait for."""
        with self._lock:
            return Counter(dict(self._connection.execute("SELECT destination, count(*) FROM waiting GROUP BY 1")))

    def close(self) -> None:
        """Close the file; twice is fine."""
        with self._lock:
            self._connection.close()
