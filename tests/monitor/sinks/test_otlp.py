"""Verdicts over OTLP, to a server that decodes them, and to one that is not well."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from monitor.config_sinks import OtlpSink as OtlpConfig
from monitor.errors import LeadlineError, SinkBusy
from monitor.otlp.reading import read_request
from monitor.service import Service
from monitor.sinks.otlp import QUERY_CHARACTERS, OtlpSink
from tests.monitor import kit
from tests.monitor.kit import PRIVATE, assessment, wait_for
from tests.monitor.notifying.receiver import CUT, Answer, Got, Receiver
from tests.monitor.otlp.kit import ARRIVAL
from tests.monitor.sinks.kit import Skips, judged_span, of_span

NOW = 1_795_608_000.0


@pytest.fixture
def sink(receiver: Receiver, skips: Skips) -> Iterator[OtlpSink]:
    built = OtlpSink(OtlpConfig(kind="otlp", url=receiver.url), skips, lambda: NOW)
    yield built
    built.close()
    built.close()


def decoded(got: Got) -> ExportTraceServiceRequest:
    assert got.headers["content-type"] == "application/x-protobuf"
    return ExportTraceServiceRequest.FromString(gzip.decompress(got.body))


def spans(receiver: Receiver) -> list[Span]:
    resources = [one for got in receiver.got for one in decoded(got).resource_spans]
    return [span for one in resources for scope in one.scope_spans for span in scope.spans]


def plain(attributes: "list[KeyValue]") -> dict[str, object]:
    return {one.key: _plain(one.value) for one in attributes}


def _plain(value: AnyValue) -> object:
    kind = value.WhichOneof("value") or ""
    return [_plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def test_one_evaluator_span_links_to_the_judged_span(receiver: Receiver, sink: OtlpSink) -> None:
    """In a trace of its own, so that the judged one does not seem to last longer."""
    judged = of_span(query="what is the refund policy", drivers=("score_gap",), risk=0.7, risk_at_1=0.8)
    sink.write([judged])
    (span,) = spans(receiver)
    (link,) = span.links
    assert (link.trace_id.hex(), link.span_id.hex()) == (judged.trace_id, judged.span_id)
    assert (len(span.trace_id), len(span.span_id), span.parent_span_id) == (16, 8, b"")
    assert span.trace_id != link.trace_id
    assert span.start_time_unix_nano == span.end_time_unix_nano == NOW * 1e9
    said = plain(list(span.attributes))
    assert (said["openinference.span.kind"], said["input.value"]) == ("EVALUATOR", "what is the refund policy")
    assert (said["leadline.trace_id"], said["leadline.drivers"]) == (judged.trace_id, ["score_gap"])


def test_its_events_are_results_of_an_evaluation(receiver: Receiver, sink: OtlpSink) -> None:
    """One for each risk; where there is none, no score."""
    sink.write([of_span(risk=0.7, risk_at_1=None)])
    first, second = spans(receiver)[0].events
    assert {first.name, second.name} == {"gen_ai.evaluation.result"}
    said = plain(list(first.attributes))
    assert str(said.pop("gen_ai.evaluation.explanation")).startswith("P(none of the first five documents is relevant)")
    assert said == {
        "gen_ai.evaluation.name": "retrieval_risk", "gen_ai.evaluation.score.value": 0.7,
        "gen_ai.evaluation.score.label": "likely_failure",
    }  # fmt: skip
    said = plain(list(second.attributes))
    assert said["gen_ai.evaluation.score.label"] == "abstained"
    assert "gen_ai.evaluation.score.value" not in said


def test_what_a_judge_says_is_an_event_more(receiver: Receiver, sink: OtlpSink) -> None:
    sink.write([judged_span()])
    said = [plain(list(event.attributes)) for event in spans(receiver)[0].events][2:]
    assert [(one["gen_ai.evaluation.name"], one["gen_ai.evaluation.score.value"]) for one in said] == [
        ("context_relevance", 0.45), ("groundedness", 0.5),
    ]  # fmt: skip
    assert said[0]["gen_ai.evaluation.score.label"] == "related"
    assert "gpt-x p-1" in str(said[0]["gen_ai.evaluation.explanation"])


def test_pipelines_are_projects(receiver: Receiver, sink: OtlpSink) -> None:
    sink.write([of_span(pipeline="shop"), of_span(pipeline="bot"), of_span(pipeline="shop")])
    (got,) = receiver.got
    found = {
        plain(list(one.resource.attributes))["openinference.project.name"]: len(one.scope_spans[0].spans)
        for one in decoded(got).resource_spans
    }
    assert found == {"shop": 2, "bot": 1}


def test_what_has_no_ids_of_otlp_is_counted_and_left_out(receiver: Receiver, sink: OtlpSink, skips: Skips) -> None:
    sink.write([assessment("order-1"), of_span(), assessment("order-2")])
    assert (len(spans(receiver)), skips) == (1, {"no_otlp_ids": 2})
    sink.write([assessment("order-3")])
    assert (len(receiver.got), skips) == (1, {"no_otlp_ids": 3})


def test_a_batch_that_is_written_again_has_the_same_ids(receiver: Receiver, sink: OtlpSink, skips: Skips) -> None:
    """The answer was lost; and what is left out is counted once."""
    batch = [of_span(), assessment("order-1")]
    receiver.script.append(CUT)
    with pytest.raises(OSError, match="no answer"):
        sink.write(batch)
    assert not skips
    sink.write(batch)
    first, second = spans(receiver)
    assert (first.trace_id, first.span_id) == (second.trace_id, second.span_id)
    assert skips == {"no_otlp_ids": 1}


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_an_answer_that_a_person_or_time_can_change_is_tried_again(
    receiver: Receiver, sink: OtlpSink, skips: Skips, status: int
) -> None:
    receiver.script.append(Answer(status))
    with pytest.raises(OSError, match=f"expected 200 from an OTLP receiver, got {status}"):
        sink.write([of_span()])
    assert not skips


@pytest.mark.parametrize(("header", "seconds"), [({"Retry-After": "7"}, 7), ({}, 1), ({"Retry-After": "9000"}, 60)])
def test_too_many_requests_says_when_to_come_again(
    receiver: Receiver, sink: OtlpSink, header: dict[str, str], seconds: float
) -> None:
    receiver.script.append(Answer(429, header))
    with pytest.raises(SinkBusy) as busy:
        sink.write([of_span()])
    assert busy.value.retry_after_seconds == seconds


def test_what_is_refused_for_good_is_counted(receiver: Receiver, sink: OtlpSink, skips: Skips) -> None:
    """A 400 is final in OTLP, and so is a span in `partial_success`."""
    partial = ExportTraceServiceResponse()
    partial.partial_success.rejected_spans = 1
    receiver.script += [Answer(400), Answer(200, {}, partial.SerializeToString()), Answer(200, {}, b"{}")]
    sink.write([of_span(), of_span()])
    sink.write([of_span(), of_span()])
    sink.write([of_span(), of_span()])
    assert skips == {"refused": 3}


def test_a_long_query_is_cut(receiver: Receiver, sink: OtlpSink) -> None:
    sink.write([of_span(query="x" * 1_000_000)])
    assert len(str(plain(list(spans(receiver)[0].attributes))["input.value"])) == QUERY_CHARACTERS


def test_headers_carry_secrets(receiver: Receiver, skips: Skips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "Bearer abc")
    config = OtlpConfig.model_validate(
        {"kind": "otlp", "url": receiver.url, "headers": [{"name": "Authorization", "env": "KEY"}]}
    )
    OtlpSink(config, skips).write([of_span()])
    assert receiver.got[0].headers["authorization"] == "Bearer abc"
    monkeypatch.setenv("KEY", "two\nlines")
    with pytest.raises(LeadlineError, match="sinks: expected one line of ASCII as the value of the header Auth"):
        OtlpSink(config, skips)


def test_our_own_spans_are_no_retrievals(receiver: Receiver, sink: OtlpSink) -> None:
    """A collector may send them back to us."""
    sink.write([of_span(query="q")])
    read = read_request(gzip.decompress(receiver.got[0].body), "protobuf", ARRIVAL)
    assert not [note for note in read.notes if note.kind != "link"]


def test_a_sidecar_holds_back_while_the_store_is_down_and_sends_no_text(receiver: Receiver, tmp_path: Path) -> None:
    """Nothing is lost: what failed comes when the store is back; `keep_text: false` holds for it too."""
    receiver.script += [Answer(503), CUT]
    path = tmp_path / "traces.jsonl"
    ids = {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"}
    path.write_bytes(kit.lines([{**kit.trace("t", query=PRIVATE), **ids}, kit.trace("native")]))
    sections = {"sources": kit.follow(path), "privacy": {"keep_text": False}}
    url = {"sinks": [{"kind": "otlp", "url": receiver.url}]}
    with Service(kit.config(tmp_path, **sections, **url)) as service:
        name = f"otlp:{receiver.url}"
        wait_for(lambda: service.metrics.value("component_failures_total", name) == 2)
        assert service.metrics.value("source_lag_bytes", f"jsonl:{path}") >= 0
        wait_for(lambda: service.metrics.value("sink_skipped_assessments_total", name, "no_otlp_ids") == 1)
    assert len(spans(receiver)) == 3  # the same one, at three attempts
    for got in receiver.got:
        body = gzip.decompress(got.body)
        assert not any(word.encode() in body for word in PRIVATE.split() if len(word) > 4)
