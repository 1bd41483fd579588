"""The snippets of docs/without-tracing.md, as they stand there, against a running sidecar."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.broker import Broker
from tests.monitor import kit

PAGE = kit.ROOT / "docs" / "without-tracing.md"
HTTP, KAFKA = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
URL, BOOTSTRAP, TOPIC = "http://localhost:4318", "localhost:9092", "rag.traces"
CALL = """
report("refund policy for order 88-1023", [{"id": "kb-17", "score": 0.83}, {"id": "kb-4", "score": 0.81}])
"""
STAY = "import threading; threading.Event().wait()"
AGAIN = f"""
import time
while True:
{CALL.replace("report(", "    report(")}
    time.sleep(0.5)
"""  # a topic that the client does not know in time costs it the first trace
BUSY = """
import time
begin = time.monotonic()
for _ in range(5000):
    report("refund policy", [{"id": "kb-17", "score": 0.83}])
print(time.monotonic() - begin)
"""


def at(snippet: str, **places: str) -> str:
    """A snippet with other addresses than those of the page, each of which has to be there."""
    for old, new in places.items():
        known = {"url": URL, "bootstrap": BOOTSTRAP, "topic": TOPIC}[old]
        assert snippet.count(known) == 1
        snippet = snippet.replace(known, new)
    return snippet


@contextmanager
def running(code: str) -> Iterator[None]:
    """An application of these lines, until the end of the test."""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield
        finally:
            process.kill()


def query_of(sidecar: kit.Sidecar) -> list[str]:
    """Queries of the assessments, once there are some."""
    kit.wait_for(lambda: kit.assessed(sidecar.directory), 60)
    found = re.findall(r'"query":"([^"]*)"', (sidecar.directory / "out.jsonl").read_text())
    return [str(query) for query in found]


@pytest.mark.parametrize("snippet", [HTTP, KAFKA], ids=["http", "kafka"])
def test_they_are_of_ten_lines(snippet: str) -> None:
    assert len([line for line in snippet.splitlines() if line.strip()]) <= 10


def test_http(tmp_path: Path) -> None:
    """From the lines of the page to an assessment on disk."""
    with kit.sidecar(tmp_path, sources=[{"kind": "http"}]) as sidecar:
        kit.wait_for(lambda: "started" in sidecar.log, 60)
        with running(at(HTTP, url=sidecar.ingest_url) + CALL + STAY):
            assert query_of(sidecar) == ["refund policy for order 88-1023"]


def test_http_waits_for_nobody(tmp_path: Path) -> None:
    """A sidecar that is away costs 5000 requests next to nothing, and more than the queue holds is dropped."""
    code = at(HTTP, url=f"http://127.0.0.1:{kit.free_port()}") + BUSY
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2
    assert done.stderr == ""


@pytest.mark.timeout(180)
def test_kafka(kafka: Broker, tmp_path: Path) -> None:
    topic = kafka.create("traces")
    source = {"kind": "kafka", "bootstrap_servers": [kafka.address], "topics": [topic], "group_id": topic}
    with (
        kit.sidecar(tmp_path, sources=[source]) as sidecar,
        running(at(KAFKA, bootstrap=kafka.address, topic=topic) + AGAIN),
    ):
        assert set(query_of(sidecar)) == {"refund policy for order 88-1023"}
