"""Every source keeps the contract of monitor/sources/base.py."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from monitor.config_kafka import KafkaSource as KafkaConfig
from monitor.journal import DiskStore, Journal
from monitor.metrics import Metrics
from monitor.sources.base import Batch, Position, Source
from monitor.sources.http import HttpSource
from monitor.sources.jsonl import JsonlSource
from tests.monitor.kit import lines, traces


class Setup(NamedTuple):
    """A source that can be built again and again, how to feed it, and how long it may take to find what was fed."""

    build: Callable[[], Source]
    feed: Callable[[bytes], None]
    patience_seconds: float = 0.0


def jsonl(directory: Path, _: pytest.FixtureRequest) -> Setup:
    path = directory / "traces.jsonl"

    def feed(records: bytes) -> None:
        with path.open("ab") as file:
            file.write(records)

    return Setup(lambda: JsonlSource(path), feed)


def http(directory: Path, _: pytest.FixtureRequest) -> Setup:
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

    return Setup(source, feed)


def kafka(_: Path, request: pytest.FixtureRequest) -> Setup:
    broker = request.getfixturevalue("kafka")
    from monitor.sources.kafka import KafkaSource
    from monitor.sources.kafka_client import KafkaClients

    topic = broker.create("contract")
    config = KafkaConfig(kind="kafka", bootstrap_servers=(broker.address,), topics=(topic,), group_id=topic)

    def source() -> Source:
        return KafkaSource(config, KafkaClients(config).consumer, Metrics(), look_seconds=0.0)

    return Setup(source, lambda records: broker.produce(topic, records.splitlines()), patience_seconds=2.0)


@pytest.fixture(params=[jsonl, http, kafka])
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Setup:
    made: Setup = request.param(tmp_path, request)
    return made


def drain(source: Source, setup: Setup, limit: int = 100) -> list[Batch]:
    batches = []
    while (batch := source.poll(limit, setup.patience_seconds)).records:
        batches.append(batch)
    return batches


def ids(batches: list[Batch]) -> list[str]:
    return [trace.trace_id for batch in batches for trace in batch.traces]


def test_everything_comes_once_and_in_order(setup: Setup) -> None:
    """Batches keep to the limit, and nothing is missing or repeated."""
    setup.feed(lines(traces(25)))
    source = setup.build()
    source.open(None)
    batches = drain(source, setup, 10)
    assert [batch.records for batch in batches] == [10, 10, 5]
    assert ids(batches) == [f"t{i}" for i in range(25)]
    source.close()


def test_what_cannot_be_decoded_is_handed_over_with_its_reason(setup: Setup) -> None:
    """A bad record costs itself and none of its neighbours."""
    setup.feed(lines(traces(1)) + b'not json\n{"trace_id": "x"}\n' + lines(traces(1, "u")))
    source = setup.build()
    source.open(None)
    (batch,) = drain(source, setup)
    assert ids([batch]) == ["t0", "u0"]
    assert [bad.record for bad in batch.malformed] == [b"not json", b'{"trace_id": "x"}']
    assert batch.malformed[0].reason.startswith("expected JSON")
    assert batch.malformed[1].reason == "query: missing, expected a value"
    assert all(msgspec.json.encode(bad.where) for bad in batch.malformed)
    source.close()


@pytest.mark.parametrize("committed", [0, 1, 2, 3])
def test_restart_repeats_what_was_not_saved_and_nothing_else(setup: Setup, committed: int) -> None:
    """A source opened at the position after a batch gives the batches after it."""
    setup.feed(lines(traces(30)))
    source = setup.build()
    source.open(None)
    batches = drain(source, setup, 10)
    saved: Position | None = None
    for batch in batches[:committed]:
        assert batch.position is not None
        saved = msgspec.json.decode(msgspec.json.encode(batch.position))
        source.commit(batch.position)
    source.close()
    again = setup.build()
    again.open(saved)
    setup.feed(lines(traces(3, "new")))
    assert ids(drain(again, setup)) == [f"t{i}" for i in range(committed * 10, 30)] + ["new0", "new1", "new2"]
    again.close()


@pytest.mark.parametrize("setup", [jsonl, http], indirect=True)
def test_a_position_that_was_saved_and_not_committed_counts(setup: Setup) -> None:
    """A crash between state and commit repeats nothing: the state's word is the later one.

    Not so where the broker's word counts: there the traces come again, and deduplication drops them.
    """
    setup.feed(lines(traces(20)))
    source = setup.build()
    source.open(None)
    saved = source.poll(10, setup.patience_seconds).position
    source.close()
    again = setup.build()
    again.open(saved)
    assert ids(drain(again, setup)) == [f"t{i}" for i in range(10, 20)]
    again.close()


def test_a_limit_of_zero_reads_nothing(setup: Setup) -> None:
    """Back-pressure: nothing is handed over, nothing is lost."""
    setup.feed(lines(traces(2)))
    source = setup.build()
    source.open(None)
    assert source.poll(0, 0.0).records == 0
    assert ids(drain(source, setup)) == ["t0", "t1"]
    source.close()


def test_waits_within_the_timeout_and_closes_twice(setup: Setup) -> None:
    """An empty source answers an empty batch in time."""
    source = setup.build()
    source.open(None)
    assert source.poll(10, 0.05).records == 0
    source.close()
    source.close()


def test_the_lag_is_what_was_not_handed_over(setup: Setup) -> None:
    """It is there as a number with its unit, and zero in the end."""
    setup.feed(lines(traces(5)))
    source = setup.build()
    source.open(None)
    batch = source.poll(2, setup.patience_seconds)
    assert sum(source.lag().values()) > 0
    batches = [batch, *drain(source, setup)]
    assert batches[-1].position is not None
    source.commit(batches[-1].position)
    assert sum(source.lag().values()) == 0
    source.close()
