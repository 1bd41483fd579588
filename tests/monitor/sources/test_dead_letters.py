"""Letters arrive, or are sent again."""

from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, NotEnoughReplicasError

from monitor.sources.dead_letters import KEPT_BYTES, DeadLetters

Sent = tuple[bytes | None, bytes]


class Future:
    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def get(self, timeout: float) -> None:
        assert timeout == 0
        if self._error is not None:
            raise self._error


class Producer:
    """Remembers what it was given; `refusals` are for the next records, `slow` makes a flush time out."""

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)
        self.slow = self.closed = False
        self.sent: list[Sent] = []
        self.headers: list[dict[str, str]] = []

    def send(self, topic: str, value: bytes | None, key: bytes, headers: list[tuple[str, bytes]]) -> Future:
        assert topic == "dead"
        self.sent.append((value, key))
        self.headers.append({name: said.decode() for name, said in headers})
        return Future(self.refusals.pop(0) if self.refusals else None)

    def flush(self, timeout: float) -> None:
        if self.slow:
            raise KafkaTimeoutError(f"not within {timeout} s")

    def close(self, timeout: float) -> None:
        assert timeout > 0
        self.closed = True


def letters(*producers: Producer, clean: Any = lambda text: text) -> DeadLetters:
    waiting = list(producers)
    return DeadLetters("dead", lambda: waiting.pop(0), clean)


def record(value: bytes | None, key: bytes | None = None) -> Any:
    return SimpleNamespace(topic="traces", partition=3, offset=17, key=key, value=value)


def test_a_letter_says_why_and_whence() -> None:
    """Bytes that are no text come through as they are."""
    producer = Producer()
    sent = letters(producer)
    sent.send(record(b"\xff\x00", b"k"), "expected JSON")
    sent.flush()
    assert producer.sent == [(b"\xff\x00", b"k")]
    assert producer.headers == [{
        "leadline.reason": "expected JSON", "leadline.topic": "traces", "leadline.partition": "3",
        "leadline.offset": "17", "leadline.bytes": "2",
    }]  # fmt: skip


def test_what_did_not_arrive_is_sent_again_by_another_producer() -> None:
    """All of them: which one arrived does not matter, a letter more does no harm."""
    first, second = Producer(NotEnoughReplicasError()), Producer()
    sent = letters(first, second)
    sent.send(record(b"a"), "r")
    sent.send(record(b"b"), "r")
    with pytest.raises(NotEnoughReplicasError):
        sent.flush()
    assert first.closed
    sent.flush()
    sent.flush()
    assert second.sent == [(b"a", b""), (b"b", b"")]


def test_a_slow_broker_is_not_taken_for_one_that_has_it() -> None:
    first, second = Producer(), Producer()
    first.slow = True
    sent = letters(first, second)
    sent.send(record(b"a"), "r")
    with pytest.raises(KafkaTimeoutError):
        sent.flush()
    sent.flush()
    assert second.sent == [(b"a", b"")]


def test_a_producer_that_cannot_be_had_takes_nothing() -> None:
    """The record is offered again, so it is not kept here."""

    def refuse() -> Producer:
        raise ConnectionError

    sent = DeadLetters("dead", refuse, lambda text: text)
    with pytest.raises(ConnectionError):
        sent.send(record(b"a"), "r")
    sent.flush()
    sent.close()


def test_only_what_may_be_kept_is_sent() -> None:
    """Cleaned before it is cut: half a secret is one too."""
    producer = Producer()
    sent = letters(producer, clean=lambda text: text.replace("secret", "*"))
    sent.send(record(b"x" * (KEPT_BYTES - 3) + b"secret", b"secret"), "r")
    sent.send(record(None), "r")
    assert producer.sent == [(b"x" * (KEPT_BYTES - 3) + b"*", b"*"), (None, b"")]
    assert producer.headers[0]["leadline.bytes"] == str(KEPT_BYTES + 3)
    silent = Producer()
    letters(silent, clean=lambda _: None).send(record(b"secret", b"secret"), "r")
    assert silent.sent == [(None, b"")]


def test_closes_twice() -> None:
    producer = Producer()
    sent = letters(producer)
    sent.send(record(b"a"), "r")
    sent.close()
    sent.close()
    assert producer.closed
