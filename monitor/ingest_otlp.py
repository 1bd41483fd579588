"""`POST /v1/traces`: OTLP/HTTP in protobuf or JSON. What concerns retrieval goes into the journal, then the answer."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.errors import MalformedTrace
from monitor.metrics import Metrics
from monitor.otlp import answers
from monitor.otlp.assembler import count_spans
from monitor.otlp.reading import Reading, read_request
from monitor.otlp.spans import Encoding
from monitor.receiving import Receiver, Refused
from monitor.sources.otlp import NAME, encode_notes

PATH = "/v1/traces"
TYPES: dict[str, Encoding] = {"application/x-protobuf": "protobuf", "application/json": "json"}
TOLD = 3  # different reasons in the answer


class OtlpIngest:
    """Answers 200 once the spans that matter are in the journal, with the number of those that cannot be taken.

    429 and 503 have `Retry-After` and keep nothing of the request; after 400, 413 and 415 a client must not try again.
    """

    def __init__(self, receiver: Receiver, metrics: Metrics, *, answers: bool = False) -> None:
        self._receiver = receiver
        self._metrics = metrics
        self._answers = answers
        self.route = Route(PATH, self._post, methods=["POST"])

    async def _post(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = TYPES.get(kind)
        response = await self._answer(request, encoding) if encoding is not None else _unknown_type(kind)
        self._receiver.answered(PATH, response.status_code)
        return response

    async def _answer(self, request: Request, encoding: Encoding) -> Response:
        try:
            body = await self._receiver.take(request, lambda body: self._take(body, encoding))
        except Refused as refused:
            return _refusal(encoding, refused)
        return _response(encoding, 200, body)

    def _take(self, body: bytes, encoding: Encoding) -> bytes:
        arrival = self._receiver.clock()
        try:
            moment = datetime.fromtimestamp(arrival, UTC)
            reading = read_request(body, encoding, moment, answers=self._answers)
        except MalformedTrace as error:
            raise Refused(400, str(error)) from None
        if reading.notes:
            retrieving = [note.pipeline for note in reading.notes if note.is_retrieval]
            self._receiver.keep([encode_notes(reading.notes)], arrival, retrieving)
        count_spans(self._metrics, NAME, reading.counts)
        self._receiver.set_aside(reading.rejected)
        return answers.accepted(encoding, len(reading.rejected), _reasons(reading))


def _reasons(reading: Reading) -> str:
    reasons = list(dict.fromkeys(bad.reason for bad in reading.rejected))
    return "; ".join(reasons[:TOLD]) + ("; and others" if len(reasons) > TOLD else "")


def _unknown_type(kind: str) -> Response:
    """In JSON: readable at least."""
    return _refusal("json", Refused(415, f"Content-Type: got {kind[:60]!r}, expected {' or '.join(TYPES)}"))


def _refusal(encoding: Encoding, refused: Refused) -> Response:
    return _response(encoding, refused.status, answers.refused(encoding, str(refused)), refused.headers)


def _response(encoding: Encoding, status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    kind = next(name for name, known in TYPES.items() if known == encoding)
    return Response(body, status, {"Content-Type": kind, **(headers or {})})
