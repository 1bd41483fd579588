"""The HTTP side: every address on one event loop, in one thread."""

import asyncio
import socket
from collections.abc import Sequence
from threading import Thread
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from monitor.errors import LeadlineError
from monitor.health import Health
from monitor.metrics import Metrics

GRACE_SECONDS = 2
CONNECTIONS = 256


class Site(NamedTuple):
    """One app and where it is served, `HOST:PORT`."""

    address: str
    app: ASGIApp


class HttpServer:
    """Serves its sites from `start` to `stop`; port 0 takes a free one, and `addresses` has the real ones."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = sites
        self._sockets: list[socket.socket] = []
        self._servers: list[uvicorn.Server] = []
        self._thread = Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Bind and serve.

        Raises
        ------
        LeadlineError
            Where an address cannot be had.
        """
        try:
            for site in self._sites:
                self._sockets.append(_bind(site.address))
                settings = uvicorn.Config(
                    site.app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False,
                    timeout_graceful_shutdown=GRACE_SECONDS, limit_concurrency=CONNECTIONS,
                )  # fmt: skip
                self._servers.append(uvicorn.Server(settings))
        except BaseException:
            self._close()
            raise
        self._thread.start()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each site."""
        return [bound.getsockname()[:2] for bound in self._sockets]

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def stop(self, timeout_seconds: float) -> None:
        """Answer what is in hand, then close; twice is fine."""
        for server in self._servers:
            server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        self._close()

    def _close(self) -> None:
        for bound in self._sockets:
            bound.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[bound]) for server, bound in pairs))


def _bind(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, int(port)))
        bound.listen(socket.SOMAXCONN)
    except OSError as error:
        bound.close()
        raise LeadlineError(f"{address}: cannot listen there: {error.strerror}") from error
    return bound


def operations_app(metrics: Metrics, health: Health, more: Sequence[Route] = ()) -> Starlette:
    """`/metrics`, `/-/healthy`, `/-/ready`, and whatever else is served there."""

    async def exposition(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        content, content_type = await run_in_threadpool(metrics.exposition, accept)
        return Response(content, headers={"content-type": content_type, "vary": "accept"})

    async def healthy(_: Request) -> Response:
        dead = health.dead()
        return JSONResponse(
            {"status": "dead", "problems": dead} if dead else {"status": "healthy"}, 503 if dead else 200
        )

    async def ready(_: Request) -> Response:
        problems = health.problems()
        status = {"status": "not ready", "problems": problems} if problems else {"status": "ready"}
        return JSONResponse({**status, **health.notes()}, 503 if problems else 200)

    return Starlette(
        routes=[Route("/metrics", exposition), Route("/-/healthy", healthy), Route("/-/ready", ready), *more],
    )
