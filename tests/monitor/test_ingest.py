"""`POST /v1/query-traces` as a client sees it, over real sockets."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitor.config import Config
from monitor.service import Service
from tests.monitor.kit import assessed, config, lines, trace, traces, wait_for

JSON, NDJSON = {"Content-Type": "application/json"}, {"Content-Type": "application/x-ndjson"}


def http(directory: Path, **options: Any) -> Config:
    return config(directory, sources=[{"kind": "http", **options}])


def url(service: Service) -> str:
    assert service.ingest_address is not None
    host, port = service.ingest_address
    return f"http://{host}:{port}/v1/query-traces"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(http(tmp_path, max_body_bytes=100_000)) as running:
        yield running


def post(service: Service, content: bytes, **headers: str) -> httpx2.Response:
    return httpx2.post(url(service), content=content, headers={"Content-Type": "application/json", **headers})


def gzipped(body: bytes) -> dict[str, Any]:
    return {"content": gzip.compress(body), "headers": {**JSON, "Content-Encoding": "gzip"}}


BODIES: list[dict[str, Any]] = [
    {"json": trace("t0")},
    {"json": [trace("t0")]},
    {"content": lines([trace("t0")]), "headers": NDJSON},
    {"content": b"\n" + lines([trace("t0")]) + b"\r\n", "headers": NDJSON},
    {"content": json.dumps(trace("t0")).encode(), "headers": {"Content-Type": "application/json; charset=utf-8"}},
    {"content": json.dumps(trace("t0")).encode()},
    gzipped(json.dumps(trace("t0")).encode()),
    {
        "content": gzip.compress(b"[") + gzip.compress(json.dumps(trace("t0")).encode() + b"]"),
        "headers": {**JSON, "Content-Encoding": "gzip"},
    },
]
NAMES = ["object", "array", "ndjson", "blank lines", "charset", "no type", "gzip", "gzip of two members"]


@pytest.mark.parametrize("request_", BODIES, ids=NAMES)
def test_every_form_of_a_body_is_taken(service: Service, tmp_path: Path, request_: dict[str, Any]) -> None:
    """200 with the count, and an assessment in the end."""
    answer = httpx2.post(url(service), **request_)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "rejected": []})
    wait_for(lambda: assessed(tmp_path) == ["t0"])


def test_bad_records_are_named_by_index_and_cost_themselves_only(service: Service, tmp_path: Path) -> None:
    """In arrays and in lines alike; they are in quarantine too."""
    answer = httpx2.post(url(service), json=[trace("a"), {"trace_id": "b"}, 7, trace("c", query=3)])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert answer.json()["rejected"] == [
        {"index": 1, "error": "query: missing, expected a value"},
        {"index": 2, "error": "expected a JSON object, got int"},
        {"index": 3, "error": "query: expected str, got int"},
    ]
    body = lines([trace("d")]) + b"{nonsense\n" + lines([trace("e")])
    answer = post(service, body, **NDJSON)
    assert (answer.json()["accepted"], answer.json()["rejected"][0]["index"]) == (2, 1)
    wait_for(lambda: assessed(tmp_path) == ["a", "d", "e"])
    assert service.metrics.value("quarantined_records_total", "http") == 4
    assert service.metrics.value("traces_total", "_unknown", "unusable") == 4


def test_nan_scores_are_missing_scores(service: Service) -> None:
    """What Python's json writes is taken, alone and in an array."""
    odd = trace("odd", documents=[{"id": "d", "score": float("nan")}])
    assert post(service, json.dumps(odd).encode()).json()["accepted"] == 1
    assert post(service, json.dumps([odd, trace("b")]).encode()).json()["accepted"] == 2


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"", {}, "expected JSON"),
        (b"not json", {}, "expected JSON: Expecting value at character 0"),
        (b'"text"', {}, "expected a JSON object, or an array of them"),
        (b'{"a": 1}\n{"b": 2}', {}, "one object a line is application/x-ndjson"),
        (b"[" * 100_000, {}, "expected JSON"),
        (b"", NDJSON, "got an empty body"),
        (b"no\njson\n", NDJSON, "got no JSON at all"),
        (b"no gzip", {"Content-Encoding": "gzip"}, "expected a gzip body"),
        (gzip.compress(b"[1, 2]" * 20, mtime=0)[:-9], {"Content-Encoding": "gzip"}, "expected a whole gzip body"),
    ],
)
def test_a_body_that_is_no_json_is_400_with_one_line(
    service: Service, body: bytes, headers: dict[str, str], said: str
) -> None:
    """It says what was expected."""
    answer = post(service, body, **headers)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_too_large_is_413_however_it_is_sent(service: Service) -> None:
    """Declared, in chunks, or once expanded; a bomb is not expanded to see how large it gets."""
    large = b'{"query": "' + b"x" * 100_000 + b'"}'
    assert post(service, large).status_code == 413
    chunked = httpx2.post(url(service), content=iter([large[:60_000], large[60_000:]]), headers=JSON)
    assert chunked.status_code == 413
    bomb = httpx2.post(url(service), **gzipped(b"x" * 50_000_000))
    assert (bomb.status_code, "expands to at most 100000 bytes" in bomb.json()["error"]) == (413, True)
    assert service.metrics.value("ingest_requests_total", "/v1/query-traces", "413") == 3


def test_other_types_and_encodings_are_415(service: Service) -> None:
    """With what is expected."""
    answer = post(service, b"{}", **{"Content-Type": "text/plain"})
    assert (answer.status_code, "application/x-ndjson" in answer.json()["error"]) == (415, True)
    assert post(service, b"{}", **{"Content-Encoding": "br"}).status_code == 415


def test_a_full_journal_is_429_with_retry_after_and_loses_nothing(tmp_path: Path) -> None:
    """The sinks stand still, the journal fills, the client is told when to come again; later all of it is assessed."""
    sink = Stuck()
    with Service(http(tmp_path, queue_traces=40), sinks=[sink]) as service:
        sent = 0
        while (answer := httpx2.post(url(service), json=traces(10, f"r{sent}-"))).status_code == 200:
            sent += 1
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert sent == 4
        assert service.metrics.value("traces_total", "default", "throttled") == 10
        sink.stuck = False
        wait_for(lambda: len(assessed(tmp_path)) == 40)
        wait_for(lambda: httpx2.post(url(service), json=traces(10, "later")).status_code == 200)
        too_many = httpx2.post(url(service), json=traces(41, "many"))
        assert (too_many.status_code, "at most 40 in a request" in too_many.json()["error"]) == (413, True)


class Stuck:
    """A sink that is busy until it is told otherwise."""

    name = "stuck"

    def __init__(self) -> None:
        self.stuck = True

    def write(self, batch: object) -> None:
        del batch
        if self.stuck:
            raise OSError(28, "No space left on device")

    def close(self) -> None:
        pass


def test_journal_off_is_said_counted_and_drained_on_a_clean_stop(tmp_path: Path) -> None:
    """At most once after a crash; a stop in good order loses nothing."""
    service = Service(http(tmp_path, journal=False))
    service.start()
    assert httpx2.post(url(service), json=traces(300)).json()["accepted"] == 300
    assert service.stop()
    assert len(assessed(tmp_path)) == 300
    assert service.metrics.value("unjournaled_traces_total", "http") == 300
    assert not list(tmp_path.glob("*ingest*"))


def test_a_client_that_sends_again_is_not_counted_twice(service: Service, tmp_path: Path) -> None:
    """Its answer was lost, its traces were not."""
    for _ in range(2):
        assert httpx2.post(url(service), json=traces(3)).json()["accepted"] == 3
    wait_for(lambda: service.metrics.value("traces_total", "default", "duplicate") == 3)
    assert len(assessed(tmp_path)) == 3


def test_the_time_of_arrival_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    """That of the request, not of the assessment."""
    with Service(http(tmp_path), clock=lambda: 1_795_000_000.0) as service:
        httpx2.post(url(service), json=trace("t"))
        wait_for(lambda: assessed(tmp_path))
    assert json.loads((tmp_path / "out.jsonl").read_text())["timestamp"] == "2026-11-18T11:06:40Z"


def test_a_client_that_goes_away_harms_nobody(service: Service) -> None:
    """Half a body, then silence: the next one is answered."""
    assert service.ingest_address is not None
    with socket.create_connection(service.ingest_address) as half:
        half.sendall(b"POST /v1/query-traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        time.sleep(0.05)
    assert httpx2.post(url(service), json=trace("t")).status_code == 200
