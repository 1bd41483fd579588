"""What a record or a file is, is found out and never guessed; nothing is lost without being counted."""

import json
from pathlib import Path

import pytest

from monitor.doctor.gathering import Emitter, Lost, Retrieved, form_of
from monitor.errors import LeadlineError
from tests.builders import encoded, plain_trace, write_lines
from tests.monitor.doctor.kit import FIXTURES, gathered, of_file
from tests.monitor.otlp.kit import TRACE, as_json, as_protobuf, request, retriever, wire

SPAN = "a1b2c3d4e5f60718"
ABOVE = "00f067aa0ba902b7"
LANGCHAIN = Emitter("openinference", "openinference.instrumentation.langchain 0.1.80")


@pytest.mark.parametrize(
    ("record", "form"),
    [
        (encoded(plain_trace()), "json"),
        (b"[]", "json"),
        (b'{"resourceSpans": []}', "otlp_json"),
        (as_json(request(retriever())), "otlp_json"),
        (as_protobuf(request(retriever())), "otlp_proto"),
        (as_protobuf(request()), None),
        (b"", None),
        (b"plain words", None),
        (b"\n\x02hi", None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_the_form_of_a_record(record: bytes, form: str | None) -> None:
    """Bytes that are no JSON have to hold a span: an empty protobuf message is any bytes' twin."""
    assert form_of(record) == form


def test_records_of_all_forms_become_retrievals() -> None:
    sample = gathered(
        encoded(plain_trace(timestamp="2026-11-25T10:00:00Z")), as_json(request(retriever())),
        as_protobuf(request(retriever())), b"words",
    )  # fmt: skip
    assert [one.emitter.dialect for one in sample.retrieved] == ["native", "openinference", "openinference"]
    assert all(one.timed for one in sample.retrieved)
    assert sample.forms == {"json": 1, "otlp_json": 1, "otlp_proto": 1}
    assert (sample.malformed, sample.spans) == (1, {"retriever": 2})
    assert sample.examples == ["r:3: expected JSON or a protobuf ExportTraceServiceRequest"]


def test_a_trace_without_a_time_is_not_timed() -> None:
    assert [one.timed for one in gathered(plain_trace()).retrieved] == [False]


def test_repeats_are_counted() -> None:
    sample = gathered(plain_trace("a"), plain_trace("a"), plain_trace("a", span_id="s"))
    assert (len(sample.retrieved), sample.repeats) == (2, 1)


def test_the_spans_of_a_trace_meet_over_records() -> None:
    """As lines of the collector's file exporter hold them: the question is in a later one."""
    asking = wire({"openinference.span.kind": "CHAIN", "input.value": "q?"}, traceId=TRACE, spanId=ABOVE)
    found = retriever("", traceId=TRACE, spanId=SPAN, parentSpanId=ABOVE)
    sample = gathered(as_json(request(found)), as_json(request(asking)))
    assert [one.trace.query for one in sample.retrieved] == ["q?"]


def test_a_question_that_is_missing_with_the_span_above_is_told_from_one_that_never_was() -> None:
    orphan = retriever("", traceId=TRACE, spanId=SPAN, parentSpanId=ABOVE)
    emitter = Emitter("openinference")
    assert gathered(as_json(request(orphan))).lost == [Lost("no_parent", emitter)]
    assert gathered(as_json(request(retriever("")))).lost == [Lost("no_query", emitter)]


def test_spans_that_are_not_sound_are_examples() -> None:
    sample = gathered(as_json(request(retriever(), retriever(spanId="short"))))
    assert (sample.malformed, sample.spans["rejected"], len(sample.retrieved)) == (1, 1, 1)
    assert sample.examples == ["r:0, span 1: spanId: expected 16 hex digits"]


def test_logs_and_metrics_are_called_so() -> None:
    sample = gathered(b'{"resourceLogs": []}', b'{"resourceMetrics":[]}')
    assert [line.partition(": ")[2] for line in sample.examples] == [
        "logs or metrics of OpenTelemetry, expected spans"
    ] * 2


@pytest.mark.parametrize("name", ["openinference_haystack", "traceloop_chroma"])
def test_a_file_that_is_one_request_in_either_encoding(name: str) -> None:
    """JSON over several lines, and protobuf, which begins with a newline."""
    in_json, in_protobuf = of_file(FIXTURES / f"{name}.json"), of_file(FIXTURES / f"{name}.pb")
    assert (in_json.forms, in_protobuf.forms) == ({"otlp_json": 1}, {"otlp_proto": 1})
    assert in_json.scopes == in_protobuf.scopes
    assert [one.trace.query for one in in_json.retrieved] == [one.trace.query for one in in_protobuf.retrieved]


def test_a_file_of_requests_a_line(tmp_path: Path) -> None:
    recorded = json.loads((FIXTURES / "openinference_langchain.json").read_bytes())
    lines = [as_json(recorded), as_json(request(retriever())), b"", b"broken"]
    sample = of_file(write_lines(tmp_path / "spans.jsonl", lines))
    assert (sample.forms, len(sample.retrieved), sample.malformed) == ({"otlp_json": 2}, 7, 1)
    assert {one.emitter for one in sample.retrieved} == {LANGCHAIN, Emitter("openinference")}
    assert sample.examples[0].startswith(f"{tmp_path}/spans.jsonl:4: ")


def test_a_bad_first_line_does_not_hide_the_others(tmp_path: Path) -> None:
    sample = of_file(write_lines(tmp_path / "t.jsonl", [b"# comment", plain_trace("a"), plain_trace("b")]))
    assert (len(sample.retrieved), sample.malformed) == (2, 1)


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "t.jsonl", [plain_trace(f"t{i}") for i in range(50)])
    assert len(of_file(path, limit=7).retrieved) == 7
    assert of_file(write_lines(tmp_path / "bad.jsonl", [b"bad"] * 50), limit=7).malformed == 7


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected query traces or spans, got an empty file"),
        (b"\n \n", "expected query traces or spans, got an empty file"),
        (b'[\n{"trace_id": "1"}\n]', "expected one JSON object a line, got JSON over several lines"),
    ],
)
def test_a_file_that_is_nothing_of_that(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(LeadlineError) as raised:
        of_file(path)
    assert str(raised.value) == f"{path}: {message}"


def test_retrievals_name_their_instrumentation() -> None:
    sample = of_file(FIXTURES / "openinference_langchain.json")
    assert {type(one) for one in sample.retrieved} == {Retrieved}
    assert {one.emitter for one in sample.retrieved} == {LANGCHAIN}
    assert sample.scopes == {LANGCHAIN.scope: 19}
