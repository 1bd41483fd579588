"""Records what the real exporters send into tests/monitor/otlp/fixtures, one file a stack and encoding.

    PYTHON_OF_THE_EMITTERS tests/emitters/record.py [STACK ...]

Nothing in them but the texts of stacks.py, names of classes, ids and times: resources are set there too.
"""

import gzip
import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from stacks import STACKS

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "monitor" / "otlp" / "fixtures"
IN_PROTOBUF = ("openinference_haystack", "traceloop_chroma")
LONGEST = 1500  # of an attribute that retrieval has nothing to do with


class Recorder(ThreadingHTTPServer):
    """Takes what an exporter posts."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Handler)
        Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """Answers as a receiver does that accepts everything."""

    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        self.send_response(200)
        self.send_header("Content-Type", self.headers["Content-Type"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def recorded(stack: str, encoding: str) -> list[bytes]:
    """The bodies that one stack's exporter sends."""
    with Recorder() as recorder:
        endpoint = f"http://127.0.0.1:{recorder.server_port}"
        subprocess.run([sys.executable, HERE / "stacks.py", endpoint, encoding, stack], check=True)
        recorder.shutdown()
        return recorder.bodies


def scrubbed(body: bytes) -> bytes:
    """A span a line; prompts cut."""
    request = json.loads(body)
    for of_scope in (scope for resource in request["resourceSpans"] for scope in resource["scopeSpans"]):
        for span in of_scope["spans"]:
            for attribute in span.get("attributes", []):
                text = attribute["value"].get("stringValue", "")
                if attribute["key"].startswith(("llm.", "gen_ai.prompt")) and len(text) > LONGEST:
                    attribute["value"]["stringValue"] = text[:LONGEST]
    text = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
    return text.replace('{"traceId"', '\n{"traceId"').encode() + b"\n"


def record(stack: str) -> None:
    """Write the fixtures of one stack."""
    (body,) = recorded(stack, "json")
    (FIXTURES / f"{stack}.json").write_bytes(scrubbed(body))
    if stack in IN_PROTOBUF:
        (body,) = recorded(stack, "protobuf")
        (FIXTURES / f"{stack}.pb").write_bytes(body)


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or STACKS:
        record(name)
