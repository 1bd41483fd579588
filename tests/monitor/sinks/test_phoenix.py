"""Annotations to a Phoenix that is not well, or does not know a span; tests/phoenix has the real one."""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.config_sinks import PhoenixSink as PhoenixConfig
from monitor.errors import LeadlineError
from monitor.sinks.phoenix import PhoenixSink
from tests.monitor.kit import assessment
from tests.monitor.notifying.receiver import Answer, Receiver
from tests.monitor.sinks.kit import Skips, of_span


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
