"""A real Prometheus answers every expression of every dashboard, as Grafana would ask it."""

import math
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import httpx2
import msgspec
import pytest

from detectors.records import Assessment
from monitor.demo.corpus import build_corpus, write_corpus
from monitor.demo.queries import QueryStream
from monitor.demo.retriever import DenseRetriever
from monitor.demo.stack import PIPELINE, Stack
from monitor.service import Service
from tests.detectors.fakes import as_it_is
from tests.e2e import dashboards
from tests.monitor import kit

SEED = 3
BATCH = 25
NAMES = sorted(path.name for path in (kit.ROOT / "dashboards").glob("*.json"))


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
    """Beside the demo's stack, which has users as long as it lives."""
    documents = build_corpus(SEED)
    write_corpus(documents, folder / "corpus.jsonl")
    (folder / "traces.jsonl").write_bytes(kit.lines(kit.traces(5)))
    calibration = msgspec.structs.replace(as_it_is(), scorer=kit.LengthScorer().name)
    (folder / "calibration.json").write_bytes(msgspec.json.encode(calibration))
    sections = {
        "sources": [{"kind": "http"}, *kit.follow(folder / "traces.jsonl")],
        "corpus": {"path": str(folder / "corpus.jsonl"), "timestamp": "published"},
        "pipelines": {"default": {"sample": {"scorer": 0.5}}},
        "scorer": {"calibration": str(folder / "calibration.json")},
    }
    with Service(kit.config(folder, **sections), scorer=kit.LengthScorer(), sinks=[FailsOnce()]) as service:
        assert service.ingest_address is not None
        stream, ingest = QueryStream(documents, SEED), "http://{}:{}".format(*service.ingest_address)
        stack = Stack(DenseRetriever.fit(documents), stream, ingest, Random(SEED))
        ended = Event()
        users = Thread(target=lambda: _serve(stack, ended))
        users.start()
        try:
            yield service
        finally:
            ended.set()
            users.join()


def _serve(stack: Stack, ended: Event) -> None:
    while not ended.wait(0.2):
        stack.serve(BATCH)


@pytest.fixture(scope="module")
def answers(prometheus: str) -> "Answers":
    """Once an estimate is there and everything was scraped a few times more."""
    asked = Answers(prometheus)
    rated = "rate(leadline_signal_missed_identifiers_count[15m]) > 0 and on (pipeline) leadline_hit_at_5_ratio"
    kit.wait_for(lambda: asked.ready() and asked.of({"expr": rated, "instant": True}), timeout_seconds=60)
    time.sleep(3)
    return asked


class Answers:
    """What a Prometheus says to a target of a panel."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ready(self) -> bool:
        try:
            return httpx2.get(f"{self._address}/-/ready").status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def of(self, target: dict[str, Any], **variables: str) -> list[dict[str, Any]]:
        """Its series that have a number."""
        expression = dashboards.filled(target["expr"], **variables)
        if target["instant"]:
            return [s for s in self._get("query", query=expression) if _numeric([s["value"]])]
        now = time.time()
        found = self._get("query_range", query=expression, start=now - 5, end=now, step=1)
        return [s for s in found if _numeric(s["values"])]

    def values(self, metric: str, label: str) -> list[str]:
        """The values of a label, as a variable asks for them."""
        found: list[str] = self._data(f"label/{label}/values", {"match[]": metric})
        return found

    def _get(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._data(path, parameters)["result"]
        return found

    def _data(self, path: str, parameters: dict[str, Any]) -> Any:
        answer = httpx2.get(f"{self._address}/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        assert not answer.get("warnings"), f"{parameters}: {answer['warnings']}"
        return answer["data"]


def _numeric(samples: Sequence[tuple[float, str]]) -> bool:
    return any(math.isfinite(float(value)) for _, value in samples)


def test_every_expression_of_every_panel_has_an_answer(answers: Answers) -> None:
    """With all pipelines and with one; and every series has the labels that its name is made of.

    Elsewhere failures (none yet), the lag of files (no `jsonl` source), the signals and scorer panels (no corpus, no
    scorer) and the estimate (under 30 effective samples) may be empty; beside this sidecar nothing may.
    """
    for name in NAMES:
        for panel in dashboards.panels(dashboards.read(name)):
            for target in panel["targets"]:
                for pipeline in (".*", PIPELINE):
                    found = answers.of(target, pipeline=pipeline)
                    where = f"{name}: {panel['title']}: {target['expr']} for {pipeline}"
                    assert found, f"no answer: {where}"
                    wanted = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
                    assert all(wanted <= series["metric"].keys() for series in found), f"labels: {where}"


def test_a_figure_is_one_series_and_names_in_a_panel_differ(answers: Answers) -> None:
    """Else a panel draws two lines of one name, or a large number that is one of several."""
    for name in NAMES:
        for panel in dashboards.panels(dashboards.read(name)):
            names = [_named(t, series) for t in panel["targets"] for series in answers.of(t, pipeline=PIPELINE)]
            assert len(set(names)) == len(names), panel["title"]
            assert panel["type"] != "stat" or len(names) == len(panel["targets"])


def _named(target: dict[str, Any], series: dict[str, Any]) -> str:
    return re.sub(r"{{(\w+)}}", lambda label: str(series["metric"][label[1]]), target["legendFormat"])


def test_the_band_holds_the_estimate(answers: Answers) -> None:
    """The panel that a reader looks at first: the same numbers as in the sidecar, in their order."""
    overview = dashboards.read("overview.json")
    for title in ("hit@5 of $pipeline", "The worst pipeline now"):
        (panel,) = (panel for panel in dashboards.panels(overview) if panel["title"] == title)
        found = {t["legendFormat"]: answers.of({**t, "instant": True}, pipeline=PIPELINE) for t in panel["targets"]}
        by_name = {name: float(series[0]["value"][1]) for name, series in found.items()}
        lower, upper = by_name.pop("lower"), by_name.pop("upper")
        (estimate,) = by_name.values()
        assert 0 <= lower < estimate < upper <= 1


def test_the_variable_lists_the_pipelines(answers: Answers) -> None:
    for name in NAMES:
        for variable in dashboards.read(name)["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]).groups()  # type: ignore[union-attr]
                assert set(answers.values(metric, label)) == {"default", PIPELINE}
