"""Where traces that came over HTTP wait to be assessed: on disk, or in memory where the configuration says so."""

import sqlite3
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from threading import Condition
from typing import NamedTuple, Protocol

from monitor.database import open_database, transaction

_SCHEMAS = (
    (
        "CREATE TABLE records (id INTEGER PRIMARY KEY AUTOINCREMENT, arrival REAL NOT NULL, record BLOB NOT NULL)",
        "CREATE TABLE journal (name TEXT NOT NULL)",
    ),
)
RATE_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 60


class JournalFull(Exception):  # noqa: N818 - it asks to come again, nothing is wrong
    """No room for these records now."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"full, retry after {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Entry(NamedTuple):
    """One record and when it arrived, in seconds since 1970."""

    id: int
    arrival: float
    record: bytes


class _Store(Protocol):
    name: str  # a journal that was lost and begun anew has another one: ids mean something within one name only

    def open(self) -> tuple[int, int]: ...
    def append(self, records: Sequence[bytes], arrival: float) -> None: ...
    def read(self, after: int, limit: int) -> Iterable[Entry]: ...
    def delete(self, up_to: int) -> tuple[int, int]: ...
    def close(self) -> None: ...


class Journal:
    """A queue bounded by records and bytes, over a store on disk or in memory. Any thread may append.

    An append takes all of its records or none.
    """

    def __init__(
        self,
        store: _Store,
        *,
        max_records: int,
        max_bytes: int,
        durable: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.durable = durable
        self.max_records = max_records
        self.max_bytes = max_bytes
        self._store = store
        self._clock = clock
        self._changed = Condition()
        self._records = self._bytes = 0
        self._drained: deque[tuple[float, int]] = deque()
        self._is_open = False

    def open(self) -> None:
        """Open the store and count what an earlier process left there; twice is fine."""
        with self._changed:
            if not self._is_open:
                self._records, self._bytes = self._store.open()
                self._is_open = True

    @property
    def name(self) -> str:
        """Which journal this is; another one counts its ids anew."""
        return self._store.name

    def __len__(self) -> int:
        return self._records

    def append(self, records: Sequence[bytes], arrival: float) -> None:
        """Keep all of the records; they are safe once this returns.

        Raises
        ------
        JournalFull
            Where they do not fit.
        sqlite3.Error
            Where the disk says no.
        """
        size = sum(map(len, records))
        with self._changed:
            if self._records and (
                self._records + len(records) > self.max_records or self._bytes + size > self.max_bytes
            ):
                raise JournalFull(self._retry_after(len(records)))
            self._store.append(records, arrival)
            self._records += len(records)
            self._bytes += size
            self._changed.notify_all()

    def _retry_after(self, wanted: int) -> int:
        """Seconds until there should be room, at the rate of the last half minute."""
        now = self._clock()
        recent = [(when, count) for when, count in self._drained if now - when <= RATE_SECONDS]
        drained = sum(count for _, count in recent)
        if not drained:
            return LONGEST_WAIT_SECONDS if self._drained else 1
        rate = drained / max(1.0, now - recent[0][0])
        missing = max(1, self._records + wanted - self.max_records)
        return int(min(LONGEST_WAIT_SECONDS, max(1, -(-missing // rate))))

    def read(self, after: int, limit: int, max_bytes: int, timeout_seconds: float) -> list[Entry]:
        """Records after an id, oldest first, about `max_bytes` of them; waits up to the timeout for the first."""
        deadline = self._clock() + timeout_seconds
        with self._changed:
            while not (found := _within(self._store.read(after, limit), max_bytes)):
                rest = deadline - self._clock()
                if rest <= 0 or not self._changed.wait(rest):
                    break
        return found

    def delete(self, up_to: int) -> None:
        """Let go of everything up to an id."""
        with self._changed:
            records, size = self._store.delete(up_to)
            self._records -= records
            self._bytes -= size
            if records:  # what lets go of nothing says nothing about the rate
                self._drained.append((self._clock(), records))
            while len(self._drained) > 1 and self._clock() - self._drained[0][0] > RATE_SECONDS:
                self._drained.popleft()

    def close(self) -> None:
        """Close the store; twice is fine."""
        with self._changed:
            if self._is_open:
                self._store.close()
                self._is_open = False


def _within(entries: Iterable[Entry], max_bytes: int) -> list[Entry]:
    """The first entries, up to the one that passes `max_bytes`."""
    taken: list[Entry] = []
    size = 0
    for entry in entries:
        taken.append(entry)
        size += len(entry.record)
        if size >= max_bytes:
            break
    return taken


class DiskStore:
    """Records in a SQLite file; each append is on the disk when it returns, against the loss of power too."""

    def __init__(self, path: Path) -> None:
        self.name = ""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> tuple[int, int]:
        self._connection = open_database(self._path, _SCHEMAS, synchronous="FULL")
        with transaction(self._connection):
            if not self._connection.execute("SELECT 1 FROM journal").fetchone():
                self._connection.execute("INSERT INTO journal VALUES (?)", (uuid.uuid4().hex,))
        self.name = self._connection.execute("SELECT name FROM journal").fetchone()[0]
        return self._count("TRUE", ())

    def _count(self, condition: str, values: tuple[int, ...]) -> tuple[int, int]:
        query = f"SELECT count(*), coalesce(sum(length(record)), 0) FROM records WHERE {condition}"  # noqa: S608
        records, size = self._opened.execute(query, values).fetchone()
        return records, size

    @property
    def _opened(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def append(self, records: Sequence[bytes], arrival: float) -> None:
        with transaction(self._opened):
            rows = [(arrival, record) for record in records]
            self._opened.executemany("INSERT INTO records (arrival, record) VALUES (?, ?)", rows)

    def read(self, after: int, limit: int) -> Iterable[Entry]:
        query = "SELECT id, arrival, record FROM records WHERE id > ? ORDER BY id LIMIT ?"
        return map(Entry._make, self._opened.execute(query, (after, limit)))

    def delete(self, up_to: int) -> tuple[int, int]:
        gone = self._count("id <= ?", (up_to,))
        self._opened.execute("DELETE FROM records WHERE id <= ?", (up_to,))
        return gone

    def close(self) -> None:
        self._opened.close()


class MemoryStore:
    """Records in memory: a crash loses them."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._entries: deque[Entry] = deque()
        self._last = 0

    def open(self) -> tuple[int, int]:
        return 0, 0

    def append(self, records: Sequence[bytes], arrival: float) -> None:
        for record in records:
            self._last += 1
            self._entries.append(Entry(self._last, arrival, record))

    def read(self, after: int, limit: int) -> Iterable[Entry]:
        skipped = max(0, after - self._entries[0].id + 1) if self._entries else 0
        return islice(self._entries, skipped, skipped + limit)

    def delete(self, up_to: int) -> tuple[int, int]:
        records = size = 0
        while self._entries and self._entries[0].id <= up_to:
            records, size = records + 1, size + len(self._entries.popleft().record)
        return records, size

    def close(self) -> None:
        self._entries.clear()
