"""Arize Phoenix over its REST API: the spans of one project, in the order in which they were stored.

Understood is `GET /v1/projects/{project}/spans` of servers that can sort, and of older ones that give the newest
first whatever they are asked; the first request finds out.
"""

import errno
import re
import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Self
from urllib.parse import quote

import httpx2
import msgspec

from monitor.otlp.spans import Span
from monitor.sources.phoenix_rows import Stored, cursor, number_of, read_row

KINDS = ("RETRIEVER", "RERANKER", "CHAIN", "AGENT", "TOOL", "UNKNOWN")  # what retrieves, or may be above it
GENERATING = "LLM"
TIMEOUT_SECONDS = 10.0
PAGE_SPANS = 1000  # the most that Phoenix gives
RECENT_SPANS = 100  # at a time
PAGE_BYTES = 64 * 2**20
FEW_SPANS = 10  # so few are taken however large they are
OLDEST = (11, 6)  # that gives the spans of one project and not those of all
UNPROCESSABLE = 422  # httpx2 has renamed it


class PhoenixError(OSError):
    """Phoenix does not answer, or not as it should; worth trying again."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EPROTO, message)


class ProjectMissing(PhoenixError):  # noqa: N818 - it may come
    """There is no such project, or not yet: the first span makes it."""


class PageTooLarge(PhoenixError):  # noqa: N818 - it asks for a smaller one
    """Too large, or too slow to come; a page with fewer spans may do."""


class Page(NamedTuple):
    """Spans in the order asked for, and the number to go on with; None at the end."""

    stored: list[Stored]
    next_number: int | None

    @property
    def spans(self) -> list[Span]:
        """The sound ones."""
        return [one.span for one in self.stored if isinstance(one.span, Span)]

    def reaches(self, number: int) -> bool:
        """Whether a page of the newest first has all from a number on."""
        return self.next_number is None or self.next_number < number

    def turned(self, from_number: int) -> list[Stored]:
        """Those from a number on, the other way round."""
        return [one for one in reversed(self.stored) if one.number >= from_number]


class _Answer(NamedTuple):
    status: int
    server: str
    body: bytes


class _Body(msgspec.Struct):
    data: list[msgspec.Raw]
    next_cursor: str | None = None


_BODY = msgspec.json.Decoder(_Body)


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
        From every method that asks: no answer in time, one with another status than 200, one that is not Phoenix's, or
        a Phoenix before `OLDEST`.
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
        self._sorts: bool | None = None  # unknown
        self._window = 0  # how many numbers are looked through at once where Phoenix cannot sort

    def page(self, from_number: int = 0, limit: int = 100, *, since: datetime | None = None) -> Page:
        """Up to `limit` (at most `PAGE_SPANS`) spans from a number on, that number included, the first stored first.

        Parameters
        ----------
        since
            Leaves out spans that started before.
        """
        if self._can_sort():
            return self._read(limit, from_number, "asc", since)
        return self._turned(from_number, limit, since)

    def newest(self) -> Stored | None:
        """What was stored last; None in an empty project."""
        return next(iter(self._read(1).stored), None)

    def recent(self, count: int) -> list[Span]:
        """The sound ones of the `count` spans that were stored last, the first stored first."""
        found: list[Stored] = []
        place: int | None = 0
        while place is not None and len(found) < count:
            page = self._read(min(RECENT_SPANS, count - len(found)), place)
            found += page.stored
            place = page.next_number
        return Page(found[::-1], None).spans

    def close(self) -> None:
        """Close the connections; twice is fine."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _turned(self, from_number: int, limit: int, since: datetime | None) -> Page:
        """`page` where the newest always come first: the last few if they reach back so far, else those of a window.

        A window of as many numbers as spans are asked for comes whole. It grows while few of its numbers are this
        project's, and shrinks when it has more spans than Phoenix gave.
        """
        from_number = max(from_number, 1)
        page = self._read(min(RECENT_SPANS, limit), since=since)
        if page.reaches(from_number):
            return Page(page.turned(from_number), None)
        newest = page.stored[0].number
        self._window = max(self._window, limit)
        while True:
            last = min(from_number + self._window - 1, newest)
            page = self._read(limit, last, since=since)
            if not page.reaches(from_number):
                self._window = max(self._window // 2, limit)
                continue
            found = page.turned(from_number)
            if last == newest:
                return Page(found, None)
            if 2 * len(found) < limit:
                self._window *= 2
            from_number = last + 1
            if found:
                return Page(found, from_number)

    def _read(self, limit: int, number: int = 0, order: str = "desc", since: datetime | None = None) -> Page:
        place = {"cursor": cursor(number)} if number else {}
        start = {"start_time": since.isoformat()} if since else {}
        self._can_sort()  # or is too old for anything
        body = self._get({"sort": "id", "order": order, "limit": str(limit), **place, **start}, limit)
        try:
            decoded = _BODY.decode(body)
            stored = [read_row(bytes(raw), self.project) for raw in decoded.data]
            return Page(stored, number_of(decoded.next_cursor) if decoded.next_cursor else None)
        except (msgspec.DecodeError, ValueError) as error:
            raise PhoenixError(f"{self._url}: expected a page of spans as Phoenix sends them") from error

    def _can_sort(self) -> bool:
        """Servers that cannot ignore the parameter, whatever it says; asked once."""
        if self._sorts is None:
            answer = self._send({"limit": "1", "order": "none"}, None)
            if answer.status != UNPROCESSABLE:
                self._expect_ok(answer)
                self._expect_new_enough(answer.server)
            self._sorts = answer.status == UNPROCESSABLE
        return self._sorts

    def _expect_new_enough(self, server: str) -> None:
        version = tuple(int(number) for number in re.findall(r"\d+", server))
        if version < OLDEST:
            raise PhoenixError(
                f"{self._url}: expected Phoenix {'.'.join(map(str, OLDEST))} or later, older ones mix projects up, "
                f"got {server}"
            )

    def _get(self, asked: Mapping[str, str], limit: int) -> bytes:
        answer = self._send(asked, None if limit <= FEW_SPANS else self._page_bytes)
        self._expect_ok(answer)
        return answer.body

    def _send(self, asked: Mapping[str, str], bound: int | None) -> _Answer:
        try:
            with self._http.stream("GET", self._url, params={**asked, "span_kind": self._kinds}) as answer:
                server = answer.headers.get("x-phoenix-server-version", "one that names no version")
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
