"""`leadline estimate` as a user meets it."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.monitor.estimating.made_up import JUDGE, MadeUp, made_up
from tests.monitor.kit import assessment, leadline


@pytest.fixture(scope="module")
def made() -> MadeUp:
    return made_up(2500, seed=5, people=0.5)


def written(path: Path, records: object) -> Path:
    path.write_bytes(msgspec.json.Encoder().encode_lines(records))
    return path


def test_tables_say_both_estimates_and_how_judge_and_people_agree(made: MadeUp, tmp_path: Path) -> None:
    file, labels = written(tmp_path / "out.jsonl", made.assessments), written(tmp_path / "labels.jsonl", made.verdicts)
    found = leadline("estimate", file, "--labels", labels)
    assert (found.returncode, found.stderr) == (0, "")
    assert f"default, judged by {JUDGE}" in found.stdout
    assert [line.split()[0] for line in found.stdout.splitlines() if "all traffic" in line] == ["all"] * 3
    for words in ("judge_context_relevance", "context_relevance", "people alone", "weighted kappa", "0 not judged"):
        assert words in found.stdout


def test_json_holds_the_same(made: MadeUp, tmp_path: Path) -> None:
    found = leadline("estimate", written(tmp_path / "out.jsonl", made.assessments), "--json")
    assert (found.returncode, found.stderr) == (0, "")
    first = json.loads(found.stdout)["rows"][0]
    assert (first["pipeline"], first["scenario"], first["judge"]) == ("default", "_all", JUDGE)
    one = first["judge_context_relevance"]
    assert one["low"] < one["mean"] < one["high"]
    assert {"lam", "rho", "classical", "effective_samples", "labelled"} <= one.keys()


def test_few_verdicts_have_no_number(tmp_path: Path) -> None:
    found = leadline("estimate", written(tmp_path / "out.jsonl", made_up(100, seed=6).assessments))
    assert found.returncode == 0
    assert "under 50 effective" in found.stdout


def test_errors_are_one_line_each(made: MadeUp, tmp_path: Path) -> None:
    file = written(tmp_path / "out.jsonl", made.assessments[:10])
    labels = written(tmp_path / "labels.jsonl", [{"trace_id": "t", "document_id": "a", "grade": 4}])
    unjudged = written(tmp_path / "unjudged.jsonl", [assessment("t")])
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{}\n")
    for arguments, words in (
        ((file, "--labels", labels), f"{labels}:1: grade: got 4, expected 0 to 3"),
        ((unjudged,), "no trace in unjudged.jsonl was judged"),
        ((broken,), f"{broken}:1: expected assessments as JSON"),
        ((tmp_path / "none.jsonl",), "none.jsonl: cannot be read: No such file or directory"),
    ):
        found = leadline("estimate", *arguments)
        assert (found.returncode, found.stdout, len(found.stderr.splitlines())) == (2, "", 1)
        assert words in found.stderr
