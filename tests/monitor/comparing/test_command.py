"""`leadline compare` as a user meets it."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.builders import write_lines
from tests.labelled import corpus_rows
from tests.monitor.conftest import Refused
from tests.monitor.kit import leadline

QUERIES = 40
QUICK = ("--cross-encoder", "none")


def trace(i: int, documents: list[str], **changes: Any) -> dict[str, Any]:
    served = [{"id": key, "score": 0.9 - rank / 10} for rank, key in enumerate(documents)]
    return {
        "trace_id": f"t{i}",
        "query_id": f"q{i}",
        "query": f"topic{i % 24} answer <{i}>",
        "documents": served,
        **changes,
    }


@pytest.fixture
def recordings(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The answer is served at first; afterwards nothing but noise. And the corpus."""
    noise = [f"noise{k}-{k % 4}" for k in range(6)]
    good = [trace(i, [f"answer{i % 24}", f"side{i % 24}", *noise[: 3 + i % 3]]) for i in range(QUERIES)]
    bad = [trace(i, noise) for i in range(QUERIES)]
    return (
        write_lines(tmp_path / "good.jsonl", good),
        write_lines(tmp_path / "bad.jsonl", bad),
        write_lines(tmp_path / "corpus.jsonl", corpus_rows()),
    )


def test_worse_is_status_1_and_better_0(recordings: tuple[Path, Path, Path]) -> None:
    good, bad, corpus = recordings
    worse = leadline("compare", good, bad, "--corpus", corpus, *QUICK)
    assert (worse.returncode, worse.stderr) == (1, "")
    assert worse.stdout.startswith("verdict    worse: the interval leaves out zero; by lexical -")
    assert "40 queries in both" in worse.stdout
    assert "answer0" in worse.stdout
    better = leadline("compare", bad, good, "--corpus", corpus, *QUICK)
    assert (better.returncode, better.stdout.startswith("verdict    better")) == (0, True)


def test_json_keeps_its_contract(recordings: tuple[Path, Path, Path]) -> None:
    good, bad, corpus = recordings
    found = json.loads(leadline("compare", good, bad, "--corpus", corpus, "--json", *QUICK).stdout)
    assert found["traces"] == {"before": QUERIES, "after": QUERIES}
    assert found["paired"] == QUERIES
    assert found["verdict"] == "worse"
    assert found["why"]
    assert found["change"]["hit_at_5"].keys() == {"before", "after", "difference", "low", "high"}
    assert found["change"]["hit_at_5"]["high"] < 0
    assert found["change"]["best_covered_terms"]["difference"] < 0
    assert sum(part["queries"] for part in found["scenarios"].values()) == QUERIES
    assert found["worsened"][0]["lost"][0]["id"].startswith("answer")
    assert found["left_out"]["scorer"]


def test_the_bundled_cross_encoder_is_the_default(recordings: tuple[Path, Path, Path]) -> None:
    good, bad, corpus = recordings
    found = json.loads(leadline("compare", good, bad, "--corpus", corpus, "--json").stdout)
    assert found["families"].keys() == {"lexical", "scorer"}
    assert found["worsened"][0]["lost"][0]["relevance"] is not None


def test_the_report_is_one_file_with_its_pictures(recordings: tuple[Path, Path, Path]) -> None:
    """No script and no link out; what users wrote is escaped; the pictures are drawings."""
    good, bad, corpus = recordings
    out = good.with_name("report.html")
    assert leadline("compare", good, bad, "--corpus", corpus, "--report", out, *QUICK).returncode == 1
    page = out.read_text()
    assert page.count("<svg") == 2
    assert "&lt;" in page
    assert "topic0 answer <" not in page
    assert not [word for word in ("<script", "<link", "src=", '<a href="http') if word in page]
    for part in page.split("<svg")[1:]:
        ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")  # noqa: S314 - we drew it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gone.jsonl", "{bad}"), "leadline: gone.jsonl: cannot be read: No such file or directory"),
        (("{good}", "gone.jsonl"), "leadline: gone.jsonl: cannot be read: No such file or directory"),
        (("{good}", "{empty}"), "empty.jsonl: expected query traces, found none"),
        (("{good}", "{bad}", "--corpus", "gone.jsonl"), "leadline: gone.jsonl: cannot read the corpus: No such file"),
        (("{good}", "{bad}", "--report", "nowhere/r.html"), "nowhere/r.html: cannot be written: no folder nowhere"),
        (("{good}", "{bad}", "--report", "/dev/full"), "/dev/full: cannot be written: No space left on device"),
        (("{good}", "{bad}", "--config", "gone.yaml"), "leadline: gone.yaml: cannot be read: No such file"),
    ],
)
def test_it_refuses_in_one_line(
    recordings: tuple[Path, Path, Path], arguments: tuple[str, ...], message: str, refused: Refused
) -> None:
    good, bad, _ = recordings
    empty = write_lines(good.with_name("empty.jsonl"), [b""])
    filled = [argument.format(good=good, bad=bad, empty=empty) for argument in arguments]
    assert message in refused("compare", *filled, *QUICK)
