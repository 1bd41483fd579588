"""The sidecar as a whole, in this process: health, sinks and measures that fail, reload, shutdown."""

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from detectors.records import Assessment, Retrieval
from detectors.risk import shipped_normalisation
from monitor.errors import LeadlineError, SinkBusy
from monitor.prepare import Preparer
from monitor.providers.corpus import Corpus, CorpusDocument
from monitor.service import Service
from tests.builders import risk_calibration
from tests.monitor.kit import LengthScorer, assessed, config, document, follow, lines, trace, traces, wait_for


def get(service: Service, path: str, **headers: str) -> httpx2.Response:
    host, port = service.metrics_address
    return httpx2.get(f"http://{host}:{port}{path}", headers=headers)


def evaluated(service: Service) -> float:
    return service.metrics.value("traces_total", "default", "evaluated")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "traces.jsonl"


SCORER = {"model": "unused", "pairs_per_second": 1e9}
EVERYTHING = {"default": {"sample": {"cheap": 1.0, "scorer": 1.0}}}


class FlakySink:
    """Fails, is busy, then works."""

    name = "flaky"

    def __init__(self, failures: Sequence[Exception]) -> None:
        self.failures = list(failures)
        self.taken: list[str] = []
        self.closed = 0

    def write(self, batch: Sequence[Assessment]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += [assessment.trace_id for assessment in batch]

    def close(self) -> None:
        self.closed += 1


def test_follows_a_file_and_serves_metrics_and_health(path: Path, tmp_path: Path) -> None:
    """From line to metric."""
    path.write_bytes(lines(traces(3)))
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: len(assessed(tmp_path)) == 3)
        with path.open("ab") as file:
            file.write(lines(traces(2, "later")))
        wait_for(lambda: len(assessed(tmp_path)) == 5)
        assert get(service, "/-/healthy").json() == {"status": "healthy"}
        assert get(service, "/-/ready").json() == {"status": "ready"}
        metrics = get(service, "/metrics")
        assert metrics.headers["content-type"].startswith("text/plain; version=")
        asked = get(service, "/metrics", accept="application/openmetrics-text; version=1.0.0")
        assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        assert ' # {trace_id="later1"} ' in asked.text
        assert 'leadline_traces_total{decision="evaluated",pipeline="default"} 5.0' in metrics.text
        assert f'leadline_source_lag_bytes{{source="jsonl:{path}"}} 0.0' in metrics.text
        assert [a.trace_id for a in service.recent.recent()] == assessed(tmp_path)


def test_a_restart_goes_on_where_it_stopped(path: Path, tmp_path: Path) -> None:
    """Nothing is lost and nothing repeated; a trace that comes again later is known."""
    path.write_bytes(lines(traces(3)))
    with Service(config(tmp_path, sources=follow(path))):
        wait_for(lambda: len(assessed(tmp_path)) == 3)
    with path.open("ab") as file:
        file.write(lines([trace("t1"), trace("new")]))
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: service.metrics.value("traces_total", "default", "duplicate") == 1)
    assert assessed(tmp_path) == ["t0", "t1", "t2", "new"]


def test_a_sink_that_fails_for_a_while_loses_nothing(path: Path, tmp_path: Path) -> None:
    """It is tried again; the other sinks get each assessment once; nothing is committed before all have accepted."""
    path.write_bytes(lines(traces(300)))
    sink = FlakySink(
        [OSError(28, "No space left on device"), SinkBusy(0.01), ValueError("odd"), OSError(5, "I/O error")]
    )
    with Service(config(tmp_path, sources=follow(path)), sinks=[sink]) as service:
        wait_for(lambda: evaluated(service) == 300)
        assert service.metrics.value("component_failures_total", "flaky") == 3
    assert sink.taken == assessed(tmp_path) == [f"t{i}" for i in range(300)]


def test_a_sink_that_fails_for_long_shows_in_ready_and_does_not_hold_up_the_end(path: Path, tmp_path: Path) -> None:
    """503 with the reason; stopping takes seconds; the traces are read again next time."""
    path.write_bytes(lines(traces(5)))
    now = [1_795_000_000.0]
    sink = FlakySink([OSError(28, "No space left on device")] * 10_000)
    service = Service(config(tmp_path, sources=follow(path)), sinks=[sink], clock=lambda: now[0])
    service.start()
    wait_for(lambda: service.metrics.value("component_failures_total", "flaky") > 0)
    assert get(service, "/-/ready").status_code == 200
    now[0] += 61
    ready = get(service, "/-/ready")
    assert (ready.status_code, ready.json()["problems"]) == (503, ["flaky: failing for 61 s"])
    began = time.monotonic()
    assert not service.stop(2.0)
    assert time.monotonic() - began < 3.0
    with Service(config(tmp_path, sources=follow(path)), sinks=[good := FlakySink([])]):
        wait_for(lambda: len(good.taken) == 5)


def test_pairs_of_many_traces_share_one_call(path: Path, tmp_path: Path) -> None:
    """And are counted where the scorer is asked."""
    path.write_bytes(lines(traces(100)))
    scorer = LengthScorer()
    with Service(config(tmp_path, sources=follow(path), scorer=SCORER, pipelines=EVERYTHING), scorer=scorer) as service:
        wait_for(lambda: evaluated(service) == 100)
        assert service.metrics.value("scorer_pairs_total") == 400
        assert get(service, "/-/ready").json()["scorer"] == "ready"
    assert sum(scorer.calls) == 400
    assert len(scorer.calls) <= 3
    first = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert first["versions"]["scorer"] == "length"
    assert "best_relevance" in first["signals"]


def test_a_budget_that_cuts_the_scorer_is_an_abstention_with_its_own_reason(path: Path, tmp_path: Path) -> None:
    """Half a minute of too many pairs, then a smaller share: over_budget where the configured rate had scored."""
    now = [1_795_000_000.0]
    scorer = {"model": "unused", "pairs_per_second": 1.0}
    sections = {"sources": follow(path), "scorer": scorer, "pipelines": EVERYTHING}
    with Service(config(tmp_path, **sections), scorer=LengthScorer(), clock=lambda: now[0]) as service:
        path.write_bytes(lines(traces(100)))
        wait_for(lambda: evaluated(service) == 100)
        now[0] += 31
        for count, name in ((200, "more"), (300, "most")):
            with path.open("ab") as file:
                file.write(lines(traces(100, name)))
            wait_for(lambda count=count: evaluated(service) == count)  # type: ignore[misc]
        assert 0 < service.metrics.value("scorer_share_ratio") < 0.8
        over = service.metrics.value("abstentions_total", "regret", "over_budget")
        assert 10 < over < 100
        assert service.metrics.value("abstentions_total", "regret", "not_sampled") == 0
    last = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()[200:]]
    weights = {line["weights"]["scorer"] for line in last} - {None}
    assert weights == {1 / service.metrics.value("scorer_share_ratio")}


class BrokenScorer:
    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        raise RuntimeError(f"out of memory at {pairs[0]}")


def test_a_measure_that_raises_costs_its_own_signals_only(path: Path, tmp_path: Path) -> None:
    """They abstain with the reason, the failure is counted, the others are there."""
    path.write_bytes(lines(traces(3)))
    sections = {"sources": follow(path), "scorer": SCORER, "pipelines": EVERYTHING}
    with Service(config(tmp_path, **sections), scorer=BrokenScorer()) as service:
        wait_for(lambda: evaluated(service) == 3)
        assert service.metrics.value("component_failures_total", "rank_divergence") >= 1
    line = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert line["abstentions"]["regret"] == "scorer_unavailable"
    assert line["signals"]["score_gap"] > 0


def test_a_model_that_cannot_be_loaded_is_seen_and_survived(path: Path, tmp_path: Path) -> None:
    """Ready all the same: what needs no model goes on."""
    path.write_bytes(lines(traces(2)))
    sections = {"sources": follow(path), "pipelines": EVERYTHING, "scorer": {"model": str(tmp_path / "no-such-model")}}
    with Service(config(tmp_path, **sections)) as service:
        wait_for(lambda: evaluated(service) == 2, 60)
        ready = get(service, "/-/ready")
        assert (ready.status_code, ready.json()["scorer"]) == (200, "unavailable")
        assert service.metrics.value("component_failures_total", "scorer") == 1
        assert service.metrics.value("abstentions_total", "regret", "scorer_unavailable") == 2


class Poisoned(Corpus):
    """Raises where a certain document is looked for: a bug that one trace meets."""

    def find(self, document: Any) -> Any:
        if document.id == "poison":
            raise KeyError(document.id)
        return super().find(document)


def test_a_trace_that_we_cannot_handle_goes_to_quarantine_and_stops_nobody(path: Path, tmp_path: Path) -> None:
    """Its neighbours in the batch are assessed."""
    path.write_bytes(lines([trace("a"), trace("b", documents=[{"id": "poison"}]), trace("c")]))
    corpus = Poisoned([CorpusDocument("d0", "text 0")])
    with Service(config(tmp_path, sources=follow(path)), corpus=corpus) as service:
        wait_for(lambda: evaluated(service) == 2)
    assert assessed(tmp_path) == ["a", "c"]
    (entry,) = [json.loads(line) for line in (tmp_path / "quarantine.jsonl").read_text().splitlines()]
    assert (entry["reason"], entry["position"]) == ("cannot be assessed: KeyError", {"trace_id": "b"})


def test_the_normalisation_freezes_after_500_and_survives_a_restart(path: Path, tmp_path: Path) -> None:
    """Shipped before; then the pipeline's own, the same in the next life."""
    path.write_bytes(lines(traces(300)))
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: evaluated(service) == 300)
    with path.open("ab") as file:
        file.write(lines(traces(300, "u")))
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: evaluated(service) == 300)
    with path.open("ab") as file:
        file.write(lines(traces(5, "v")))
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: evaluated(service) == 5)
    versions = [
        json.loads(line)["versions"]["normalisation"] for line in (tmp_path / "out.jsonl").read_text().splitlines()
    ]
    assert set(versions[:500]) == {shipped_normalisation().version}
    assert versions[-1] == versions[-6] != shipped_normalisation().version
    assert versions[-1].startswith("default-20")


def test_a_trace_that_cannot_be_assessed_does_not_cost_the_counts_of_the_others(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Preparer._count

    def failing(self: Preparer, retrieval: Retrieval) -> None:
        if retrieval.trace.trace_id == "bad":
            raise ZeroDivisionError
        count(self, retrieval)

    monkeypatch.setattr(Preparer, "_count", failing)
    path.write_bytes(lines([trace(name, documents=[{"id": "a"}]) for name in ("t0", "t1", "bad", "t2")]))
    corpus = Corpus([CorpusDocument("a", "text of a")])
    with Service(config(tmp_path, sources=follow(path)), corpus=corpus) as service:
        wait_for(lambda: evaluated(service) == 3)
        assert service.metrics.value("documents_total", "default", "corpus") == 3


def test_a_sink_that_was_given_stays_open_through_reloads(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"")
    file, sink = tmp_path / "leadline.yaml", FlakySink([])
    file.write_text(yaml.safe_dump(document(tmp_path, sources=follow(path))))
    with Service(config(tmp_path, sources=follow(path)), sinks=[sink]) as service:
        assert service.reload(file)
        with path.open("ab") as more:
            more.write(lines(traces(1)))
        wait_for(lambda: evaluated(service) == 1)
        assert (sink.taken, sink.closed) == (["t0"], 0)
    assert sink.closed == 1


def test_reload_swaps_a_good_file_and_keeps_the_old_one_for_a_bad(path: Path, tmp_path: Path) -> None:
    """Both are counted; what needs a restart stays as it is."""
    path.write_bytes(lines(traces(2)))
    file = tmp_path / "leadline.yaml"
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: evaluated(service) == 2)
        file.write_text("sinks: [{kind: jsonl}]")
        assert not service.reload(file)
        assert service.metrics.value("config_last_reload_success") == 0
        sinks = [{"kind": "jsonl", "path": str(tmp_path / "second.jsonl")}]
        changed = {"sinks": sinks, "privacy": {"keep_text": False}, "scenarios": {"any": ["."]}}
        file.write_text(yaml.safe_dump(document(tmp_path, sources=follow(path), **changed)))
        assert service.reload(file)
        with path.open("ab") as more:
            more.write(lines(traces(1, "after")) + b"bad\n")
        wait_for(lambda: evaluated(service) == 3)
        wait_for((tmp_path / "quarantine.jsonl").exists)
        assert service.metrics.value("config_reloads_total", "failed") == 1
        assert service.metrics.value("config_reloads_total", "done") == 1
        assert service.metrics.value("config_last_reload_success") == 1
        seen = [
            service.metrics.value("component_last_success_timestamp_seconds", f"jsonl:{tmp_path / name}") > 0
            for name in ("out.jsonl", "second.jsonl")
        ]
        assert seen == [False, True]  # who is not there any more is not silent
    assert assessed(tmp_path) == ["t0", "t1"]
    second = json.loads((tmp_path / "second.jsonl").read_text())
    assert second["scenario"] == "any"
    assert (second["trace_id"], second["query"]) == ("after0", None)
    assert "record" not in json.loads((tmp_path / "quarantine.jsonl").read_text())


def test_a_calibration_of_the_risk_comes_with_a_reload_and_never_by_itself(path: Path, tmp_path: Path) -> None:
    """From the next batch on, for traces by the pipeline's own reference; one for another scorer changes nothing."""
    path.write_bytes(lines(traces(501)))
    file, own = tmp_path / "leadline.yaml", risk_calibration(scorer="none")

    def reload(service: Service, scorer: str) -> bool:
        (tmp_path / f"{scorer}.json").write_bytes(msgspec.json.encode(risk_calibration(scorer=scorer)))
        pipelines = {"default": {"risk_calibration": str(tmp_path / f"{scorer}.json")}}
        file.write_text(yaml.safe_dump(document(tmp_path, sources=follow(path), pipelines=pipelines)))
        return service.reload(file)

    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: evaluated(service) == 501)
        assert reload(service, "none")
        assert not reload(service, "another")
        with path.open("ab") as more:
            more.write(lines([*traces(1, "after"), trace("elsewhere", pipeline="docs")]))
        wait_for(lambda: len(assessed(tmp_path)) == 503)
    *_, before, after, elsewhere = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert after["versions"]["risk_calibration"] == own.version
    assert after["risk"] == own.at_5.at(after["prior_risks"]["risk"])
    assert [one["prior_risks"] for one in (before, elsewhere)] == [{}, {}]
    assert not any("risk_calibration" in one["versions"] for one in (before, elsewhere))


def test_a_source_that_fails_is_seen_and_tried_again(path: Path, tmp_path: Path) -> None:
    """A directory stands where the file should be; then the file is there."""
    path.mkdir()
    with Service(config(tmp_path, sources=follow(path))) as service:
        wait_for(lambda: service.metrics.value("component_failures_total", f"jsonl:{path}") >= 2)
        path.rmdir()
        path.write_bytes(lines(traces(1)))
        wait_for(lambda: assessed(tmp_path) == ["t0"])


def test_a_thread_that_died_is_neither_healthy_nor_ready(tmp_path: Path, path: Path) -> None:
    """503 with its name, so that whoever runs the sidecar starts it anew."""
    with Service(config(tmp_path, sources=follow(path))) as service:
        (worker,) = service._workers
        worker.finish(2.0)
        for check in ("/-/healthy", "/-/ready"):
            answer = get(service, check)
            assert (answer.status_code, answer.json()["problems"]) == (503, [f"jsonl:{path}: its thread ended"])


def test_an_address_in_use_is_one_line_and_leaves_nothing_open(tmp_path: Path, path: Path) -> None:
    """The state is free again for the next try."""
    with Service(config(tmp_path / "..", sources=[], state={"path": str(tmp_path / "a.db")})) as first:
        taken = "{}:{}".format(*first.metrics_address)
        sections = {"sources": follow(path), "http": {"metrics": taken, "ingest": "127.0.0.1:0"}}
        for _ in range(2):
            with pytest.raises(LeadlineError, match=f"{taken}: cannot listen there: Address already in use"):
                Service(config(tmp_path, **sections)).start()


def test_stopping_is_quick_and_leaves_no_thread(path: Path, tmp_path: Path) -> None:
    """Also twice."""
    before = set(threading.enumerate())
    path.write_bytes(lines(traces(50)))
    service = Service(config(tmp_path, sources=[*follow(path), {"kind": "http"}]))
    service.start()
    wait_for(lambda: evaluated(service) == 50)
    began = time.monotonic()
    assert service.stop()
    assert time.monotonic() - began < 3.0
    assert service.stop()
    ours = {"assess", "http", "scorer load"}
    assert not [t for t in set(threading.enumerate()) - before if t.name in ours or t.name.startswith("source")]


def test_a_sink_that_stands_still_holds_the_source_back(path: Path, tmp_path: Path) -> None:
    """A bounded number of traces waits in memory; the rest stays in the file."""
    path.write_bytes(lines(traces(5000)))
    sink = FlakySink([SinkBusy(0.05)] * 30)
    with Service(config(tmp_path, sources=follow(path)), sinks=[sink]) as service:
        wait_for(lambda: service.metrics.value("source_lag_bytes", f"jsonl:{path}") > 0)
        time.sleep(0.3)
        assert service._intake.records <= 1024
        assert service.metrics.value("source_lag_bytes", f"jsonl:{path}") > path.stat().st_size / 2
        wait_for(lambda: evaluated(service) == 5000)
    assert len(set(sink.taken)) == len(sink.taken) == 5000
