"""Verdicts as spans to a trace store, over OTLP/HTTP. At least once: a repeat has the same ids."""

import gzip
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import httpx2
import structlog
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from detectors.records import Assessment
from monitor.config_sinks import OtlpSink as OtlpConfig
from monitor.http_headers import headers_of
from monitor.sinks.posting import Posting
from monitor.sinks.verdict import Judged, Skipped, judged, verdicts
from monitor.tls import trusting

log = structlog.get_logger()

HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
FINAL = {httpx2.codes.BAD_REQUEST, httpx2.codes.CONTENT_TOO_LARGE}
QUERY_CHARACTERS = 4096
NAME = "leadline"


class OtlpSink:
    """One span of the kind EVALUATOR for each judged span, in a trace of its own, with one link to it.

    Its events are `gen_ai.evaluation.result`, one for each risk. What has no ids of OTLP's is left out, and so is what
    the other side refuses for good (`partial_success`, 400, 413).

    Raises
    ------
    LeadlineError
        Where a header's value or the certificates cannot be had.
    """

    def __init__(self, config: OtlpConfig, skipped: Skipped, clock: Callable[[], float] = time.time) -> None:
        self.name = config.name
        self._skipped, self._clock = skipped, clock
        headers = {**headers_of(config.headers, "sinks"), **HEADERS}
        tls = trusting(config.ca_file)
        self._posting = Posting(config.url, headers, timeout_seconds=config.timeout_seconds, tls=tls)
        self.close = self._posting.close

    def write(self, batch: Sequence[Assessment]) -> None:
        """In one request; raises as `Sink.write` does."""
        found = [(assessment, of) for assessment in batch if (of := judged(assessment)) is not None]
        if found:
            now = self._clock()
            self._post(request(found, int(now * 1e9)).SerializeToString(), len(found), now)
        if len(found) < len(batch):
            self._skipped("no_otlp_ids", len(batch) - len(found))

    def _post(self, body: bytes, spans: int, now: float) -> None:
        answer = self._posting.post(gzip.compress(body, 1), now)
        if answer.status_code in FINAL:
            log.error("verdicts are refused", sink=self.name, spans=spans, status=answer.status_code)
            self._skipped("refused", spans)
        elif not answer.is_success:
            raise self._posting.error(f"expected 200 from an OTLP receiver, got {answer.status_code}")
        elif rejected := _rejected(answer.content):
            self._skipped("refused", rejected)


def _rejected(body: bytes) -> int:
    try:
        return ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans
    except DecodeError:  # it took them, whatever it has to say
        return 0


def request(found: Sequence[tuple[Assessment, Judged]], now: int) -> ExportTraceServiceRequest:
    """A resource for each pipeline: Phoenix takes `openinference.project.name` for the project."""
    by_pipeline: dict[str, list[Span]] = defaultdict(list)
    for assessment, of in found:
        by_pipeline[assessment.pipeline].append(span(assessment, of, now))
    built = ExportTraceServiceRequest()
    for pipeline, spans in by_pipeline.items():
        resource = built.resource_spans.add()
        about = {"service.name": NAME, "service.version": version(NAME), "openinference.project.name": pipeline}
        resource.resource.attributes.extend(_attributes(about))
        resource.scope_spans.add(spans=spans).scope.name = NAME
    return built


def span(assessment: Assessment, of: Judged, now: int) -> Span:
    """What is said of one judged span; `now` in nanoseconds since 1970."""
    digest = sha256(f"{NAME} {of.trace_id} {of.span_id}".encode()).digest()
    about = {
        "openinference.span.kind": "EVALUATOR",
        "input.value": assessment.query[:QUERY_CHARACTERS] if assessment.query is not None else None,
        "leadline.trace_id": of.trace_id, "leadline.span_id": of.span_id, "leadline.pipeline": assessment.pipeline,
        "leadline.scenario": assessment.scenario, "leadline.risk_basis": assessment.risk_basis,
        "leadline.drivers": list(assessment.drivers),
    }  # fmt: skip
    built = Span(
        trace_id=digest[:16], span_id=digest[16:24], name="evaluate retrieval", kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=now, end_time_unix_nano=now, attributes=_attributes(about),
    )  # fmt: skip
    built.links.add(trace_id=bytes.fromhex(of.trace_id), span_id=bytes.fromhex(of.span_id))
    for verdict in verdicts(assessment):
        said = {"name": verdict.name, "score.value": verdict.score, "score.label": verdict.label,
                "explanation": verdict.explanation}  # fmt: skip
        attributes = _attributes({f"gen_ai.evaluation.{key}": value for key, value in said.items()})
        built.events.add(name="gen_ai.evaluation.result", time_unix_nano=now, attributes=attributes)
    return built


def _attributes(plain: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in plain.items() if value is not None]


def _value(plain: str | float | list[str]) -> AnyValue:
    if isinstance(plain, list):
        built = AnyValue()
        built.array_value.values.extend(map(_value, plain))
        return built
    return AnyValue(string_value=plain) if isinstance(plain, str) else AnyValue(double_value=plain)
