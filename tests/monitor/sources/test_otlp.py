"""Spans out of the journal: joined, and never let go before what they became was assessed."""

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.journal import DiskStore, Journal
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler
from monitor.otlp.join import Join
from monitor.otlp.notes import Note
from monitor.sources.base import Position
from monitor.sources.otlp import OtlpSource, encode_notes
from tests.monitor.otlp.kit import new_id, note

WINDOW = 10.0


class Sidecar:
    """A source over one journal file, in as many lives as a test wants, with a clock that it moves."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self.now = 0.0
        self.closing = False
        self.journal = self._journal(directory)
        self.directory = directory
        self.source = self._source()

    def _journal(self, directory: Path) -> Journal:
        store = DiskStore(directory / "otlp.db")
        journal = Journal(store, max_records=1000, max_bytes=2**30, durable=self.durable)
        journal.open()
        return journal

    def _source(self) -> OtlpSource:
        metrics = Metrics()
        assembler = Assembler("otlp", Join(lambda: self.now), metrics, Recorder(metrics))
        return OtlpSource(self.journal, assembler, closing=lambda: self.closing)

    def restart(self, position: Position | None) -> None:
        """As after a crash: nothing but the journal and the saved position is left."""
        self.source.close()
        self.journal = self._journal(self.directory)
        self.source = self._source()
        self.source.open(msgspec.json.decode(msgspec.json.encode(position)) if position is not None else None)

    def feed(self, *notes: Note) -> None:
        self.journal.append([encode_notes(notes)], 0.0)

    def poll(self, limit: int = 100) -> Any:
        return self.source.poll(limit, 0.0)


@pytest.fixture
def sidecar(tmp_path: Path) -> Any:
    made = Sidecar(tmp_path)
    made.source.open(None)
    yield made
    made.source.close()


def alone(**fields: Any) -> Note:
    return note("retriever", "a", trace_id=new_id(32), **fields)


def test_what_is_joined_is_handed_over_after_its_window(sidecar: Sidecar) -> None:
    """And the position stays before it until then."""
    outer = alone()
    inner = note("retriever", "a", "b", trace_id=outer.trace_id, parent_id=outer.span_id)
    sidecar.feed(inner)
    assert sidecar.poll().position["id"] == 0
    sidecar.feed(outer)
    sidecar.now += WINDOW
    batch = sidecar.poll()
    assert [trace.span_id for trace in batch.traces] == [outer.span_id]
    assert (batch.position["id"], batch.absorbed) == (2, (inner.identity,))


def test_a_crash_before_the_window_is_over_loses_nothing(sidecar: Sidecar) -> None:
    """What was read and not decided is read again; what was decided and committed is not."""
    first, second = alone(), alone()
    sidecar.feed(first)
    sidecar.poll()
    sidecar.now += WINDOW / 2
    sidecar.feed(second)
    sidecar.poll()
    sidecar.now += WINDOW / 2
    batch = sidecar.poll()
    assert [trace.span_id for trace in batch.traces] == [first.span_id]
    sidecar.source.commit(batch.position)
    sidecar.restart(batch.position)
    assert sidecar.poll().traces == ()
    sidecar.now += WINDOW
    assert [trace.span_id for trace in sidecar.poll().traces] == [second.span_id]
    assert sidecar.source.lag() == {"records": 1}


def test_a_position_that_was_saved_and_not_committed_counts(sidecar: Sidecar) -> None:
    """A crash between state and commit repeats nothing."""
    sidecar.feed(alone())
    sidecar.poll()
    sidecar.now += WINDOW
    batch = sidecar.poll()
    assert len(batch.traces) == 1
    sidecar.restart(batch.position)
    sidecar.now += WINDOW
    assert (sidecar.poll().traces, sidecar.source.lag()) == ((), {"records": 0})


def test_the_limit_holds_and_nothing_is_read_while_decisions_wait(sidecar: Sidecar) -> None:
    """One trace with many retrievals, taken bit by bit; its position comes with the last."""
    sidecar.feed(*(note("retriever", "a") for _ in range(25)))
    sidecar.poll(1)
    sidecar.now += WINDOW
    batches = [sidecar.poll(10)]
    sidecar.feed(alone())
    for _ in range(2):
        sidecar.now += WINDOW
        batches.append(sidecar.poll(10))
    assert [batch.records for batch in batches] == [10, 10, 5]
    assert [batch.position["id"] for batch in batches] == [0, 0, 1]
    assert sidecar.poll(10).records == 0
    sidecar.now += WINDOW
    assert sidecar.poll(10).records == 1


def test_a_limit_of_zero_reads_and_decides_nothing(sidecar: Sidecar) -> None:
    """Back-pressure."""
    sidecar.feed(alone())
    assert sidecar.poll(0).position is None
    sidecar.poll()
    sidecar.now += WINDOW
    assert sidecar.poll(0).records == 0
    assert sidecar.poll().records == 1


def test_records_of_another_version_are_malformed(sidecar: Sidecar) -> None:
    """They cost nobody else anything."""
    sidecar.journal.append([b"nonsense", encode_notes([alone()])], 0.0)
    (bad,) = sidecar.poll().malformed
    assert (bad.record, bad.where) == (b"nonsense", {"id": 1})
    sidecar.now += WINDOW
    assert len(sidecar.poll().traces) == 1


@pytest.mark.parametrize(("durable", "decided"), [(False, 1), (True, 0)])
def test_at_the_end_only_what_would_be_lost_is_decided_before_its_window(
    tmp_path: Path, durable: bool, decided: int
) -> None:
    """With a journal on disk its parents are waited for, in the next life."""
    sidecar = Sidecar(tmp_path, durable=durable)
    sidecar.source.open(None)
    sidecar.feed(alone())
    sidecar.poll()
    sidecar.closing = True
    assert len(sidecar.poll().traces) == decided
    sidecar.source.close()


def test_what_is_due_is_not_held_up_by_waiting_for_more(sidecar: Sidecar) -> None:
    """A minute of waiting for requests would be a minute for every batch of decisions."""
    sidecar.feed(*(alone() for _ in range(20)))
    sidecar.poll()
    sidecar.now += WINDOW
    began = time.monotonic()
    assert [sidecar.source.poll(5, 60.0).records for _ in range(4)] == [5] * 4
    assert time.monotonic() - began < 30


def test_closes_twice_and_waits_within_the_timeout(sidecar: Sidecar) -> None:
    """An empty journal gives an empty batch."""
    assert sidecar.source.poll(10, 0.05).records == 0
    sidecar.source.close()
