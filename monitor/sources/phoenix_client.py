"""Arize Phoenix over its REST API: the spans of one project, in the order in which they were stored.

Understood are servers whose `GET /v1/projects/{project}/spans` can sort; the first request finds out. Phoenix keeps no
attributes of resources, times in microseconds, and the kind of a span and JSON attributes in a form of its own: here
they are what the emitter sent.
"""

import base64
import errno
import ssl
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import httpx2
import msgspec

from monitor.otlp import spans
from monitor.otlp.dialects.openinference import RETRIEVED, SPAN_KIND
from monitor.otlp.spans import BadSpan, Event, Span
from monitor.sources.base import Malformed

KINDS = ("RETRIEVER", "RERANKER", "CHAIN", "AGENT", "TOOL", "UNKNOWN")  # what retrieves, or may be above it
TIMEOUT_SECONDS = 10.0
PAGE_SPANS = 1000  # the most that Phoenix gives
RECENT_SPANS = 100  # at a time
PAGE_BYTES = 64 * 2**20
FEW_SPANS = 10  # so few are taken however large they are
GENAI_DOCUMENTS = "gen_ai.retrieval.documents"
UNPROCESSABLE = 422  # httpx2 has renamed it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PhoenixError(OSError):
    """Phoenix does not answer, or not as it should; worth trying again."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EPROTO, message)


class ProjectMissing(PhoenixError):  # noqa: N818 - it may come
    """There is no such project, or not yet: the first span makes it."""


class PageTooLarge(PhoenixError):  # noqa: N818 - it asks for a smaller one
    """Too large, or too slow to come; a page with fewer spans may do."""


class Stored(NamedTuple):
    """A span, or why it is no sound one. Numbers grow as spans are stored; other projects have those in between."""

    number: int
    span: Span | Malformed


class Page(NamedTuple):
    """Spans in the order asked for, and the number to go on with; None at the end."""

    stored: list[Stored]
    next_number: int | None

    @property
    def spans(self) -> list[Span]:
        """The sound ones."""
        return [one.span for one in self.stored if isinstance(one.span, Span)]


class _Answer(NamedTuple):
    status: int
    server: str
    body: bytes


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


class _Body(msgspec.Struct):
    data: list[msgspec.Raw]
    next_cursor: str | None = None


_BODY = msgspec.json.Decoder(_Body)
_ROW = msgspec.json.Decoder(_Row)
_SPAN = msgspec.json.Decoder(_Span)


class PhoenixClient:
    """Reads one project. Connects when asked for something; one thread at a time.

    >>> with PhoenixClient("http://localhost:6006", "default") as phoenix:  # doctest: +SKIP
    ...     newest = phoenix.recent(100)

    Parameters
    ----------
    url
        Where Phoenix is; a path in it is kept.
    api_key
        Sent as a bearer token.
    tls
        What certificates to trust; None: those that are trusted anyway.
    kinds
        Kinds of spans that are asked for; the default leaves out those that have no retrieval below them.

    Raises
    ------
    PhoenixError
        From every method that asks: no answer in time, one with another status than 200, or one that is not Phoenix's.
        `ProjectMissing` where there is no such project, `PageTooLarge` beyond `page_bytes` or `timeout_seconds`.
    """

    def __init__(
        self, url: str, project: str, *, api_key: str | None = None, tls: ssl.SSLContext | None = None,
        kinds: tuple[str, ...] = KINDS, timeout_seconds: float = TIMEOUT_SECONDS, page_bytes: int = PAGE_BYTES,
    ) -> None:  # fmt: skip
        self.project = project
        self._url = f"{url.rstrip('/')}/v1/projects/{quote(project, safe='')}/spans"
        self._kinds = kinds
        self._page_bytes = page_bytes
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout_seconds = timeout_seconds
        self._http = httpx2.Client(headers=headers, timeout=timeout_seconds, verify=tls or True)
        self._sorts = False

    def page(self, from_number: int = 0, limit: int = 100, *, since: datetime | None = None) -> Page:
        """Up to `limit` (at most `PAGE_SPANS`) spans from a number on, that number included, the first stored first.

        Parameters
        ----------
        since
            Leaves out spans that started before.
        """
        place = {"cursor": _cursor(from_number)} if from_number else {}
        start = {"start_time": since.isoformat()} if since else {}
        return self._read({"order": "asc", "limit": str(limit), **place, **start})

    def newest(self) -> Stored | None:
        """What was stored last; None in an empty project."""
        return next(iter(self._read({"order": "desc", "limit": "1"}).stored), None)

    def recent(self, count: int) -> list[Span]:
        """The sound ones of the `count` spans that were stored last, the first stored first."""
        found: list[Stored] = []
        place: dict[str, str] = {}
        while len(found) < count:
            page = self._read({"order": "desc", "limit": str(min(RECENT_SPANS, count - len(found))), **place})
            found += page.stored
            if page.next_number is None:
                break
            place = {"cursor": _cursor(page.next_number)}
        return Page(found[::-1], None).spans

    def close(self) -> None:
        """Close the connections; twice is fine."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, asked: Mapping[str, str]) -> Page:
        self._check_sorting()
        body = self._get({**asked, "sort": "id"}, int(asked["limit"]))
        try:
            decoded = _BODY.decode(body)
            stored = [Stored(_number(_ROW.decode(raw).id), self._span(bytes(raw))) for raw in decoded.data]
            return Page(stored, _number(decoded.next_cursor) if decoded.next_cursor else None)
        except (msgspec.DecodeError, ValueError) as error:
            raise PhoenixError(f"{self._url}: expected a page of spans as Phoenix sends them") from error

    def _span(self, raw: bytes) -> Span | Malformed:
        try:
            return _span(_SPAN.decode(raw), {"openinference.project.name": self.project})
        except BadSpan as bad:
            return Malformed(str(bad), raw, {"project": self.project})
        except msgspec.DecodeError:
            return Malformed("expected a span as Phoenix sends it", raw, {"project": self.project})

    def _check_sorting(self) -> None:
        """Servers that cannot sort ignore the parameter, and would give the same spans for ever."""
        if self._sorts:
            return
        answer = self._send({"limit": "1", "order": "none"}, self._page_bytes)
        if answer.status != UNPROCESSABLE:
            self._expect_ok(answer)
            raise PhoenixError(
                f"{self._url}: expected a Phoenix that can sort spans, as 20.26 does, got {answer.server}"
            )
        self._sorts = True

    def _get(self, asked: Mapping[str, str], limit: int) -> bytes:
        answer = self._send(asked, None if limit <= FEW_SPANS else self._page_bytes)
        self._expect_ok(answer)
        return answer.body

    def _send(self, asked: Mapping[str, str], bound: int | None) -> _Answer:
        try:
            with self._http.stream("GET", self._url, params={**asked, "span_kind": self._kinds}) as answer:
                server = answer.headers.get("x-phoenix-server-version", "one that does not say its version")
                return _Answer(answer.status_code, server, self._body(answer, bound))
        except httpx2.ReadTimeout as error:
            raise PageTooLarge(f"{self._url}: no answer within {self._timeout_seconds:g} s") from error
        except httpx2.HTTPError as error:
            raise PhoenixError(f"{self._url}: {error or type(error).__name__}") from error

    def _body(self, answer: httpx2.Response, bound: int | None) -> bytes:
        taken = bytearray()
        for piece in answer.iter_bytes():
            taken += piece
            if bound is not None and len(taken) > bound:
                raise PageTooLarge(f"{self._url}: a page of more than {bound} bytes")
        return bytes(taken)

    def _expect_ok(self, answer: _Answer) -> None:
        if answer.status == httpx2.codes.OK:
            return
        if answer.status == httpx2.codes.NOT_FOUND and answer.body.startswith(b"Project "):
            raise ProjectMissing(f"{self._url}: there is no project {self.project}")
        hints = {401: "api_key_file or api_key_env with a key that is valid", 403: "a key that may read this project"}
        expected = hints.get(answer.status, "200 from Phoenix")
        raise PhoenixError(f"{self._url}: expected {expected}, got {answer.status}")


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


def _cursor(number: int) -> str:
    """Phoenix writes ids so, and takes any of them as a cursor."""
    return base64.b64encode(f"Span:{number}".encode()).decode()


def _number(cursor: str) -> int:
    kind, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    if kind != "Span":
        raise ValueError("expected the id of a span")
    return int(number)


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
