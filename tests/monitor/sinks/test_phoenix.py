"""Annotations to a Phoenix that is not well, or does not know a span; tests/phoenix has the real one."""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.config_sinks import PhoenixSink as PhoenixConfig
from monitor.errors import LeadlineError
from monitor.sinks.phoenix import PhoenixSink
from tests.monitor.kit import assessment
from tests.monitor.notifying.receiver import Answer, Receiver
from tests.monitor.sinks.kit import Skips, judged_span, of_span


@pytest.fixture
def sink(receiver: Receiver, skips: Skips) -> Iterator[PhoenixSink]:
    built = PhoenixSink(PhoenixConfig(kind="phoenix", url=f"http://127.0.0.1:{receiver.port}/px/"), skips)
    yield built
    built.close()


def missing(*span_ids: str | None) -> Answer:
    """As Phoenix 20 says it."""
    return Answer(404, {}, f"Spans with IDs {', '.join(map(str, span_ids))} do not exist.".encode())


def posted(receiver: Receiver) -> list[tuple[str, set[str]]]:
    """What each request asked for, and the spans in it."""
    return [(got.path.partition("?")[2], {one["span_id"] for one in got.json["data"]}) for got in receiver.got]


def test_a_span_gets_an_annotation_for_each_risk(receiver: Receiver, sink: PhoenixSink) -> None:
    """With an identifier, so that a repeat takes its place; the query is not in it."""
    judged = of_span(risk=0.7, risk_at_1=None, query="what is the refund policy")
    sink.write([judged])
    (got,) = receiver.got
    assert got.path == "/px/v1/span_annotations?sync=true"
    first, second = got.json["data"]
    assert {key: first[key] for key in ("span_id", "name", "annotator_kind", "identifier")} == {
        "span_id": judged.span_id, "name": "retrieval_risk", "annotator_kind": "CODE", "identifier": "leadline",
    }  # fmt: skip
    assert (first["result"]["score"], first["result"]["label"]) == (0.7, "likely_failure")
    assert (second["result"]["score"], second["result"]["label"]) == (None, "abstained")
    assert b"refund" not in got.body


def test_what_a_judge_says_is_of_the_span_and_of_its_documents(receiver: Receiver, sink: PhoenixSink) -> None:
    """Of the documents without an identifier, which Phoenix does not take there."""
    judged = judged_span()
    sink.write([judged, of_span()])
    of_spans, of_documents = receiver.got
    assert of_documents.path == "/px/v1/document_annotations?sync=true"
    kinds = {(one["name"], one["annotator_kind"]) for one in of_spans.json["data"] if one["span_id"] == judged.span_id}
    assert kinds == {
        ("retrieval_risk", "CODE"), ("retrieval_risk_at_1", "CODE"), ("context_relevance", "LLM"),
        ("groundedness", "LLM"),
    }  # fmt: skip
    assert len(of_spans.json["data"]) == 6
    first, second = of_documents.json["data"]
    assert first == {
        "span_id": judged.span_id, "document_position": 0, "name": "context_relevance", "annotator_kind": "LLM",
        "metadata": {"annotator": "leadline", "pipeline": "default", "versions": {"judge": "gpt-x p-1"}},
        "result": {
            "score": 0.9, "label": "answers", "explanation": "Grade 2.70 of 3 by gpt-x p-1: within 30 days",
        },
    }  # fmt: skip
    assert (second["document_position"], second["result"]["label"]) == (1, "irrelevant")


def test_documents_that_phoenix_does_not_have_are_left_out(receiver: Receiver, sink: PhoenixSink, skips: Skips) -> None:
    """Of one span the list is shorter there, one is not there yet, and the third is as it was."""
    short, early, good = judged_span(), judged_span(), judged_span()
    said = f"Document position 1 is out of bounds for span {short.span_id} (max: 0)".encode()
    receiver.script += [missing(early.span_id), Answer(200), Answer(422, {}, said)]
    sink.write([short, early, good])
    name = "/px/v1/document_annotations?sync="
    graded = [(one.path, ids) for one, (_, ids) in zip(receiver.got, posted(receiver), strict=True) if name in one.path]
    assert graded == [
        (f"{name}true", {short.span_id, good.span_id}), (f"{name}true", {good.span_id}),
        (f"{name}false", {early.span_id}),
    ]  # fmt: skip
    assert skips == {"unknown_span": 1, "unknown_documents": 1}


@pytest.mark.parametrize("status", [404, 405])
def test_a_phoenix_that_takes_nothing_on_documents_is_no_reason_to_stop(
    receiver: Receiver, sink: PhoenixSink, skips: Skips, status: int
) -> None:
    """One before 11.30, which has a span, and another one later."""
    there, later = judged_span(), judged_span()
    no_path = Answer(status, {}, b"Not Found")
    receiver.script += [missing(later.span_id), Answer(200), no_path, Answer(200), no_path]
    sink.write([there, later])
    assert (len(receiver.got), skips) == (5, {"unknown_span": 1, "unknown_documents": 1})


def test_spans_that_phoenix_does_not_have_are_left_to_it(receiver: Receiver, sink: PhoenixSink, skips: Skips) -> None:
    """All others are in its database when `write` returns, also where one more went missing meanwhile."""
    a, b, c, native = of_span(), of_span(), of_span(), assessment("order-1")
    receiver.script += [missing(b.span_id), missing(c.span_id)]
    sink.write([a, b, c, native])
    ids = {name: {str(one.span_id)} for name, one in (("a", a), ("b", b), ("c", c))}
    assert posted(receiver) == [
        ("sync=true", ids["a"] | ids["b"] | ids["c"]), ("sync=true", ids["a"] | ids["c"]), ("sync=true", ids["a"]),
        ("sync=false", ids["b"] | ids["c"]),
    ]  # fmt: skip
    assert skips == {"unknown_span": 2, "no_otlp_ids": 1}


def test_where_it_knows_none_of_them_nothing_is_asked_twice(
    receiver: Receiver, sink: PhoenixSink, skips: Skips
) -> None:
    one = of_span()
    receiver.script.append(missing(one.span_id))
    sink.write([one])
    assert [asked for asked, _ in posted(receiver)] == ["sync=true", "sync=false"]
    sink.write([assessment("order-1")])
    assert (len(receiver.got), skips) == (2, {"unknown_span": 1, "no_otlp_ids": 1})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "expected api_key_file or api_key_env with a key that is valid, got 401"),
        (403, "expected a key that may write, got 403"),
        (404, "expected 200 from Phoenix, got 404"),
        (422, "expected 200 from Phoenix, got 422"),
        (500, "expected 200 from Phoenix, got 500"),
    ],
)
def test_any_other_answer_is_an_error_that_names_the_place(
    receiver: Receiver, sink: PhoenixSink, skips: Skips, status: int, expected: str
) -> None:
    receiver.script.append(Answer(status, {}, b"Not Found"))
    with pytest.raises(OSError, match=expected) as caught:
        sink.write([of_span()])
    assert "/px/v1/span_annotations" in str(caught.value)
    assert not skips


def test_a_key_that_cannot_be_had_is_one_line_at_the_start(skips: Skips) -> None:
    config: dict[str, Any] = {"kind": "phoenix", "url": "http://localhost:1", "api_key_env": "NO_SUCH_KEY"}
    with pytest.raises(LeadlineError, match="api_key_env: expected an API key in the environment as NO_SUCH_KEY"):
        PhoenixSink(PhoenixConfig(**config), skips)
