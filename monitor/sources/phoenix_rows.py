"""A span as Arize Phoenix gives it, and its number.

Phoenix keeps no attributes of resources, times in microseconds, and the kind of a span and JSON attributes in a form of
its own: here they are what the emitter sent.
"""

import base64
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from monitor.otlp import spans
from monitor.otlp.dialects.openinference import RETRIEVED, SPAN_KIND
from monitor.otlp.spans import BadSpan, Event, Span
from monitor.sources.base import Malformed

GENAI_DOCUMENTS = "gen_ai.retrieval.documents"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stored(NamedTuple):
    """A span, or why it is no sound one. Numbers grow as spans are stored; other projects have those in between."""

    number: int
    span: Span | Malformed


class _Context(msgspec.Struct):
    trace_id: str
    span_id: str


class _Event(msgspec.Struct):
    name: str = ""
    attributes: dict[str, Any] = {}


class _Row(msgspec.Struct):
    id: str


class _Span(_Row):
    context: _Context
    span_kind: str = "UNKNOWN"
    parent_id: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    attributes: dict[str, Any] = {}
    events: list[_Event] = []


_ROW = msgspec.json.Decoder(_Row)
_SPAN = msgspec.json.Decoder(_Span)


def read_row(raw: bytes, project: str) -> Stored:
    """One of the `data` of a page.

    Raises
    ------
    msgspec.DecodeError, ValueError
        Where it has no number.
    """
    return Stored(number_of(_ROW.decode(raw).id), _sound(raw, project))


def cursor(number: int) -> str:
    """Phoenix writes ids so, and takes any of them as a cursor."""
    return base64.b64encode(f"Span:{number}".encode()).decode()


def number_of(cursor: str) -> int:
    """The number in an id, or in a cursor; a ValueError where it is no span's."""
    kind, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    if kind != "Span":
        raise ValueError("expected the id of a span")
    return int(number)


def _sound(raw: bytes, project: str) -> Span | Malformed:
    try:
        return _span(_SPAN.decode(raw), {"openinference.project.name": project})
    except BadSpan as bad:
        return Malformed(str(bad), raw, {"project": project})
    except msgspec.DecodeError:
        return Malformed("expected a span as Phoenix sends it", raw, {"project": project})


def _span(row: _Span, resource: dict[str, Any]) -> Span:
    attributes = _together(row.attributes)
    if row.span_kind != "UNKNOWN" and not _is_half_translated(attributes):
        attributes[SPAN_KIND] = row.span_kind
    return Span(
        trace_id=spans.trace_id(row.context.trace_id), span_id=spans.span_id(row.context.span_id),
        parent_id=spans.parent_id(row.parent_id or ""), start=_nanoseconds(row.start_time),
        end=_nanoseconds(row.end_time), attributes=attributes,
        events=[Event(event.name, event.attributes) for event in row.events], resource=resource,
    )  # fmt: skip


def _is_half_translated(attributes: Mapping[str, Any]) -> bool:
    """Whether Phoenix made a retriever of OTel's conventions and left the documents behind, as without scores."""
    return GENAI_DOCUMENTS in attributes and not any(key.startswith(RETRIEVED) for key in attributes)


def _nanoseconds(time: datetime | None) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1) * 1000 if time is not None and time.tzinfo else 0


def _together(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that were JSON, and that Phoenix spreads over keys, as one again."""
    whole: dict[str, Any] = {}
    parts: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for key, value in attributes.items():
        name = _json_attribute(key)
        if name is None:
            whole[key] = value
        else:
            parts[name][key.removeprefix(f"{name}.")] = value
    return whole | parts


def _json_attribute(key: str) -> str | None:
    """The name of the attribute that a key is a part of; None where it stands for itself."""
    if key.startswith("metadata."):
        return "metadata"
    name, found, _ = key.partition(".document.metadata.")
    return f"{name}.document.metadata" if found else None
