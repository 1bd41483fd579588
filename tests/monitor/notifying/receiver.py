"""A real HTTP server that answers by script and keeps what it was sent; time that a test turns; notices."""

import json
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple

from detectors.records import ALL, Alarm
from monitor.notifying.notice import Notice, Worst

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Got(NamedTuple):
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answer(NamedTuple):
    """What a request is answered with."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""


CUT = Answer(0)  # the connection is closed without an answer
HANG = Answer(-1)  # no answer until the receiver is closed


class Receiver:
    """Answers 200, or the next of `script`."""

    def __init__(self, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.got: list[Got] = []
        self.script: deque[Answer] = deque()
        self._closed = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(
                    Got(self.path, {k.lower(): v for k, v in self.headers.items()}, body, receiver.clock())
                )
                receiver._answer(self, receiver.script.popleft() if receiver.script else Answer())

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _answer(self, to: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer is HANG:
            self._closed.wait(60)
        if answer is CUT or answer is HANG:
            to.connection.shutdown(socket.SHUT_RDWR)
            return
        to.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(answer.body)

    def turns(self) -> list[tuple[str, str, str]]:
        """Alert, scenario and status of all alerts that came, in order."""
        alerts = [alert for got in self.got for alert in got.json["alerts"]]
        return [(one["labels"]["alertname"], one["labels"]["scenario"], one["status"]) for one in alerts]

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiving(port: int = 0, clock: Callable[[], float] = time.time) -> Iterator[Receiver]:
    receiver = Receiver(port, clock)
    try:
        yield receiver
    finally:
        receiver.close()


class Time:
    """Both clocks; it stands still unless it is turned."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        return self.now


def notice(scenario: str = ALL, state: str = "raised", minute: float = 0, **changes: Any) -> Notice:
    """One turn of an alarm, so many minutes after `START`."""
    alarm: dict[str, Any] = {
        "alarm": "hit_at_5", "pipeline": "shop", "scenario": scenario, "state": state, "signal": "hit_at_5",
        "at": START + timedelta(minutes=minute), "since": START - timedelta(minutes=30), "evidence": 1.0,
        "reference": "b1",
    }  # fmt: skip
    ours = {name: changes.pop(name) for name in list(changes) if name in Alarm.__struct_fields__}
    full: dict[str, Any] = {
        "before": 0.81, "after": 0.7, "change": -0.11, "low": -0.14, "high": -0.08, "scenarios": ("identifier",),
        "worst": tuple(Worst(f"t{i}", 0.99 - i / 100) for i in range(4)),
        "cause": "stale index", "remedy": "index again",
    }  # fmt: skip
    return Notice(alarm=Alarm(**{**alarm, **ours}), **{**full, **changes})


def ended(scenario: str = ALL, minute: float = 1, **changes: Any) -> Notice:
    """Its end."""
    return notice(scenario, "resolved", minute, **changes)
