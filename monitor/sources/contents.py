"""What the records of a partitioned log hold, by the configuration's `encoding`, and how it becomes query traces."""

import math
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from detectors.records import Identity, QueryTrace
from monitor.config_kafka import KafkaSource as KafkaConfig
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler, count_spans
from monitor.otlp.join import Join
from monitor.otlp.reading import Reading, read_request
from monitor.otlp.spans import Encoding
from monitor.sources.offsets import Partition, Taken

ENCODINGS: dict[str, Encoding] = {"otlp_proto": "protobuf", "otlp_json": "json"}
SPANS_KEY = b'"resourceSpans"'
LOOKED_AT = 200  # bytes in which an OTLP request has its first key


class Made(NamedTuple):
    """Query traces to hand over together; `done`: records of which nothing more will come once these are accepted.

    `absorbed` is that of a `Batch`; `size_bytes` is about what the traces take in memory.
    """

    traces: tuple[QueryTrace, ...]
    done: list[Taken]
    absorbed: tuple[Identity, ...] = ()
    size_bytes: int = 0


class Contents(Protocol):
    """Makes query traces of what records hold: one of a record, several, or one of several records."""

    def parse(self, value: bytes, arrival: datetime) -> Any:
        """What the value of one record says; changes nothing.

        Raises
        ------
        MalformedTrace
            Where it is not what it should be.
        """
        ...

    def rejected(self, parsed: Any) -> list[str]:
        """Why parts of it cannot be taken."""
        ...

    def keep(self, parsed: Any, taken: Taken, size_bytes: int) -> None:
        """Take it in. Records of one partition come in its order."""
        ...

    def take(self, limit: int) -> Made:
        """At most `limit` query traces that are whole by now."""
        ...

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Let go of what came from these: someone else reads it again."""
        ...

    def wait_seconds(self) -> float:
        """How long until there may be something to take without another record; infinite where there will not."""
        ...

    @property
    def backlog(self) -> int:
        """What can be taken now: no more records need be read."""
        ...


class NativeTraces:
    """`json`: a query trace a record."""

    def __init__(self) -> None:
        self._kept: deque[tuple[QueryTrace, Taken, int]] = deque()

    def parse(self, value: bytes, arrival: datetime) -> QueryTrace:
        try:
            return decode_trace(value, arrival)
        except MalformedTrace as error:
            if SPANS_KEY in value[:LOOKED_AT]:
                raise MalformedTrace(f"{error} (these are spans: expected encoding otlp_json)") from error
            raise

    def rejected(self, parsed: QueryTrace) -> list[str]:
        del parsed
        return []

    def keep(self, parsed: QueryTrace, taken: Taken, size_bytes: int) -> None:
        self._kept.append((parsed, taken, size_bytes))

    def take(self, limit: int) -> Made:
        kept = [self._kept.popleft() for _ in range(min(limit, len(self._kept)))]
        traces = tuple([trace for trace, _, _ in kept])
        return Made(traces, [taken for _, taken, _ in kept], (), sum(size for _, _, size in kept))

    def drop(self, partitions: Iterable[Partition]) -> None:
        gone = set(partitions)
        self._kept = deque(one for one in self._kept if one[1].partition not in gone)

    def wait_seconds(self) -> float:
        return 0.0 if self._kept else math.inf

    @property
    def backlog(self) -> int:
        return len(self._kept)


class JoinedSpans:
    """`otlp_proto` and `otlp_json`: an `ExportTraceServiceRequest` a record, the spans of a retrieval in any of them.

    A record is held, and with it the commit of its partition, until all that its spans belong to was decided. What is
    undecided when a partition goes is let go: its next reader finds it from the committed offset on.
    """

    def __init__(
        self, source: str, encoding: Encoding, assembler: Assembler, metrics: Metrics, *, answers: bool = False
    ) -> None:
        self._source = source
        self._encoding: Encoding = encoding
        self._assembler = assembler
        self._metrics = metrics
        self._answers = answers
        self._held: dict[Partition, deque[Taken]] = {}

    def parse(self, value: bytes, arrival: datetime) -> Reading:
        reading = read_request(value, self._encoding, arrival, answers=self._answers)
        if not reading.spans:
            raise MalformedTrace("expected spans, got none (if these are query traces: encoding json)")
        return reading

    def rejected(self, parsed: Reading) -> list[str]:
        return [bad.reason for bad in parsed.rejected]

    def keep(self, parsed: Reading, taken: Taken, size_bytes: int) -> None:
        del size_bytes  # that of the spans that are kept is known, and smaller
        held = self._held.setdefault(taken.partition, deque())
        if held and held[-1].generation != taken.generation:  # its log has begun anew
            self.drop([taken.partition])
            held = self._held.setdefault(taken.partition, deque())
        held.append(taken)
        count_spans(self._metrics, self._source, parsed.counts)
        self._assembler.add(parsed.notes, taken.offset, _stream(taken.partition))

    def take(self, limit: int) -> Made:
        assembled = self._assembler.take(limit)
        return Made(assembled.traces, self._let_go(), assembled.absorbed, assembled.size_bytes)

    def _let_go(self) -> list[Taken]:
        done: list[Taken] = []
        for partition, held in self._held.items():
            oldest = self._assembler.oldest_open(_stream(partition))
            while held and (oldest is None or held[0].offset < oldest):
                done.append(held.popleft())
        return done

    def drop(self, partitions: Iterable[Partition]) -> None:
        for partition in partitions:
            if self._held.pop(partition, None) is not None:
                self._assembler.drop(_stream(partition))

    def wait_seconds(self) -> float:
        return self._assembler.wait_seconds()

    @property
    def backlog(self) -> int:
        return self._assembler.backlog


def _stream(partition: Partition) -> str:
    topic, number = partition
    return f"{topic}/{number}"


def build_contents(config: KafkaConfig, metrics: Metrics, recorder: Recorder, *, answers: bool = False) -> Contents:
    """What the configured encoding needs."""
    if config.encoding == "json":
        return NativeTraces()
    join = Join(time.monotonic, window_seconds=config.join_seconds, max_spans=config.join_spans)
    assembler = Assembler(config.name, join, metrics, recorder)
    return JoinedSpans(config.name, ENCODINGS[config.encoding], assembler, metrics, answers=answers)
