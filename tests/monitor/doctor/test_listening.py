"""The live endpoint: real posts over HTTP, as exporters and applications send them."""

import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx2
import pytest

from monitor.doctor.gathering import Gathering, Sample
from monitor.doctor.listening import Listener
from tests.builders import plain_trace
from tests.monitor import kit
from tests.monitor.conftest import Refused
from tests.monitor.doctor.kit import FIXTURES
from tests.monitor.otlp.kit import as_json, request, retriever

NATIVE, SPANS = "/v1/query-traces", "/v1/traces"


@contextmanager
def listening(limit: int = 500, seconds: float = 30) -> Iterator[tuple[httpx2.Client, list[Sample]]]:
    """A client of a listener, and, at the end, its sample."""
    listener, gathering, samples = Listener("127.0.0.1:0"), Gathering(limit), list[Sample]()
    with listener as url, httpx2.Client(base_url=url) as client:
        thread = Thread(target=listener.gather, args=(gathering, seconds))
        thread.start()
        yield client, samples
        thread.join(seconds)
    samples.append(gathering.sample())


def test_every_kind_of_post_is_taken_and_answered() -> None:
    """JSON, NDJSON, protobuf, gzip; the answers are the sidecar's. It ends once it has enough."""
    protobuf = (FIXTURES / "traceloop_chroma.pb").read_bytes()
    with listening(limit=5) as (client, samples):
        assert client.post(NATIVE, json=[plain_trace("a"), plain_trace("b")]).json()["accepted"] == 2
        lines = kit.lines([plain_trace("c")])
        assert client.post(NATIVE, content=lines, headers={"content-type": "application/x-ndjson"}).status_code == 200
        packed = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        assert client.post(SPANS, content=gzip.compress(protobuf), headers=packed).status_code == 200
        sent = client.post(SPANS, content=as_json(request(retriever())), headers={"content-type": "application/json"})
        assert sent.json() == {}
    [sample] = samples
    assert sample.forms == {"json": 3, "otlp_proto": 1, "otlp_json": 1}
    assert [one.emitter.dialect for one in sample.retrieved] == ["native"] * 3 + ["traceloop", "openinference"]
    assert sample.malformed == 0


def test_what_is_refused_is_told_with_its_answer() -> None:
    """Wrong paths and types are what goes wrong first with an exporter."""
    with listening(seconds=2) as (client, samples):
        for _ in range(2):
            assert client.post("/", content=b"x").status_code == 404
        assert client.post(NATIVE, content=b"no json").status_code == 400
        answer = client.post(NATIVE, json=[{"trace_id": "1"}]).json()
        assert answer["rejected"] == [{"index": 0, "error": "query: missing, expected a value"}]
    [sample] = samples
    assert sample.examples == [
        "POST /v1/query-traces, trace 0: query: missing, expected a value",
        "2 requests: POST /: 404, expected /v1/traces or /v1/query-traces",
        "1 request: POST /v1/query-traces: 400, expected JSON: Expecting value at character 0",
    ]


def test_the_command_says_where_it_listens_and_reports() -> None:
    """In a process of its own, as a user runs it beside an exporter."""
    port = kit.free_port()
    command = [sys.executable, "-m", "monitor.cli", "doctor", f"listen://127.0.0.1:{port}", "--limit", "3", "--json"]
    process = subprocess.Popen(command, cwd=kit.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == (
        f"listening for 60 s on http://127.0.0.1:{port}: OTLP/HTTP on /v1/traces, query traces on /v1/query-traces\n"
    )
    httpx2.post(f"http://127.0.0.1:{port}{NATIVE}", json=kit.traces(3)).raise_for_status()
    stdout, _ = process.communicate(timeout=60)
    found: dict[str, Any] = json.loads(stdout)
    assert (process.returncode, found["retrievals"], found["source"]) == (0, 3, f"listen://127.0.0.1:{port}")


def test_control_c_ends_it_with_what_there_is() -> None:
    port = kit.free_port()
    command = [sys.executable, "-m", "monitor.cli", "doctor", f"listen://127.0.0.1:{port}", "--seconds", "90", "--json"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it is ignored
    process = subprocess.Popen(command, cwd=kit.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    assert process.stderr is not None
    process.stderr.readline()
    httpx2.post(f"http://127.0.0.1:{port}{NATIVE}", json=kit.traces(2)).raise_for_status()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, json.loads(stdout)["retrievals"], stderr) == (0, 2, "")


def test_silence_is_an_error_with_the_usual_reason(capsys: pytest.CaptureFixture[str], refused: Refused) -> None:
    from monitor.doctor.command import doctor_command
    from monitor.errors import LeadlineError

    del refused  # for its cleaning up
    with pytest.raises(LeadlineError) as raised:
        doctor_command("listen://127.0.0.1:0", None, None, limit=5, seconds=1, scorer="none", as_json=False)
    assert str(raised.value) == (
        "listen://127.0.0.1:0: nothing came within 1 s. OTLP over gRPC is not taken: "
        "set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"
    )
    assert capsys.readouterr().out == ""
