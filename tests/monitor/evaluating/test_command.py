"""`leadline evaluate --all`, from the command line to the report."""

import json
import sys
from pathlib import Path

import pytest

from detectors.labels import FAILURE_KINDS
from tests.labelled import write_collections
from tests.monitor.conftest import Refused
from tests.monitor.kit import leadline

QUICK = "--cross-encoder", "none"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_collections(tmp_path_factory.mktemp("three"))


def test_a_run_writes_the_report_and_says_the_main_of_it(three: Path, tmp_path: Path) -> None:
    """A summary on stdout, progress on stderr; every picture that the report shows is there."""
    file = tmp_path / "report.md"
    found = leadline("evaluate", "--all", three, "--report", file, *QUICK)
    assert found.returncode == 0, found.stderr
    assert "6 of 3 collections, 432 traces" in found.stdout
    assert "fitted on other collections" in found.stdout
    assert "a/traces.e5.jsonl: nothing to find" in found.stderr
    shown = [line.split("](")[1].rstrip(")") for line in file.read_text().splitlines() if line.startswith("![")]
    assert len(shown) == 5
    for picture in shown:
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG"), picture


def test_json_alone_needs_no_report(three: Path) -> None:
    found = leadline("evaluate", "--all", three, "--json", *QUICK)
    assert found.returncode == 0, found.stderr
    result = json.loads(found.stdout)
    assert (result["scheme"], result["scorer"], len(result["recordings"])) == ("other collections", "none", 6)
    assert result["skills"]["all"].keys() == set(FAILURE_KINDS)


@pytest.mark.parametrize("option", ["--traces", "--reference", "--depth"])
def test_what_says_how_one_recording_is_read_does_not_go_with_all(three: Path, refused: Refused, option: str) -> None:
    line = refused("evaluate", "--all", three, "--json", option, "5")
    assert line == f"leadline: evaluate --all: {option} does not go with it"


def test_what_is_missing_on_the_command_line_is_said(three: Path, tmp_path: Path, refused: Refused) -> None:
    expected = "leadline: evaluate: expected DIRECTORY, or --all FOLDER with --report FILE.md"
    assert refused("evaluate") == refused("evaluate", three / "a", "--report", tmp_path / "r.md") == expected
    assert refused("evaluate", three / "a", "--all", three).endswith("DIRECTORY does not go with it")
    assert refused("evaluate", "--all", three, "--drop-scores", "--json").endswith("--drop-scores does not go with it")
    assert refused("evaluate", "--all", three).endswith("expected --report FILE.md, or --json")


def test_nothing_is_scored_for_a_report_that_cannot_be_written(
    three: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = refused("evaluate", "--all", three, "--report", tmp_path / "no" / "r.md", *QUICK)
    assert line.endswith(f"r.md: cannot be written: no folder {tmp_path / 'no'}")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    line = refused("evaluate", "--all", three, "--report", tmp_path / "r.md", *QUICK)
    assert line == "leadline: a picture needs matplotlib: pip install 'leadline[pictures]'"


def test_no_collections_is_an_error(tmp_path: Path, refused: Refused) -> None:
    assert "no collections here" in refused("evaluate", "--all", tmp_path, "--json", *QUICK)
