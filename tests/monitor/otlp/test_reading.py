"""What is kept of a request, and what it is called."""

from typing import Any

import pytest

from monitor.otlp.notes import Note
from tests.monitor.otlp.kit import ARRIVAL, new_id, read, request, retriever, wire

NOW = int(ARRIVAL.timestamp()) * 10**9
CHAIN = {"openinference.span.kind": "CHAIN"}


def only(plain: dict[str, Any]) -> Note:
    (note,) = read(plain).notes
    return note


@pytest.mark.parametrize(
    ("resource", "pipeline"),
    [
        ({"service_name": "shop"}, "shop"),
        ({}, "default"),
        ({"service_name": "unknown_service:python"}, "default"),
        ({"service_name": "unknown_service", "openinference_project_name": "kb"}, "kb"),
        ({"service_name": "shop", "openinference_project_name": "kb"}, "shop"),
        ({"service_name": 3}, "default"),
    ],
)
def test_the_pipeline_is_the_service(resource: dict[str, Any], pipeline: str) -> None:
    """Its name is what the SDK makes up where nobody gave one."""
    assert only(request(retriever(), **resource)).pipeline == pipeline


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [("5", "7", (5, 7)), ("0", "7", (7, 7)), ("5", "0", (5, 5)), ("0", "0", (NOW, NOW)), ("7", "5", (7, 7))],
)
def test_times_that_a_span_does_not_have(start: str, end: str, expected: tuple[int, int]) -> None:
    """The other one stands in, then the arrival; a span never ends before it starts."""
    note = only(request(retriever(startTimeUnixNano=start, endTimeUnixNano=end)))
    assert (note.start, note.end) == expected


def test_plain_spans_are_links_where_a_framework_is_in_the_trace() -> None:
    """They may be what is between an outer and an inner retriever; elsewhere they are nothing to us."""
    one = new_id(32)
    plain, elsewhere = wire({"http.request.method": "GET"}, traceId=one), wire({"http.request.method": "GET"})
    reading = read(request(plain, elsewhere, retriever(traceId=one)))
    assert [note.kind for note in reading.notes] == ["link", "retriever"]
    assert reading.notes[0].span_id == plain["spanId"]
    assert reading.counts == {("none", "ignored"): 2, ("openinference", "retriever"): 1}


def test_a_model_call_is_kept_for_its_answer_only_where_answers_are_wanted() -> None:
    """Also alone in a request: the retrieval was in an earlier one. One that says nothing is not."""
    message = {"openinference.span.kind": "LLM", "llm.output_messages.0.message.content": "x" * 30_000}
    plain = request(wire(message), wire({"openinference.span.kind": "LLM"}), wire({**CHAIN, "output.value": "y"}))
    generation, chain = read(plain, answers=True).notes
    assert (generation.kind, chain.kind, chain.answer) == ("generation", "link", "y")
    assert generation.answer == "x" * 20_000
    assert [(note.kind, note.answer) for note in read(plain).notes] == [("link", None)]


def test_a_retrieval_is_one_whatever_else_its_span_says() -> None:
    span = retriever()
    span["attributes"] += wire({"gen_ai.completion.0.content": "five days"})["attributes"]
    (note,) = read(request(span), answers=True).notes
    assert (note.kind, note.answer) == ("retriever", None)


def test_a_long_input_of_a_link_is_no_question() -> None:
    """A retriever's own is, whatever its length."""
    notes = read(request(wire({**CHAIN, "input.value": "x" * 5000}), wire({**CHAIN, "input.value": "y"}))).notes
    assert [note.query for note in notes] == [None, "y"]
    assert only(request(retriever("x" * 5000))).query == "x" * 5000


def test_attributes_are_short_plain_values_without_content() -> None:
    """Of resource, span and metadata, the span's own last."""
    span = retriever()
    extra = {
        "index.version": 42, "ratio": 0.5, "flag": True, "long": "x" * 257, "list": [1], "tag": "span's",
        "metadata": '{"tenant": "acme", "nested": {}}', "llm.model_name": "m",
    }  # fmt: skip
    span["attributes"] += wire(extra)["attributes"]
    note = only(request(span, tag="resource's", k8s_pod="p"))
    assert note.attributes == {
        "index.version": 42, "ratio": 0.5, "flag": True, "tag": "span's", "k8s.pod": "p", "metadata.tenant": "acme",
        "openinference.span.kind": "RETRIEVER",
    }  # fmt: skip
    assert only(request(wire(CHAIN), tag="x")).attributes is None


def test_resources_belong_to_their_spans() -> None:
    """A collector sends those of many services at once."""
    both = request(retriever(), service_name="a")
    both["resourceSpans"] += request(retriever(), service_name="b")["resourceSpans"]
    assert [note.pipeline for note in read(both).notes] == ["a", "b"]
