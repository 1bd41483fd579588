"""Query traces from Kafka topics, as a member of a consumer group."""

import errno
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from kafka import ConsumerRebalanceListener
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.structs import MemberState, OffsetAndMetadata, TopicPartition

from monitor.config_kafka import KafkaSource as KafkaConfig
from monitor.errors import MalformedTrace
from monitor.metrics import Metrics, Recorder
from monitor.sources.base import BATCH_BYTES, Batch, Malformed, Position
from monitor.sources.contents import Contents, NativeTraces, build_contents
from monitor.sources.dead_letters import DeadLetters
from monitor.sources.kafka_client import KafkaClients
from monitor.sources.offsets import OffsetTracker, Partition, Taken

log = structlog.get_logger()

POLL_MS = 50  # at least, or the client would never fetch
COMMIT_MS = 3000
LOOK_MS = 2000
CLOSE_MS = 2000
LOOK_SECONDS = 5.0
JOIN_MS = 1000  # of one poll, while the group rebalances
JOIN_SECONDS = 60.0  # to be in the group again; others may first have to give up partitions


class _Batch(NamedTuple):
    number: int
    taken: Sequence[Taken]


class KafkaSource:
    """At least once: offsets are committed once the sinks have accepted, and only those of partitions still ours.

    What is in hand when a sidecar is killed or a partition moves on comes again: here deduplication drops it, another
    sidecar assesses it once more. Nothing is lost. The committed offsets are what a restart goes by; a position is the
    number of a batch and means something within one life.

    Bounded: a batch's worth of records beside what the client fetches ahead (`fetch_max_bytes` of each broker), and
    under back-pressure the partitions are paused while the membership is kept up.

    Parameters
    ----------
    connect
        Makes a `kafka.KafkaConsumer`, at the first poll and again after an error that leaves it in an unknown state.
    contents
        What records hold; by default a query trace each.
    dead_letters
        Where records go that are no query traces; None leaves that to the quarantine.
    look_seconds
        How often to look at the brokers for the lag, and for whether they are there at all.
    """

    durable = True

    def __init__(
        self, config: KafkaConfig, connect: Callable[[], Any], metrics: Metrics, *,
        contents: Contents | None = None, dead_letters: DeadLetters | None = None,
        clock: Callable[[], float] = time.time, look_seconds: float = LOOK_SECONDS,
    ) -> None:  # fmt: skip
        self.name = config.name
        self._config = config
        self._connect = connect
        self._metrics = metrics
        self._dead_letters = dead_letters
        self._contents = contents or NativeTraces()
        self._clock = clock
        self._look_seconds = look_seconds
        self._consumer: Any = None
        self._offsets = OffsetTracker()
        self._pending: deque[Any] = deque()  # read, not handed over
        self._in_flight: deque[_Batch] = deque()  # handed over, not accepted
        self._position: Position | None = None
        self._batches = 0
        self._lag: int | None = None
        self._looked = self._joined = 0.0
        self._idle = False

    def open(self, position: Position | None) -> None:
        """Find the brokers. Where to read on from, the group's committed offsets say and not the position."""
        self._position = position
        self._open_consumer()

    def _open_consumer(self) -> None:
        self._consumer = self._connect()
        self._joined, self._looked = time.monotonic(), 0.0
        topics = (
            {"pattern": self._config.topic_pattern} if self._config.topic_pattern else {"topics": self._config.topics}
        )
        self._consumer.subscribe(**topics, listener=_Listener(self))

    def poll(self, limit: int, timeout_seconds: float) -> Batch:
        """What came since, a partition at a time in its order; a second call may bring what the first one read."""
        if self._consumer is None:
            self._open_consumer()
        self._commit_done()
        if limit == 0 or not (self._pending or self._contents.backlog):
            wait = min(timeout_seconds, self._contents.wait_seconds())
            self._read(limit, max(POLL_MS, int(wait * 1000)))
        self._keep_in_touch()
        batch = self._hand_over(limit)
        self._metrics.set("source_in_flight_records", self._offsets.open, self.name)
        return batch

    def _read(self, limit: int, timeout_ms: int) -> None:
        consumer = self._consumer
        if limit == 0:
            consumer.pause(*consumer.assignment())
        elif paused := consumer.paused():
            consumer.resume(*paused)
        try:
            fetched = consumer.poll(timeout_ms if self._stable else max(timeout_ms, JOIN_MS), max_records=max(1, limit))
        except Exception as error:
            if not getattr(error, "retriable", False):
                self._close_consumer()  # it may be in the middle of a batch that it can neither read nor leave
            raise
        if not self._stable:
            # kafka-python 3.0.12: a leader that rejoins because of new metadata, and whose poll ends before the join
            # does, forgets about it and is stuck outside of the group
            consumer._coordinator.request_rejoin()  # noqa: SLF001
        for records in fetched.values():
            self._pending.extend(records)

    def _hand_over(self, limit: int) -> Batch:
        malformed: list[Malformed] = []
        bad: list[Taken] = []
        count = size = 0
        try:
            while self._pending and len(malformed) + self._contents.backlog < limit and size < BATCH_BYTES:
                size += self._unpack(self._pending[0], malformed, bad)
                self._pending.popleft()
                count += 1
        except Exception:
            if not count:  # else what was read comes first; the next poll meets the same error
                raise
        made = self._contents.take(limit - len(malformed))
        if made.traces or made.done or bad:
            self._batches += 1
            self._in_flight.append(_Batch(self._batches, made.done + bad))
            self._position = {"batch": self._batches}
        size_bytes = made.size_bytes + sum(len(one.record) for one in malformed)
        return Batch(made.traces, self._position, tuple(malformed), size_bytes, made.absorbed)

    def _unpack(self, record: Any, malformed: list[Malformed], bad: list[Taken]) -> int:
        """Take in one record, of how many bytes. Nothing of it was taken in where this raises."""
        size = len(record.value or b"") + len(record.key or b"")
        partition = record.topic, record.partition
        try:
            parsed = self._contents.parse(self._sized(record.value), self._arrival(record))
        except MalformedTrace as error:
            malformed += self._set_aside(record, [str(error)])
            bad.append(self._offsets.take(partition, record.offset))
            return size
        malformed += self._set_aside(record, self._contents.rejected(parsed))
        self._contents.keep(parsed, self._offsets.take(partition, record.offset), size)
        return size

    def _set_aside(self, record: Any, reasons: Sequence[str]) -> list[Malformed]:
        """A record that has something wrong with it: one letter, and for each reason a line in the quarantine."""
        if reasons and self._dead_letters is not None:
            self._dead_letters.send(record, "; ".join(dict.fromkeys(reasons)))
        where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        kept = self._dead_letters is not None
        return [Malformed(reason, record.value or b"", where, dead_lettered=kept) for reason in reasons]

    def _sized(self, value: bytes | None) -> bytes:
        if value is None:
            raise MalformedTrace("expected a value, got null")
        if len(value) > self._config.max_record_bytes:
            raise MalformedTrace(f"expected a value of at most {self._config.max_record_bytes} bytes, got {len(value)}")
        return value

    def _arrival(self, record: Any) -> datetime:
        """When the record was written, as far as that can be."""
        with suppress(ValueError, OverflowError, OSError):
            if record.timestamp >= 0:
                return datetime.fromtimestamp(record.timestamp / 1000, UTC)
        return datetime.fromtimestamp(self._clock(), UTC)

    def _keep_in_touch(self) -> None:
        """Fail where the brokers are not there or the group goes on without us: the client itself waits in silence.

        Raises
        ------
        ConnectionError
            Where we are not in the group although there was time for it; a new client will try.
        KafkaError
            Where the brokers do not answer.
        """
        now = time.monotonic()
        if self._stable:
            self._joined = now
        elif now - self._joined > JOIN_SECONDS:
            self._close_consumer()
            raise ConnectionError(errno.ETIMEDOUT, f"not in the group {self._config.group_id} for {JOIN_SECONDS:g} s")
        if now - self._looked < self._look_seconds:
            return
        try:
            self._look()
        except KafkaError:
            if not self._pending:  # else one partition without a leader would hold up the others
                raise
        self._looked = now

    def _look(self) -> None:
        """How far behind we are."""
        if assigned := self._consumer.assignment():
            ends = self._consumer.end_offsets(list(assigned), timeout_ms=LOOK_MS)
            read = {partition: self._consumer.position(partition, timeout_ms=LOOK_MS) for partition in assigned}
            self._lag = sum(end - (read[partition] or 0) for partition, end in ends.items()) + len(self._pending)
        elif self._stable:
            self._lag = 0
            self._note_idleness()

    def _note_idleness(self) -> None:
        if not self._idle:
            log.warning("no partition to read: no such topic, or more sidecars than partitions", source=self.name)
        self._idle = True

    @property
    def _stable(self) -> bool:
        """In the group, with an assignment that cannot change before the next poll."""
        return self._consumer.group_metadata().state is MemberState.STABLE

    def commit(self, position: Position) -> None:
        """Commit up to there, as far as the partitions are still ours."""
        while self._in_flight and self._in_flight[0].number <= position["batch"]:
            for taken in self._in_flight.popleft().taken:
                self._offsets.done(taken)
        self._commit_done()

    def _commit_done(self) -> None:
        """What is done and not committed; while the group rebalances that waits for a later poll."""
        offsets = self._offsets.committable()
        if not offsets or self._consumer is None or not self._stable:
            return
        if self._dead_letters is not None:
            self._dead_letters.flush()
        ours = self._consumer.assignment()
        sent = {TopicPartition(*p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items() if p in ours}
        try:
            self._consumer.commit(sent, timeout_ms=COMMIT_MS)
        except (CommitFailedError, RebalanceInProgressError) as error:
            log.info("not committed, the group has moved on", source=self.name, error=type(error).__name__)
        else:
            self._offsets.committed({partition: at.offset for partition, at in sent.items()})

    def lag(self) -> dict[str, int]:
        """Records in the assigned partitions that were not handed over when it last looked."""
        return {"records": self._lag} if self._lag is not None else {}

    def close(self) -> None:
        """Leave the group; twice is fine."""
        self._close_consumer()
        if self._dead_letters is not None:
            self._dead_letters.close()

    def _close_consumer(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with suppress(KafkaError):  # the brokers will see soon enough
                consumer.close(autocommit=False, timeout_ms=CLOSE_MS)
        if left := self._offsets.partitions:
            self._rebalanced("lost", gone=left)

    def _rebalanced(self, change: str, come: Collection[Partition] = (), gone: Collection[Partition] = ()) -> None:
        """Called by the client, on its own thread, while ours waits in a poll or in close."""
        self._offsets.revoke(gone)
        self._contents.drop(gone)
        self._offsets.assign(come)
        self._pending = deque(record for record in self._pending if (record.topic, record.partition) not in gone)
        self._idle = self._idle and not come
        self._metrics.inc("source_rebalances_total", self.name, change)
        self._metrics.set("source_assigned_partitions", len(self._offsets.partitions), self.name)
        partitions = sorted(f"{topic}-{number}" for topic, number in [*come, *gone])
        log.info("partitions changed", source=self.name, change=change, partitions=partitions)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Nothing that it raises would reach us, so it does next to nothing."""

    def __init__(self, source: KafkaSource) -> None:
        self._source = source

    def on_partitions_assigned(self, assigned: Collection[Partition]) -> None:
        self._source._rebalanced("assigned", come=assigned)  # noqa: SLF001 - a part of it

    def on_partitions_revoked(self, revoked: Collection[Partition]) -> None:
        self._source._rebalanced("revoked", gone=revoked)  # noqa: SLF001

    def on_partitions_lost(self, lost: Collection[Partition]) -> None:
        self._source._rebalanced("lost", gone=lost)  # noqa: SLF001


def build_source(
    config: KafkaConfig, metrics: Metrics, recorder: Recorder, clean: Callable[[str], str | None],
    clock: Callable[[], float], *, answers: bool = False,
) -> KafkaSource:  # fmt: skip
    """A source with what it needs; `clean` says what of a text a dead letter may hold.

    Raises
    ------
    LeadlineError
        Where a password or a certificate cannot be had.
    """
    clients = KafkaClients(config)
    topic = config.dead_letter_topic
    letters = DeadLetters(topic, clients.producer, clean) if topic is not None else None
    contents = build_contents(config, metrics, recorder, answers=answers)
    return KafkaSource(config, clients.consumer, metrics, contents=contents, dead_letters=letters, clock=clock)
