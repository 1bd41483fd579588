"""What a Phoenix that is well does not show: the same answers over real HTTP, told to be slow, broken or odd."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.monitor.otlp.kit import QUERY, new_id

PROJECT = "support"


def row(**fields: Any) -> dict[str, Any]:
    """A retriever's span as Phoenix gives it."""
    attributes = {"input.value": QUERY, "retrieval.documents.0.document.id": "kb-1"}
    return {
        "context": {"trace_id": new_id(32), "span_id": new_id()}, "span_kind": "RETRIEVER", "parent_id": None,
        "start_time": "2026-11-25T12:00:00.000001+00:00", "end_time": "2026-11-25T12:00:01+00:00",
        "attributes": attributes, "events": [], **fields,
    }  # fmt: skip


class Server(ThreadingHTTPServer):
    """`rows` by number; `answers` are given first, one a request: a status and a body.

    Without `sorts` it is as one before 20.16: the newest first whatever it is asked.
    """

    daemon_threads = True

    def __init__(self, *, sorts: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sorts = sorts
        self.version = "20.26.0" if sorts else "12.0.0"
        self.rows: dict[int, dict[str, Any]] = {}
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, *numbers: int) -> list[str]:
        """Retrievers under these numbers; their span ids."""
        new = {number: row() for number in numbers}
        self.rows |= new
        return [one["context"]["span_id"] for one in new.values()]

    def answer(self, asked: dict[str, str]) -> tuple[int, bytes]:
        if asked["order"] not in {"asc", "desc"}:
            return (422, b"{}") if self.sorts else (200, b'{"data": [], "next_cursor": null}')
        self.asked.append(asked)
        if self.answers:
            return self.answers.pop(0)
        backwards = asked["order"] == "desc" or not self.sorts
        bound = int(base64.b64decode(asked["cursor"]).decode().removeprefix("Span:")) if "cursor" in asked else None
        found = [number for number in sorted(self.rows, reverse=backwards)
                 if bound is None or (number <= bound if backwards else number >= bound)]  # fmt: skip
        return 200, json.dumps(self._page(found, int(asked["limit"]))).encode()

    def _page(self, found: list[int], limit: int) -> dict[str, Any]:
        rows = [{"id": _id(number), **self.rows[number]} for number in found[:limit]]
        return {"data": rows, "next_cursor": _id(found[limit]) if len(found) > limit else None}


def _id(number: int) -> str:
    return base64.b64encode(f"Span:{number}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = {key: ",".join(values) for key, values in parse_qs(urlsplit(self.path).query).items()}
        status, body = self.server.answer(asked)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.server.version:
            self.send_header("x-phoenix-server-version", self.server.version)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server(*, sorts: bool = True) -> Iterator[Server]:
    """One that is gone at the end."""
    with Server(sorts=sorts) as started:
        Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
        yield started
        started.shutdown()
