"""Spans as plain values, whatever they were encoded in."""

from typing import Any, Literal, NamedTuple

from monitor.sources.base import Malformed

Encoding = Literal["protobuf", "json"]

TRACE_ID_DIGITS, SPAN_ID_DIGITS = 32, 16
_HEX = frozenset("0123456789abcdef")


class Event(NamedTuple):
    """Something that a span noted while it ran."""

    name: str
    attributes: dict[str, Any]


class Span(NamedTuple):
    """One span. Ids are lower-case hex, times nanoseconds since 1970 (0: unknown), values str, bool, int, float, bytes,
    None, lists and dicts of them. `scope`: name and version of the instrumentation, empty where it does not say.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    start: int
    end: int
    attributes: dict[str, Any]
    events: list[Event]
    resource: dict[str, Any]
    scope: str = ""


class Decoded(NamedTuple):
    """What a request held: spans, and those that cannot be taken, each with its reason and index in the request."""

    spans: list[Span]
    rejected: list[Malformed]


class BadSpan(Exception):  # noqa: N818 - it names a thing that arrives
    """A span that cannot be taken, and why."""


def trace_id(digits: str) -> str:
    """A trace id, lower case.

    Raises
    ------
    BadSpan
        Where it is none.
    """
    return _id("traceId", digits.lower(), TRACE_ID_DIGITS)


def span_id(digits: str) -> str:
    """A span id, lower case; raises like `trace_id`."""
    return _id("spanId", digits.lower(), SPAN_ID_DIGITS)


def parent_id(digits: str) -> str | None:
    """The id of the span above; None for a root."""
    return _id("parentSpanId", digits.lower(), SPAN_ID_DIGITS) if digits.strip("0") else None


def _id(key: str, digits: str, length: int) -> str:
    if len(digits) != length or not _HEX.issuperset(digits):
        raise BadSpan(f"{key}: expected {length} hex digits")
    if not digits.strip("0"):
        raise BadSpan(f"{key}: expected an id, got zeros only")
    return digits
