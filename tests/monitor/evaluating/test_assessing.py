"""What each variant lacks is lacking in the pipeline, and says so itself."""

from pathlib import Path
from typing import Any

import pytest

from detectors.measures import document_age, lexical_check, lexical_scores, rank_divergence, score_distribution
from detectors.records import Reason
from monitor.errors import LeadlineError
from monitor.evaluating.assessing import Assessed
from monitor.evaluating.variants import FULL, Variant
from tests import labelled
from tests.builders import write_lines
from tests.detectors.fakes import TableScorer
from tests.labelled import QUERIES, write_collection, write_collections
from tests.monitor.evaluating.kit import NO_SCORER, assess, table_scorer


@pytest.fixture(scope="module")
def assessed(tmp_path_factory: pytest.TempPathFactory) -> Assessed:
    return assess(write_collections(tmp_path_factory.mktemp("one"), "a"), table_scorer())[0]


def reasons(assessed: Assessed, **lacking: Any) -> dict[str, Reason]:
    """Why the first trace of a variant abstained."""
    return assessed.variants[next(v for v in assessed.variants if v[1:] == Variant("", **lacking)[1:])][0][
        0
    ].abstentions


def test_a_variant_abstains_as_the_pipeline_does(assessed: Assessed) -> None:
    assert set(score_distribution.SIGNALS) <= {
        k for k, r in reasons(assessed, scores=False).items() if r == "no_scores"
    }
    without = reasons(assessed, corpus=False)
    assert {name for name, reason in without.items() if reason == Reason.NO_CORPUS} == {
        *document_age.SIGNALS, *lexical_check.SIGNALS, *lexical_scores.SIGNALS,
        *rank_divergence.UNION_SIGNALS, *rank_divergence.SHARE_SIGNALS,
    }  # fmt: skip
    without = reasons(assessed, scorer=False)
    assert {name for name, reason in without.items() if reason == Reason.SCORER_UNAVAILABLE} == set(
        rank_divergence.SIGNALS
    )


def test_without_a_corpus_the_texts_come_with_the_traces(assessed: Assessed) -> None:
    """So the cross-encoder still reads what was served; else it would not be the corpus alone that is lacking."""
    found = dict(zip((v.name for v in assessed.variants), assessed.variants.values(), strict=True))
    bare, full = found["no corpus, depth 10"][0][0], assessed.variants[FULL][0][0]
    assert bare.signals["best_relevance"] == full.signals["best_relevance"]
    assert bare.document_ids == full.document_ids


def test_the_deepest_variant_scores_every_pair_of_the_others(tmp_path: Path) -> None:
    """Its pairs are asked for first: with a cache, each pair costs the cross-encoder once."""
    scorer = table_scorer()
    [one] = assess(write_collections(tmp_path, "a", "traces"), scorer)
    assert isinstance(scorer.model, TableScorer)
    with_scorer = [variant for variant in one.variants if variant.scorer]
    calls = [set(pairs) for pairs in scorer.model.calls]
    assert with_scorer[0].depth == max(variant.depth for variant in with_scorer)
    assert all(pairs <= calls[0] for pairs in calls[: len(with_scorer)])


def test_without_a_scorer_nothing_is_measured_twice(tmp_path: Path) -> None:
    [one] = assess(write_collections(tmp_path, "a", "traces"), NO_SCORER)
    assert all(variant.scorer for variant in one.variants)
    assert one.ndcg_at_10["cross_encoder"] is None


def test_the_answers_are_those_of_the_depth(tmp_path: Path) -> None:
    """A document at rank 6 is beyond a list of five: nDCG@10 is 0 there, and 1 / log2 7 of the ideal at depth 10."""
    directory = write_collection(tmp_path / "a")
    keys = [f"noise{i}-0" for i in range(5)]
    late = [labelled.trace(i, documents=[{"id": k} for k in [*keys, f"answer{i}"]]) for i in range(QUERIES)]
    write_lines(directory / "traces.jsonl", late)
    [one] = assess(tmp_path, NO_SCORER)
    values = {
        v.depth: answers[0][1].ndcg_at_10
        for v, answers in one.variants.items()
        if v.scores and v.corpus and answers[0][1]
    }
    assert values[5] == 0
    assert values[10] == values[20] > 0


def test_emptied_lists_hold_nothing_relevant(assessed: Assessed) -> None:
    """Of four documents, the good ones lose answer and side remark; no list is as deep as ten any more."""
    assert len(assessed.emptied) == 3 * QUERIES == assessed.short
    for assessment, answer in assessed.emptied:
        number = answer.query.removeprefix("q")
        assert not {f"answer{number}", f"side{number}"} & set(assessment.document_ids)
    assert assessed.emptied[0][0].document_ids == ("noise0-0", "noise0-1")
    assert assessed.emptied[0][0].signals["best_relevance"] == labelled.NOISE


def test_what_is_skipped_is_counted(tmp_path: Path) -> None:
    more = [labelled.trace(0, trace_id="x", query="never asked"), labelled.trace(0, trace_id="y", query="hopeless")]
    write_collection(tmp_path / "a", *more, b"not json")
    [one] = assess(tmp_path, NO_SCORER)
    assert one.skipped == {"unknown_query": 1, "no_relevant_document": 1, "unusable": 1}
    assert len(one.queries) == len(one.emptied) == QUERIES


def test_recordings_of_other_queries_are_an_error(tmp_path: Path) -> None:
    directory = write_collection(tmp_path / "a")
    write_lines(directory / "traces.jsonl", [labelled.trace(i) for i in range(5)])
    write_lines(directory / "traces.e5.jsonl", [labelled.trace(i) for i in range(5, 10)])
    with pytest.raises(
        LeadlineError, match=r"a/traces.e5.jsonl: no query in common with traces.jsonl, expected the same"
    ):
        assess(tmp_path, NO_SCORER)


def test_a_recording_without_labels_is_an_error(tmp_path: Path) -> None:
    directory = write_collection(tmp_path / "a")
    write_lines(directory / "traces.jsonl", [labelled.trace(0, query="never asked")])
    with pytest.raises(LeadlineError, match=r"a/traces.jsonl: no trace has labels, expected query ids"):
        assess(tmp_path, NO_SCORER)
