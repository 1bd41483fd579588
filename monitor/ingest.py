"""`POST /v1/query-traces`: a body taken apart, its sound traces put into the journal, the answer."""

import asyncio
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from monitor.health import Health
from monitor.journal import Journal, JournalFull
from monitor.logs import describe
from monitor.metrics import Metrics, Recorder
from monitor.quarantine import Quarantine
from monitor.sources.base import Malformed
from monitor.sources.http import NAME

log = structlog.get_logger()

PATH = "/v1/query-traces"
JSON, NDJSON = "application/json", "application/x-ndjson"
BODY_SECONDS = 30.0  # to send it
AT_ONCE = 4  # bodies that are taken apart at the same time


class Refused(Exception):  # noqa: N818 - an answer to the client
    """A request that cannot be taken: the status and one line."""

    def __init__(self, status: int, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    def response(self) -> JSONResponse:
        """As it is sent."""
        headers = {"Retry-After": str(self.retry_after_seconds)} if self.retry_after_seconds is not None else None
        return JSONResponse({"error": str(self)}, self.status, headers)


class Taken(NamedTuple):
    """What a body held."""

    traces: list[QueryTrace]
    malformed: list[tuple[int, Malformed]]  # with the index in the body


class Ingest:
    """Answers 200 once all sound traces of a body are in the journal, and says which records were not sound."""

    def __init__(
        self, journal: Journal, quarantine: Quarantine, metrics: Metrics, recorder: Recorder, health: Health,
        *, max_body_bytes: int, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._quarantine = quarantine
        self._metrics = metrics
        self._recorder = recorder
        self._health = health
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self.route = Route(PATH, self._post, methods=["POST"])

    async def _post(self, request: Request) -> JSONResponse:
        try:
            response = await self._answer(request)
        except Refused as refused:
            response = refused.response()
        except Exception as error:  # noqa: BLE001 - a bug of ours; the server's own log would quote the request
            log.error("a request cannot be answered", **describe(error))
            response = Refused(500, "cannot be taken: see the sidecar's log").response()
        self._metrics.inc("ingest_requests_total", PATH, str(response.status_code))
        return response

    async def _answer(self, request: Request) -> JSONResponse:
        lines = _is_ndjson(request.headers.get("content-type", ""))
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise Refused(415, f"Content-Encoding: got {encoding[:40]!r}, expected gzip or none")
        body = await self._body(request)
        async with self._at_once:
            return await run_in_threadpool(self._take, body, lines, encoding == "gzip")

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

    def _take(self, body: bytes, lines: bool, compressed: bool) -> JSONResponse:
        arrival = self._clock()
        if compressed:
            body = self._expand(body)
        records = split_lines(body) if lines else split_json(body)
        if len(records) > self._journal.max_records:
            raise Refused(413, f"got {len(records)} traces, expected at most {self._journal.max_records} in a request")
        taken = decode_all(records, datetime.fromtimestamp(arrival, UTC))
        if lines and not taken.traces and all(bad.reason.startswith("expected JSON") for _, bad in taken.malformed):
            raise Refused(400, "expected one JSON object a line, got no JSON at all")
        self._keep(taken.traces, arrival)
        self._set_aside([malformed for _, malformed in taken.malformed])
        rejected = [{"index": index, "error": malformed.reason} for index, malformed in taken.malformed]
        return JSONResponse({"accepted": len(taken.traces), "rejected": rejected})

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

    def _keep(self, traces: Sequence[QueryTrace], arrival: float) -> None:
        """Raises what the client has to know where the journal is full, or broken."""
        if not traces:
            return
        try:
            self._journal.append([msgspec.json.encode(trace) for trace in traces], arrival)
        except JournalFull as full:
            for trace in traces:
                self._recorder.decided(trace.pipeline, "throttled")
            raise Refused(429, str(full), full.retry_after_seconds) from None
        except (OSError, sqlite3.Error) as error:
            if self._health.failed("journal"):
                log.error("the journal cannot be written", **describe(error))
            raise Refused(503, "the journal cannot be written just now", 5) from None
        self._health.worked("journal")
        if not self._journal.durable:
            self._metrics.inc("unjournaled_traces_total", NAME, by=len(traces))

    def _set_aside(self, malformed: Sequence[Malformed]) -> None:
        try:
            self._quarantine.write(NAME, malformed)
        except OSError as error:  # the client knows of them anyway
            if self._health.failed("quarantine"):
                log.error("the quarantine cannot be written", **describe(error))


def _is_ndjson(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower() or JSON
    if kind not in (JSON, NDJSON):
        raise Refused(415, f"Content-Type: got {kind[:60]!r}, expected {JSON} or {NDJSON}")
    return kind == NDJSON


def split_lines(body: bytes) -> list[bytes]:
    """The records of an NDJSON body."""
    records = [line for line in body.split(b"\n") if line.strip()]
    if not records:
        raise Refused(400, "expected one JSON object a line, got an empty body")
    return records


def split_json(body: bytes) -> list[bytes]:
    """The records of a JSON body: one object, or an array of them."""
    try:
        kind: Any = list[msgspec.Raw] if body.lstrip().startswith(b"[") else msgspec.Raw
        plain = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = _lenient(body)
    if isinstance(plain, list):
        return [bytes(record) for record in plain]
    if not body.lstrip().startswith(b"{"):
        raise Refused(400, "expected a JSON object, or an array of them")
    return [body]


def _lenient(body: bytes) -> Any:
    """JSON as Python writes it, with NaN and Infinity."""
    try:
        plain = json.loads(body)
    except json.JSONDecodeError as error:
        hint = f" (one object a line is {NDJSON})" if error.msg == "Extra data" else ""
        raise Refused(400, f"expected JSON: {error.msg} at character {error.pos}{hint}") from None
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"expected JSON: {type(error).__name__}") from None
    return [json.dumps(record).encode() for record in plain] if isinstance(plain, list) else body


def decode_all(records: Sequence[bytes], arrival: datetime) -> Taken:
    """Sound traces, and what is wrong with the others."""
    taken = Taken([], [])
    for index, record in enumerate(records):
        try:
            taken.traces.append(decode_trace(record, arrival))
        except MalformedTrace as error:
            taken.malformed.append((index, Malformed(str(error), record, {"index": index})))
    return taken
