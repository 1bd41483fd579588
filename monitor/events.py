"""`POST /v1/events`: a deploy is announced; `GET`: what was announced, and what became of it."""

from datetime import UTC, datetime

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.deciding.deciding import Deciding
from monitor.deciding.observation import LONGEST_RELEASE
from monitor.deciding.releases import Comparison, Event
from monitor.telling import Teller

PATH = "/v1/events"
MAX_BYTES = 16_384


class Deploy(msgspec.Struct, forbid_unknown_fields=True):
    """The body: what is served from a time on (now, if none is named), by one pipeline or by all."""

    release: str
    pipeline: str | None = None
    timestamp: datetime | None = None


class Listed(msgspec.Struct):
    """The answer to `GET`."""

    events: list[Event]
    comparisons: list[Comparison]


class Events:
    """Takes deploys in: 200 once one is saved. It takes effect from its time on, and at once where that has passed."""

    def __init__(self, deciding: Deciding, teller: Teller) -> None:
        self._deciding, self._teller = deciding, teller
        self.routes = [Route(PATH, self._post, methods=["POST"]), Route(PATH, self._get, methods=["GET"])]

    async def _post(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > MAX_BYTES:
            return JSONResponse({"error": f"got {len(body)} bytes, expected at most {MAX_BYTES}"}, 413)
        try:
            event = self._event(msgspec.json.decode(body, type=Deploy))
        except (msgspec.DecodeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        await run_in_threadpool(self._teller.deployed, event)
        return _json(event)

    def _event(self, deploy: Deploy) -> Event:
        if not 0 < len(deploy.release.strip()) <= LONGEST_RELEASE:
            raise ValueError(f"release: expected 1 to {LONGEST_RELEASE} characters")
        time = deploy.timestamp or datetime.fromtimestamp(self._teller.clock(), UTC)
        if time.tzinfo is None:
            raise ValueError("timestamp: expected a time with its zone, such as 2026-11-23T12:00:00Z")
        return Event(deploy.release.strip(), max(time.timestamp(), self._teller.clock()), deploy.pipeline)

    async def _get(self, _: Request) -> Response:
        return _json(await run_in_threadpool(listed, self._deciding))


def listed(deciding: Deciding) -> Listed:
    """What was announced, and the last comparison of each pipeline."""
    with deciding.lock:
        found = [state.releases.comparison for state in deciding.pipelines.values()]
        return Listed(deciding.events, [one for one in found if one is not None])


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
