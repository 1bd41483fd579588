"""The whole path before a real language model: a sidecar, its traces, the model's grades, tokens and metrics.

The model is too small to judge well: what is tested is that everything it says becomes a verdict or a reason.
"""

import json
import re
from pathlib import Path

import httpx2

from detectors.judging.records import Task
from detectors.measures.judge import signals_of
from monitor.service import Service
from tests.llm.serving import MODEL, llm
from tests.monitor.kit import assessed, config, follow, lines, trace, wait_for

DOCUMENTS = [
    {"id": "returns", "score": 0.9, "text": "Shoes may be returned within 30 days. The buyer pays for the parcel."},
    {"id": "harbour", "score": 0.5, "text": "The harbour was dredged in May."},
]


def test_a_sidecar_and_a_real_model(tmp_path: Path) -> None:
    served = {"query": "how long can I return shoes", "documents": DOCUMENTS, "answer": "Within 30 days."}
    (tmp_path / "traces.jsonl").write_bytes(lines([trace("a", **served), trace("b", **served)]))
    with llm(tmp_path / "llm.txt") as url:
        judge = {
            "base_url": url, "model": MODEL, "concurrency": 2, "max_output_tokens": 200,
            "prices": {MODEL: {"input_per_million": 1.0, "output_per_million": 2.0}},
            "anchors": {"per_hour": 0}, "canaries_per_hour": 0,
        }  # fmt: skip
        sample = {"default": {"sample": {"scorer": 1.0, "judge": 1.0}}}
        sections = {"sources": follow(tmp_path / "traces.jsonl"), "pipelines": sample, "judge": judge}
        with Service(config(tmp_path, **sections)) as service:
            wait_for(lambda: len(assessed(tmp_path)) == 2, 100)
            host, port = service.metrics_address
            metrics = httpx2.get(f"http://{host}:{port}/metrics").text
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    for row in rows:
        told = {**row["signals"], **row["abstentions"]}
        assert {*signals_of(tuple(Task))} <= told.keys()
        assert all(0 <= grade <= 3 for grade in row["evidence"]["grades"].values())
    graded = [grade for row in rows for grade in row["evidence"]["grades"].values()]
    assert graded, "not one passage got a verdict"
    assert any(grade != round(grade) for grade in graded), "no grade is an expected one"
    assert {row["versions"].get("judge", "").split()[0] for row in rows if row["evidence"]["grades"]} == {MODEL}

    def counted(name: str) -> float:
        return sum(map(float, re.findall(rf"^leadline_{name}(?:{{[^}}]*}})? (\S+)$", metrics, re.MULTILINE)))

    assert counted("judge_tokens_total") > 500
    assert counted("judge_cost_dollars_total") > 0
    assert counted("judge_calls_total") >= 4  # what is asked in both traces is asked once
