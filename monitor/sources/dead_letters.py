"""Records that are no query traces, sent to a topic of their own with the reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kafka.errors import KafkaError

KEPT_BYTES = 512 * 1024  # of one value: brokers take about a megabyte unless told otherwise
FLUSH_SECONDS = 3.0
CLOSE_SECONDS = 1.0


@dataclass
class _Letter:
    value: bytes | None
    key: bytes  # a producer takes no record without both key and value
    headers: list[tuple[str, bytes]]
    sent: Any = None  # the producer's future


class DeadLetters:
    """At least once: what was sent and not seen to arrive by `flush` is sent again.

    A letter has the record's key and value (cleaned as `privacy` says, empty where no text may be kept, and cut to
    `KEPT_BYTES`) and headers that say why and whence: `leadline.reason`, `leadline.topic`, `leadline.partition`,
    `leadline.offset`, and `leadline.bytes`, the size that the value had.

    Parameters
    ----------
    connect
        Makes the producer, at the first letter.
    clean
        A text as it may be kept; None where none may.
    """

    def __init__(self, topic: str, connect: Callable[[], Any], clean: Callable[[str], str | None]) -> None:
        self._topic = topic
        self._connect = connect
        self._clean = clean
        self._producer: Any = None
        self._waiting: list[_Letter] = []

    def send(self, record: Any, reason: str) -> None:
        """Hand one over.

        Raises
        ------
        OSError, KafkaError
            Where the brokers or the topic cannot be had; it was not taken then.
        """
        value = record.value or b""
        about = {"reason": reason, "topic": record.topic, "partition": record.partition, "offset": record.offset,
                 "bytes": len(value)}  # fmt: skip
        headers = [(f"leadline.{name}", str(said).encode()) for name, said in about.items()]
        letter = _Letter(self._cleaned(record.value), self._cleaned(record.key) or b"", headers)
        self._post(letter)
        self._waiting.append(letter)

    def _cleaned(self, content: bytes | None) -> bytes | None:
        """Bytes that are no text come through as they are."""
        if content is None:
            return None
        kept = self._clean(content.decode(errors="surrogateescape"))
        return kept.encode(errors="surrogateescape")[:KEPT_BYTES] if kept is not None else None

    def _post(self, letter: _Letter) -> None:
        if self._producer is None:
            self._producer = self._connect()
        letter.sent = self._producer.send(self._topic, letter.value, letter.key, letter.headers)

    def flush(self) -> None:
        """Return once all letters are where they should be.

        Raises
        ------
        OSError, KafkaError
            Where one is not; the next call sends it again.
        """
        if not self._waiting:
            return
        try:
            for letter in self._waiting:
                if letter.sent is None:
                    self._post(letter)
            self._producer.flush(FLUSH_SECONDS)
            for letter in self._waiting:
                letter.sent.get(0)
        except KafkaError:
            self.close()
            raise
        self._waiting.clear()

    def close(self) -> None:
        """Let go of the producer; twice is fine."""
        for letter in self._waiting:
            letter.sent = None
        if self._producer is not None:
            self._producer.close(CLOSE_SECONDS)
            self._producer = None
