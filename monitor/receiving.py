"""What the endpoints have in common: a body read within limits, records kept in a journal, a refusal in one line."""

import asyncio
import sqlite3
import time
import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from monitor.health import Health
from monitor.journal import Journal, JournalFull
from monitor.logs import describe
from monitor.metrics import Metrics, Recorder
from monitor.quarantine import Quarantine
from monitor.sources.base import Malformed

log = structlog.get_logger()

BODY_SECONDS = 30.0  # to send it
AT_ONCE = 4  # bodies that are taken apart at the same time

Answer = TypeVar("Answer")


class Refused(Exception):  # noqa: N818 - an answer to the client
    """A request that cannot be taken: the status and one line."""

    def __init__(self, status: int, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    def headers(self) -> dict[str, str]:
        """When to come again."""
        return {"Retry-After": str(self.retry_after_seconds)} if self.retry_after_seconds is not None else {}


class Receiver:
    """Reads bodies and keeps records, for one endpoint. `source` names it in the quarantine and in the metrics."""

    def __init__(
        self, source: str, journal: Journal, quarantine: Quarantine, metrics: Metrics,
        recorder: Recorder, health: Health, *, max_body_bytes: int, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.clock = clock
        self.journal = journal
        self._source = source
        self._quarantine = quarantine
        self._metrics = metrics
        self._recorder = recorder
        self._health = health
        self._max_body_bytes = max_body_bytes
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def take(self, request: Request, work: Callable[[bytes], Answer]) -> Answer:
        """Give `work` the expanded body, in a thread; few bodies at a time.

        Raises
        ------
        Refused
            Where the encoding is another one, or the body too large, too slow or no gzip; with 500 where `work` fails.
        """
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise Refused(415, f"Content-Encoding: got {encoding[:40]!r}, expected gzip or none")
        try:
            body = await self._body(request)
            async with self._at_once:
                return await run_in_threadpool(lambda: work(self._expand(body) if encoding == "gzip" else body))
        except Refused:
            raise
        except Exception as error:  # a bug of ours; the server's own log would quote the request
            log.error("a request cannot be answered", **describe(error))
            raise Refused(500, "cannot be taken: see the sidecar's log") from error

    async def _body(self, request: Request) -> bytes:
        declared = request.headers.get("content-length", "0")
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                if declared.isdigit() and int(declared) <= self._max_body_bytes:
                    async for chunk in request.stream():
                        body += chunk
                        if len(body) > self._max_body_bytes:
                            raise self._too_large()
                    return bytes(body)
        except TimeoutError:
            raise Refused(408, f"expected the whole body within {BODY_SECONDS:g} s") from None
        except ClientDisconnect:
            raise Refused(400, "the client went away") from None
        raise self._too_large()

    def _too_large(self) -> Refused:
        return Refused(413, f"expected a body of at most {self._max_body_bytes} bytes")

    def _expand(self, body: bytes) -> bytes:
        expanded = bytearray()
        try:
            while body:
                member = zlib.decompressobj(wbits=31)
                expanded += member.decompress(body, self._max_body_bytes + 1 - len(expanded))
                if len(expanded) > self._max_body_bytes:
                    raise Refused(413, f"expected a body that expands to at most {self._max_body_bytes} bytes")
                if not member.eof:
                    raise Refused(400, "expected a whole gzip body, got a part of one")
                body = member.unused_data
        except zlib.error:
            raise Refused(400, "expected a gzip body, as Content-Encoding says") from None
        return bytes(expanded)

    def keep(self, records: Sequence[bytes], arrival: float, pipelines: Sequence[str]) -> None:
        """Put the records, with a trace of each of these pipelines, into the journal: they are safe once this returns.

        Raises
        ------
        Refused
            Where the journal is full (429), or broken (503).
        """
        try:
            self.journal.append(records, arrival)
        except JournalFull as full:
            for pipeline in pipelines:
                self._recorder.decided(pipeline, "throttled")
            raise Refused(429, str(full), full.retry_after_seconds) from None
        except (OSError, sqlite3.Error) as error:
            if self._health.failed("journal"):
                log.error("the journal cannot be written", **describe(error))
            raise Refused(503, "the journal cannot be written just now", 5) from None
        self._health.worked("journal")
        if not self.journal.durable:
            self._metrics.inc("unjournaled_traces_total", self._source, by=len(pipelines))

    def set_aside(self, malformed: Sequence[Malformed]) -> None:
        """Put what cannot be used into quarantine."""
        try:
            self._quarantine.write(self._source, malformed)
        except OSError as error:  # the client knows of them anyway
            if self._health.failed("quarantine"):
                log.error("the quarantine cannot be written", **describe(error))

    def answered(self, path: str, status: int) -> None:
        """Count a request by its answer."""
        self._metrics.inc("ingest_requests_total", path, str(status))
