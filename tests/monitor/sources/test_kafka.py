"""A Kafka source whose broker, or whose group, does not do what it should; with a client that is told what to do."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import CommitFailedError, CorruptRecordError, KafkaTimeoutError
from kafka.structs import ConsumerGroupMetadata, MemberState, TopicPartition

from monitor.config_kafka import KafkaSource as KafkaConfig
from monitor.metrics import Metrics
from monitor.sources.base import BATCH_BYTES
from monitor.sources.kafka import JOIN_SECONDS, KafkaSource
from tests.monitor.kit import lines, trace

A, B = TopicPartition("traces", 0), TopicPartition("traces", 1)
CONFIG = KafkaConfig(kind="kafka", bootstrap_servers=("here:9092",), topics=("traces",))
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def record(offset: int, value: bytes | None = None, partition: TopicPartition = A, timestamp: int = -1) -> Any:
    made = lines([trace(f"{partition.partition}-{offset}")]) if value is None else value
    return SimpleNamespace(
        topic=partition.topic, partition=partition.partition, offset=offset, key=None, value=made, timestamp=timestamp
    )


class Consumer:
    """As much of `kafka.KafkaConsumer` as the source uses. A poll gives the next of `script`, or raises or calls it."""

    def __init__(self, script: Sequence[Any] = ()) -> None:
        self.script = list(script)
        self.state = MemberState.STABLE
        self.assigned: set[TopicPartition] = set()
        self.commits: list[dict[TopicPartition, int]] = []
        self.refusal: Exception | None = None
        self.silent = False
        self.closed = False
        self.listener: Any = None
        self.rejoins = 0
        self._coordinator = SimpleNamespace(request_rejoin=self._rejoin)

    def _rejoin(self) -> None:
        self.rejoins += 1

    def subscribe(self, *, topics: Sequence[str], listener: Any) -> None:
        assert topics == ("traces",)
        self.listener = listener

    def assign(self, *partitions: TopicPartition) -> None:
        self.assigned |= set(partitions)
        self.listener.on_partitions_assigned(set(partitions))

    def revoke(self, *partitions: TopicPartition) -> None:
        self.assigned -= set(partitions)
        self.listener.on_partitions_revoked(set(partitions))

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms > 0
        step = self.script.pop(0) if self.script else {}
        if isinstance(step, Exception):
            raise step
        if callable(step):
            step(self)
            return {}
        assert sum(map(len, step.values())) <= max_records
        found: dict[TopicPartition, list[Any]] = step
        return found

    def commit(self, offsets: dict[TopicPartition, Any], timeout_ms: int) -> None:
        assert timeout_ms > 0
        if self.refusal is not None:
            raise self.refusal
        self.commits.append({partition: at.offset for partition, at in offsets.items()})

    def end_offsets(self, partitions: list[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
        if self.silent:
            raise KafkaTimeoutError(f"no answer within {timeout_ms} ms")
        return dict.fromkeys(partitions, 100)

    def position(self, partition: TopicPartition, timeout_ms: int) -> int:
        assert partition in self.assigned
        assert timeout_ms > 0
        return 40

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def paused(self) -> set[TopicPartition]:
        return set()

    def pause(self, *partitions: TopicPartition) -> None:
        assert set(partitions) <= self.assigned

    def group_metadata(self) -> ConsumerGroupMetadata:
        return ConsumerGroupMetadata(state=self.state)

    def close(self, *, autocommit: bool, timeout_ms: int) -> None:
        assert not autocommit
        assert timeout_ms > 0
        self.closed = True


def joined(consumer: Consumer, *partitions: TopicPartition, metrics: Metrics | None = None) -> KafkaSource:
    source = KafkaSource(CONFIG, lambda: consumer, metrics or Metrics(), clock=NOON.timestamp, look_seconds=0.0)
    source.open(None)
    consumer.assign(*partitions)
    return source


def ids(source: KafkaSource, limit: int = 100) -> list[str]:
    return [trace.trace_id for trace in source.poll(limit, 0.0).traces]


def test_only_what_is_still_ours_is_committed() -> None:
    """The records of a partition that went are someone else's, whether they were handed over or not."""
    consumer = Consumer([{A: [record(0)], B: [record(5, partition=B)]}, {B: [record(6, partition=B)]}])
    source = joined(consumer, A, B)
    position = source.poll(10, 0.0).position
    assert position is not None
    assert source.poll(0, 0.0).records == 0
    consumer.revoke(B)
    source.commit(position)
    assert consumer.commits == [{A: 1}]
    assert ids(source) == []


def test_a_partition_that_left_and_came_back_is_not_committed_for_its_first_stay() -> None:
    consumer = Consumer([{A: [record(0), record(1)]}, {A: [record(0)]}])
    source = joined(consumer, A)
    first = source.poll(10, 0.0).position
    consumer.revoke(A)
    consumer.assign(A)
    second = source.poll(10, 0.0).position
    assert first is not None
    assert second is not None
    source.commit(first)
    assert consumer.commits == []
    source.commit(second)
    assert consumer.commits == [{A: 1}]


def test_while_the_group_rebalances_a_commit_waits() -> None:
    """It would fail, or come under the next generation; the poll that ends the rebalance is followed by it."""
    consumer = Consumer([{A: [record(0)]}])
    source = joined(consumer, A)
    position = source.poll(10, 0.0).position
    assert position is not None
    consumer.state = MemberState.REBALANCING
    source.commit(position)
    assert consumer.commits == []
    consumer.state = MemberState.STABLE
    source.poll(10, 0.0)
    assert consumer.commits == [{A: 1}]


def test_a_commit_that_came_too_late_is_no_failure() -> None:
    """The group has gone on without us: the next poll joins again, and the records come again."""
    consumer = Consumer([{A: [record(0)]}])
    source = joined(consumer, A)
    position = source.poll(10, 0.0).position
    assert position is not None
    consumer.refusal = CommitFailedError()
    source.commit(position)
    assert consumer.commits == []


def test_a_commit_that_failed_is_made_up_for() -> None:
    """It is raised, for health and back-off; the next one has the same offsets."""
    consumer = Consumer([{A: [record(0)]}])
    source = joined(consumer, A)
    position = source.poll(10, 0.0).position
    assert position is not None
    consumer.refusal = KafkaTimeoutError("away")
    with pytest.raises(KafkaTimeoutError):
        source.commit(position)
    consumer.refusal = None
    source.commit(position)
    source.commit(position)
    assert consumer.commits == [{A: 1}]


def test_a_broken_client_is_replaced() -> None:
    """After some errors its next poll would never return; a new one begins at the committed offsets."""
    broken = Consumer([{A: [record(0)]}, CorruptRecordError()])
    fresh = Consumer([lambda consumer: consumer.assign(A), {A: [record(0)]}])
    clients = [broken, fresh]
    metrics = Metrics()
    source = KafkaSource(CONFIG, lambda: clients.pop(0), metrics, look_seconds=0.0)
    source.open(None)
    broken.assign(A)
    assert ids(source) == ["0-0"]
    with pytest.raises(CorruptRecordError):
        source.poll(10, 0.0)
    assert broken.closed
    assert metrics.value("source_assigned_partitions", source.name) == 0
    assert ids(source) == []
    assert ids(source) == ["0-0"]


def test_a_client_that_only_lost_its_broker_is_kept() -> None:
    """It heals by itself, and keeps what it has."""
    consumer = Consumer([KafkaTimeoutError("away"), {A: [record(0)]}])
    source = joined(consumer, A)
    with pytest.raises(KafkaTimeoutError):
        source.poll(10, 0.0)
    assert not consumer.closed
    assert ids(source) == ["0-0"]


def test_silent_brokers_are_a_failure_and_cost_nothing() -> None:
    """The client polls on without a word while nobody is there. What had come before comes first."""
    consumer = Consumer([{A: [record(0)]}])
    source = joined(consumer, A)
    consumer.silent = True
    assert ids(source) == ["0-0"]
    for _ in range(2):
        with pytest.raises(KafkaTimeoutError):
            source.poll(10, 0.0)
    assert source.lag() == {}
    consumer.silent = False
    assert ids(source) == []
    assert source.lag() == {"records": 60}


def test_a_member_that_is_never_taken_in_begins_again() -> None:
    """After a while: joining takes as long as the others need to give up partitions. What it had is not its own."""
    stuck, fresh = Consumer([{A: [record(0)]}]), Consumer()
    clients = [stuck, fresh]
    source = KafkaSource(CONFIG, lambda: clients.pop(0), Metrics(), look_seconds=0.0)
    source.open(None)
    stuck.assign(A)
    stuck.state = MemberState.REBALANCING
    assert ids(source) == ["0-0"]
    source._joined -= JOIN_SECONDS
    with pytest.raises(ConnectionError, match="not in the group leadline for 60 s"):
        source.poll(10, 0.0)
    assert stuck.closed
    assert ids(source) == []
    assert fresh.listener is not None


def test_a_join_that_takes_several_polls_is_not_forgotten() -> None:
    """The client would wait for ever for nobody."""
    consumer = Consumer()
    source = joined(consumer)
    source.poll(10, 0.0)
    assert consumer.rejoins == 0
    consumer.state = MemberState.REBALANCING
    source.poll(10, 0.0)
    assert consumer.rejoins == 1


def test_a_batch_is_bounded_in_bytes() -> None:
    """The rest waits here and comes before anything else is read."""
    large = lines([trace("large", answer="x" * (BATCH_BYTES // 2))])
    consumer = Consumer([{A: [record(offset, large) for offset in range(3)]}])
    source = joined(consumer, A)
    batches = [source.poll(10, 0.0) for _ in range(2)]
    assert [batch.records for batch in batches] == [2, 1]
    assert batches[0].size_bytes == 2 * len(large)
    assert batches[1].position is not None
    source.commit(batches[1].position)
    assert consumer.commits == [{A: 3}]


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [(1_700_000_000_500, datetime.fromtimestamp(1_700_000_000.5, UTC)), (-1, NOON), (10**18, NOON)],
)
def test_the_time_of_a_trace_without_one_is_that_of_its_record(timestamp: int, expected: datetime) -> None:
    """As far as that is a time; else it is now."""
    consumer = Consumer([{A: [record(0, timestamp=timestamp)]}])
    (found,) = joined(consumer, A).poll(10, 0.0).traces
    assert found.timestamp == expected


def test_a_bug_in_a_decoder_consumes_nothing() -> None:
    """What was sound before it is handed over; then it fails, visibly, until a version that knows better."""
    consumer = Consumer([{A: [record(offset) for offset in range(3)]}])
    source = joined(consumer, A)
    contents: Any = source._contents
    parse = contents.parse
    contents.parse = failing_at(1, parse)
    assert ids(source) == ["0-0"]
    with pytest.raises(ZeroDivisionError):
        source.poll(10, 0.0)
    contents.parse = parse
    assert ids(source) == ["0-1", "0-2"]


def failing_at(number: int, decode: Callable[..., Any]) -> Callable[..., Any]:
    def decode_some(value: bytes, arrival: datetime) -> Any:
        if value == lines([trace(f"0-{number}")]):
            raise ZeroDivisionError
        return decode(value, arrival)

    return decode_some


def test_says_what_it_has_and_how_often_that_changed() -> None:
    """Assigned partitions, records in hand, rebalances by kind."""
    metrics = Metrics()
    consumer = Consumer([{A: [record(offset) for offset in range(3)]}])
    source = joined(consumer, A, B, metrics=metrics)
    source.poll(3, 0.0)
    assert metrics.value("source_in_flight_records", source.name) == 3
    consumer.revoke(B)
    consumer.listener.on_partitions_lost({A})
    assert metrics.value("source_assigned_partitions", source.name) == 0
    changes = {change: metrics.value("source_rebalances_total", source.name, change) for change in
               ("assigned", "revoked", "lost")}  # fmt: skip
    assert changes == {"assigned": 1, "revoked": 1, "lost": 1}
    assert ids(source) == []
