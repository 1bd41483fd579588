"""`leadline doctor` as a user meets it."""

from pathlib import Path
from typing import Any

import pytest

from tests.builders import plain_trace, write_corpus, write_lines
from tests.monitor.conftest import Refused
from tests.monitor.doctor.kit import FIXTURES, doctor
from tests.monitor.doctor.test_emitters import BY_CORPUS, ORDER, RELEVANCE, SHAPE
from tests.monitor.kit import free_port, leadline


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "traces.jsonl", [plain_trace(f"t{i}") for i in range(5)])


def by_measure(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["measure"]: one for one in found["measures"]}


def test_tables_go_to_stdout_and_nothing_to_stderr(traces: Path) -> None:
    found = leadline("doctor", write_lines(traces, [b"bad", *traces.read_bytes().splitlines()]))
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(f"source     {traces}: records 5 json\nretrievals 5 usable\n")
    for text in ("Emitters", "What the traces carry", "What each measure can do", "1. `corpus: {path: FILE}`"):
        assert text in found.stdout
    assert f"{traces}:1: expected JSON or a protobuf ExportTraceServiceRequest" in found.stdout


def test_json_has_the_whole_report(traces: Path) -> None:
    found = doctor(traces)
    assert set(found) == {
        "source", "encodings", "emitters", "pipelines", "retrievals", "unusable", "repeats", "spans",
        "instrumentations", "begin", "end", "malformed", "examples", "carries", "measures", "advice", "hints",
    }  # fmt: skip
    assert (found["source"], found["encodings"], found["retrievals"]) == (str(traces), {"json": 5}, 5)
    assert by_measure(found)[SHAPE] == {
        "measure": SHAPE, "verdict": "full", "share": 1.0, "reasons": {}, "advice": None,
    }  # fmt: skip


def test_corpus_and_configuration_are_those_of_the_other_commands(traces: Path) -> None:
    corpus, config = traces.with_name("corpus.jsonl"), traces.with_name("leadline.yaml")
    write_corpus(corpus)
    assert {by_measure(doctor(traces, "--corpus", corpus))[name]["verdict"] for name in BY_CORPUS} == {"full"}
    config.write_text(f"corpus: {{path: {corpus}}}\nscorer: null\n")
    found = by_measure(doctor(traces, "--config", config))
    assert {found[name]["verdict"] for name in BY_CORPUS[:2]} == {"full"}
    assert found[RELEVANCE]["verdict"] == "impossible"
    assert (found[ORDER]["reasons"], found[ORDER]["advice"]) == (
        {"scorer_unavailable": 5},
        "`scorer: {model: bundled}`",
    )


def test_the_bundled_cross_encoder_says_which_queries_it_reads(traces: Path) -> None:
    """With the model loaded; without, nothing abstains for the language."""
    write_lines(traces, [plain_trace(f"t{i}", query="退款政策是什么" if i else "refund policy") for i in range(4)])
    corpus = write_corpus(traces.with_name("corpus.jsonl"))
    loaded = by_measure(doctor(traces, "--corpus", corpus, "--cross-encoder", "bundled"))[RELEVANCE]
    assert (loaded["verdict"], loaded["reasons"]) == ("degraded", {"unsupported_language": 3})
    assert by_measure(doctor(traces, "--corpus", corpus))[RELEVANCE]["verdict"] == "full"


def test_the_limit_is_handed_on(traces: Path) -> None:
    assert doctor(traces, "--limit", "2")["retrievals"] == 2


def test_spans_in_a_file() -> None:
    found = doctor(FIXTURES / "openinference_haystack.pb")
    assert (found["encodings"], found["spans"]) == ({"otlp_proto": 1}, {"ignored": 4, "retriever": 3, "reranker": 1})


def test_others_words_cannot_command_the_terminal(tmp_path: Path) -> None:
    hostile = plain_trace("t", pipeline="\x1b[31mred\x1b[0m", filters={"\x07bell": 1})
    found = leadline("doctor", write_lines(tmp_path / "t.jsonl", [hostile]))
    assert found.returncode == 0
    assert "\x1b" not in found.stdout
    assert "\x07" not in found.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gone.jsonl",), "leadline: gone.jsonl: cannot be read: No such file or directory"),
        (("{bad}",), "leadline: {bad}: expected query traces or spans, found none, first: {bad}:1: expected JSON"),
        (("{traces}", "--corpus", "gone.jsonl"), "leadline: gone.jsonl: cannot read the corpus"),
        (("{traces}", "--config", "gone.yaml"), "leadline: gone.yaml: cannot be read"),
        (("{traces}", "--cross-encoder", "/no/model"), "leadline: cross-encoder '/no/model' cannot be loaded"),
        (("listen://nowhere",), "leadline: listen://nowhere: expected listen://HOST:PORT with a port up to 65535"),
        (("kafka://localhost:9092",), "leadline: kafka://localhost:9092: expected kafka://HOST:PORT/TOPIC: "),
        (("kafka://localhost/t",), "leadline: kafka://localhost/t: expected kafka://HOST:PORT/TOPIC: "),
        (("kafka://127.0.0.1:{port}/t",), "no broker at 127.0.0.1:{port} answers"),
        (("http://127.0.0.1:{port}",), "leadline: http://127.0.0.1:{port}/v1/projects/default/spans: "),
        (("http://",), "leadline: http://: expected http(s)://HOST:PORT/PROJECT: "),
    ],
)
def test_what_cannot_be_read_is_one_line(
    traces: Path, arguments: tuple[str, ...], message: str, refused: Refused
) -> None:
    """Status 2, and nothing on stdout."""
    places = {"traces": traces, "bad": write_lines(traces.with_name("bad.jsonl"), [b"bad"]), "port": free_port()}
    line = refused("doctor", *(argument.format(**places) for argument in arguments))
    assert message.format(**places) in line
