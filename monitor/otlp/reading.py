"""From a request, or its spans, to notes: understood, and whatever has nothing to do with retrieval left out."""

import math
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from monitor.otlp.dialects import understand
from monitor.otlp.dialects.answering import Answer, answer_of
from monitor.otlp.dialects.said import Said
from monitor.otlp.dialects.values import content, parsed
from monitor.otlp.from_json import decode_json
from monitor.otlp.from_protobuf import decode_protobuf
from monitor.otlp.notes import Note
from monitor.otlp.spans import Decoded, Encoding, Span
from monitor.sources.base import Malformed

DECODERS = {"protobuf": decode_protobuf, "json": decode_json}
ATTRIBUTE_CHARACTERS = 256  # a longer one is content, no property of a deployment
CONTENT = (
    "input.", "output.", "retrieval.", "reranker.", "llm.", "embedding.", "gen_ai.retrieval.", "gen_ai.task.",
    "traceloop.entity.", "telemetry.", "db.",
)  # fmt: skip
METADATA = "metadata"  # OpenInference: JSON of what the application attached
QUERY_CHARACTERS = 4096  # of a link; a longer input is no question
NO_DIALECT = "none"


class Reading(NamedTuple):
    """What a request says: notes worth keeping, spans that cannot be taken, and how many spans of what kind came.

    `counts` is by dialect and kind: `retriever`, `reranker`, `ignored`, `rejected`. Spans that only link others, or
    only answer, are among the ignored.
    """

    notes: list[Note]
    rejected: list[Malformed]
    counts: Counter[tuple[str, str]]

    @property
    def spans(self) -> int:
        """How many spans the request held."""
        return self.counts.total()


def read_request(body: bytes, encoding: Encoding, arrival: datetime, *, answers: bool = False) -> Reading:
    """Notes of one `ExportTraceServiceRequest`: a POST body, or a Kafka record of the collector's exporter.

    The links of a trace are kept where this request has something in it that may be part of a retrieval: a framework's
    span that is neither a model call nor an embedding.

    Parameters
    ----------
    encoding
        `protobuf` (the collector's `otlp_proto`) or `json` (`otlp_json`).
    arrival
        Stands in for times that spans do not have.
    answers
        Whether to read what was answered; for it, model calls of all traces are kept too.

    Raises
    ------
    MalformedTrace
        Where the body as a whole cannot be decoded. Single spans that cannot are in `rejected`.
    """
    return read_spans(DECODERS[encoding](body), arrival, answers=answers)


def read_spans(decoded: Decoded, arrival: datetime, *, answers: bool = False) -> Reading:
    """The same of spans that came together and are decoded already."""
    understood = [(span, understand(span)) for span in decoded.spans]
    concerned = {span.trace_id for span, heard in understood if heard is not None and not heard[1].leaf}
    now = int(arrival.timestamp() * 1e9)
    reading = Reading([], decoded.rejected, Counter())
    if decoded.rejected:
        reading.counts[NO_DIALECT, "rejected"] += len(decoded.rejected)
    for span, heard in understood:
        dialect, said = heard or (NO_DIALECT, Said())
        reading.counts[dialect, "ignored" if said.kind == "link" else said.kind] += 1
        answer = answer_of(span.attributes) if answers and said.kind == "link" else None
        kept = span.trace_id in concerned and not said.leaf
        if kept or (answer is not None and answer.generated):
            reading.notes.append(_note(span, dialect, said, now, answer))
    return reading


def _note(span: Span, dialect: str, said: Said, now: int, answer: Answer | None) -> Note:
    start = span.start or span.end or now
    link = said.kind == "link"
    query = None if link and len(said.query or "") > QUERY_CHARACTERS else said.query
    return Note(
        trace_id=span.trace_id, span_id=span.span_id, parent_id=span.parent_id, start=start,
        end=max(span.end, start), pipeline=_pipeline(span.resource), dialect=dialect,
        kind="generation" if answer is not None and answer.generated else said.kind,
        scope="" if link else span.scope,
        query=query, documents=said.documents, before=said.before, top_k=said.top_k, filters=said.filters,
        attributes=None if link else _attributes(span), problem=said.problem,
        answer=answer.text if answer is not None else None,
    )  # fmt: skip


def _pipeline(resource: dict[str, Any]) -> str:
    service = content(resource.get("service.name"))
    if service is not None and not service.startswith("unknown_service"):
        return service
    return content(resource.get("openinference.project.name")) or "default"


def _attributes(span: Span) -> dict[str, Any] | None:
    """Short plain values of the resource and the span, and of the metadata that the application attached."""
    metadata = parsed(span.attributes.get(METADATA))
    attached = {f"{METADATA}.{key}": value for key, value in metadata.items()} if isinstance(metadata, dict) else {}
    everything = {**span.resource, **attached, **span.attributes}
    kept = {key: value for key, value in everything.items() if not key.startswith(CONTENT) and _is_short(value)}
    kept.pop(METADATA, None)
    return kept or None


def _is_short(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= ATTRIBUTE_CHARACTERS)
