"""The journal: bounded, all or nothing, as safe as it says."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.journal import DiskStore, Journal, JournalFull, MemoryStore
from tests.monitor.kit import ROOT


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def memory(clock: Clock, **bounds: int) -> Journal:
    journal = Journal(MemoryStore(), **{"max_records": 10, "max_bytes": 1000, **bounds}, durable=False, clock=clock)
    journal.open()
    return journal


@pytest.fixture(params=["disk", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    store = DiskStore(tmp_path / "ingest.db") if request.param == "disk" else MemoryStore()
    made = Journal(store, max_records=4, max_bytes=100, durable=request.param == "disk")
    made.open()
    yield made
    made.close()


def records(journal: Journal, after: int = 0, limit: int = 100, max_bytes: int = 1000) -> list[bytes]:
    return [entry.record for entry in journal.read(after, limit, max_bytes, 0.0)]


def test_gives_back_what_came_in_order_with_its_arrival(journal: Journal) -> None:
    """After an id, at most as many and about as much as asked for."""
    journal.append([b"a", b"b"], 1.5)
    journal.append([b"c"], 2.5)
    entries = journal.read(0, 100, 1000, 0.0)
    assert [(entry.record, entry.arrival) for entry in entries] == [(b"a", 1.5), (b"b", 1.5), (b"c", 2.5)]
    assert records(journal, entries[0].id) == [b"b", b"c"]
    assert records(journal, limit=2) == [b"a", b"b"]
    assert records(journal, max_bytes=1) == [b"a"]
    journal.delete(entries[1].id)
    assert records(journal) == [b"c"]
    assert len(journal) == 1


def test_an_append_takes_all_or_nothing(journal: Journal) -> None:
    """Neither records nor bytes go beyond their bound."""
    journal.append([b"a", b"b", b"c"], 0.0)
    with pytest.raises(JournalFull):
        journal.append([b"d", b"e"], 0.0)
    with pytest.raises(JournalFull):
        journal.append([b"x" * 100], 0.0)
    assert records(journal) == [b"a", b"b", b"c"]
    journal.delete(2)
    journal.append([b"d", b"e"], 0.0)
    assert records(journal) == [b"c", b"d", b"e"]


def test_ids_are_never_used_again(journal: Journal) -> None:
    """Or a saved position would hide new traces."""
    journal.append([b"a"], 0.0)
    (first,) = journal.read(0, 1, 1000, 0.0)
    journal.delete(first.id)
    journal.append([b"b"], 0.0)
    (second,) = journal.read(0, 1, 1000, 0.0)
    assert second.id > first.id


def test_retry_after_follows_the_rate_at_which_it_drains() -> None:
    """Ten records in ten seconds: five more need five seconds. Bounded by one second and one minute."""
    clock = Clock()
    journal = memory(clock)
    journal.append([b"x"] * 10, 0.0)
    with pytest.raises(JournalFull) as first:
        journal.append([b"x"], 0.0)
    assert first.value.retry_after_seconds == 1  # nothing is known about the rate yet
    for number in range(1, 11):
        journal.delete(number)
        journal.append([b"x"], 0.0)
        clock.now += 1
    with pytest.raises(JournalFull) as steady:
        journal.append([b"x"] * 5, 0.0)
    assert steady.value.retry_after_seconds == 5
    clock.now += 100
    with pytest.raises(JournalFull) as stuck:
        journal.append([b"x"], 0.0)
    assert stuck.value.retry_after_seconds == 60


def test_a_position_that_lets_go_of_nothing_is_no_sign_of_standing_still() -> None:
    """Spans that wait for others: the source commits where it is, and the journal drains soon."""
    journal = memory(Clock())
    journal.append([b"x"] * 10, 0.0)
    journal.delete(0)
    with pytest.raises(JournalFull) as full:
        journal.append([b"x"], 0.0)
    assert full.value.retry_after_seconds == 1


def test_survives_kill_9(tmp_path: Path) -> None:
    """What was appended is there, counted, under the same name."""
    code = """
import os, signal, sys
from pathlib import Path
from monitor.journal import DiskStore, Journal
journal = Journal(DiskStore(Path(sys.argv[1])), max_records=9, max_bytes=99, durable=True)
journal.open()
journal.append([b"a", b"b"], 7.0)
print(journal.name, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "ingest.db"
    killed = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -9, killed.stderr
    journal = Journal(DiskStore(path), max_records=9, max_bytes=99, durable=True)
    journal.open()
    assert journal.name == killed.stdout.strip()
    assert len(journal) == 2
    assert records(journal) == [b"a", b"b"]
    journal.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """In one line."""
    path = tmp_path / "ingest.db"
    path.write_bytes(b"this is no database, and long enough to be seen as none" * 100)
    with pytest.raises(LeadlineError, match=r"ingest\.db: cannot be used as a database"):
        DiskStore(path).open()
