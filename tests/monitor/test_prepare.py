"""Traces made ready for measuring."""

import math
from pathlib import Path
from typing import Any

import pytest

from detectors.records import Passage, QueryTrace, Reason, Retrieval
from detectors.text import text_key
from monitor.config import PipelineConfig
from monitor.prepare import Preparer
from monitor.providers.corpus import Corpus, CorpusDocument
from tests.builders import TEXTS, corpus, trace


def prepare(one: QueryTrace, known: Corpus | None = None, **pipeline: Any) -> Retrieval:
    return Preparer(known, lambda _: PipelineConfig(**pipeline)).prepare([one])[0]


@pytest.fixture
def known(tmp_path: Path) -> Corpus:
    return corpus(tmp_path, tenant="acme")


def test_a_list_is_cut_to_the_pipelines_depth() -> None:
    """10,000 documents: the first ten count, and a bad score beyond them does not."""
    documents = [{"id": f"d{i}", "score": 1 - i / 10_000 if i < 10 else math.nan} for i in range(10_000)]
    found = prepare(trace(documents=documents), depth=10)
    assert [passage.key for passage in found.served] == [f"d{i}" for i in range(10)]
    assert found.scores == pytest.approx([1 - i / 10_000 for i in range(10)])


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, None])
def test_one_score_that_is_no_number_takes_them_all(score: float | None) -> None:
    """Half a list of scores has no shape."""
    documents = [{"id": "a", "score": 0.9}, {"id": "b", "score": score}, {"id": "c", "score": 0.7}]
    assert prepare(trace(documents=documents)).scores is None


def test_no_documents_have_no_scores() -> None:
    assert prepare(trace(documents=[])).scores is None


def test_a_distance_is_negated() -> None:
    """Where the pipeline or the trace says so; the trace wins."""
    documents = [{"id": "a", "score": 0.1}, {"id": "b", "score": 0.5}]
    as_similarity, as_distance = (0.1, 0.5), (-0.1, -0.5)
    assert prepare(trace(documents=documents)).scores == as_similarity
    assert prepare(trace(documents=documents), score_kind="distance").scores == as_distance
    assert prepare(trace(documents=documents, score_kind="distance")).scores == as_distance
    assert prepare(trace(documents=documents, score_kind="similarity"), score_kind="distance").scores == as_similarity


@pytest.mark.parametrize(
    ("document", "passage"),
    [
        ({"id": "kb-3"}, Passage("kb-3", TEXTS["kb-3"], in_corpus=True)),
        ({"id": "kb-3", "text": ""}, Passage("kb-3", TEXTS["kb-3"], in_corpus=True)),
        ({"id": "kb-3", "text": "mine"}, Passage("kb-3", "mine", in_corpus=True)),
        ({"id": "kb-3", "text": "mine", "title": "My"}, Passage("kb-3", "My. mine", in_corpus=True)),
        ({"id": "kb-3#2", "parent_id": "kb-3"}, Passage("kb-3", TEXTS["kb-3"], in_corpus=True)),
        ({"id": "kb-3", "parent_id": "kb-4"}, Passage("kb-3", TEXTS["kb-3"], in_corpus=True)),
        (
            {"text": "password  RESET. open settings, choose security and reset the password."},
            Passage("kb-3", "password  RESET. open settings, choose security and reset the password.", in_corpus=True),
        ),
        (
            {"id": "chunk-9", "title": "Password reset", "text": TEXTS["kb-3"].removeprefix("Password reset. ")},
            Passage("kb-3", TEXTS["kb-3"], in_corpus=True),
        ),
        ({"id": "gone"}, Passage("gone")),
        ({"id": "gone", "text": "not ours"}, Passage("gone", "not ours")),
        ({"text": "not ours"}, Passage(text_key("not ours"), "not ours")),
        ({"id": "", "text": "not ours"}, Passage(text_key("not ours"), "not ours")),
    ],
)
def test_a_document_is_found_by_id_parent_or_text(known: Corpus, document: dict[str, str], passage: Passage) -> None:
    """The trace's own text wins; the key is the corpus's."""
    assert prepare(trace(documents=[document]), known).served == (passage,)


def test_documents_are_counted_by_pipeline_and_by_where_their_text_came_from(known: Corpus) -> None:
    """To the pipeline's depth; what the corpus knows by nothing but its text had one."""
    preparer = Preparer(known, lambda _: PipelineConfig(depth=5))
    kinds = [{"id": "kb-3"}, {"id": "x", "parent_id": "kb-3"}, {"text": TEXTS["kb-3"]}, {"id": "gone"}, {"id": "kb-4"}]
    preparer.prepare([trace(documents=[*kinds, {"id": "too-deep"}]), trace(pipeline="other", documents=kinds[:1])])
    assert +preparer.texts == {
        ("default", "corpus"): 2, ("default", "parent"): 1, ("default", "trace"): 1, ("default", "missing"): 1,
        ("other", "corpus"): 1,
    }  # fmt: skip


def test_a_document_whose_corpus_text_is_empty_has_none(tmp_path: Path) -> None:
    preparer = Preparer(corpus(tmp_path, {"a": ""}), lambda _: PipelineConfig())
    preparer.prepare([trace(documents=[{"id": "a"}])])
    assert {text for _, text in +preparer.texts} == {"missing"}


def test_documents_without_ids_stay_apart() -> None:
    """Their keys are hashes of their texts, alike for texts that read alike."""
    served = prepare(trace(documents=[{"text": "One  text"}, {"text": "another"}, {"text": "one text"}])).served
    assert served[0].key == served[2].key != served[1].key


def test_a_document_that_many_queries_get_is_known_by_its_share(known: Corpus) -> None:
    """By the key of the corpus, among the first five, and for the pipeline alone."""
    preparer = Preparer(known, lambda _: PipelineConfig())
    hub = [{"id": "chunk-1", "parent_id": "kb-1"}]

    def share(**changes: Any) -> float | None:
        (prepared,) = preparer.prepare([trace(**changes)])
        return preparer.with_hubs(prepared).hub_share

    for i in range(60):
        share(query=f"query {i}", documents=[*hub, {"id": f"kb-{2 + i % 2}"}])
        share(query=f"long {i}", documents=[{"id": f"gone-{n}"} for n in range(6)])
    heads = {"kb-1": 1 / 2, "kb-2": 1 / 4, "gone-4": 1 / 2, "gone-5": 0}
    assert {name: share(query="query 1", documents=[{"id": name}]) for name in heads} == heads
    assert share(query="query 1", pipeline="other") is None


def test_duplicate_ids_are_kept_in_their_places(known: Corpus) -> None:
    found = prepare(trace(documents=[{"id": "kb-1"}, {"id": "kb-2"}, {"id": "kb-1"}]), known)
    assert [passage.key for passage in found.served] == ["kb-1", "kb-2", "kb-1"]


def test_without_a_corpus_nothing_is_concluded_from_it() -> None:
    assert prepare(trace()).no_lexical == Reason.NO_CORPUS


def served(found: int, missing: int, **changes: Any) -> QueryTrace:
    names = [f"kb-{1 + i % 6}" for i in range(found)] + [f"gone-{i}" for i in range(missing)]
    return trace(documents=[{"id": name} for name in names], **changes)


@pytest.mark.parametrize(
    ("found", "missing", "reason"), [(8, 2, None), (7, 3, Reason.IDS_NOT_IN_CORPUS), (10, 0, None)]
)
def test_under_four_in_five_documents_found_bm25_says_nothing(
    known: Corpus, found: int, missing: int, reason: Reason | None
) -> None:
    assert prepare(served(found, missing), known).no_lexical == reason


def test_the_share_found_is_the_pipelines_own_and_remembers(known: Corpus) -> None:
    """One bad list among many good ones changes nothing; another pipeline's lists count for that one."""
    preparer = Preparer(known, lambda _: PipelineConfig())
    preparer.prepare([served(10, 0, pipeline="whole") for _ in range(10)])
    chunks, whole = preparer.prepare([served(0, 10, pipeline="chunks"), served(0, 10, pipeline="whole")])
    assert (chunks.no_lexical, whole.no_lexical) == (Reason.IDS_NOT_IN_CORPUS, None)


def test_the_whole_batch_counts_for_the_share(known: Corpus) -> None:
    """The order of traces in a batch does not matter."""
    preparer = Preparer(known, lambda _: PipelineConfig())
    found = preparer.prepare([served(10, 0), *(served(0, 10) for _ in range(4))])
    assert {retrieval.no_lexical for retrieval in found} == {Reason.IDS_NOT_IN_CORPUS}


def test_a_corpus_that_was_replaced_shows_in_the_share(known: Corpus) -> None:
    """Within some half-lives of 10,000 documents, not for ever."""
    preparer = Preparer(known, lambda _: PipelineConfig())
    preparer.prepare([served(10, 0) for _ in range(5000)])
    changed = [preparer.prepare([served(0, 10) for _ in range(100)])[0].no_lexical for _ in range(10)]
    assert (changed[0], changed[-1]) == (None, Reason.IDS_NOT_IN_CORPUS)


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ({"tenant": "acme"}, None),
        ({"tenant": "acme", "language": "de"}, Reason.FILTER_UNKNOWN),
        ({"language": "de"}, Reason.FILTER_UNKNOWN),
        ({}, None),
        (None, None),
    ],
)
def test_a_filter_that_the_corpus_does_not_know_stops_the_lexical_side(
    known: Corpus, filters: dict[str, str] | None, reason: Reason | None
) -> None:
    assert prepare(trace(filters=filters), known).no_lexical == reason


def test_a_served_document_knows_what_share_of_the_corpus_is_newer() -> None:
    """By its copy in the corpus; what is not there has no date."""
    known = Corpus([CorpusDocument("old", "Old", timestamp=1.0), CorpusDocument("new", "New", timestamp=2.0)])
    served = prepare(trace(documents=[{"id": "old"}, {"text": "new"}, {"id": "gone"}]), known).served
    assert [passage.newer for passage in served] == [0.5, 0.0, None]
