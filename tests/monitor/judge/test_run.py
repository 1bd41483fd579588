"""A sidecar with a judge, before a scripted server: what reaches sinks, metrics and disk, and what stops nothing."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from detectors.judging.records import Task
from detectors.measures.judge import signals_of
from monitor.service import Service
from tests.monitor.judge.server import Answer, Body, JudgeServer, completion, error, is_twin, serving, slow, verdict
from tests.monitor.kit import PRIVATE, assessed, config, document, follow, leadline, lines, trace, wait_for
from tests.monitor.otlp.kit import as_json, new_id, request, retriever, wire

ALL = {"default": {"sample": {"cheap": 1.0, "scorer": 1.0, "judge": 1.0}}}
SIGNALS = signals_of(tuple(Task))


def reading(request: Body) -> Answer:
    """An honest judge of the kit's traces: `text 0` is perfect, any other text has nothing to do with the query."""
    content = request["messages"][-1]["content"]
    quote = "text 0 says all" if "text 0" in content and not is_twin(request) else ""
    if "statements" in request["response_format"]["json_schema"]["schema"]["properties"]:
        found = re.findall(r"^(\d+)\. (.+)$", content, re.MULTILINE)
        entries = [
            {"statement": int(number), "passage": 1, "quote": quote, "verdict": "supported"}
            if "Friday" in claim
            else {"statement": int(number), "passage": 0, "quote": "", "verdict": "unsupported"}
            for number, claim in found
        ]
        nonce = json.loads(verdict(request))["nonce"]
        return completion(request, json.dumps({"nonce": nonce, "statements": entries}))
    if "Friday" in content:
        quote = "Friday at noon"
    return completion(request, verdict(request, 3 if quote else 0, quote), log_probabilities=False)


def served(trace_id: str, **changes: Any) -> dict[str, Any]:
    documents = [{"id": f"d{i}", "score": 1 - 0.1 * i, "text": f"text {i} says all of {trace_id}"} for i in range(4)]
    return trace(trace_id, **{"documents": documents, "answer": "On Friday at noon.", **changes})


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with serving(reading) as one:
        yield one


def sections(directory: Path, server: JudgeServer, **judge: Any) -> dict[str, Any]:
    endpoint = {"base_url": server.url, "model": "m", "attempts": 1, "anchors": {"per_hour": 0}, "canaries_per_hour": 0}
    return {"sources": follow(directory / "traces.jsonl"), "pipelines": ALL, "judge": {**endpoint, **judge}}


def rows(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "out.jsonl").read_text().splitlines()]


def run(directory: Path, server: JudgeServer, records: list[dict[str, Any]], **judge: Any) -> list[dict[str, Any]]:
    """Everything assessed, the sidecar stopped."""
    (directory / "traces.jsonl").write_bytes(lines(records))
    with Service(config(directory, **sections(directory, server, **judge))):
        wait_for(lambda: len(assessed(directory)) == len(records), 20)
    return rows(directory)


def test_the_triad_is_in_the_assessments(tmp_path: Path, server: JudgeServer) -> None:
    """With weight, version, grades and quotes."""
    (row,) = run(tmp_path, server, [served("a")])
    assert {name: row["signals"][name] for name in SIGNALS} == {
        "context_relevance": 0.25, "best_context_relevance": 1.0, "groundedness": 1.0, "answer_relevance": 1.0
    }  # fmt: skip
    assert row["weights"] == {"cheap": 1.0, "scorer": 1.0, "judge": 1.0, "judge_uniform": 1.0}
    assert re.fullmatch(r"scripted-2026-11 p-[0-9a-f]{8}", row["versions"]["judge"])
    assert row["evidence"]["grades"] == {"d0": 3.0, "d1": 0.0, "d2": 0.0, "d3": 0.0}
    assert row["evidence"]["quotes"] == {"d0": "text 0 says all"}


@pytest.mark.parametrize("tasks", [[*Task], [Task.CONTEXT_RELEVANCE]])
def test_the_answer_of_spans_is_judged(tmp_path: Path, server: JudgeServer, tasks: list[Task]) -> None:
    """Of a model call that came in a later request; where no task is about answers nothing of it is kept."""
    trace_id = new_id(32)
    message = {"openinference.span.kind": "LLM", "llm.output_messages.0.message.content": "On Friday at noon."}
    model = wire(message, traceId=trace_id, startTimeUnixNano="1795574765879137319")
    sources = [{"kind": "http", "join_seconds": 1.0}]
    found = {**sections(tmp_path, server, tasks=[task.value for task in tasks]), "sources": sources}
    with Service(config(tmp_path, **found)) as service:
        assert service.ingest_address is not None
        url = f"http://127.0.0.1:{service.ingest_address[1]}/v1/traces"
        for span in (retriever(traceId=trace_id, ids=("0",)), model):
            httpx2.post(url, content=as_json(request(span)), headers={"Content-Type": "application/json"})
        wait_for(lambda: assessed(tmp_path) == [trace_id], 20)
    (row,) = rows(tmp_path)
    assert ("answer_relevance" in row["signals"]) is (len(tasks) > 1)
    assert "no_answer" not in row["abstentions"].values()


def test_what_the_judge_says_is_in_the_metrics(tmp_path: Path, server: JudgeServer) -> None:
    (tmp_path / "traces.jsonl").write_bytes(lines([served(f"t{i}") for i in range(5)]))
    prices = {"m": {"input_per_million": 1.0, "output_per_million": 2.0}}
    with Service(config(tmp_path, **sections(tmp_path, server, prices=prices))) as service:
        wait_for(lambda: len(assessed(tmp_path)) == 5, 20)
        host, port = service.metrics_address
        text = httpx2.get(f"http://{host}:{port}/metrics").text
        ready = httpx2.get(f"http://{host}:{port}/-/ready")
    assert 'leadline_signal_context_relevance_count{pipeline="default"} 5.0' in text
    assert 'leadline_judge_verdicts_total{result="believed",task="groundedness"} 5.0' in text
    assert float(re.findall(r"^leadline_judge_cost_dollars_total (.+)$", text, re.MULTILINE)[0]) > 0
    assert re.search(r'^leadline_judge_info{version="scripted-2026-11 p-\w+"} 1.0$', text, re.MULTILINE)
    assert ready.status_code == 200
    assert "no anchors" in ready.json()["judge"]


def test_a_sample_is_judged_and_the_rest_says_that_it_was_not(tmp_path: Path, server: JudgeServer) -> None:
    """The same traces at every run: by a hash of who they are."""
    (tmp_path / "traces.jsonl").write_bytes(lines([served(f"t{i}") for i in range(100)]))
    found = {**sections(tmp_path, server), "pipelines": {"default": {"sample": {"scorer": 0.5, "judge": 0.2}}}}
    with Service(config(tmp_path, **found)):
        wait_for(lambda: len(assessed(tmp_path)) == 100, 20)
    judged = [row for row in rows(tmp_path) if row["weights"]["judge"] is not None]
    assert 8 <= len(judged) <= 35
    assert {row["weights"]["judge"] for row in judged} == {5.0}
    assert all(row["weights"]["scorer"] is not None for row in judged)
    rest = [row for row in rows(tmp_path) if row["weights"]["judge"] is None]
    assert {row["abstentions"]["context_relevance"] for row in rest} == {"not_sampled"}


def test_without_a_judge_there_is_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "traces.jsonl").write_bytes(lines([served("a")]))
    with Service(config(tmp_path, sources=follow(tmp_path / "traces.jsonl"))):
        wait_for(lambda: len(assessed(tmp_path)) == 1)
    (row,) = rows(tmp_path)
    assert not {*SIGNALS} & {*row["signals"], *row["abstentions"]}
    assert not (tmp_path / "leadline.judge.db").exists()


def test_batches_behind_a_slow_judge_are_assessed_and_leave_in_order(tmp_path: Path, server: JudgeServer) -> None:
    """Several batches are with the judge at once: more calls at a time than one batch has."""
    server.default = slow(0.2, reading)
    path = tmp_path / "traces.jsonl"
    path.write_bytes(lines([served("t0")]))
    names = [f"t{i}" for i in range(12)]
    with Service(config(tmp_path, **sections(tmp_path, server, concurrency=64))):
        for name in names[1:]:
            wait_for(lambda: server.asked)
            server.asked.clear()
            with path.open("ab") as more:
                more.write(lines([served(name)]))
        wait_for(lambda: len(assessed(tmp_path)) == len(names), 20)
    assert assessed(tmp_path) == names
    assert server.most_at_once > 6


@pytest.mark.parametrize(
    ("judge", "script", "reason"),
    [
        ({"tokens_per_hour": 100}, None, "over_budget"),
        ({}, error(503), "judge_failed"),
        ({}, error(401), "judge_failed"),
        ({}, lambda request: completion(request, None, refusal="no"), "judge_refused"),
        ({}, lambda request: completion(request, verdict(request, 3, "what no text says")), "judge_unproven"),
    ],
)
def test_where_there_is_no_verdict_the_rest_goes_on(
    tmp_path: Path, server: JudgeServer, judge: dict[str, Any], script: Any, reason: str
) -> None:
    server.default = script or reading
    found = run(tmp_path, server, [served(f"t{i}") for i in range(20)], **judge)
    reasons = Counter(row["abstentions"]["context_relevance"] for row in found)
    assert reasons == {reason: 20}
    assert all(row["risk"] is not None for row in found)


def test_what_a_stop_interrupts_is_read_again(tmp_path: Path, server: JudgeServer) -> None:
    """Nothing is lost, and nothing that waits for a judge is written without it."""
    server.default = slow(60, reading)
    (tmp_path / "traces.jsonl").write_bytes(lines([served("a"), served("b")]))
    service = Service(config(tmp_path, **sections(tmp_path, server)))
    service.start()
    wait_for(lambda: server.asked)
    assert not service.stop(0.5)
    assert assessed(tmp_path) == []
    server.default = reading
    with Service(config(tmp_path, **sections(tmp_path, server))):
        wait_for(lambda: assessed(tmp_path) == ["a", "b"], 20)
    assert {row["signals"]["context_relevance"] for row in rows(tmp_path)} == {0.25}


def test_verdicts_survive_a_restart(tmp_path: Path, server: JudgeServer) -> None:
    """The same passages for the same query are not paid for twice, whatever trace they are in."""
    run(tmp_path, server, [served("a", query="q")])
    calls = len(server.asked)
    again = {**served("a", query="q"), "trace_id": "b"}
    found = run(tmp_path, server, [served("a", query="q"), again])
    assert [row["trace_id"] for row in found] == ["a", "b"]
    assert found[1]["signals"]["context_relevance"] == 0.25
    assert len(server.asked) == calls


@pytest.mark.parametrize(("privacy", "sent"), [({"keep_text": False}, True), ({"redact": ["zanzibar"]}, False)])
def test_privacy(tmp_path: Path, server: JudgeServer, privacy: dict[str, Any], *, sent: bool) -> None:
    """Where no text may be kept, the judge is sent it all the same: whoever configures one wants that. What is redacted
    is redacted before it is sent.
    """
    secret = served("a", query=PRIVATE, answer=PRIVATE)
    secret["documents"][0]["text"] = f"text 0 says all of {PRIVATE}"
    (tmp_path / "traces.jsonl").write_bytes(lines([secret]))
    with Service(config(tmp_path, **sections(tmp_path, server), privacy=privacy)):
        wait_for(lambda: len(assessed(tmp_path)) == 1)
    assert ("zanzibar" in json.dumps(server.asked)) == sent
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("*") if path.name != "traces.jsonl" and path.is_file())
    assert b"zanzibar" not in kept.lower()


def test_another_judge_needs_a_restart(tmp_path: Path, server: JudgeServer) -> None:
    """A reload keeps the one that is in use, with what it spent, and says so."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(lines([served("a")]))
    file = tmp_path / "leadline.yaml"
    file.write_text(yaml.safe_dump(document(tmp_path, **sections(tmp_path, server, model="another"))))
    with Service(config(tmp_path, **sections(tmp_path, server))) as service:
        wait_for(lambda: assessed(tmp_path) == ["a"])
        assert service.reload(file)
        with path.open("ab") as more:
            more.write(lines([served("b")]))
        wait_for(lambda: assessed(tmp_path) == ["a", "b"])
    assert {body["model"] for body in server.asked} == {"m"}


def test_replay_asks_the_judge_too(tmp_path: Path, server: JudgeServer) -> None:
    (tmp_path / "traces.jsonl").write_bytes(lines([served(f"t{i}") for i in range(3)]))
    file = tmp_path / "leadline.yaml"
    file.write_text(yaml.safe_dump(document(tmp_path, **sections(tmp_path, server))))
    out = tmp_path / "replayed.jsonl"
    done = leadline("replay", tmp_path / "traces.jsonl", "--config", file, "--out", out)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["signals"]["context_relevance"] for row in found] == [0.25] * 3
    assert "context_relevance" in done.stdout


def test_what_is_recorded_waits_for_its_turn(tmp_path: Path, server: JudgeServer) -> None:
    """More at once than the endpoint takes within the time of a trace: each has its own time all the same."""
    server.default = slow(0.3, reading)
    (tmp_path / "traces.jsonl").write_bytes(lines([served(f"t{i}", answer=None) for i in range(8)]))
    file = tmp_path / "leadline.yaml"
    judge = {"concurrency": 4, "deadline_seconds": 2, "twins": False}
    file.write_text(yaml.safe_dump(document(tmp_path, **sections(tmp_path, server, **judge))))
    out = tmp_path / "replayed.jsonl"
    done = leadline("replay", tmp_path / "traces.jsonl", "--config", file, "--out", out)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["signals"].get("context_relevance") for row in found] == [0.25] * 8


def test_a_judge_that_cannot_be_had_is_said_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "leadline.yaml"
    judge = {"base_url": "http://localhost:1/v1", "model": "m", "api_key_env": "NO_SUCH_KEY"}
    file.write_text(yaml.safe_dump(document(tmp_path, sources=follow(tmp_path / "traces.jsonl"), judge=judge)))
    done = leadline("run", "--config", file)
    assert done.returncode == 2
    assert "judge.api_key_env: expected a key in the environment as NO_SUCH_KEY" in done.stderr


def test_traces_without_text_or_answer(tmp_path: Path, server: JudgeServer) -> None:
    bare = served("a", answer=None)
    del bare["documents"][2]["text"]
    found = run(tmp_path, server, [bare, served("b", answer=None), served("c", documents=[])])
    reasons = [(row["abstentions"].get("context_relevance"), row["abstentions"]["groundedness"]) for row in found]
    assert reasons == [("no_text", "no_text"), (None, "no_answer"), ("too_few_documents", "too_few_documents")]
