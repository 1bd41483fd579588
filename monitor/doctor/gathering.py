"""What was read, whatever it was encoded in: retrievals with who told of them, and all that could not be used."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.dedupe import Deduplicator
from monitor.errors import MalformedTrace
from monitor.otlp.convert import Unusable, query_trace
from monitor.otlp.from_protobuf import decode_protobuf
from monitor.otlp.join import Join
from monitor.otlp.nests import Nest
from monitor.otlp.notes import Note
from monitor.otlp.reading import DECODERS, read_spans
from monitor.otlp.spans import Decoded, Encoding
from monitor.sources.contents import ENCODINGS

Form = Literal["json", "otlp_json", "otlp_proto"]
"""What a record is, by the name that `encoding` has for it in the configuration."""

NATIVE = "native"
OTHER_SIGNALS = ("resourceLogs", "resourceMetrics")
EXAMPLES = 10


class Emitter(NamedTuple):
    """Who told of a retrieval: the dialect (`native` without spans), and the instrumentation, where spans name it."""

    dialect: str
    scope: str = ""


class Retrieved(NamedTuple):
    """A usable retrieval. `timed`: the time is its own and not that of its arrival."""

    trace: QueryTrace
    emitter: Emitter
    timed: bool


class Lost(NamedTuple):
    """A retrieval that no measure can use, and why."""

    reason: str
    emitter: Emitter


class Sample(msgspec.Struct):
    """All that was read.

    Parameters
    ----------
    retrieved, lost
        Retrievals that can be used, in the order in which they were told of, and those that cannot.
    forms
        Records by what they are.
    spans, scopes
        Spans by what they are (`retriever`, `reranker`, `ignored`, `rejected`), and by who made them.
    repeats
        Retrievals, or spans of them, whose identity came before.
    early
        Spans of traces that are too large to be waited for.
    malformed, examples
        Records and spans that are none: how many, and the first of them, `WHERE: what is wrong`.
    """

    retrieved: list[Retrieved] = []
    lost: list[Lost] = []
    repeats: int = 0
    forms: Counter[Form] = msgspec.field(default_factory=Counter)
    spans: Counter[str] = msgspec.field(default_factory=Counter)
    scopes: Counter[str] = msgspec.field(default_factory=Counter)
    early: int = 0
    malformed: int = 0
    examples: list[str] = []


def form_of(record: bytes) -> Form | None:
    """What a record is: JSON is a query trace unless it is an OTLP request; other bytes have to hold spans."""
    try:
        plain = json.loads(record)
    except (ValueError, RecursionError):
        return "otlp_proto" if _holds_spans(record) else None
    return "otlp_json" if isinstance(plain, dict) and "resourceSpans" in plain else "json"


def _holds_spans(record: bytes) -> bool:
    """Nearly any bytes are some protobuf message, but hardly any hold a span with sound ids."""
    try:
        return bool(decode_protobuf(record).spans)
    except MalformedTrace:
        return False


class Gathering:
    """Takes records one by one; `sample` joins what has to be joined. `full` after about `limit` retrievals."""

    def __init__(self, limit: int) -> None:
        self.sample_so_far = Sample()
        self._limit = limit
        self._join = Join(lambda: 0.0)
        self._new = Deduplicator()
        self._span_ids: set[str] = set()
        self._retrieval_spans = 0

    @property
    def retrievals(self) -> int:
        """About how many came: of nested spans each counts as yet."""
        return len(self.sample_so_far.retrieved) + self._retrieval_spans

    @property
    def full(self) -> bool:
        """Whether that is enough, or so much of it is malformed that more would say nothing new."""
        return max(self.retrievals, self.sample_so_far.malformed) >= self._limit

    def add(self, record: bytes, where: str, arrival: datetime) -> None:
        """Take a record of whatever form it has."""
        form = form_of(record)
        if form is None:
            self.reject(where, "expected JSON or a protobuf ExportTraceServiceRequest")
            return
        self.sample_so_far.forms[form] += 1
        if form == "json":
            self.add_native(record, where, arrival)
        else:
            self.add_spans(record, ENCODINGS[form], where, arrival)

    def add_native(self, record: bytes, where: str, arrival: datetime) -> None:
        """Take a query trace."""
        try:
            trace = decode_trace(record, arrival)
        except MalformedTrace as error:
            other = any(f'"{name}"'.encode() in record[:100] for name in OTHER_SIGNALS)
            self.reject(where, "logs or metrics of OpenTelemetry, expected spans" if other else str(error))
            return
        self._keep(Retrieved(trace, Emitter(NATIVE), trace.timestamp != arrival))

    def add_spans(self, body: bytes, encoding: Encoding, where: str, arrival: datetime) -> None:
        """Take an `ExportTraceServiceRequest`."""
        try:
            decoded = DECODERS[encoding](body)
        except MalformedTrace as error:
            self.reject(where, str(error))
            return
        self.add_decoded(decoded, where, arrival)

    def add_decoded(self, decoded: Decoded, where: str, arrival: datetime) -> None:
        """Take spans that are decoded already."""
        reading = read_spans(decoded, arrival, answers=True)
        sample = self.sample_so_far
        sample.scopes.update(span.scope for span in decoded.spans if span.scope)
        for (_, kind), count in reading.counts.items():
            sample.spans[kind] += count
        for bad in reading.rejected:
            self.reject(f"{where}, span {bad.where['span']}", bad.reason)
        self._span_ids.update(span.span_id for span in decoded.spans)
        self._retrieval_spans += sum(note.is_retrieval for note in reading.notes)
        self._join.add(reading.notes, None)

    def reject(self, where: str, reason: str) -> None:
        """Count something that is no trace, and keep the first examples."""
        self.sample_so_far.malformed += 1
        if len(self.sample_so_far.examples) < EXAMPLES:
            self.sample_so_far.examples.append(f"{where}: {reason}")

    def sample(self) -> Sample:
        """Everything that came, joined: nothing more will come."""
        self._join.end_windows()
        for ready in self._join.take(self._join.backlog + 1):
            if ready.nest is not None:
                self._conclude(ready.nest)
        self.sample_so_far.repeats += self._join.counts["duplicate"]
        self.sample_so_far.early = self._join.counts["early"]
        self._retrieval_spans = 0
        return self.sample_so_far

    def _conclude(self, nest: Nest) -> None:
        found, emitter = query_trace(nest), emitter_of(nest.members)
        if isinstance(found, Unusable):
            self.sample_so_far.lost.append(Lost(self._why(found.reason, nest.served), emitter))
        else:
            self._keep(Retrieved(found, emitter, timed=True))

    def _why(self, reason: str, served: Note) -> str:
        """A query may be missing because the span that knows it is."""
        orphan = served.parent_id is not None and served.parent_id not in self._span_ids
        return "no_parent" if reason == "no_query" and orphan else reason

    def _keep(self, retrieved: Retrieved) -> None:
        if self._new.new(retrieved.trace.identity) is not None:
            self.sample_so_far.retrieved.append(retrieved)
        else:
            self.sample_so_far.repeats += 1


def emitter_of(notes: Iterable[Note]) -> Emitter:
    """That of the first of these spans that names its instrumentation, else of the first."""
    told = [Emitter(note.dialect, note.scope) for note in notes]
    return next((emitter for emitter in told if emitter.scope), told[0])
