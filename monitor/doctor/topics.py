"""The last records of a Kafka topic, read beside all consumer groups: nothing is joined, nothing is committed."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from monitor.config_kafka import KafkaSource
from monitor.doctor.gathering import Gathering
from monitor.errors import LeadlineError
from monitor.sources.kafka_client import KafkaClients

POLL_MS = 500
CLOSE_MS = 2000
QUIET_SECONDS = 10.0  # without a record, although there are more
NAMED_TOPICS = 10


def read_topic(source: KafkaSource, topic: str, gathering: Gathering, limit: int) -> None:
    """Read about the last `limit` records of a topic, as many of each partition; fewer, where those fill the gathering.

    Raises
    ------
    LeadlineError
        Where the brokers do not answer, or have no such topic.
    """
    with _client_words() as said:
        try:
            consumer = KafkaClients(source).reader()
            try:
                _read(consumer, topic, gathering, limit)
            finally:
                consumer.close(autocommit=False, timeout_ms=CLOSE_MS)
        except KafkaError as error:
            raise LeadlineError(f"{topic}: cannot be read: {error}") from error
        except OSError as error:
            raise LeadlineError(": ".join([error.strerror or str(error), *said[-1:]])) from error


@contextmanager
def _client_words() -> Iterator[list[str]]:
    """What the client logs meanwhile, kept from stderr: where it fails, the last of it goes into the one line."""
    said: list[str] = []
    logger, handler = logging.getLogger("kafka"), logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(" ".join(record.getMessage().split()))  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.propagate = True
        logger.removeHandler(handler)


def _read(consumer: Any, topic: str, gathering: Gathering, limit: int) -> None:
    ends = _seek(consumer, topic, limit)
    heard = time.monotonic()
    while not gathering.full and any(consumer.position(partition) < end for partition, end in ends.items()):
        if time.monotonic() - heard > QUIET_SECONDS:
            raise LeadlineError(f"{topic}: its records do not come, no answer for {QUIET_SECONDS:g} s")
        for records in consumer.poll(POLL_MS).values():
            heard = time.monotonic()
            _gather(records, gathering)


def _seek(consumer: Any, topic: str, limit: int) -> dict[TopicPartition, int]:
    """Go back from the ends, which are returned: of a topic that is written to, the reading has to end."""
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        there = sorted(name for name in consumer.topics() if not name.startswith("__"))
        named = ", ".join(there[:NAMED_TOPICS]) + (", ..." if len(there) > NAMED_TOPICS else "")
        raise LeadlineError(f"{topic}: no such topic, there are: {named or 'none'}")
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, max(begins[partition], ends[partition] + -limit // len(partitions)))
    return dict(ends)


def _gather(records: Sequence[Any], gathering: Gathering) -> None:
    for record in records:
        where = f"{record.topic}-{record.partition}@{record.offset}"
        if record.value is None:
            gathering.reject(where, "expected a value, got null")
        else:
            gathering.add(record.value, where, datetime.fromtimestamp(max(0, record.timestamp) / 1000, UTC))
