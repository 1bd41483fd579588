"""Spans from the JSON encoding: ids in hex, 64-bit integers as strings, unknown fields ignored.

Not `google.protobuf.json_format`: it takes ids for base64 and corrupts them.
"""

import base64
import binascii
import json
from typing import Any

import msgspec

from monitor.errors import MalformedTrace
from monitor.otlp import spans
from monitor.otlp.spans import BadSpan, Decoded, Event, Span
from monitor.sources.base import Malformed

_Integer = int | str | None
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)  # a UnicodeError is a ValueError
_INT64, _UINT64 = range(-(2**63), 2**63), range(2**64)


class _Wire(msgspec.Struct, rename="camel"):
    """Fields may be missing or null: proto3 makes no difference."""


class _Value(_Wire):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: _Integer = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: "_Array | None" = None
    kvlist_value: "_Pairs | None" = None


class _Array(_Wire):
    values: list[_Value] | None = None


class _Pair(_Wire):
    key: str | None = None
    value: _Value | None = None


class _Pairs(_Wire):
    values: list[_Pair] | None = None


class _Event(_Wire):
    name: str | None = None
    attributes: list[_Pair] | None = None


class _Span(_Wire):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    start_time_unix_nano: _Integer = None
    end_time_unix_nano: _Integer = None
    attributes: list[_Pair] | None = None
    events: list[_Event] | None = None


class _Resource(_Wire):
    attributes: list[_Pair] | None = None


class _Scope(_Wire):
    name: str | None = None
    version: str | None = None


class _ScopeSpans(_Wire):
    scope: _Scope | None = None
    spans: list[msgspec.Raw] | None = None


class _ResourceSpans(_Wire):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(_Wire):
    resource_spans: list[_ResourceSpans] | None = None


_REQUEST = msgspec.json.Decoder(_Request)
_SPAN = msgspec.json.Decoder(_Span)


def decode_json(body: bytes) -> Decoded:
    """Spans of an OTLP/JSON body; one that has a field of the wrong type costs itself only.

    Raises
    ------
    MalformedTrace
        Where the body is no such request.
    """
    try:
        return _decode(_request(body))
    except (*_UNREADABLE, BadSpan) as error:
        raise MalformedTrace("expected an ExportTraceServiceRequest in OTLP/JSON") from error


def _request(body: bytes) -> _Request:
    try:
        return _REQUEST.decode(body)
    except _UNREADABLE:  # perhaps halves of surrogate pairs, as JavaScript leaves them, or NaN, as Python writes it
        plain = json.loads(body, parse_constant=str)
        return _REQUEST.decode(json.dumps(plain, ensure_ascii=False).encode(errors="replace"))


def _decode(request: _Request) -> Decoded:
    decoded = Decoded([], [])
    index = 0
    for of_resource in request.resource_spans or ():
        resource = _attributes(of_resource.resource.attributes if of_resource.resource else None)
        for of_scope in of_resource.scope_spans or ():
            scope = _scope(of_scope.scope or _Scope())
            for raw in of_scope.spans or ():
                _take(bytes(raw), index, resource, scope, decoded)
                index += 1
    return decoded


def _scope(wire: _Scope) -> str:
    return " ".join(filter(None, (wire.name, wire.version)))


def _take(raw: bytes, index: int, resource: dict[str, Any], scope: str, decoded: Decoded) -> None:
    try:
        decoded.spans.append(_span(_SPAN.decode(raw), resource, scope))
    except BadSpan as bad:
        decoded.rejected.append(Malformed(str(bad), raw, {"span": index}))
    except _UNREADABLE:
        decoded.rejected.append(Malformed("expected a span in OTLP/JSON", raw, {"span": index}))


def _span(wire: _Span, resource: dict[str, Any], scope: str) -> Span:
    return Span(
        trace_id=spans.trace_id(wire.trace_id or ""),
        span_id=spans.span_id(wire.span_id or ""),
        parent_id=spans.parent_id(wire.parent_span_id or ""),
        start=_integer(wire.start_time_unix_nano or 0, _UINT64),
        end=_integer(wire.end_time_unix_nano or 0, _UINT64),
        attributes=_attributes(wire.attributes),
        events=[Event(event.name or "", _attributes(event.attributes)) for event in wire.events or ()],
        resource=resource,
        scope=scope,
    )


def _attributes(pairs: list[_Pair] | None) -> dict[str, Any]:
    return {pair.key or "": _value(pair.value) for pair in pairs or ()}


def _value(value: _Value | None) -> Any:
    if value is None:
        return None
    if value.array_value is not None:
        return [_value(item) for item in value.array_value.values or ()]
    return _attributes(value.kvlist_value.values) if value.kvlist_value is not None else _plain(value)


def _plain(value: _Value) -> Any:
    if value.int_value is not None:
        return _integer(value.int_value, _INT64)
    if value.double_value is not None:
        return _double(value.double_value)
    if value.bytes_value is not None:
        return _bytes(value.bytes_value)
    return value.string_value if value.string_value is not None else value.bool_value


def _integer(value: int | str, within: range) -> int:
    text = str(value)
    number = int(text) if text.removeprefix("-").isdecimal() and len(text) <= 20 else None
    if number is None or number not in within:
        raise BadSpan("expected a 64-bit integer")
    return number


def _double(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadSpan("doubleValue: expected a number") from None


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadSpan("bytesValue: expected base64") from None
