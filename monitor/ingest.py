"""`POST /v1/query-traces`: a body taken apart, its sound traces put into the journal, the answer."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from monitor.receiving import Receiver, Refused
from monitor.sources.base import Malformed

PATH = "/v1/query-traces"
JSON, NDJSON = "application/json", "application/x-ndjson"


class Taken(NamedTuple):
    """What a body held."""

    traces: list[QueryTrace]
    malformed: list[tuple[int, Malformed]]  # with the index in the body


class Ingest:
    """Answers 200 once all sound traces of a body are in the journal, and says which records were not sound."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.route = Route(PATH, self._post, methods=["POST"])

    async def _post(self, request: Request) -> JSONResponse:
        try:
            response = await self._answer(request)
        except Refused as refused:
            response = JSONResponse({"error": str(refused)}, refused.status, refused.headers)
        self._receiver.answered(PATH, response.status_code)
        return response

    async def _answer(self, request: Request) -> JSONResponse:
        lines = _is_ndjson(request.headers.get("content-type", ""))
        return await self._receiver.take(request, lambda body: self._take(body, lines))

    def _take(self, body: bytes, lines: bool) -> JSONResponse:
        arrival = self._receiver.clock()
        records = split_lines(body) if lines else split_json(body)
        most = self._receiver.journal.max_records
        if len(records) > most:
            raise Refused(413, f"got {len(records)} traces, expected at most {most} in a request")
        taken = decode_all(records, datetime.fromtimestamp(arrival, UTC))
        if lines and not taken.traces and all(bad.reason.startswith("expected JSON") for _, bad in taken.malformed):
            raise Refused(400, "expected one JSON object a line, got no JSON at all")
        if taken.traces:
            encoded = [msgspec.json.encode(trace) for trace in taken.traces]
            self._receiver.keep(encoded, arrival, [trace.pipeline for trace in taken.traces])
        self._receiver.set_aside([malformed for _, malformed in taken.malformed])
        rejected = [{"index": index, "error": malformed.reason} for index, malformed in taken.malformed]
        return JSONResponse({"accepted": len(taken.traces), "rejected": rejected})


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
