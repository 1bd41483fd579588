"""What the tests of the runtime share: traces, a scorer that costs nothing, a sidecar in this process or its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from detectors.records import Assessment, Evidence, Weights
from monitor.config import Config, build_config

ROOT = Path(__file__).parents[2]
PRIVATE = "what does zanzibar cost"  # a query that must not show up where text may not be


def trace(trace_id: str, **changes: Any) -> dict[str, Any]:
    """A query trace as an application writes it."""
    documents = [{"id": f"d{i}", "score": 0.9 - 0.1 * i + len(trace_id) / 1000, "text": f"text {i}"} for i in range(4)]
    return {"trace_id": trace_id, "query": f"query {trace_id}", "documents": documents, **changes}


def traces(count: int, prefix: str = "t") -> list[dict[str, Any]]:
    """Several of them."""
    return [trace(f"{prefix}{i}") for i in range(count)]


def lines(records: Sequence[dict[str, Any]]) -> bytes:
    """As lines of a file or an NDJSON body."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def document(directory: Path, **sections: Any) -> dict[str, Any]:
    """A configuration that lives in `directory` and listens on free ports."""
    return {
        "sinks": [{"kind": "jsonl", "path": str(directory / "out.jsonl")}],
        "scorer": None,
        "quarantine": {"path": str(directory / "quarantine.jsonl")},
        "state": {"path": str(directory / "leadline.db")},
        "http": {"metrics": "127.0.0.1:0", "ingest": "127.0.0.1:0"},
        **sections,
    }


def config(directory: Path, **sections: Any) -> Config:
    """The same, validated."""
    return build_config(document(directory, **sections), "test")


def follow(path: Path) -> list[dict[str, Any]]:
    """The `sources` section that follows a file."""
    return [{"kind": "jsonl", "path": str(path)}]


def assessed(directory: Path) -> list[str]:
    """Trace ids in the jsonl sink, in order; a line that is being written does not count yet."""
    path = directory / "out.jsonl"
    written = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line)["trace_id"] for line in written]


def wait_for(ready: Callable[[], Any], timeout_seconds: float = 10.0) -> None:
    """Wait until something is so; the test fails where it does not come to be."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


class LengthScorer:
    """A `PairScorer` of numbers: the longer a passage, the more relevant. Counts its calls."""

    name = "length"

    def __init__(self) -> None:
        self.calls: list[int] = []

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        self.calls.append(len(pairs))
        return np.array([1 - 1 / (1 + len(passage) + len(query) % 7) for query, passage in pairs])


class Sidecar:
    """`leadline run` in a process of its own."""

    def __init__(self, directory: Path, **sections: Any) -> None:
        self.directory = directory
        self.file = directory / "leadline.yaml"
        ports = {name: f"127.0.0.1:{port}" for name, port in zip(("metrics", "ingest"), free_ports(2), strict=True)}
        self.file.write_text(yaml.safe_dump(document(directory, **{"http": ports, **sections})))
        self.metrics_url, self.ingest_url = (f"http://{ports[name]}" for name in ("metrics", "ingest"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self) -> "Sidecar":
        with (self.directory / "stderr.txt").open("ab") as stderr:
            command = [sys.executable, "-m", "monitor.cli", "run", "--config", str(self.file)]
            self._process = subprocess.Popen(command, cwd=ROOT, stderr=stderr, stdout=stderr)
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    @property
    def log(self) -> str:
        return (self.directory / "stderr.txt").read_text()


@contextmanager
def sidecar(directory: Path, **sections: Any) -> Iterator[Sidecar]:
    """A sidecar that is gone at the end, however the test ended."""
    started = Sidecar(directory, **sections).start()
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.kill()


def free_port() -> int:
    """A port that was free a moment ago."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Several, no two the same: one after the other, the same may come twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def replace_by_empty(path: Path) -> None:
    """Rotate a file away: rename it and begin a new one."""
    path.rename(path.with_name(path.name + ".1"))
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


def assessment(trace_id: str, **changes: Any) -> Assessment:
    """An assessment with nothing in it but what a test needs."""
    plain: dict[str, Any] = {
        "trace_id": trace_id, "span_id": None, "timestamp": datetime(2026, 11, 24, tzinfo=UTC), "pipeline": "default",
        "query_id": None, "scenario": "none", "scenarios": (), "weights": Weights(), "risk": 0.5, "risk_at_1": 0.5,
        "risk_basis": "score", "level_errors": {"risk": 0.1, "risk_at_1": 0.1},
        "drivers": (), "signals": {"score_gap": 0.5}, "abstentions": {}, "evidence": Evidence(), "versions": {},
        "document_ids": ("d",), "attributes": {}, "query": "q",
    }  # fmt: skip
    return Assessment(**{**plain, **changes})


def leadline(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "monitor.cli", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **environment},
    )  # fmt: skip
