"""Spans from the binary encoding."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from monitor.errors import MalformedTrace
from monitor.otlp import spans
from monitor.otlp.spans import BadSpan, Decoded, Event, Span
from monitor.sources.base import Malformed


def decode_protobuf(body: bytes) -> Decoded:
    """Spans of an `ExportTraceServiceRequest`.

    Raises
    ------
    MalformedTrace
        Where the body is none.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise MalformedTrace("expected a protobuf ExportTraceServiceRequest") from error
    decoded = Decoded([], [])
    index = 0
    for of_resource in request.resource_spans:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            scope = " ".join(filter(None, (of_scope.scope.name, of_scope.scope.version)))
            for wire in of_scope.spans:
                try:
                    decoded.spans.append(_span(wire, resource, scope))
                except BadSpan as bad:
                    decoded.rejected.append(Malformed(str(bad), wire.SerializeToString(), {"span": index}))
                index += 1
    return decoded


def _span(wire: WireSpan, resource: dict[str, Any], scope: str) -> Span:
    return Span(
        trace_id=spans.trace_id(wire.trace_id.hex()),
        span_id=spans.span_id(wire.span_id.hex()),
        parent_id=spans.parent_id(wire.parent_span_id.hex()),
        start=wire.start_time_unix_nano,
        end=wire.end_time_unix_nano,
        attributes=_attributes(wire.attributes),
        events=[Event(event.name, _attributes(event.attributes)) for event in wire.events],
        resource=resource,
        scope=scope,
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return getattr(value, kind)
