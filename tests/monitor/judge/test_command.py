"""`leadline judge-test` before judges that read, that are fooled, and that are not there."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from detectors.judging.canary_pairs import PAIRS
from tests.monitor.judge.server import Answer, Body, Script, completion, error, is_twin, serving, verdict
from tests.monitor.kit import document, leadline

WRITTEN = {query: passage for pairs in PAIRS.values() for query, passage in pairs}


def knowing(request: Body) -> Answer:
    """Knows which passage answers which query."""
    content = request["messages"][-1]["content"]
    if "statements" in request["response_format"]["json_schema"]["schema"]["properties"]:
        made_up = re.compile(r"\b1[5-7]\d\d\b")
        found = re.findall(r"^(\d+)\. (.+)$", content, re.MULTILINE)
        entries = []
        for number, claim in found:
            said = ("unsupported", 0, "") if made_up.search(claim) else ("supported", 1, claim)
            entries.append(dict(zip(("verdict", "passage", "quote"), said, strict=True), statement=int(number)))
        nonce = json.loads(verdict(request))["nonce"]
        return completion(request, json.dumps({"nonce": nonce, "statements": entries}))
    passage = next((WRITTEN[query] for query in WRITTEN if f"begins ===\n{query}" in content), "")
    right = passage in content and not is_twin(request)
    return completion(request, verdict(request, 3 if right else 0, passage[:60] if right else ""))


def tried(directory: Path, script: Script, **judge: Any) -> tuple[int, str]:
    file = directory / "leadline.yaml"
    with serving(script) as server:
        given = {"base_url": server.url, "model": "m", "attempts": 1, **judge}
        file.write_text(yaml.safe_dump(document(directory, judge=given)))
        done = leadline("judge-test", "--config", file)
    return done.returncode, done.stdout + done.stderr


def test_a_judge_that_reads_passes(tmp_path: Path) -> None:
    prices = {"m": {"input_per_million": 1.0, "output_per_million": 2.0}}
    status, said = tried(tmp_path, knowing, prices=prices)
    assert status == 0, said
    assert said.count("5 of 5 passed") == 3
    assert "grades are expected ones" in said
    assert "groundedness of an answer that is right: grade 3 of 3" in said
    assert re.search(r"a share of 0.002 of a million traces costs about [\d.,]+ to [\d.,]+ dollars", said)
    assert not (tmp_path / "leadline.judge.db").exists()


def test_a_judge_that_is_fooled_does_not(tmp_path: Path) -> None:
    """It says which kinds, and what it said instead."""

    def lax(request: Body) -> Answer:
        content = request["messages"][-1]["content"]
        passage = content.split("begins ===\n")[2].split("\n===")[0]
        return completion(
            request, verdict(request, 0 if is_twin(request) else 3, passage[:50]), log_probabilities=False
        )

    status, said = tried(tmp_path, lax)
    assert status == 1
    assert "canaries stuffed (irrelevant, with the query's words repeated): 0 of 5 passed; 5 grade 3.0" in said
    assert "canaries paraphrase (relevant, without a word of the query): 5 of 5 passed" in said
    assert "log-probabilities: none" in said


def test_an_endpoint_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    status, said = tried(tmp_path, error(401))
    assert status == 1
    assert "no reply" in said
    assert "denied" in said


def test_without_a_judge_there_is_nothing_to_try(tmp_path: Path) -> None:
    file = tmp_path / "leadline.yaml"
    file.write_text(yaml.safe_dump(document(tmp_path)))
    done = leadline("judge-test", "--config", file)
    assert done.returncode == 2
    assert "judge: none configured, expected one to try" in done.stderr
