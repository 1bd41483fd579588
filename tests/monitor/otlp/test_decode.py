"""Both encodings give the same spans; what is wrong costs itself only, and nothing ever raises anything unexpected."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import MalformedTrace
from monitor.otlp.from_json import decode_json
from monitor.otlp.from_protobuf import decode_protobuf
from monitor.otlp.notes import Note
from monitor.otlp.reading import Reading, read_request
from monitor.otlp.spans import Decoded
from monitor.sources.otlp import encode_notes
from tests.monitor.otlp.kit import (
    ARRIVAL,
    FIXTURES,
    as_json,
    as_protobuf,
    joined,
    pairs,
    recorded,
    request,
    retriever,
    wire,
)

RECORDED = sorted(path.stem for path in FIXTURES.glob("*.json"))


@pytest.mark.parametrize("name", RECORDED)
def test_both_encodings_of_a_recording_give_the_same_spans(name: str) -> None:
    """Ids, times, attributes, events, resources."""
    plain = recorded(name)
    from_json = decode_json(as_json(plain))
    assert from_json == decode_protobuf(as_protobuf(plain))
    sent = [span for scope in plain["resourceSpans"][0]["scopeSpans"] for span in scope["spans"]]
    assert [(span.trace_id, span.span_id) for span in from_json.spans] == [(s["traceId"], s["spanId"]) for s in sent]
    assert from_json.rejected == []


@pytest.mark.parametrize("name", ["openinference_haystack", "traceloop_chroma"])
def test_a_recorded_protobuf_says_what_the_recorded_json_says(name: str) -> None:
    """Of two runs of the same stack: ids and times differ, nothing else."""
    binary = decode_protobuf((FIXTURES / f"{name}.pb").read_bytes())
    text = decode_json((FIXTURES / f"{name}.json").read_bytes())
    assert [_essence(span) for span in binary.spans] == [_essence(span) for span in text.spans]


def _essence(span: Any) -> Any:
    return span.attributes, span.events, span.resource, span.parent_id is None


def test_values_of_every_type_survive() -> None:
    """Nested ones too; integers as text, as JSON's 64-bit integers are."""
    attributes = {"s": "x", "b": True, "i": -(2**63), "d": 0.5, "a": [1, ["y"]], "m": {"k": {"l": 2}}, "n": False}
    for decoded in (
        decode_json(as_json(request(wire(attributes)))),
        decode_protobuf(as_protobuf(request(wire(attributes)))),
    ):
        assert decoded.spans[0].attributes == attributes
    span = {**wire({}), "attributes": [{"key": "x", "value": {"bytesValue": "AQI="}}, {"key": "e", "value": {}}, {}]}
    assert decode_json(as_json(request(span))).spans[0].attributes == {"x": b"\1\2", "e": None, "": None}


def test_json_takes_what_proto3_allows() -> None:
    """Upper-case hex, numbers for integers, nulls, unknown fields, text for numbers that JSON does not have."""
    span = {
        "traceId": "4BF92F3577B34DA6A3CE929D0E0E4736", "spanId": "00F067AA0BA902B7", "parentSpanId": "",
        "startTimeUnixNano": 5, "endTimeUnixNano": "7", "events": None, "future": {"x": [1]}, "kind": "CLIENT",
        "attributes": [{"key": "n", "value": {"doubleValue": "Infinity"}}, {"key": "i", "value": {"intValue": 3}}],
    }  # fmt: skip
    (decoded,) = decode_json(
        as_json({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}, {"scopeSpans": None}]})
    ).spans
    assert (decoded.trace_id, decoded.span_id) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    assert (decoded.parent_id, decoded.start, decoded.end, decoded.events) == (None, 5, 7, [])
    assert decoded.attributes == {"n": float("inf"), "i": 3}


BAD_SPANS = [
    ({"traceId": ""}, "traceId: expected 32 hex digits"),
    ({"traceId": "0" * 32}, "traceId: expected an id, got zeros only"),
    ({"traceId": "x" * 32}, "traceId: expected 32 hex digits"),
    ({"traceId": "S/kvNXezTaajzpKdDg5HNg=="}, "traceId: expected 32 hex digits"),
    ({"spanId": "12"}, "spanId: expected 16 hex digits"),
    ({"parentSpanId": "12"}, "parentSpanId: expected 16 hex digits"),
    ({"startTimeUnixNano": "soon"}, "expected a 64-bit integer"),
    ({"startTimeUnixNano": str(2**64)}, "expected a 64-bit integer"),
    ({"startTimeUnixNano": 1.5}, "expected a span in OTLP/JSON"),
    ({"attributes": {"a": 1}}, "expected a span in OTLP/JSON"),
    ({"attributes": [{"key": "k", "value": {"intValue": "9" * 30}}]}, "expected a 64-bit integer"),
    ({"attributes": [{"key": "k", "value": {"doubleValue": "x"}}]}, "doubleValue: expected a number"),
    ({"attributes": [{"key": "k", "value": {"bytesValue": "é"}}]}, "bytesValue: expected base64"),
    ({"events": [{"name": 3}]}, "expected a span in OTLP/JSON"),
]


@pytest.mark.parametrize(("change", "reason"), BAD_SPANS)
def test_a_bad_span_costs_itself_and_says_why(change: dict[str, Any], reason: str) -> None:
    """With its index, and the record for the quarantine."""
    decoded = decode_json(as_json(request(wire({}), {**wire({}), **change}, wire({}))))
    assert len(decoded.spans) == 2
    (bad,) = decoded.rejected
    assert (bad.reason, bad.where) == (reason, {"span": 1})
    assert json.loads(bad.record)["spanId"]


def test_bad_ids_in_protobuf_are_rejected_the_same_way() -> None:
    """Short, or zeros only."""
    short = {**wire({}), "traceId": "12"}
    zeros = {**wire({}), "spanId": "0" * 16}
    decoded = decode_protobuf(as_protobuf(request(short, wire({}), zeros)))
    assert len(decoded.spans) == 1
    assert [(bad.reason, bad.where["span"]) for bad in decoded.rejected] == [
        ("traceId: expected 32 hex digits", 0),
        ("spanId: expected an id, got zeros only", 2),
    ]


def test_nothing_in_a_request_is_no_error() -> None:
    """An exporter may send that."""
    assert decode_protobuf(b"") == decode_json(b"{}") == Decoded([], [])


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"7", b"{", b"\xff", b'{"resourceSpans": {}}', b'{"resourceSpans": [1]}', b"[" * 100_000],
)
def test_a_body_that_is_no_otlp_json_is_malformed(body: bytes) -> None:
    """One exception, the documented one."""
    with pytest.raises(MalformedTrace, match="expected an ExportTraceServiceRequest in OTLP/JSON"):
        decode_json(body)


def test_values_that_are_nested_very_deep_are_malformed() -> None:
    """Nothing that an exporter sends."""
    deep = '{"arrayValue":{"values":[' * 50_000 + "]}}" * 50_000
    body = as_json(request({**wire({}), "attributes": [{"key": "k", "value": "DEEP"}]}))
    with pytest.raises(MalformedTrace):
        decode_json(body.replace(b'"DEEP"', deep.encode()))


def test_what_javascript_and_python_write_beside_the_standard_is_taken() -> None:
    """Half of a surrogate pair becomes a question mark; NaN stays what it is."""
    body = as_json(request(wire({"half": "a\ud83d", "nan": float("nan")})))
    (decoded,) = decode_json(body).spans
    assert decoded.attributes["half"] == "a?"
    assert math.isnan(decoded.attributes["nan"])


BODY = as_protobuf(request(retriever(), wire({"x": [1, {"y": "z"}]}), service_name="shop"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_malformed_or_counted(garbage: bytes) -> None:
    """In both encodings."""
    check(garbage, "protobuf")
    check(garbage, "json")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(BODY)), st.lists(st.tuples(st.integers(0, len(BODY) - 1), st.integers(0, 255)), max_size=4))
def test_truncated_and_flipped_protobuf_is_malformed_or_counted(length: int, flips: list[tuple[int, int]]) -> None:
    """Whatever still decodes is read like anything else."""
    body = bytearray(BODY)
    for at, byte in flips:
        body[at] = byte
    check(bytes(body[:length]), "protobuf")


def _fits(plain: Any) -> bool:
    """Whether OTLP can carry it: its integers have 64 bits."""
    try:
        return len(as_protobuf(request(wire({"x": plain})))) > 0
    except (ValueError, UnicodeEncodeError):
        return False


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    "traceId spanId parentSpanId startTimeUnixNano endTimeUnixNano attributes events name kind status links".split()
)
KEYS = st.sampled_from([
    "openinference.span.kind", "input.value", "input.mime_type", "output.value", "retrieval.documents.0.document.score",
    "retrieval.documents.0.document.content", "retrieval.documents.1.document.metadata", "reranker.top_k", "metadata",
    "gen_ai.operation.name", "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text", "traceloop.entity.input",
    "traceloop.entity.output", "db.system", "db.vector.query.top_k", "service.name",
])  # fmt: skip
WORDS = st.sampled_from(
    ["RETRIEVER", "RERANKER", "CHAIN", "retrieval", "vector_db_retrieve", "application/json", "[]", "{}"]
)
EVENT_KEYS = st.sampled_from(
    ["db.query.result.id", "db.query.result.score", "db.query.result.distance", "db.search.query.id"]
)
VALUES = WORDS | anything.map(json.dumps) | st.text(max_size=20) | anything.filter(_fits)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(FIELDS, anything, max_size=4))
def test_fields_of_wrong_types_reject_their_span_only(fields: dict[str, Any]) -> None:
    """The neighbour is read."""
    reading = read_request(as_json(request({**wire({}), **fields}, retriever())), "json", ARRIVAL)
    assert reading.spans == 2
    assert reading.counts["openinference", "retriever"] == 1
    assert len(reading.rejected) == reading.counts["none", "rejected"]


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=8), st.lists(st.dictionaries(EVENT_KEYS, VALUES, max_size=4), max_size=3))
def test_attributes_of_wrong_types_never_raise(attributes: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Every dialect gets every kind of value under its own names."""
    found = [{"name": "db.query.result", "attributes": pairs(event)} for event in events]
    one = {**wire({}), "attributes": pairs(attributes), "events": found}
    reading = read_request(as_json(request(one)), "json", ARRIVAL)
    assert reading.spans == 1
    goes_on(reading)


def check(body: bytes, encoding: Any) -> None:
    try:
        reading = read_request(body, encoding, ARRIVAL)
    except MalformedTrace:
        return
    assert len(reading.rejected) == reading.counts["none", "rejected"]
    assert len(reading.notes) <= reading.spans
    goes_on(reading)


def goes_on(reading: Reading) -> None:
    """What was read can be kept in the journal, and every retrieval in it becomes something."""
    assert msgspec.json.decode(encode_notes(reading.notes), type=list[Note]) == reading.notes
    found = joined(reading.notes)
    retrievals = {note.identity for note in reading.notes if note.is_retrieval}
    assert bool(found) == bool(retrievals)
    assert all(msgspec.json.encode(trace) for trace in found)
