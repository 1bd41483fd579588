"""`leadline backtest` as a user meets it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import write_lines
from tests.labelled import trace, write_collections
from tests.monitor.conftest import Refused
from tests.monitor.kit import leadline

SMALL = ("--stacks", "2", "--days", "12", "--traces-per-day", "300")
QUICK = (*SMALL, "--cross-encoder", "none")


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """72 traces of 24 queries, of which 14 find their answer."""
    return write_collections(tmp_path, "c", "traces") / "c"


def test_without_traces_it_makes_some_up_and_says_so() -> None:
    ran = leadline("backtest", *SMALL)
    assert ran.returncode == 0
    assert ran.stdout.startswith("traces     made up: 600 none, 200 identifier, 120 negation, 80 temporal\n")
    assert "healthy    false alarms: 0 in 0.1 years" in ran.stdout
    assert "drop_20" in ran.stdout
    assert ran.stderr.endswith("simulating\n")


def test_json_keeps_its_contract(collection: Path) -> None:
    arguments = ("--corpus", collection / "corpus.jsonl", "--fault", "hidden_filter", "--fault", "mix_shift", "--json")
    found = json.loads(leadline("backtest", collection / "traces.jsonl", *arguments, *QUICK).stdout)
    assert found["drawn"]["traces"] == found["drawn"]["rated"] == 72
    assert sum(found["drawn"]["scenarios"].values()) == 72
    assert (found["drawn"]["recorded_depth"], found["drawn"]["assessed_depth"]) == (4, 10)
    assert found["settings"] == {"smallest_drop": 0.05, "false_pages_a_year": 4.0}
    assert found["simulation"]["stacks"] == 2
    assert found["result"]["healthy"].keys() == {"alarms", "years", "a_year", "upper_a_year"}
    assert found["result"]["shifted"]["alarms"] == 0
    outcomes = found["result"]["outcomes"]
    assert outcomes.keys() == found["broken"].keys() == {"none", "hidden_filter", "mix_shift"}
    hidden = outcomes["hidden_filter"]
    assert hidden["change"] < -0.05
    assert hidden["true_change"] < -0.1
    assert hidden["found"] == 1.0
    assert 0 < hidden["delay_traces"]["median"] <= hidden["delay_traces"]["nine_of_ten"]
    assert sum(hidden["first"].values()) == 2
    assert hidden["steepest"]["fall"] > hidden["steepest"]["tolerance"]
    assert outcomes["none"]["change"] == outcomes["none"]["true_change"] == 0


def test_the_table_says_why_a_fault_is_not_seen_and_the_picture_is_drawn(collection: Path) -> None:
    """Without a text in the traces there is none to cut, unless the corpus has it."""
    plot = collection / "plot.png"
    arguments = ("--fault", "truncated_chunks", "--plot", plot)
    ran = leadline("backtest", collection / "traces.jsonl", *arguments, *QUICK)
    assert ran.returncode == 0
    assert "truncated_chunks: not seen: the number falls by" in ran.stdout
    assert "recorded 4 deep, assessed 10 deep" in ran.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_settings_are_those_of_the_alerts_unless_an_option_says_otherwise(tmp_path: Path) -> None:
    config = tmp_path / "leadline.yaml"
    floor = "{name: floor, decider: threshold, limit: 0.5}"
    config.write_text(f"alerts:\n  - {floor}\n  - {{smallest_drop: 0.1, false_pages_per_year: 7}}\n")
    common = ("backtest", "--config", config, "--fault", "drop_20", "--json", *SMALL)
    assert json.loads(leadline(*common).stdout)["settings"] == {"smallest_drop": 0.1, "false_pages_a_year": 7.0}
    changed = json.loads(leadline(*common, "--smallest-drop", "0.08").stdout)
    assert changed["settings"] == {"smallest_drop": 0.08, "false_pages_a_year": 7.0}


def test_the_bundled_cross_encoder_is_the_default(collection: Path) -> None:
    arguments = ("--corpus", collection / "corpus.jsonl", "--fault", "truncated_chunks", "--json")
    found = json.loads(leadline("backtest", collection / "traces.jsonl", *arguments, *SMALL).stdout)
    assert found["result"]["outcomes"]["truncated_chunks"]["change"] < 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gone.jsonl",), "leadline: gone.jsonl: cannot be read: No such file or directory"),
        (("{few}",), "few.jsonl: expected 50 query traces or more, found 3"),
        (("{broken}",), "expected 50 query traces or more, found 0, first line that is none: "),
        (("{two}",), "two.jsonl: expected traces of one pipeline, found default, other"),
        (("{traces}", "--corpus", "gone.jsonl"), "leadline: gone.jsonl: cannot read the corpus: No such file"),
        (("{traces}", "--config", "gone.yaml"), "leadline: gone.yaml: cannot be read: No such file"),
        (("{traces}", "--fault", "flood"), "--fault: expected one of stale_index, hidden_filter, "),
        (("--fault", "stale_index"), "--fault: expected one of drop_20, drop_10, "),
        (("--plot", "nowhere/p.png"), "nowhere/p.png: cannot be written: no folder nowhere"),
    ],
)
def test_it_refuses_in_one_line(collection: Path, arguments: tuple[str, ...], message: str, refused: Refused) -> None:
    def written(name: str, lines: list[Any]) -> Path:
        return write_lines(collection / f"{name}.jsonl", lines)

    files = {
        "traces": collection / "traces.jsonl",
        "few": written("few", [trace(i) for i in range(3)]),
        "broken": written("broken", [b"{"]),
        "two": written(
            "two", [trace(i % 24, trace_id=f"{i}", pipeline=("default", "other")[i % 2]) for i in range(60)]
        ),
    }
    assert message in refused("backtest", *(argument.format(**files) for argument in arguments), *QUICK)


def test_what_cannot_be_watched_ends_it() -> None:
    ran = leadline("backtest", "--stacks", "1", "--traces-per-day", "3")
    assert (ran.returncode, ran.stdout) == (2, "")
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("leadline: nothing can be watched (too_few_values): expected more --traces-per-day or ")


@pytest.mark.parametrize(
    "option", ["--smallest-drop=0", "--smallest-drop=1", "--false-pages=0", "--days=1", "--seed=-1"]
)
def test_numbers_out_of_their_range_are_bad_usage(option: str) -> None:
    ran = leadline("backtest", option)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert option.split("=", maxsplit=1)[0] in ran.stderr
