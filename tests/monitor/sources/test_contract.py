"""Every source keeps the contract of monitor/sources/base.py."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from monitor.journal import DiskStore, Journal
from monitor.sources.base import Batch, Position, Source
from monitor.sources.http import HttpSource
from monitor.sources.jsonl import JsonlSource
from tests.monitor.kit import lines, traces

Feed = Callable[[bytes], None]
Setup = Callable[[Path], tuple[Callable[[], Source], Feed]]


def jsonl(directory: Path) -> tuple[Callable[[], Source], Feed]:
    path = directory / "traces.jsonl"

    def feed(records: bytes) -> None:
        with path.open("ab") as file:
            file.write(records)

    return lambda: JsonlSource(path), feed


def http(directory: Path) -> tuple[Callable[[], Source], Feed]:
    def journal() -> Journal:
        store = DiskStore(directory / "ingest.db")
        return Journal(store, max_records=10_000, max_bytes=2**30, durable=True)

    def feed(records: bytes) -> None:
        kept = journal()
        kept.open()
        kept.append(records.splitlines(), 0.0)
        kept.close()

    def source() -> Source:
        opened = journal()
        opened.open()
        return HttpSource(opened)

    return source, feed


@pytest.fixture(params=[jsonl, http])
def setup(request: pytest.FixtureRequest) -> Setup:
    made: Setup = request.param
    return made


def drain(source: Source, limit: int = 100) -> list[Batch]:
    batches = []
    while (batch := source.poll(limit, 0.0)).records:
        batches.append(batch)
    return batches


def ids(batches: list[Batch]) -> list[str]:
    return [trace.trace_id for batch in batches for trace in batch.traces]


def test_everything_comes_once_and_in_order(setup: Setup, tmp_path: Path) -> None:
    """Batches keep to the limit, and nothing is missing or repeated."""
    build, feed = setup(tmp_path)
    feed(lines(traces(25)))
    source = build()
    source.open(None)
    batches = drain(source, 10)
    assert [batch.records for batch in batches] == [10, 10, 5]
    assert ids(batches) == [f"t{i}" for i in range(25)]
    source.close()


def test_what_cannot_be_decoded_is_handed_over_with_its_reason(setup: Setup, tmp_path: Path) -> None:
    """A bad record costs itself and none of its neighbours."""
    build, feed = setup(tmp_path)
    feed(lines(traces(1)) + b'not json\n{"trace_id": "x"}\n' + lines(traces(1, "u")))
    source = build()
    source.open(None)
    (batch,) = drain(source)
    assert ids([batch]) == ["t0", "u0"]
    assert [bad.record for bad in batch.malformed] == [b"not json", b'{"trace_id": "x"}']
    assert batch.malformed[0].reason.startswith("expected JSON")
    assert batch.malformed[1].reason == "query: missing, expected a value"
    assert all(msgspec.json.encode(bad.where) for bad in batch.malformed)
    source.close()


@pytest.mark.parametrize("committed", [0, 1, 2, 3])
def test_restart_repeats_what_was_not_saved_and_nothing_else(setup: Setup, tmp_path: Path, committed: int) -> None:
    """A source opened at the position after a batch gives the batches after it."""
    build, feed = setup(tmp_path)
    feed(lines(traces(30)))
    source = build()
    source.open(None)
    batches = drain(source, 10)
    saved: Position | None = None
    for batch in batches[:committed]:
        assert batch.position is not None
        saved = msgspec.json.decode(msgspec.json.encode(batch.position))
        source.commit(batch.position)
    source.close()
    again = build()
    again.open(saved)
    feed(lines(traces(3, "new")))
    assert ids(drain(again)) == [f"t{i}" for i in range(committed * 10, 30)] + ["new0", "new1", "new2"]
    again.close()


def test_a_position_that_was_saved_and_not_committed_counts(setup: Setup, tmp_path: Path) -> None:
    """A crash between state and commit repeats nothing: the state's word is the later one."""
    build, feed = setup(tmp_path)
    feed(lines(traces(20)))
    source = build()
    source.open(None)
    saved = source.poll(10, 0.0).position
    source.close()
    again = build()
    again.open(saved)
    assert ids(drain(again)) == [f"t{i}" for i in range(10, 20)]
    again.close()


def test_a_limit_of_zero_reads_nothing(setup: Setup, tmp_path: Path) -> None:
    """Back-pressure: nothing is handed over, nothing is lost."""
    build, feed = setup(tmp_path)
    feed(lines(traces(2)))
    source = build()
    source.open(None)
    assert source.poll(0, 0.0).records == 0
    assert ids(drain(source)) == ["t0", "t1"]
    source.close()


def test_waits_within_the_timeout_and_closes_twice(setup: Setup, tmp_path: Path) -> None:
    """An empty source answers an empty batch in time."""
    build, _ = setup(tmp_path)
    source = build()
    source.open(None)
    assert source.poll(10, 0.05).records == 0
    source.close()
    source.close()


def test_the_lag_is_what_was_not_handed_over(setup: Setup, tmp_path: Path) -> None:
    """It is there as a number with its unit, and zero in the end."""
    build, feed = setup(tmp_path)
    feed(lines(traces(5)))
    source = build()
    source.open(None)
    batch = source.poll(2, 0.0)
    assert sum(source.lag().values()) > 0
    batches = [batch, *drain(source)]
    assert batches[-1].position is not None
    source.commit(batches[-1].position)
    assert sum(source.lag().values()) == 0
    source.close()
