"""Assessments as records of a Kafka topic. At least once: what was not seen to arrive is sent again."""

from collections.abc import Sequence
from typing import Any

from kafka.errors import KafkaError, MessageSizeTooLargeError

from detectors.records import Assessment
from monitor.config_sinks import KafkaSink as KafkaConfig
from monitor.sinks.jsonl import encode_line
from monitor.sinks.verdict import Skipped
from monitor.sources.kafka_client import Connections

FLUSH_SECONDS = 5.0
CLOSE_SECONDS = 1.0


class KafkaSink:
    """Each is on all replicas before a batch counts as written; the key is the pipeline.

    One that is larger than the brokers take is left out and counted.

    Raises
    ------
    LeadlineError
        Where a password or a certificate cannot be had.
    """

    def __init__(self, config: KafkaConfig, skipped: Skipped) -> None:
        self.name = config.name
        self._topic = config.topic
        self._connections = Connections(config)
        self._skipped = skipped
        self._producer: Any = None

    def write(self, batch: Sequence[Assessment]) -> None:
        """Return once all of it is where it should be.

        Raises
        ------
        OSError, KafkaError
            Where the brokers or the topic cannot be had; the whole batch is to be written again.
        """
        try:
            if too_large := self._send(batch):
                self._skipped("too_large", too_large)
        except KafkaError:
            self.close()  # or what it still holds would be sent besides
            raise

    def _send(self, batch: Sequence[Assessment]) -> int:
        if self._producer is None:
            self._producer = self._connections.producer()
        sent = [self._sent(one) for one in batch]
        self._producer.flush(FLUSH_SECONDS)
        return sum(one is None or not _arrived(one) for one in sent)

    def _sent(self, assessment: Assessment) -> Any:
        """A future; None where the producer itself sees that it is too large."""
        try:
            return self._producer.send(self._topic, encode_line(assessment).rstrip(), assessment.pipeline.encode())
        except MessageSizeTooLargeError:
            return None

    def close(self) -> None:
        """Let go of the producer; twice is fine."""
        if self._producer is not None:
            self._producer.close(CLOSE_SECONDS)
            self._producer = None


def _arrived(sent: Any) -> bool:
    try:
        sent.get(0)
    except MessageSizeTooLargeError:
        return False
    return True
