"""Native query traces from JSON."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from tests.builders import ARRIVAL, encoded, plain_trace, trace

DOCUMENTED = """
{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": null, "timestamp": "2026-11-23T12:00:00Z",
 "pipeline": "support-bot", "query_id": null, "query": "refund policy for order 88-1023", "top_k": 10,
 "score_kind": "similarity", "documents": [{"id": "kb-17", "score": 0.83, "text": "...", "title": null,
 "parent_id": null}, {"id": "kb-4", "score": 0.81}], "candidates": null, "filters": {"tenant": "acme"},
 "attributes": {"index_version": "42"}, "answer": null}
"""


def decoded(record: bytes) -> QueryTrace:
    return decode_trace(record, ARRIVAL)


def test_takes_the_documented_form() -> None:
    """Every key of DESIGN section 4, nulls included."""
    found = decoded(DOCUMENTED.encode())
    assert found.pipeline == "support-bot"
    assert found.timestamp == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert [(document.id, document.score) for document in found.documents] == [("kb-17", 0.83), ("kb-4", 0.81)]
    assert (found.filters, found.attributes) == ({"tenant": "acme"}, {"index_version": "42"})
    assert found.candidates is None


def test_fills_in_the_documented_defaults() -> None:
    found = decoded(b'{"trace_id": "t", "query": "q", "documents": [], "unheard_of": [1]}')
    assert (found.pipeline, found.timestamp, found.documents) == ("default", ARRIVAL, ())
    assert (found.span_id, found.top_k, found.score_kind, found.filters) == (None, None, None, None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23T12:00:00", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23T12:00:00+02:00", datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_time_without_zone_is_utc(written: str, expected: datetime) -> None:
    assert trace(timestamp=written).timestamp == expected


def test_whole_numbers_are_taken_as_ids() -> None:
    """Many stacks have them; as text they stay exact beyond 64 bits."""
    found = trace(
        trace_id=10**30, span_id=7, query_id=0, documents=[{"id": 17, "parent_id": 4}], candidates=[{"id": 18}]
    )
    assert (found.trace_id, found.span_id, found.query_id) == (str(10**30), "7", "0")
    assert found.candidates is not None
    assert [found.documents[0].id, found.documents[0].parent_id, found.candidates[0].id] == ["17", "4", "18"]


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e400", "null"])
def test_a_score_that_is_no_number_is_missing(score: str) -> None:
    found = decoded(
        b'{"trace_id":"t","query":"q","documents":[{"id":"a","score":%s},{"id":"b","score":1}]}' % score.encode()
    )
    assert [document.score for document in found.documents] == [None, 1.0]


def test_keeps_scripts_and_emoji_as_they_are() -> None:
    assert trace(query="退款政策 🎉 naïve").query == "退款政策 🎉 naïve"


def test_takes_a_byte_order_mark() -> None:
    """Windows writes one at the start of a file."""
    assert decoded(b"\xef\xbb\xbf" + encoded(plain_trace())).trace_id == "t1"


def refused(record: bytes) -> str:
    with pytest.raises(MalformedTrace) as caught:
        decoded(record)
    return str(caught.value)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"not json", "expected JSON: Expecting value at character 0"),
        (encoded(plain_trace())[:30], "expected JSON: Unterminated string starting at"),
        (encoded(plain_trace()) + b" {}", "expected JSON: Extra data at character"),
        (b'{"trace_id": "\xff"}', "expected JSON: UnicodeDecodeError"),
        (b'{"trace_id": "t", "query": "\\ud800", "documents": []}', "half of a surrogate pair"),
        (b'{"trace_id": ' + b"1" * 5000 + b', "query": "q", "documents": []}', "expected JSON: ValueError"),
        (b'{"attributes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "expected JSON: RecursionError"),
        (b"[1, 2]", "expected a JSON object, got list"),
        (b"null", "expected a JSON object, got NoneType"),
        (b"{}", "trace_id: missing, expected a value"),
    ],
)
def test_says_why_a_line_is_no_record(record: bytes, reason: str) -> None:
    assert reason in refused(record)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"query": ["q"]}, "query: expected str, got array"),
        ({"query": ""}, "query: expected text, got none"),
        ({"query": " \n\t"}, "query: expected text, got none"),
        ({"trace_id": ""}, "trace_id: expected an id, got an empty string"),
        ({"documents": None}, "documents: expected array, got null"),
        ({"documents": ["kb-1"]}, "documents[0]: expected object, got str"),
        ({"documents": [{"id": "a"}, {"score": 1}]}, "documents[1]: expected an id or a text, got neither"),
        ({"documents": [{"id": "", "text": ""}]}, "documents[0]: expected an id or a text, got neither"),
        ({"documents": [{"id": "a", "score": "0.5"}]}, "documents[0].score: expected float | null, got str"),
        ({"candidates": [{"title": "x"}]}, "candidates[0]: expected an id or a text, got neither"),
        ({"timestamp": "yesterday"}, "timestamp: Invalid RFC3339 encoded datetime"),
        ({"score_kind": "cosine"}, "score_kind: expected similarity or distance"),
        ({"filters": ["acme"]}, "filters: expected object | null, got array"),
        ({"trace_id": True}, "trace_id: expected str, got bool"),
    ],
)
def test_names_the_key_and_what_was_expected(changes: dict[str, Any], reason: str) -> None:
    assert refused(encoded(plain_trace(**changes))) == reason


@pytest.mark.parametrize("key", ["trace_id", "query", "documents"])
def test_the_required_keys_are_required(key: str) -> None:
    record = plain_trace()
    del record[key]
    assert refused(encoded(record)) == f"{key}: missing, expected a value"


PRIVATE = "zanzibar"


def complaint(record: bytes) -> str:
    """The reason, or nothing for a sound record."""
    try:
        decoded(record)
    except MalformedTrace as error:
        return str(error)
    return ""


@pytest.mark.parametrize("key", [*plain_trace(), "timestamp", "score_kind", "filters", "top_k", "attributes"])
def test_a_reason_holds_nothing_of_the_text(key: str) -> None:
    """Reasons go to logs and to the quarantine where no text may be kept."""
    for wrong in (PRIVATE, [PRIVATE], {PRIVATE: PRIVATE}, [{"score": PRIVATE}]):
        assert PRIVATE not in complaint(encoded(plain_trace(**{key: wrong})))
    assert PRIVATE not in refused(json.dumps({"query": PRIVATE}).encode()[:-1])
