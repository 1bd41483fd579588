"""A real Prometheus answers every expression of every dashboard, as Grafana would ask it."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import msgspec
import pytest
import yaml

from dashboards.asking import Found, Prometheus, Span, named, panels, read
from dashboards.build import BOARDS
from dashboards.week import Past
from detectors.records import Assessment
from detectors.signals import SIGNALS
from monitor.demo.corpus import build_corpus, write_corpus
from monitor.service import Service
from tests.detectors.fakes import as_it_is
from tests.monitor import kit
from tests.monitor.notifying.receiver import receiving
from tests.monitor.otlp.kit import as_json, request, retriever

SEED = 3
BATCH = 25
PIPELINE = "larkmoor-help"
EVERYTHING = {"pipeline": ".*", "scenario": ".*", "signal": ".*"}
BUILT_IN = {"window": "15m", "__rate_interval": "4s", "__interval": "1s", "__range": "6h"}
EMPTY = {
    "Lag behind Phoenix": "no Phoenix here",
    "Kafka partitions": "no Kafka here",
    "Rebalances of Kafka partitions": "no Kafka here",
    "Traces that a crash would lose": "the journal is on",
}


class FailsOnce:
    """A sink: without one failure there is no counter of failures."""

    name = "fails once"

    def __init__(self) -> None:
        self.failed = False

    def write(self, batch: Sequence[Assessment]) -> None:
        del batch
        if not self.failed:
            self.failed = True
            raise OSError("the first time")

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def sidecar(folder: Path) -> Iterator[Service]:
    """It has nine days behind it, the last with a fault, and has users as long as it lives."""
    documents = build_corpus(SEED)
    write_corpus(documents, folder / "corpus.jsonl")
    calibration = msgspec.structs.replace(as_it_is(), scorer=kit.LengthScorer().name)
    (folder / "calibration.json").write_bytes(msgspec.json.encode(calibration))
    past, days = Past(documents, SEED), timedelta(days=8)
    start = datetime.now(UTC) - timedelta(days=9, hours=6)
    healthy = [*kit.traces(5), *past.traces(PIPELINE, start, days, 8 * 24 * 20)]
    past.break_by("stale_index")
    broken = list(past.traces(PIPELINE, start + days, timedelta(hours=30), 30 * 40))
    ahead = kit.trace("ahead", pipeline=PIPELINE, timestamp=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    followed = folder / "traces.jsonl"
    followed.write_bytes(b"no trace\n" + kit.lines([*healthy, *broken, ahead]))
    with receiving() as receiver:
        sections = {
            "sources": [{"kind": "http"}, *kit.follow(followed)],
            "corpus": {"path": str(folder / "corpus.jsonl"), "timestamp": "published"},
            "pipelines": {"default": {"sample": {"scorer": 0.5}}},
            "scorer": {"calibration": str(folder / "calibration.json")},
            "alerts": [{"signal": "hit_at_5", "smallest_drop": 0.05}],
            "notify": [{"kind": "webhook", "url": receiver.url}],
        }
        written = kit.document(folder, **sections)
        (folder / "leadline.yaml").write_text(yaml.safe_dump(written))
        config = kit.config(folder, **sections)
        with Service(config, scorer=kit.LengthScorer(), sinks=[FailsOnce()]) as service:
            service.reload(folder / "leadline.yaml")
            count = len(healthy) + len(broken) - 5
            kit.wait_for(lambda: service.metrics.value("traces_total", PIPELINE, "evaluated") > count, 60)
            assert service.ingest_address is not None
            ingest = "http://{}:{}".format(*service.ingest_address)
            _post(f"{ingest}/v1/traces", as_json(request(retriever())))
            ended = Event()
            users = Thread(target=lambda: _serve(past, ingest, ended))
            users.start()
            try:
                yield service
            finally:
                ended.set()
                users.join()


def _post(url: str, body: bytes) -> None:
    httpx2.post(url, content=body, headers={"Content-Type": "application/json"}).raise_for_status()


def _serve(past: Past, ingest: str, ended: Event) -> None:
    while not ended.wait(0.2):
        traces = list(past.traces(PIPELINE, datetime.now(UTC), timedelta(0), BATCH))
        _post(f"{ingest}/v1/query-traces", msgspec.json.encode(traces))


@pytest.fixture(scope="module")
def server(prometheus: str) -> Prometheus:
    """Once an estimate is there and everything was scraped a few times more."""
    asked = Prometheus(prometheus)
    kit.wait_for(asked.ready, 60)
    rated = "rate(leadline_signal_missed_identifiers_count[15m]) > 0 and on (pipeline) leadline_alarm_active"
    kit.wait_for(lambda: asked.get("query", query=rated)["result"], 60)
    time.sleep(3)
    return asked


def answer(server: Prometheus, target: dict[str, Any], **chosen: str | Sequence[str]) -> Found:
    now = time.time()
    return server.answer(target, {**EVERYTHING, **BUILT_IN, **chosen}, Span(now - 5, now, 1))


def choices(server: Prometheus, board: dict[str, Any], panel: dict[str, Any]) -> list[dict[str, Any]]:
    """What is chosen: everything, and one pipeline; where a panel repeats, each value by itself."""
    plain: list[dict[str, Any]] = [{"pipeline": PIPELINE}, {"pipeline": [PIPELINE, "default"]}, {}]
    if panel["per"] in {None, "pipeline"}:
        return plain[: 1 if panel["per"] else 3]
    (query,) = (one["query"] for one in board["templating"]["list"] if one["name"] == panel["per"])
    return [{panel["per"]: value} for value in server.values(query, EVERYTHING)]


@pytest.mark.parametrize("name", BOARDS)
def test_every_expression_of_every_panel_has_an_answer(server: Prometheus, name: str) -> None:
    """And every series has the labels that its name is made of; only what is expected to be empty is."""
    board, empty = read(name), set()
    for panel in panels(board):
        for target in panel["targets"]:
            for chosen in choices(server, board, panel):
                found = answer(server, target, **chosen)
                if not found:
                    empty.add((panel["title"], chosen.get(panel["per"])))
                for series in found:
                    named(target["legendFormat"], series["metric"])
    assert not empty
