"""`privacy` over everything that a running sidecar stores or sends."""

import json
from pathlib import Path
from typing import Any

import httpx2

from tests.monitor.kit import PRIVATE, follow, lines, sidecar, trace, wait_for
from tests.monitor.test_crash import reachable

WORD = "zanzibar"


def run_with(directory: Path, privacy: dict[str, Any]) -> str:
    """A sidecar sees the secret in every way it can; gives the log and the metrics."""
    path = directory / "traces.jsonl"
    secret = {"query": PRIVATE, "documents": [{"id": "d1", "text": f"about {PRIVATE}"}, {"id": "d2", "text": "other"}]}
    corpus = directory / "corpus.jsonl"
    corpus.write_bytes(lines([{"_id": "d1", "text": f"about {PRIVATE}"}, {"_id": "d3", "text": "zanzibar 88-1023"}]))
    bad: list[dict[str, Any]] = [
        {"trace_id": "bad", "query": PRIVATE},
        {"trace_id": "bad", "query": [PRIVATE], "documents": []},
    ]
    path.write_bytes(lines([trace("a", **secret), *bad]) + PRIVATE.encode() + b"\n")
    sources = [*follow(path), {"kind": "http"}]
    with sidecar(directory, sources=sources, privacy=privacy, corpus={"path": str(corpus)}) as running:
        wait_for(lambda: reachable(running.metrics_url), 20)
        posted = httpx2.post(f"{running.ingest_url}/v1/query-traces", json=[trace("b", **secret), *bad])
        assert posted.json()["accepted"] == 1
        out = directory / "out.jsonl"
        wait_for(lambda: out.exists() and len(out.read_bytes().splitlines()) == 2)
        wait_for(lambda: len((directory / "quarantine.jsonl").read_bytes().splitlines()) == 5)
        metrics = httpx2.get(f"{running.metrics_url}/metrics").text
        assert running.terminate() == 0
    return running.log + metrics + posted.text


def outputs(directory: Path) -> str:
    """What was kept: assessments, quarantine, state and the journal, which is empty by now."""
    names = ["out.jsonl", "quarantine.jsonl", "leadline.db", "leadline.ingest.db"]
    return "".join((directory / name).read_bytes().decode(errors="replace") for name in names)


def test_without_keep_text_no_text_is_anywhere(tmp_path: Path) -> None:
    """Neither in files nor in logs, metrics and answers."""
    said = run_with(tmp_path, {"keep_text": False})
    assert WORD not in (said + outputs(tmp_path)).lower()
    assert all("record" not in json.loads(line) for line in (tmp_path / "quarantine.jsonl").read_text().splitlines())


def test_what_a_pattern_matches_is_redacted(tmp_path: Path) -> None:
    """The rest of the text stays."""
    said = run_with(tmp_path, {"redact": [WORD]})
    assert WORD not in (said + outputs(tmp_path)).lower()
    queries = [json.loads(line)["query"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert queries == ["what does [redacted] cost"] * 2
    assert "[redacted]" in (tmp_path / "quarantine.jsonl").read_text()
