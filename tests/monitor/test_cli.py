"""The command line as a user meets it: exit status, and what goes to stdout and to stderr."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.catalogue import CATALOGUE
from tests.builders import plain_trace, samples, write_corpus, write_lines
from tests.labelled import write_collection
from tests.monitor.conftest import Refused
from tests.monitor.kit import leadline
from tests.monitor.test_config import EXPECTED

ROOT = Path(__file__).parents[2]
QUICK = ("--cross-encoder", "none")


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "traces.jsonl", [plain_trace(f"t{i}") for i in range(3)])


def test_help_imports_nothing_heavy() -> None:
    """Every import of the process is listed; those that cost a user time are not among them."""
    command = [sys.executable, "-X", "importtime", "-m", "monitor.cli", "--help"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "replay" in found.stdout
    imported = {line.split("|")[-1].strip().split(".")[0] for line in found.stderr.splitlines() if "|" in line}
    assert "typer" in imported
    heavy = {"numpy", "torch", "scipy", "pydantic", "rich", "transformers", "rank_bm25", "httpx2", "uvicorn", "openai"}
    assert not imported & heavy


def test_help_of_every_command_is_there() -> None:
    text = leadline("--help").stdout
    commands = text.split("Commands:")[1].split("\n  ")[1:]
    names = [line.split()[0] for line in commands]
    assert {"demo", "run", "replay", "doctor", "evaluate", "compare", "baseline", "check", "metrics"} <= set(names)


def test_replay_prints_its_summary_and_nothing_else(traces: Path) -> None:
    """In a pipe there is no progress bar: a good file leaves stderr empty."""
    corpus, out, metrics = (traces.with_name(name) for name in ("corpus.jsonl", "out.jsonl", "metrics.prom"))
    write_corpus(corpus)
    found = leadline("replay", traces, "--corpus", corpus, "--out", out, "--metrics", metrics, *QUICK)
    assert (found.returncode, found.stderr) == (0, "")
    assert "3 evaluated" in found.stdout
    assert "Signals" in found.stdout
    assert [json.loads(line)["trace_id"] for line in out.read_text().splitlines()] == ["t0", "t1", "t2"]
    assert samples(metrics.read_text(), "traces_total", "decision") == {("evaluated",): 3}


def test_replay_uses_the_bundled_scorer(traces: Path) -> None:
    """Unless told otherwise, with no network, and silently in a pipe; a query of a book's length is cut."""
    write_lines(traces, [plain_trace("t0"), plain_trace("t1", query="refund of an order " * 2000)])
    corpus, out = write_corpus(traces.with_name("corpus.jsonl")), traces.with_name("out.jsonl")
    found = leadline("replay", traces, "--corpus", corpus, "--out", out)
    assert (found.returncode, found.stderr) == (0, "")
    [first, *_] = [json.loads(line) for line in out.read_text().splitlines()]
    assert first["versions"]["scorer"].startswith("bundled-")
    assert 0 < first["signals"]["best_relevance"] < 1


def test_replay_names_bad_lines_and_goes_on(traces: Path) -> None:
    write_lines(traces, [b"bad", plain_trace("a"), *[b"{}"] * 12])
    found = leadline("replay", traces, *QUICK)
    assert found.returncode == 0
    lines = found.stderr.splitlines()
    assert lines[0] == f"{traces}:1: expected JSON: Expecting value at character 0"
    assert len(lines) == 10
    assert "1 evaluated" in found.stdout
    assert "3 more lines were no query traces." in found.stdout


def test_replay_takes_its_settings_from_a_configuration(traces: Path) -> None:
    """Sampling, privacy and corpus; the command line's corpus and depth go before."""
    config = traces.with_name("leadline.yaml")
    corpus = write_corpus(traces.with_name("corpus.jsonl"))
    out = traces.with_name("out.jsonl")
    config.write_text(
        "pipelines: {shop: {depth: 5}}\nprivacy: {keep_text: false}\n"
        "corpus: {path: nowhere.jsonl, metadata: [tenant]}\nattributes: [index_version]\n"
    )
    write_lines(traces, [plain_trace("a", attributes={"index_version": 4}), plain_trace("b", pipeline="shop")])
    command = ("replay", traces, "--config", config, "--corpus", corpus, "--depth", "2", "--out", out, *QUICK)
    assert leadline(*command).returncode == 0
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert (first["document_ids"], second["document_ids"]) == (["kb-1", "kb-2"], ["kb-1", "kb-2"])
    assert (first["query"], first["attributes"]) == (None, {"index_version": "4"})
    assert "lexical_miss" in first["signals"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gone.jsonl",), "leadline: gone.jsonl: cannot be read: No such file or directory"),
        (("{traces}", "--corpus", "gone.jsonl"), "leadline: gone.jsonl: cannot read the corpus: No such file"),
        (("{traces}", "--config", "gone.yaml"), "leadline: gone.yaml: cannot be read: No such file or directory"),
        (("{traces}", "--reference", "gone.json"), "leadline: gone.json: cannot read the reference: No such file"),
        (("{traces}", "--out", "nowhere/out"), "leadline: nowhere/out: cannot be written: No such file or directory"),
        (("{traces}", "--out", "{traces}"), "is the recording, expected another file to write to"),
        (("{traces}", "--metrics", "/dev/full"), "leadline: [Errno 28] No space left on device"),
        (("{empty}",), "empty.jsonl: expected query traces, found none"),
        (
            ("{traces}", "--cross-encoder", "/no/such/model"),
            "leadline: cross-encoder '/no/such/model' cannot be loaded: ",
        ),
    ],
)
def test_replay_refuses_in_one_line(traces: Path, arguments: tuple[str, ...], message: str, refused: Refused) -> None:
    """Status 2, and nothing on stdout."""
    empty = write_lines(traces.with_name("empty.jsonl"), [b"", b"nothing"])
    filled = [argument.format(traces=traces, empty=empty) for argument in arguments]
    scorer = () if "--cross-encoder" in arguments else QUICK
    assert message in refused("replay", *filled, *scorer)


def test_a_missing_file_is_status_2() -> None:
    """As a process, once."""
    found = leadline("replay", "gone.jsonl", *QUICK)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "leadline: gone.jsonl: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("arguments", [("replay",), ("replay", "x", "--depth", "0"), ("no-such",)])
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    found = leadline(*arguments)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.splitlines()[-1].startswith("Error: ")


def test_a_bad_variable_is_one_line(traces: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLINE_SOURCES", "x")
    assert refused("replay", traces, *QUICK) == "leadline: LEADLINE_SOURCES: expected JSON in this environment variable"


def test_check_is_1_for_an_invalid_file_and_0_for_a_valid_one() -> None:
    invalid = leadline("check", "config/invalid/unknown_key.yaml")
    assert (invalid.returncode, invalid.stdout) == (1, "")
    assert invalid.stderr == f"config/invalid/unknown_key.yaml: {EXPECTED['unknown_key']}\n"
    valid = leadline("check", "config/leadline.yaml")
    assert (valid.returncode, valid.stderr) == (0, "")
    assert valid.stdout.splitlines()[0] == "config/leadline.yaml: valid"


def test_run_refuses_an_invalid_configuration(refused: Refused) -> None:
    assert refused("run", "--config", "config/invalid/unknown_key.yaml").endswith(EXPECTED["unknown_key"])


def test_metrics_prints_the_catalogue_as_a_table_of_tabs() -> None:
    """A line for each: name, type, unit, labels, help."""
    found = leadline("metrics")
    assert (found.returncode, found.stderr) == (0, "")
    rows = [line.split("\t") for line in found.stdout.splitlines()]
    assert {len(row) for row in rows} == {5}
    assert [row[0] for row in rows] == [f"leadline_{name}" for name in CATALOGUE]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["leadline_traces_total"][:3] == ["counter", "traces", "pipeline,decision"]
    assert by_name["leadline_queue_traces"][:3] == ["gauge", "traces", "-"]


def test_the_committed_page_of_metrics_is_the_catalogue() -> None:
    """Else: make docs/metrics.md."""
    assert leadline("metrics", "--markdown").stdout == (ROOT / "docs" / "metrics.md").read_text()


def evaluation(*arguments: str | Path) -> dict[str, Any]:
    found = leadline("evaluate", *arguments, "--json", *QUICK)
    assert (found.returncode, found.stderr) == (0, "")
    parsed: dict[str, Any] = json.loads(found.stdout)
    return parsed


def test_evaluate_prints_json_or_tables(tmp_path: Path) -> None:
    directory = write_collection(tmp_path / "small")
    assert evaluation(directory)["failure_rate"]["no_relevant_at_1"] == 0.5
    tables = leadline("evaluate", directory, *QUICK)
    assert (tables.returncode, tables.stderr) == (0, "")
    assert "collection small, 24 traces" in tables.stdout


def test_evaluate_hands_its_options_on(tmp_path: Path, refused: Refused) -> None:
    directory = write_collection(tmp_path / "small")
    (directory / "traces.jsonl").rename(directory / "other.jsonl")
    found = evaluation(directory, "--traces", "other.jsonl", "--depth", "1", "--drop-scores", "--reference", "shipped")
    assert found["failure_rate"]["no_relevant_at_5"] == 0.5
    assert found["signals"]["top_score"]["no_relevant_at_5"] is None
    assert found["reference"].startswith("shipped")
    assert "traces.jsonl: cannot be read: No such file" in refused("evaluate", directory, *QUICK)


def test_demo_refuses_an_unknown_fault(refused: Refused) -> None:
    line = refused("demo", "--once", "--fault", "nonsense")
    assert line.startswith("leadline: --fault: got 'nonsense', expected one of none,")


def test_a_reader_that_leaves_is_no_traceback() -> None:
    """`leadline metrics | true`."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "monitor.cli", "metrics"]
    with os.fdopen(write, "wb") as stdout:
        found = subprocess.run(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    assert found.stderr == ""


def test_the_configuration_says_which_scorer_replay_uses(traces: Path, tmp_path: Path) -> None:
    """`scorer: null` there means none; the command line has the last word."""
    settings = tmp_path / "leadline.yaml"
    settings.write_text("scorer: null\npipelines: {default: {sample: {cheap: 1.0, scorer: 1.0}}}\n")
    without = leadline("replay", traces, "--config", settings)
    assert without.returncode == 0
    assert "scorer_unavailable" in without.stdout
    unknown = leadline("replay", traces, "--config", settings, "--cross-encoder", tmp_path / "nowhere")
    assert unknown.returncode == 2
    assert "cannot be loaded" in unknown.stderr


def test_a_missing_recording_is_found_before_a_model_is_loaded(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"
    found = leadline("replay", missing, "--cross-encoder", tmp_path / "nowhere")
    assert (found.returncode, found.stderr) == (2, f"leadline: {missing}: cannot be read: No such file or directory\n")
