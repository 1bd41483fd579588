"""What the commands print for people."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from detectors.records import Assessment, Evidence, Missed, Reason
from detectors.risk import shipped_prior
from detectors.signals import SIGNALS
from monitor import report
from monitor.config import EVERYTHING
from monitor.recording import Problem, Recording
from monitor.replay import Summary
from monitor.sampling import Sampler
from tests.labelled import write_collection
from tests.monitor import kit
from tests.monitor.test_evaluation import evaluated


def assessment(trace_id: str, **changes: Any) -> Assessment:
    return kit.assessment(trace_id, **{"evidence": Evidence(), **changes})


def printed(summary: Summary, **counts: int) -> str:
    recording = Recording(Path("traces.jsonl"), Sampler(lambda _: EVERYTHING))
    recording.decisions = Counter({("default", name): number for name, number in counts.items()})  # type: ignore[misc]
    recording.problems = [Problem(i, "bad") for i in range(counts.get("unusable", 0))]
    console = console_of(110)
    report.print_replay(console, summary, recording, ["self"], shipped_prior())
    return text_of(console)


def console_of(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def summary_of(*assessments: Any) -> Summary:
    summary = Summary()
    for one in assessments:
        summary.add(one)
    return summary


def row(text: str, name: str) -> list[str]:
    [found] = [line.split() for line in text.splitlines() if line.split()[:1] == [name]]
    return found


def test_says_what_was_assessed_and_why_not() -> None:
    text = printed(summary_of(), evaluated=12345, unusable=12, duplicate=1)
    assert row(text, "traces") == "traces 12,345 evaluated, 12 unusable, 1 duplicate".split()
    assert "2 more lines were no query traces." in text
    assert "no estimate: too few traces with a risk" in text


def test_a_row_for_each_signal_with_its_distribution_and_abstentions() -> None:
    values = [assessment(f"t{i}", signals={"score_gap": i / 10}) for i in range(11)]
    abstained = assessment("a", signals={}, abstentions={"score_gap": Reason.NO_SCORES, "risk": Reason.NO_EVIDENCE})
    text = printed(summary_of(*values, abstained, abstained))
    assert row(text, "score_gap") == ["score_gap", "11", "0.100", "0.500", "0.900", "2", "no_scores"]
    assert row(text.split("Riskiest")[0], "risk")[:5] == ["risk", "0", "-", "-", "-"]
    assert not any(line.strip().startswith("lexical_miss") for line in text.splitlines())


def test_the_riskiest_are_shown_with_what_speaks_against_them() -> None:
    worst = assessment(
        "worst", query="where is 88-1023", risk=0.91, signals={"score_gap": 0.02},
        drivers=("score_gap", "empty_result"),
        evidence=Evidence([Missed("kb-88", "holds 88-1023"), Missed("kb-9", "rank 2")]),
    )  # fmt: skip
    calm = assessment("calm", query=None, risk=0.1)
    lines = [line.strip() for line in printed(summary_of(calm, worst)).splitlines()]
    start = lines.index("Riskiest queries")
    assert (
        " ".join(lines[start + 2].split()) == "0.91 where is 88-1023 score_gap 0.02, empty_result; kb-88: holds 88-1023"
    )
    assert " ".join(lines[start + 3].split()) == "0.10 trace calm"


def test_the_hit_rate_comes_with_its_interval() -> None:
    text = printed(summary_of(*(assessment(f"t{i}", risk=0.25) for i in range(100))))
    assert "0.750, 95% interval" in text
    assert "100 effective samples" in text


@pytest.mark.parametrize(
    "query", ["a\x1b[31mred\x1b]0;title\x07", "two\nlines\tof it", "[bold]no markup[/] :smile: [/x]"]
)
def test_text_from_traces_cannot_command_the_terminal(query: str) -> None:
    """Nor break a line, nor be read as markup."""
    text = printed(summary_of(assessment("t", query=query, risk=0.9)))
    [line] = [line for line in text.splitlines() if "0.90" in line]
    assert not [character for character in text.replace("\n", "") if not character.isprintable()]
    words = [word for word in ("red", "lines", "of", "[bold]no", ":smile:", "[/x]") if word in query]
    assert words
    assert all(word in line for word in words)


def test_an_evaluation_has_a_row_for_each_signal_and_risk(tmp_path: Path) -> None:
    result = evaluated(write_collection(tmp_path / "small"))
    console = console_of(120)
    report.print_evaluation(console, result)
    text = text_of(console)
    for name in [*SIGNALS, "risk_at_1"]:
        assert row(text, name)
    gap = result["signals"]["score_gap"]["no_relevant_at_5"]
    assert f"0.700 ({gap['low']:.2f}-{gap['high']:.2f})" in text
    assert row(text, "collection")[:4] == ["collection", "small,", "24", "traces,"]
    assert "served 0.532, cross_encoder 0.563, bm25 0.860" in text


def test_an_evaluation_in_which_nothing_can_be_said_is_printed_all_the_same() -> None:
    nothing = dict.fromkeys(("no_relevant_at_5", "no_relevant_at_1", "ndcg_below_half"))
    result = {
        "collection": "c", "traces": 1, "reference": "self", "skipped": {"unusable": 2},
        "failure_rate": dict.fromkeys(nothing, 0.0), "estimated_failure_rate": nothing,
        "ndcg_at_10": {"served": 1.0, "bm25": None}, "signals": {"score_gap": nothing},
        "risk": nothing, "risk_at_1": nothing, "kendall_tau": {"score_gap": None, "risk": None, "risk_at_1": None},
    }  # fmt: skip
    console = console_of(120)
    report.print_evaluation(console, msgspec.json.decode(msgspec.json.encode(result)))
    assert row(text_of(console), "score_gap") == ["score_gap", "-", "-", "-", "-", "-"]
    assert row(text_of(console), "skipped") == ["skipped", "2", "unusable"]
