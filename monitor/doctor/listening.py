"""A live endpoint: the one of `leadline run`, for a while, keeping what was posted instead of assessing it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitor import ingest, ingest_otlp
from monitor.config import HttpSource, PrivacyConfig
from monitor.doctor.gathering import Gathering
from monitor.health import Health
from monitor.ingest import Ingest, split_json, split_lines
from monitor.ingest_otlp import OtlpIngest
from monitor.journal import Journal, MemoryStore
from monitor.metrics import Metrics, Recorder
from monitor.privacy import Privacy
from monitor.quarantine import Quarantine
from monitor.receiving import Receiver, Refused
from monitor.server import HttpServer, Site
from monitor.sources.base import Malformed

STOP_SECONDS = 3.0
LOOK_SECONDS = 0.2
GRPC_HINT = "OTLP over gRPC is not taken: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"

Answer = TypeVar("Answer")
Body = tuple[str, str, bytes]
"""Path, content type and expanded body of a request that was taken."""


class _Keeper(Receiver):
    """Reads bodies as the sidecar does, and keeps those that its endpoint took."""

    def __init__(self, name: str, bodies: "SimpleQueue[Body]", refusals: Counter[str]) -> None:
        metrics = Metrics()
        recorder, limits = Recorder(metrics), HttpSource(kind="http")
        journal = Journal(MemoryStore(), max_records=limits.queue_traces, max_bytes=limits.queue_bytes, durable=True)
        quarantine = Quarantine(None, Privacy(PrivacyConfig()), metrics, recorder)
        super().__init__(
            name, journal, quarantine, metrics, recorder, Health(metrics), max_body_bytes=limits.max_body_bytes
        )
        self.metrics = metrics
        self._bodies = bodies
        self._refusals = refusals

    async def take(self, request: Request, work: Callable[[bytes], Answer]) -> Answer:
        """As it is, and keep the body where `work` took it."""
        path, kind = request.url.path, request.headers.get("content-type", "")

        def taken(body: bytes) -> Answer:
            answer = work(body)
            self._bodies.put((path, kind, body))
            return answer

        try:
            return await super().take(request, taken)
        except Refused as refused:
            self._refusals[f"POST {path}: {refused.status}, {refused}"] += 1
            raise

    def keep(self, records: Sequence[bytes], arrival: float, pipelines: Sequence[str]) -> None:
        """The body is kept as a whole."""

    def set_aside(self, malformed: Sequence[Malformed]) -> None:
        """It is found again in the body."""


class Listener:
    """Both endpoints on an address, while it is entered; requests to other paths are told of."""

    def __init__(self, address: str) -> None:
        self.refusals: Counter[str] = Counter()
        self._bodies: SimpleQueue[Body] = SimpleQueue()
        native, spans = (_Keeper(name, self._bodies, self.refusals) for name in ("http", "otlp"))
        routes = [Ingest(native).route, OtlpIngest(spans, spans.metrics).route]
        app = Starlette(routes=routes, exception_handlers={404: self._elsewhere})
        self._server = HttpServer([Site(address, app)])

    def _elsewhere(self, request: Request, _: Exception) -> JSONResponse:
        self.refusals[f"{request.method} {request.url.path}: 404, expected {ingest_otlp.PATH} or {ingest.PATH}"] += 1
        return JSONResponse({"error": "not found"}, 404)

    def __enter__(self) -> str:
        self._server.start()
        host, port = self._server.addresses[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.stop(STOP_SECONDS)

    def gather(self, gathering: Gathering, seconds: float, on_body: Callable[[], None] = lambda: None) -> None:
        """Take what comes until the time is over or the gathering full; Ctrl-C ends it earlier, with what there is."""
        with suppress(KeyboardInterrupt):
            self._wait(gathering, seconds, on_body)
        while not (self._bodies.empty() or gathering.full):
            _add(self._bodies.get(), gathering)
        for refusal, count in self.refusals.items():
            gathering.reject(f"{count} request{'s' * (count > 1)}", refusal)

    def _wait(self, gathering: Gathering, seconds: float, on_body: Callable[[], None]) -> None:
        deadline = time.monotonic() + seconds
        while (rest := deadline - time.monotonic()) > 0 and not gathering.full:
            with suppress(Empty):
                _add(self._bodies.get(timeout=min(LOOK_SECONDS, rest)), gathering)
                on_body()


def _add(body: Body, gathering: Gathering) -> None:
    path, kind, data = body
    media, arrival = kind.partition(";")[0].strip().lower(), datetime.now(UTC)
    if path == ingest_otlp.PATH:
        encoding = ingest_otlp.TYPES[media]
        gathering.sample_so_far.forms["otlp_json" if encoding == "json" else "otlp_proto"] += 1
        gathering.add_spans(data, encoding, f"POST {path}", arrival)
        return
    for index, record in enumerate(split_lines(data) if media == ingest.NDJSON else split_json(data)):
        gathering.sample_so_far.forms["json"] += 1
        gathering.add_native(record, f"POST {path}, trace {index}", arrival)
