"""Spans and requests, as short as a test wants them, in both encodings."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from detectors.records import QueryTrace, RetrievedDocument
from monitor.otlp.convert import Unusable, query_trace
from monitor.otlp.dialects import understand
from monitor.otlp.dialects.said import Said
from monitor.otlp.join import Join
from monitor.otlp.notes import Note
from monitor.otlp.reading import Reading, read_request
from monitor.otlp.spans import Event, Span

FIXTURES = Path(__file__).parent / "fixtures"
ARRIVAL = datetime(2026, 11, 25, 12, tzinfo=UTC)
QUERY = "refund policy for order 88-1023"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_numbers = itertools.count(1)


def new_id(digits: int = 16) -> str:
    """An id that was not there before."""
    return f"{next(_numbers):0{digits}x}"


def documents(*ids: str) -> tuple[RetrievedDocument, ...]:
    """Scored ones, best first."""
    return tuple(RetrievedDocument(id=key, score=1 - i / 10, text=f"text of {key}") for i, key in enumerate(ids))


def note(kind: Any = "retriever", *ids: str, **fields: Any) -> Note:
    """A span that returned these documents; it took ten nanoseconds."""
    found = documents(*ids) if ids and kind != "link" else None
    start = next(_numbers) * 100
    plain = {"trace_id": TRACE, "span_id": new_id(), "start": start, "end": start + 10, "documents": found}
    return Note(**{**plain, "kind": kind, "query": None if kind == "link" else "q", **fields})


def span(attributes: dict[str, Any], events: list[Event] | None = None, **fields: Any) -> Span:
    """A decoded span."""
    plain: dict[str, Any] = {"trace_id": TRACE, "span_id": new_id(), "parent_id": None, "start": 1, "end": 2}
    return Span(**{**plain, **fields}, attributes=attributes, events=events or [], resource=fields.get("resource", {}))


def said(attributes: dict[str, Any], events: list[Event] | None = None) -> Said:
    """What a span with these attributes says."""
    heard = understand(span(attributes, events))
    assert heard is not None
    return heard[1]


def value(plain: Any) -> dict[str, Any]:
    """A value as OTLP/JSON has it."""
    for kind, name in ((bool, "boolValue"), (str, "stringValue"), (float, "doubleValue")):
        if isinstance(plain, kind):
            return {name: plain}
    if isinstance(plain, int):
        return {"intValue": str(plain)}
    if isinstance(plain, list):
        return {"arrayValue": {"values": [value(one) for one in plain]}}
    return {"kvlistValue": {"values": pairs(plain)}} if isinstance(plain, dict) else {}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(plain)} for key, plain in attributes.items()]


def wire(attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A span as OTLP/JSON has it; `fields` by their names there."""
    plain = {"traceId": new_id(32), "spanId": new_id(), "name": "s", "attributes": pairs(attributes)}
    return {**plain, "startTimeUnixNano": "1795574765878703221", "endTimeUnixNano": "1795574765879137318", **fields}


def retriever(query: str = QUERY, ids: tuple[str, ...] = ("kb-1", "kb-2"), **fields: Any) -> dict[str, Any]:
    """A retriever's span in OpenInference's words."""
    attributes: dict[str, Any] = {"openinference.span.kind": "RETRIEVER", "input.value": query}
    for i, key in enumerate(ids):
        prefix = f"retrieval.documents.{i}.document."
        attributes |= {f"{prefix}id": key, f"{prefix}score": 0.9 - i / 10, f"{prefix}content": f"text of {key}"}
    return wire(attributes, **fields)


def request(*spans: dict[str, Any], **resource: Any) -> dict[str, Any]:
    """A request of one resource and one scope; underscores in the resource's names are dots."""
    attributes = {key.replace("_", "."): plain for key, plain in resource.items()}
    return {"resourceSpans": [{"resource": {"attributes": pairs(attributes)}, "scopeSpans": [{"spans": list(spans)}]}]}


def as_json(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain).encode()


def as_protobuf(plain: dict[str, Any]) -> bytes:
    """The same request in the binary encoding, built by hand: `json_format` would corrupt the ids."""
    built = ExportTraceServiceRequest()
    for of_resource in plain["resourceSpans"]:
        resource_spans = built.resource_spans.add()
        resource_spans.resource.attributes.extend(_pairs(of_resource["resource"]["attributes"]))
        for of_scope in of_resource["scopeSpans"]:
            scope_spans = resource_spans.scope_spans.add()
            for key, text in of_scope.get("scope", {}).items():
                setattr(scope_spans.scope, key, text)
            for one in of_scope["spans"]:
                _fill(scope_spans.spans.add(), one)
    return built.SerializeToString()


def _fill(built: Any, one: dict[str, Any]) -> None:
    built.trace_id = bytes.fromhex(one["traceId"])
    built.span_id = bytes.fromhex(one["spanId"])
    built.parent_span_id = bytes.fromhex(one.get("parentSpanId", ""))
    built.name = one["name"]
    built.start_time_unix_nano = int(one["startTimeUnixNano"])
    built.end_time_unix_nano = int(one["endTimeUnixNano"])
    built.attributes.extend(_pairs(one.get("attributes", [])))
    for event in one.get("events", []):
        built.events.add(name=event["name"], attributes=_pairs(event.get("attributes", [])))


def _pairs(plain: list[dict[str, Any]]) -> list[KeyValue]:
    return [KeyValue(key=pair["key"], value=_value(pair["value"])) for pair in plain]


def _value(plain: dict[str, Any]) -> AnyValue:
    ((kind, inner),) = plain.items()
    built = AnyValue()
    if kind == "arrayValue":
        built.array_value.values.extend(_value(one) for one in inner.get("values", []))
    elif kind == "kvlistValue":
        built.kvlist_value.values.extend(_pairs(inner.get("values", [])))
    elif kind == "intValue":
        built.int_value = int(inner)
    else:
        setattr(built, {"stringValue": "string_value", "boolValue": "bool_value"}.get(kind, "double_value"), inner)
    return built


def recorded(name: str) -> dict[str, Any]:
    """What a real exporter sent."""
    plain: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_bytes())
    return plain


def read(plain: dict[str, Any], *, answers: bool = False) -> Reading:
    return read_request(as_json(plain), "json", ARRIVAL, answers=answers)


def joined(notes: list[Note]) -> list[QueryTrace | Unusable]:
    """What becomes of spans that come all at once."""
    join = Join(lambda: 0.0)
    join.add(notes, 1)
    join.end_windows()
    return [query_trace(ready.nest) for ready in join.take(1000) if ready.nest is not None]


def traces_of(name: str, *, answers: bool = False) -> list[QueryTrace]:
    """The query traces of a recording, all of which has to be usable."""
    found = joined(read(recorded(name), answers=answers).notes)
    assert not [one for one in found if isinstance(one, Unusable)]
    return [one for one in found if isinstance(one, QueryTrace)]
