"""A real Phoenix that wants a key, on a free loopback port, gone at the end."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.monitor.kit import free_ports, wait_for
from tests.monitor.otlp.kit import as_protobuf, request
from tests.needs import require_phoenix

KEY = "admin-secret-of-32-characters-or-more-1"
START_SECONDS = 90
PROTOBUF = {"Content-Type": "application/x-protobuf"}


class Phoenix:
    """Started, killed, started again over the same database, at the same address."""

    def __init__(self, directory: Path) -> None:
        self._program = require_phoenix()
        self._directory = directory
        port, grpc_port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            "PHOENIX_WORKING_DIR": str(directory), "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": str(grpc_port), "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_ENABLE_AUTH": "true",
            "PHOENIX_SECRET": "secret-of-32-characters-or-more-12345", "PHOENIX_ADMIN_SECRET": KEY,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {KEY}"})

    def start(self) -> None:
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        with (self._directory / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "serve"], env={**clean, **self._environment}, stdout=log, stderr=log
            )
        wait_for(self._answers, START_SECONDS)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._directory / "log.txt").read_text()
        try:
            return self._http.get("/healthz").status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def send(self, project: str, *spans: dict[str, Any]) -> None:
        """Spans as OTLP/JSON has them; they can be seen when this returns."""
        self.post(project, request(*spans))
        wait_for(lambda: {span["spanId"] for span in spans} <= set(self.span_ids(project)))

    def post(self, project: str, plain: dict[str, Any]) -> None:
        """A request, in binary: Phoenix takes no OTLP/JSON."""
        for resource in plain["resourceSpans"]:
            name = {"key": "openinference.project.name", "value": {"stringValue": project}}
            resource["resource"]["attributes"].append(name)
        self._http.post("/v1/traces", content=as_protobuf(plain), headers=PROTOBUF).raise_for_status()

    def span_ids(self, project: str) -> list[str]:
        """At most a thousand, the first stored first."""
        answer = self._http.get(f"/v1/projects/{project}/spans", params={"order": "asc", "limit": "1000"})
        rows = answer.json()["data"] if answer.status_code == httpx2.codes.OK else []
        return [row["context"]["span_id"] for row in rows]

    def delete_trace(self, trace_id: str) -> None:
        self._http.delete(f"/v1/traces/{trace_id}").raise_for_status()

    def close(self) -> None:
        self._http.close()
        self.kill()


@contextmanager
def phoenix(directory: Path) -> Iterator[Phoenix]:
    """One that is up, and gone at the end however the test ended."""
    server = Phoenix(directory)
    try:
        server.start()
        yield server
    finally:
        server.close()
