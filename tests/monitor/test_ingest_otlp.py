"""`POST /v1/traces` as an exporter sees it, over real sockets."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from monitor.config import Config
from monitor.service import Service
from tests.monitor.kit import assessed, config, sidecar, wait_for
from tests.monitor.otlp.kit import FIXTURES, QUERY, as_json, as_protobuf, new_id, request, retriever, wire
from tests.monitor.test_crash import assessed_so_far, reachable
from tests.monitor.test_ingest import Stuck

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
SOON = 0.2


def otlp(directory: Path, **options: Any) -> Config:
    sources = [{"kind": "http", "join_seconds": SOON, **options}]
    return config(directory, sources=sources, attributes=["service.version", "deployment.environment.name"])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(otlp(tmp_path, max_body_bytes=100_000)) as running:
        yield running


def url(service: Service) -> str:
    assert service.ingest_address is not None
    host, port = service.ingest_address
    return f"http://{host}:{port}/v1/traces"


def post(service: Service, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    return httpx2.post(url(service), content=body, headers=headers)


def rows(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "out.jsonl").read_text().splitlines()]


ENCODED = [
    pytest.param(as_json, JSON, lambda body: body, id="json"),
    pytest.param(as_protobuf, PROTOBUF, lambda body: body, id="protobuf"),
    pytest.param(as_json, {**JSON, "Content-Encoding": "gzip"}, gzip.compress, id="json gzip"),
    pytest.param(as_protobuf, {**PROTOBUF, "Content-Encoding": "gzip"}, gzip.compress, id="protobuf gzip"),
    pytest.param(as_json, {"Content-Type": "application/json; charset=utf-8"}, lambda body: body, id="charset"),
]


@pytest.mark.parametrize(("encode", "headers", "wrap"), ENCODED)
def test_every_encoding_is_taken_and_answered_in_kind(
    service: Service, tmp_path: Path, encode: Any, headers: dict[str, str], wrap: Any
) -> None:
    """200 with an empty response, and an assessment in the end, with its pipeline and its deployment."""
    span = retriever()
    resource = {"service_name": "shop", "service_version": "1.4.2", "host_name": "secret"}
    answer = post(service, wrap(encode(request(span, **resource))), headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, headers["Content-Type"].partition(";")[0])
    assert answer.content == (b"{}" if "json" in headers["Content-Type"] else b"")
    wait_for(lambda: assessed(tmp_path) == [span["traceId"]])
    (row,) = rows(tmp_path)
    assert (row["pipeline"], row["span_id"], row["query"]) == ("shop", span["spanId"], QUERY)
    assert (row["document_ids"], row["attributes"]) == (["kb-1", "kb-2"], {"service.version": "1.4.2"})
    assert row["timestamp"] == "2026-11-25T02:46:05.878703Z"


def test_spans_that_cannot_be_taken_are_told_and_cost_themselves_only(service: Service, tmp_path: Path) -> None:
    """Their number and why, in both encodings; they are in quarantine, too."""
    bad = {**wire({}), "spanId": "12"}
    answer = post(service, as_json(request(retriever(), bad, {**wire({}), "traceId": "0" * 32})), JSON)
    message = "spanId: expected 16 hex digits; traceId: expected an id, got zeros only"
    assert answer.json() == {"partialSuccess": {"rejectedSpans": "2", "errorMessage": message}}
    answer = post(service, as_protobuf(request(bad, retriever())), PROTOBUF)
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 1)
    assert partial.error_message == "spanId: expected 16 hex digits"
    wait_for(lambda: len(assessed(tmp_path)) == 2)
    assert service.metrics.value("quarantined_records_total", "otlp") == 3
    assert service.metrics.value("otlp_spans_total", "otlp", "none", "rejected") == 3


def test_spans_that_are_no_retrieval_are_accepted_and_leave_nothing(service: Service) -> None:
    """The normal case: not even the journal is touched."""
    spans = [wire({"http.request.method": "GET"}), wire({"gen_ai.operation.name": "chat"})]
    for _ in range(3):
        assert post(service, as_json(request(*spans)), JSON).json() == {}
    assert service.metrics.value("otlp_spans_total", "otlp", "none", "ignored") == 3
    assert service.metrics.value("otlp_spans_total", "otlp", "genai", "ignored") == 3
    assert service.metrics.value("component_last_success_timestamp_seconds", "journal") == 0


def test_parents_and_children_meet_though_they_come_in_different_requests(tmp_path: Path) -> None:
    """One assessment, with what the outer one served."""
    outer = retriever(ids=("kb-2",))
    inner = {**retriever(ids=("kb-1", "kb-2")), "traceId": outer["traceId"], "parentSpanId": outer["spanId"]}
    with Service(otlp(tmp_path, join_seconds=3)) as service:
        post(service, as_protobuf(request(inner)), PROTOBUF)
        post(service, as_json(request(outer)), JSON)
        wait_for(lambda: assessed(tmp_path) == [outer["traceId"]], 20)
        assert service.metrics.value("otlp_retrieval_spans_total", "otlp", "inner") == 1
    assert rows(tmp_path)[0]["document_ids"] == ["kb-2"]


def test_what_comes_too_late_is_counted_and_never_assessed(service: Service, tmp_path: Path) -> None:
    """Its retrieval was assessed without it; sent again it is a repeat."""
    outer = retriever()
    inner = {**retriever(), "traceId": outer["traceId"], "parentSpanId": outer["spanId"]}
    post(service, as_json(request(inner)), JSON)
    wait_for(lambda: len(assessed(tmp_path)) == 1)
    post(service, as_json(request(outer)), JSON)
    wait_for(lambda: service.metrics.value("otlp_retrieval_spans_total", "otlp", "late") == 1)
    post(service, as_json(request(outer, inner)), JSON)
    wait_for(lambda: service.metrics.value("otlp_retrieval_spans_total", "otlp", "duplicate") == 2)
    assert len(assessed(tmp_path)) == 1


def test_parts_of_what_was_assessed_before_a_restart_are_duplicates_after_it(tmp_path: Path) -> None:
    """The inner span comes once more, alone, to a process that never saw its outer one."""
    outer = retriever()
    inner = {**retriever(), "traceId": outer["traceId"], "parentSpanId": outer["spanId"]}
    with Service(otlp(tmp_path)) as service:
        post(service, as_json(request(inner, outer)), JSON)
        wait_for(lambda: len(assessed(tmp_path)) == 1)
    with Service(otlp(tmp_path)) as service:
        post(service, as_json(request(inner)), JSON)
        wait_for(lambda: service.metrics.value("traces_total", "default", "duplicate") == 1)
    assert len(assessed(tmp_path)) == 1


def test_a_recording_of_a_real_exporter_is_assessed(service: Service, tmp_path: Path) -> None:
    """The bytes that came over the wire then."""
    assert post(service, (FIXTURES / "openinference_haystack.pb").read_bytes(), PROTOBUF).status_code == 200
    wait_for(lambda: len(assessed(tmp_path)) == 3)
    assert {row["pipeline"] for row in rows(tmp_path)} == {"openinference-haystack"}


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"\xff\xff", PROTOBUF, "expected a protobuf ExportTraceServiceRequest"),
        (as_json(request()), PROTOBUF, "expected a protobuf ExportTraceServiceRequest"),
        (b"{", JSON, "expected an ExportTraceServiceRequest in OTLP/JSON"),
        (b"[]", JSON, "expected an ExportTraceServiceRequest in OTLP/JSON"),
        (b"no gzip", {**PROTOBUF, "Content-Encoding": "gzip"}, "expected a gzip body"),
        (gzip.compress(b"x" * 100, mtime=0)[:-9], {**JSON, "Content-Encoding": "gzip"}, "expected a whole gzip body"),
    ],
)
def test_a_body_that_is_no_request_is_400_with_a_status(
    service: Service, body: bytes, headers: dict[str, str], said: str
) -> None:
    """One line, in the encoding of the request; exporters do not try again."""
    answer = post(service, body, headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, headers["Content-Type"])
    message = answer.json()["message"] if headers["Content-Type"] == "application/json" else _status(answer)
    assert said in message
    assert "Retry-After" not in answer.headers


def _status(answer: httpx2.Response) -> str:
    return str(Status.FromString(answer.content).message)


def test_other_types_and_encodings_are_415(service: Service) -> None:
    """With what is expected."""
    for kind in ("text/plain", "application/x-ndjson", "application/grpc"):
        answer = post(service, b"", {"Content-Type": kind})
        assert answer.status_code == 415
        assert "application/x-protobuf or application/json" in answer.json()["message"]
    assert httpx2.post(url(service), content=b"{}").status_code == 415
    answer = post(service, b"{}", {**PROTOBUF, "Content-Encoding": "zstd"})
    assert (answer.status_code, "expected gzip or none" in _status(answer)) == (415, True)
    assert httpx2.get(url(service)).status_code == 405


def test_too_large_is_413_however_it_is_sent(service: Service) -> None:
    """Declared, in chunks, or once expanded; a bomb is not expanded to see how large it gets."""
    assert post(service, b"x" * 100_001, PROTOBUF).status_code == 413
    chunked = httpx2.post(url(service), content=iter([b"x" * 60_000, b"x" * 60_000]), headers=PROTOBUF)
    assert chunked.status_code == 413
    answer = post(service, gzip.compress(b"\0" * 50_000_000), {**PROTOBUF, "Content-Encoding": "gzip"})
    assert (answer.status_code, "expands to at most 100000 bytes" in _status(answer)) == (413, True)
    assert service.metrics.value("ingest_requests_total", "/v1/traces", "413") == 3


def test_a_full_journal_is_429_with_retry_after_and_loses_nothing(tmp_path: Path) -> None:
    """The sinks stand still, the journal fills, the exporter is told when to come again; later all is assessed."""
    sink = Stuck()
    with Service(otlp(tmp_path, queue_traces=20), sinks=[sink]) as service:
        accepted = []
        while True:
            span = retriever()
            answer = post(service, as_protobuf(request(span)), PROTOBUF)
            if answer.status_code != 200:
                break
            accepted.append(span["traceId"])
        assert (answer.status_code, 1 <= int(answer.headers["Retry-After"]) <= 60) == (429, True)
        assert "retry after" in _status(answer)
        assert len(accepted) == 20
        assert service.metrics.value("traces_total", "default", "throttled") == 1
        assert post(service, as_json(request(wire({}))), JSON).status_code == 200  # nothing to keep
        sink.stuck = False
        wait_for(lambda: sorted(assessed(tmp_path)) == sorted(accepted))
        wait_for(lambda: post(service, as_protobuf(request(span)), PROTOBUF).status_code == 200)
        wait_for(lambda: span["traceId"] in assessed(tmp_path))


def test_kill_9_after_a_200_loses_nothing(tmp_path: Path) -> None:
    """Not even what was waiting for its parents."""
    with sidecar(tmp_path, sources=[{"kind": "http", "join_seconds": 1.5}]) as running:
        wait_for(lambda: reachable(running.metrics_url), 60)
        accepted = set()
        for _ in range(20):
            spans = [retriever(traceId=new_id(32)) for _ in range(10)]
            answer = httpx2.post(f"{running.ingest_url}/v1/traces", content=as_json(request(*spans)), headers=JSON)
            assert answer.status_code == 200
            accepted |= {span["traceId"] for span in spans}
        assert len(assessed_so_far(tmp_path)) < len(accepted), "too late: none was waiting"
        running.kill()
        running.start()
        wait_for(lambda: set(assessed_so_far(tmp_path)) == accepted, 60)
        assert running.terminate() == 0
    assert len(assessed_so_far(tmp_path)) - len(accepted) <= 128


def test_with_the_journal_off_a_stop_in_good_order_decides_what_waits(tmp_path: Path) -> None:
    """At most once after a crash; after a stop everything that was accepted."""
    service = Service(otlp(tmp_path, journal=False, join_seconds=500))
    service.start()
    post(service, as_json(request(*(retriever() for _ in range(300)))), JSON)
    assert service.stop()
    assert len(assessed(tmp_path)) == 300
    assert service.metrics.value("unjournaled_traces_total", "otlp") == 300
    assert not list(tmp_path.glob("*otlp*"))
