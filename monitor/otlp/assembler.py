"""What a source needs to make query traces of notes: the join, the conversion, and their counts in the metrics."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from detectors.records import Identity, QueryTrace
from monitor.metrics import Metrics, Recorder
from monitor.otlp.convert import Unusable, query_trace
from monitor.otlp.join import Join, Ready
from monitor.otlp.notes import Note


class Assembled(NamedTuple):
    """Query traces, and identities of spans inside them: dropped as duplicates should they ever come alone.

    `size_bytes` is about what the spans took in memory.
    """

    traces: tuple[QueryTrace, ...]
    absorbed: tuple[Identity, ...]
    size_bytes: int


class Assembler:
    """Notes in, query traces out. One for each source, used by its thread only.

    A source reads a record, calls `add(read_request(record, encoding, arrival).notes, position)`, then `take(limit)`,
    hands `traces` and `absorbed` over in one batch, and gives as that batch's position `oldest_open()`, or, where that
    is None, the position after the last record read. While `backlog` it reads nothing more, and it waits for records no
    longer than `wait_seconds`.
    """

    def __init__(self, source: str, join: Join, metrics: Metrics, recorder: Recorder) -> None:
        self._source = source
        self._join = join
        self._metrics = metrics
        self._recorder = recorder
        self._told: Counter[str] = Counter()

    def add(self, notes: Iterable[Note], position: Any, stream: str = "") -> None:
        """See `Join.add`."""
        self._join.add(notes, position, stream)

    def take(self, limit: int) -> Assembled:
        """At most `limit` query traces that can be decided by now."""
        taken = self._join.take(limit)
        traces = [trace for ready in taken if (trace := self._trace(ready)) is not None]
        made = {trace.identity for trace in traces}
        absorbed = [note.identity for ready in taken for note in ready.spent if note.identity not in made]
        self._tell()
        size = sum(note.size_bytes for ready in taken for note in ready.spent)
        return Assembled(tuple(traces), tuple(absorbed), size)

    def _trace(self, ready: Ready) -> QueryTrace | None:
        if ready.nest is None:
            return None
        found = query_trace(ready.nest)
        inner = sum(note.is_retrieval for note in ready.nest.inner)
        self._count("inner", inner)
        if isinstance(found, Unusable):
            self._recorder.decided(found.pipeline, "unusable")
            self._count(found.reason)
            return None
        self._count("served")
        return found

    def _tell(self) -> None:
        for result, count in (self._join.counts - self._told).items():
            self._count(result, count)
        self._told = Counter(self._join.counts)
        self._metrics.set("otlp_open_spans", self._join.open_spans, self._source)

    def _count(self, result: str, by: int = 1) -> None:
        if by:
            self._metrics.inc("otlp_retrieval_spans_total", self._source, result, by=by)

    def end_windows(self) -> None:
        """See `Join.end_windows`."""
        self._join.end_windows()

    def oldest_open(self, stream: str = "") -> Any | None:
        """See `Join.oldest_open`."""
        return self._join.oldest_open(stream)

    def wait_seconds(self) -> float:
        """See `Join.wait_seconds`."""
        return self._join.wait_seconds()

    def drop(self, stream: str) -> None:
        """See `Join.drop`."""
        self._join.drop(stream)

    @property
    def backlog(self) -> int:
        """See `Join.backlog`."""
        return self._join.backlog


def count_spans(metrics: Metrics, source: str, counts: Mapping[tuple[str, str], int]) -> None:
    """Put what `read_request` counted into the metrics."""
    for (dialect, kind), count in counts.items():
        metrics.inc("otlp_spans_total", source, dialect, kind, by=count)
