"""Real frameworks under real instrumentation, through the real OTLP exporter, into a running sidecar.

tests/monitor/otlp/test_recordings.py has the details of what each emitter says; here it is that nothing is lost, added
or counted twice on the way, with the packages as they are installed.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitor.errors import SinkBusy
from monitor.service import Service
from tests.builders import samples
from tests.monitor.kit import Sidecar, assessed, config, sidecar, wait_for
from tests.monitor.otlp.kit import as_json, request, retriever
from tests.monitor.test_crash import reachable
from tests.needs import require_emitters

JSON = {"Content-Type": "application/json"}
QUERY = "refund policy for order 88-1023"
BATCH = ["reset the password", "toner RX-20b"]
STACK_SECONDS = 120
LANGCHAIN = [*[QUERY] * 4, *BATCH]
QUERIES = {
    "openinference_langchain": LANGCHAIN,
    "traceloop_langchain": LANGCHAIN,
    "genai_langchain": LANGCHAIN,
    "openinference_llama_index": [QUERY, QUERY, QUERY, "does not exist"],
    "openinference_haystack": [QUERY] * 3,
    "openinference_haystack_answered": [QUERY],
    "openinference_langgraph": [QUERY],
    "traceloop_langgraph": [QUERY],
    "genai_langgraph": [QUERY],
    "traceloop_chroma": [QUERY],
}
UNUSABLE = {"openinference_langchain_redacted": "redacted", "genai_langchain_without_content": "no_documents"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    require_emitters()
    sources = [{"kind": "http", "join_seconds": 0.5}]
    with sidecar(tmp_path_factory.mktemp("emitters"), sources=sources, attributes=["service.version"]) as started:
        wait_for(lambda: reachable(started.metrics_url), 60)
        yield started


def drive(sidecar: Sidecar, stack: str, encoding: str) -> None:
    """Run one stack to its end against a sidecar."""
    run_stack(sidecar.ingest_url, stack, encoding)


def run_stack(url: str, stack: str, encoding: str) -> None:
    """Run one stack to its end: by then its exporter has been answered."""
    command = [require_emitters(), str(Path(__file__).with_name("stacks.py")), url, encoding, stack]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=STACK_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert "Failed to export" not in done.stderr


def metric(sidecar: Sidecar, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    return samples(httpx2.get(f"{sidecar.metrics_url}/metrics").text, name, *labels)


def rows(sidecar: Sidecar, pipeline: str) -> list[dict[str, Any]]:
    lines = (sidecar.directory / "out.jsonl").read_text().splitlines() if assessed(sidecar.directory) else []
    return [row for row in map(json.loads, lines) if row["pipeline"] == pipeline]


@pytest.mark.timeout(3 * STACK_SECONDS)
@pytest.mark.parametrize("stack", QUERIES)
def test_every_retrieval_is_assessed_once(running: Sidecar, stack: str) -> None:
    """With its query; in protobuf, and then again in JSON: other ids, so other retrievals."""
    pipeline = stack.replace("_", "-")
    for rounds, encoding in enumerate(("protobuf", "json"), 1):
        expected = Counter(QUERIES[stack] * rounds)
        drive(running, stack, encoding)
        wait_for(lambda expected=expected: Counter(row["query"] for row in rows(running, pipeline)) >= expected, 30)  # type: ignore[misc]
        assert Counter(row["query"] for row in rows(running, pipeline)) == expected
    found = rows(running, pipeline)
    assert len({(row["trace_id"], row["span_id"]) for row in found}) == len(found)
    assert {row["attributes"]["service.version"] for row in found} == {"1.4.2"}
    assert all(row["document_ids"] for row in found if row["query"] != "does not exist")


@pytest.mark.timeout(2 * STACK_SECONDS)
@pytest.mark.parametrize("stack", UNUSABLE)
def test_content_that_is_not_captured_is_counted(running: Sidecar, stack: str) -> None:
    """By pipeline, and by reason."""
    reason = UNUSABLE[stack]
    before = metric(running, "otlp_retrieval_spans_total", "result").get((reason,), 0)
    drive(running, stack, "protobuf")
    wait_for(lambda: metric(running, "otlp_retrieval_spans_total", "result").get((reason,), 0) == before + 1, 30)
    unusable = metric(running, "traces_total", "pipeline", "decision")
    assert unusable[stack.replace("_", "-"), "unusable"] == 1
    assert rows(running, stack.replace("_", "-")) == []


class Busy:
    """A sink that is busy until it is told otherwise."""

    name = "busy"

    def __init__(self) -> None:
        self.busy = True

    def write(self, batch: object) -> None:
        del batch
        if self.busy:
            raise SinkBusy(0.05)

    def close(self) -> None:
        pass


@pytest.mark.timeout(2 * STACK_SECONDS)
def test_an_exporter_that_is_told_to_come_again_does_and_loses_nothing(tmp_path: Path) -> None:
    """The journal has room for one request, and another one is in it when the exporter comes."""
    python = require_emitters()
    sink = Busy()
    sources = [{"kind": "http", "join_seconds": 0.2, "queue_traces": 1}]
    with Service(config(tmp_path, sources=sources), sinks=[sink]) as service:
        assert service.ingest_address is not None
        endpoint = f"http://127.0.0.1:{service.ingest_address[1]}"
        first = httpx2.post(f"{endpoint}/v1/traces", content=as_json(request(retriever())), headers=JSON)
        assert first.status_code == 200
        command = [python, str(Path(__file__).with_name("stacks.py")), endpoint, "json", "openinference_haystack"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as exporter:
            wait_for(lambda: throttled(service) or exporter.poll() is not None, STACK_SECONDS)
            sink.busy = False
            _, said = exporter.communicate(timeout=STACK_SECONDS)
        assert (exporter.returncode, throttled(service) >= 4, "Failed to export" in said) == (0, True, False), said
        wait_for(lambda: len(assessed(tmp_path)) == 4, 30)


def throttled(service: Service) -> float:
    return service.metrics.value("traces_total", "openinference-haystack", "throttled")


def test_nothing_was_late_early_or_rejected(running: Sidecar) -> None:
    """Whatever the stacks sent before."""
    results = {result for (result,) in metric(running, "otlp_retrieval_spans_total", "result")}
    assert results <= {"served", "inner", "redacted", "no_documents"}
    assert not [kind for (kind,) in metric(running, "otlp_spans_total", "kind") if kind == "rejected"]
