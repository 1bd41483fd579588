"""The monitor against labels: values worked by hand, and nDCG against ir_measures."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ir_measures
import msgspec
import pytest

from detectors.labels import FAILURE_KINDS
from detectors.risk import shipped_normalisation
from detectors.signals import SIGNALS
from monitor.build import build_index
from monitor.config import EVERYTHING
from monitor.errors import LeadlineError
from monitor.evaluation import Labels, evaluate, read_labels
from monitor.providers.corpus import read_corpus
from monitor.recording import Recording
from monitor.sampling import Sampler
from tests import labelled
from tests.builders import assessor, write_lines
from tests.detectors.fakes import TableScorer
from tests.labelled import write_collection

IDEAL = 2 + 1 / math.log2(3)  # DCG of answer, then side remark


def evaluated(
    directory: Path, *, depth: int = 10, drop_scores: bool = False, with_scorer: bool = True
) -> dict[str, Any]:
    """The collection's evaluation, as JSON has it."""
    known = read_corpus(directory / "corpus.jsonl")
    scorer = TableScorer(labelled.relevance()) if with_scorer else None
    pipelines = {"default": {"sample": {"cheap": 1, "scorer": 1}, "depth": depth}}
    result = evaluate(
        directory, Recording(directory / "traces.jsonl", Sampler(lambda _: EVERYTHING)),
        assessor(known, scorer, pipelines=pipelines), build_index(known),
        reference="self", depth=depth, drop_scores=drop_scores,
    )  # fmt: skip
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(result))
    return found


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return evaluated(write_collection(tmp_path_factory.mktemp("small")))


def test_the_failures_are_those_of_the_labels(result: dict[str, Any]) -> None:
    """10 of 24 found nothing, 12 of 24 not at once, and rank 3 of two alone is an nDCG of .38."""
    assert result["traces"] == 24
    assert result["failure_rate"] == {"no_relevant_at_5": 10 / 24, "no_relevant_at_1": 0.5, "ndcg_below_half": 0.5}


def test_ndcg_of_the_three_orders_by_hand(result: dict[str, Any]) -> None:
    """Served: 12 times 1, twice 2 / log2(4) of the ideal. The scorer puts the late answers first. BM25 finds the side
    remark, which says its topic twice, before the answer, for all of them.
    """
    found = result["ndcg_at_10"]
    assert found["served"] == pytest.approx((12 + 2 * (1 / IDEAL)) / 24)
    assert found["cross_encoder"] == pytest.approx((12 + 2 * (2 / IDEAL)) / 24)
    assert found["bm25"] == pytest.approx((1 + 2 / math.log2(3)) / IDEAL)


def mean_ndcg(runs: Mapping[int, Sequence[str]]) -> float:
    qrels = {f"q{i}": {f"answer{i}": 2, f"side{i}": 1} for i in runs}
    run = {f"q{i}": {key: 100.0 - rank for rank, key in enumerate(keys)} for i, keys in runs.items()}
    return float(ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10])


def test_ndcg_of_the_three_orders_against_ir_measures(result: dict[str, Any]) -> None:
    words = {"answer": labelled.ANSWER, "side": labelled.SIDE}
    value = {row["_id"]: words.get(row["text"].split()[-1], labelled.NOISE) for row in labelled.corpus_rows()}
    served = {i: labelled.served(i) for i in range(labelled.QUERIES)}
    found = result["ndcg_at_10"]
    assert found["served"] == pytest.approx(mean_ndcg(served))
    assert found["cross_encoder"] == pytest.approx(
        mean_ndcg({i: sorted(keys, key=lambda key: -value[key]) for i, keys in served.items()})
    )
    assert found["bm25"] == pytest.approx(mean_ndcg({i: [f"side{i}", f"answer{i}"] for i in served}))


def test_signals_are_held_against_each_kind_of_failure(result: dict[str, Any]) -> None:
    """Gap, where lower speaks for failure: 7 of the 10 failures lie below all others and 3 above, so 70% of pairs."""
    gap = result["signals"]["score_gap"]["no_relevant_at_5"]
    assert (gap["auroc"], gap["n"]) == (pytest.approx(0.7), 24)
    assert gap["low"] < 0.7 < gap["high"]
    best = result["signals"]["best_relevance"]
    assert best["no_relevant_at_5"]["auroc"] == 1.0
    assert best["no_relevant_at_1"]["auroc"] == pytest.approx((10 * 12 + 2 * 12 / 2) / (12 * 12))


def test_the_json_has_the_keys_of_the_contract(result: dict[str, Any]) -> None:
    """DESIGN section 4; more is welcome, less is not."""
    assert result.keys() >= {
        "collection", "traces", "skipped", "reference", "failure_rate", "estimated_failure_rate", "ndcg_at_10",
        "signals", "risk", "risk_at_1",
    }  # fmt: skip
    assert FAILURE_KINDS == ("no_relevant_at_5", "no_relevant_at_1", "ndcg_below_half")
    for name in ("failure_rate", "estimated_failure_rate", "risk", "risk_at_1"):
        assert result[name].keys() == set(FAILURE_KINDS), name
    assert result["ndcg_at_10"].keys() == {"served", "cross_encoder", "bm25"}
    assert result["signals"].keys() == SIGNALS.keys()
    for by_kind in result["signals"].values():
        assert by_kind.keys() == set(FAILURE_KINDS)
    assert result["signals"]["score_gap"]["no_relevant_at_5"].keys() >= {"auroc", "low", "high", "n"}
    assert result["collection"].startswith("small")
    assert (result["skipped"], result["reference"]) == ({}, shipped_normalisation().version)


def test_few_traces_give_no_level(result: dict[str, Any]) -> None:
    """24 are under the 30 that an estimate needs."""
    assert result["estimated_failure_rate"] == dict.fromkeys(FAILURE_KINDS)


@pytest.fixture(scope="module")
def thrice(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each query three times: enough for a reference of its own and for levels."""
    more = [labelled.trace(i, trace_id=f"{k}-{i}") for k in range(2) for i in range(labelled.QUERIES)]
    return evaluated(write_collection(tmp_path_factory.mktemp("thrice"), *more))


def test_risks_are_probabilities_and_are_scored_as_such(thrice: dict[str, Any]) -> None:
    assert (thrice["traces"], thrice["reference"]) == (72, "self")
    for name, kind in (("risk", "no_relevant_at_5"), ("risk_at_1", "no_relevant_at_1")):
        skill = thrice[name][kind]
        assert skill.keys() >= {"auroc", "low", "high", "n", "brier_skill", "aurc"}
        assert skill["auroc"] > 0.8
        assert 0 <= skill["aurc"] <= thrice["failure_rate"][kind]
        estimate = thrice["estimated_failure_rate"][kind]
        assert 0 <= estimate["low"] <= estimate["mean"] <= estimate["high"] <= 1
    assert thrice["estimated_failure_rate"]["ndcg_below_half"] is None
    assert thrice["kendall_tau"]["best_relevance"] > 0.5


def test_what_has_no_label_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """Found by text only where the text is one query's; an id that is not known is not looked up by text."""
    more = [
        labelled.trace(0, trace_id="unheard", query="never asked"),
        labelled.trace(0, trace_id="twins", query="asked twice"),
        labelled.trace(1, trace_id="stranger", query_id="q99"),
        labelled.trace(0, trace_id="hopeless", query="hopeless"),
        labelled.trace(1),
        labelled.trace(0, trace_id="spaced", query="  topic0 "),
        labelled.trace(0, trace_id="told", query="asked twice", query_id="twin0"),
        b"not json",
    ]
    result = evaluated(write_collection(tmp_path / "small", *more))
    assert result["skipped"] == {"unknown_query": 3, "no_relevant_document": 1, "duplicate": 1, "unusable": 1}
    assert result["traces"] == 26


def test_traces_without_scores_evaluate_with_what_remains(tmp_path: Path) -> None:
    """As `--drop-scores` pretends they were."""
    directory = write_collection(tmp_path / "small")
    dropped = evaluated(directory, drop_scores=True)
    bare = [
        {**labelled.trace(i), "documents": [{"id": key} for key in labelled.served(i)]} for i in range(labelled.QUERIES)
    ]
    write_lines(directory / "traces.jsonl", bare)
    assert evaluated(directory) == dropped
    assert set(dropped["signals"]["score_gap"].values()) == {None}
    assert dropped["signals"]["best_relevance"]["no_relevant_at_5"]["auroc"] == 1.0


def test_the_depth_cuts_what_was_served(tmp_path: Path) -> None:
    """At depth 1 the late answers are failures, and a good list has gained 2 of its ideal."""
    result = evaluated(write_collection(tmp_path / "small"), depth=1)
    assert result["failure_rate"]["no_relevant_at_5"] == 0.5
    assert result["ndcg_at_10"]["served"] == pytest.approx(12 * 2 / IDEAL / 24)


def test_without_a_scorer_there_is_no_order_of_its_own(tmp_path: Path) -> None:
    result = evaluated(write_collection(tmp_path / "small"), with_scorer=False)
    assert result["ndcg_at_10"]["cross_encoder"] is None
    assert set(result["signals"]["best_relevance"].values()) == {None}


def test_no_labelled_trace_is_an_error(tmp_path: Path) -> None:
    directory = write_collection(tmp_path / "small")
    write_lines(directory / "traces.jsonl", [labelled.trace(0, query="never asked")])
    with pytest.raises(LeadlineError, match="small: no trace has labels here"):
        evaluated(directory)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("qrels/test.tsv", b"q0\tanswer0\tgood\n", ":1: expected query id, document id and a whole grade by tabs"),
        ("qrels/test.tsv", b"query-id\tcorpus-id\tscore\nq0 answer0 1\n", ":2: expected query id, document id"),
        ("qrels/test.tsv", b"q0\t0\tanswer0\t1\n", ":1: expected query id, document id"),
        (
            "queries.jsonl",
            b'{"_id": "q0", "text": "a"}\n\n{"_id": "q1"}\n',
            ":3: expected a JSON object with _id and text",
        ),
        ("queries.jsonl", b'{"_id": "q0", "text": 5}\n', ":1: expected a JSON object with _id and text"),
        ("queries.jsonl", b"[]\n", ":1: expected a JSON object with _id and text"),
        ("queries.jsonl", b"\xff\xfe\n", ": expected UTF-8 text"),
    ],
)
def test_labels_that_cannot_be_read_are_named_by_line(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    directory = write_collection(tmp_path / "small")
    (directory / name).write_bytes(content)
    with pytest.raises(LeadlineError) as caught:
        read_labels(directory)
    assert str(caught.value).startswith(f"{directory / name}{reason}")


@pytest.mark.parametrize("name", ["qrels/test.tsv", "queries.jsonl"])
def test_labels_that_are_not_there_are_named(tmp_path: Path, name: str) -> None:
    directory = write_collection(tmp_path / "small")
    (directory / name).unlink()
    with pytest.raises(LeadlineError, match=rf"{name}: cannot be read: No such file"):
        read_labels(directory)


def test_qrels_need_no_header(tmp_path: Path) -> None:
    directory = write_collection(tmp_path / "small")
    (directory / "qrels" / "test.tsv").write_bytes(b"q0\tanswer0\t2\r\nq0\tside0\t-1\r\n")
    qrels, texts = read_labels(directory)
    assert qrels == {"q0": {"answer0": 2, "side0": -1}}
    assert texts["asked twice"] == ["twin0", "twin1"]


def test_an_id_goes_before_the_text() -> None:
    labels = Labels({"q1": {"a": 1}, "q2": {"b": 1}}, {"text": ["q1"]})
    assert labels.of("q2", "text") == {"b": 1}
    assert labels.of(None, "text") == {"a": 1}
    assert labels.of("q3", "text") is None
    assert labels.of(None, None) is None
