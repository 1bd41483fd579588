"""A real Prometheus answers every expression of every dashboard, as Grafana would ask it."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import msgspec
import pytest
import yaml

from dashboards.asking import Found, Prometheus, Span, filled, named, panels, read
from dashboards.build import BOARDS
from dashboards.pictures import Shown, picture
from dashboards.week import Past
from detectors.records import Assessment
from detectors.signals import SIGNALS
from monitor.demo.corpus import build_corpus, write_corpus
from monitor.service import Service
from tests.detectors.fakes import as_it_is
from tests.monitor import kit
from tests.monitor.judge.server import Answer, Body, completion, nonce_of, serving, verdict
from tests.monitor.notifying.receiver import receiving
from tests.monitor.otlp.kit import as_json, request, retriever

SEED = 3
BATCH = 25
PIPELINE = "larkmoor-help"
EVERYTHING = {"pipeline": ".*", "scenario": ".*", "signal": ".*"}
BUILT_IN = {"window": "15m", "__rate_interval": "4s", "__interval": "1s", "__range": "6h"}
EMPTY = {
    "leadline_source_lag_seconds": "no Phoenix here",
    "leadline_source_assigned_partitions": "no Kafka here",
    "leadline_source_rebalances_total": "no Kafka here",
    "leadline_sink_skipped_assessments_total": "the sinks here write all",
    "leadline_unjournaled_traces_total": "the journal is on",
    "leadline_judge_budget_remaining_ratio": "the judge here has no budget",
    "leadline_judge_anchor_shift": "a reference of 30 anchors takes minutes",
    "leadline_judge_canary_passed": "30 canaries of a kind take minutes",
    "leadline_scorer_known_pairs_total": "the scorer of this test does not count them",
    "leadline_scorer_truncated_pairs_total": "the scorer of this test reads everything",
}


def strict(request: Body) -> Answer:
    """A judge that finds nothing relevant nor grounded, and forgets the format now and then."""
    nonce = nonce_of(request)
    if int(nonce, 16) % 8 == 0:
        return completion(request, "I would say 0.")
    asked = request["response_format"]["json_schema"]["schema"]["properties"]
    if "statements" in asked:
        unsupported = {"passage": 0, "quote": "", "verdict": "unsupported"}
        entries = [{"statement": i, **unsupported} for i in range(1, asked["statements"]["minItems"] + 1)]
        return completion(request, json.dumps({"nonce": nonce, "statements": entries}))
    return completion(request, verdict(request, 0, ""))


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
    broken = answered(past.traces(PIPELINE, start + days, timedelta(hours=30), 30 * 40))
    ahead = list(past.traces(PIPELINE, datetime.now(UTC) + timedelta(hours=1), timedelta(0), 1))
    followed = folder / "traces.jsonl"
    followed.write_bytes(b"no trace\n" + kit.lines([*healthy, *broken, *ahead]))
    with receiving() as receiver, serving(strict) as judge:
        sections = {
            "sources": [{"kind": "http", "join_seconds": 0.2}, *kit.follow(followed)],
            "corpus": {"path": str(folder / "corpus.jsonl"), "timestamp": "published"},
            "pipelines": {"default": {"sample": {"scorer": 0.5, "judge": 0.1}}},
            "scorer": {"calibration": str(folder / "calibration.json")},
            "judge": {"base_url": judge.url, "model": "m", "passages": 1},
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


def answered(traces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**trace, "answer": "On Friday at noon."} for trace in traces]


def _post(url: str, body: bytes) -> None:
    httpx2.post(url, content=body, headers={"Content-Type": "application/json"}).raise_for_status()


def _serve(past: Past, ingest: str, ended: Event) -> None:
    while not ended.wait(0.2):
        traces = answered(past.traces(PIPELINE, datetime.now(UTC), timedelta(0), BATCH))
        _post(f"{ingest}/v1/query-traces", msgspec.json.encode(traces))


@pytest.fixture(scope="module")
def server(prometheus: str) -> Iterator[Prometheus]:
    """Once an alarm stands and everything was scraped a few times more."""
    asked = Prometheus(prometheus)
    kit.wait_for(asked.ready, 60)
    rated = "rate(leadline_signal_missed_identifiers_count[15m]) > 0 and on (pipeline) leadline_alarm_active == 1"
    judged = 'leadline_signal_mean{signal="groundedness"} and on () leadline_judge_context_relevance_ratio'
    kit.wait_for(lambda: all(asked.get("query", query=query)["result"] for query in (rated, judged)), 60)
    time.sleep(3)
    yield asked
    asked.close()


def answer(server: Prometheus, target: dict[str, Any], **chosen: str | Sequence[str]) -> Found:
    now = time.time()
    return server.answer(target, {**EVERYTHING, **BUILT_IN, **chosen}, Span(now - 5, now, 1))


def choices(server: Prometheus, board: dict[str, Any], panel: dict[str, Any]) -> list[dict[str, Any]]:
    """What is chosen: everything, two pipelines, and one; where a panel repeats, each value by itself."""
    if panel["per"] in {None, "pipeline"}:
        one: list[dict[str, Any]] = [{"pipeline": PIPELINE}]
        return one if panel["per"] else [{}, {"pipeline": [PIPELINE, "default"]}, *one]
    (query,) = (variable["query"] for variable in board["templating"]["list"] if variable["name"] == panel["per"])
    return [{panel["per"]: value} for value in server.values(query, EVERYTHING)]


def expected_to_be_empty(target: dict[str, Any]) -> bool:
    return any(metric in target["expr"] for metric in EMPTY)


@pytest.mark.parametrize("name", BOARDS)
def test_every_expression_of_every_panel_has_an_answer(server: Prometheus, name: str) -> None:
    """And every series has the labels that its name is made of; what is expected to be empty is."""
    board = read(name)
    for panel in panels(board):
        for target in panel["targets"]:
            for chosen in choices(server, board, panel):
                found = answer(server, target, **chosen)
                where = f"{panel['title']}: {target['expr']} for {chosen}"
                assert bool(found) != expected_to_be_empty(target), f"answers: {len(found)} to {where}"
                for series in found:
                    assert named(target["legendFormat"], series["metric"]), where


@pytest.mark.parametrize("name", BOARDS)
def test_a_figure_is_one_series_and_names_in_a_panel_differ(server: Prometheus, name: str) -> None:
    """Else a panel draws two lines of one name, or a large number that is one of several."""
    board = read(name)
    for panel in panels(board):
        chosen = {"pipeline": PIPELINE, **choices(server, board, panel)[-1]}
        found = [(target, answer(server, target, **chosen)) for target in panel["targets"]]
        if panel["type"] == "table":
            continue
        names = [named(target["legendFormat"], one["metric"]) for target, series in found for one in series]
        assert len(set(names)) == len(names), panel["title"]
        assert panel["type"] != "stat" or len(names) == len(panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_the_columns_of_a_table_share_their_rows(server: Prometheus, name: str) -> None:
    """Else Grafana would write a row for each column: all queries have the same labels, and a row is of one series."""
    for panel in panels(read(name)):
        if panel["type"] == "table":
            columns = [[tuple(sorted(one["metric"].items())) for one in answer(server, t)] for t in panel["targets"]]
            assert all(len(set(column)) == len(column) for column in columns)
            assert set.intersection(*map(set, columns)), panel["title"]
            assert len({tuple(name for name, _ in row) for column in columns for row in column}) == 1


@pytest.mark.parametrize("title", ["hit@5 of $pipeline", "The worst pipeline now", "The worst kind of query now"])
def test_the_band_holds_the_estimate(server: Prometheus, title: str) -> None:
    """What a reader looks at first: the ends of the interval on their sides."""
    (panel,) = (panel for panel in panels(read("overview")) if panel["title"] == title)
    found = [answer(server, {**target, "instant": True}, pipeline=PIPELINE) for target in panel["targets"]]
    by_name = {
        t["legendFormat"]: float(series[0]["values"][0][1]) for t, series in zip(panel["targets"], found, strict=True)
    }
    lower, upper = by_name.pop("lower"), by_name.pop("upper")
    (estimate,) = by_name.values()
    assert 0 <= lower < estimate < upper <= 1


def test_the_fault_shows_as_quality_and_not_as_mix(server: Prometheus) -> None:
    (panel,) = (panel for panel in panels(read("overview")) if panel["title"].startswith("Quality against mix"))
    found = {
        target["legendFormat"]: float(answer(server, {**target, "instant": True}, pipeline=PIPELINE)[0]["values"][0][1])
        for target in panel["targets"]
    }
    assert found["quality lower"] < found["quality {{instance}}"] < found["quality upper"] < 0
    assert found["mix lower"] < found["mix {{instance}}"] < found["mix upper"]
    assert abs(found["mix {{instance}}"]) < abs(found["quality {{instance}}"])


@pytest.mark.parametrize("name", BOARDS)
def test_every_mark_has_an_answer(server: Prometheus, name: str) -> None:
    """Alarms are 1 while they stand, as Grafana wants it; times are milliseconds."""
    for marks in read(name)["annotations"]["list"]:
        found = answer(server, {"expr": marks["expr"], "instant": False})
        assert found, marks["name"]
        values = {float(value) for series in found for _, value in series["values"]}
        assert values == {1.0} or (marks["useValueForTime"] and min(values) > (time.time() - 10 * 86400) * 1000)
        for series in found:
            named(marks["titleFormat"] + marks["textFormat"], series["metric"])


@pytest.mark.parametrize("name", ["overview", "scenarios"])
def test_exemplars_are_single_traces(server: Prometheus, name: str) -> None:
    """What Grafana draws as diamonds over the risk of queries."""
    targets = [target for panel in panels(read(name)) for target in panel["targets"] if target.get("exemplar")]
    assert targets
    for target in targets:
        asked = filled(target["expr"], {**EVERYTHING, **BUILT_IN})
        found = server.get("query_exemplars", query=asked, start=time.time() - 60, end=time.time())
        assert any(len(one["labels"]["trace_id"]) == 32 for series in found for one in series["exemplars"])


@pytest.mark.parametrize("name", ["overview", "scenarios"])
def test_they_can_be_drawn(server: Prometheus, tmp_path: Path, name: str) -> None:
    """Panels of every kind."""
    now = time.time()
    shown = Shown(server, Span(now - 5, now, 1), {"pipeline": [PIPELINE], "scenario": ["none"]})
    picture(read(name), shown, tmp_path / "drawn.png")
    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", BOARDS)
def test_the_variables_list_what_there_is(server: Prometheus, name: str) -> None:
    variables = {one["name"]: one["query"] for one in read(name)["templating"]["list"] if one["type"] == "query"}
    found = {label: set(server.values(query, EVERYTHING)) for label, query in variables.items()}
    assert found.pop("pipeline") >= {"default", PIPELINE}
    assert found.pop("signal", set(SIGNALS)) == set(SIGNALS)
    assert found.pop("scenario", {"none", "negation"}) >= {"none", "negation"}
    assert not found
