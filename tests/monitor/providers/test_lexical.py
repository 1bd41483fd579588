"""BM25: scores against the formula worked by hand and against rank-bm25, filters, order, cache."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from detectors.measures.lexical_check import covered_terms
from detectors.text import terms
from monitor.providers import lexical
from monitor.providers.corpus import Corpus, CorpusDocument
from monitor.providers.lexical import Bm25Index, LuceneBM25
from tests.builders import TEXTS

K1, B = 1.5, 0.75
PASSAGES = [
    "toner for the printer",
    "printer printer manual",
    "refund",
    "order a toner refund for an order of ink",
    "",
]


def index(texts: Sequence[str] = PASSAGES, **metadata: Sequence[Any]) -> Bm25Index:
    """Documents d0, d1, ...; each metadata key has a value for every document."""
    documents = [
        CorpusDocument(f"d{i}", text, {key: values[i] for key, values in metadata.items()})
        for i, text in enumerate(texts)
    ]
    return Bm25Index(Corpus(documents, tuple(metadata)))


def lucene_idf(texts: Sequence[str], term: str) -> float:
    holders = sum(term in terms(text) for text in texts)
    return math.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))


def by_hand(texts: Sequence[str], query: str) -> dict[str, float]:
    """Summed over the query's terms: idf * tf (k1 + 1) / (tf + k1 (1 - b + b length / mean length))."""
    mean = sum(len(terms(text)) for text in texts) / len(texts)
    scores = {}
    for i, text in enumerate(texts):
        counts = Counter(terms(text))
        norm = K1 * (1 - B + B * len(terms(text)) / mean)
        scores[f"d{i}"] = sum(
            lucene_idf(texts, term) * counts[term] * (K1 + 1) / (counts[term] + norm) for term in terms(query)
        )
    return scores


QUERIES = ["printer toner", "refund", "printer printer toner", "order ink zebra", "the printers' refunds"]


@pytest.mark.parametrize("query", QUERIES)
def test_scores_are_those_of_the_formula(query: str) -> None:
    """k1 1.5, b .75, Lucene's idf; only documents with a score above 0 are hits."""
    found = {hit.key: hit.score for hit in index().search(query, 10, None).hits}
    assert found == pytest.approx({key: score for key, score in by_hand(PASSAGES, query).items() if score > 0})


def test_one_score_in_full() -> None:
    """`refund` in the third of five passages: 1 of 5 + .5 ... two hold it, so idf = ln(1 + 3.5 / 2.5) = .8755; the
    lengths are 2, 3, 1, 5 and 0, their mean 2.2; norm = 1.5 (.25 + .75 / 2.2) = .8864; 2.5 / 1.8864 of the idf.
    """
    lengths = [len(terms(text)) for text in PASSAGES]
    assert lengths == [2, 3, 1, 5, 0]
    [best, *_] = index().search("refund", 10, None).hits
    assert (best.key, best.score) == ("d2", pytest.approx(math.log(2.4) * 2.5 / (1 + 1.5 * (0.25 + 0.75 / 2.2))))


@pytest.mark.parametrize("query", QUERIES)
def test_scores_are_those_of_rank_bm25(query: str) -> None:
    """With its idf, which is negative for common words, replaced by Lucene's."""
    tokens = [terms(text) for text in PASSAGES]
    theirs = BM25Okapi(tokens, k1=K1, b=B)
    theirs.idf = {term: lucene_idf(PASSAGES, term) for term in theirs.idf}
    assert LuceneBM25(tokens).get_scores(terms(query)) == pytest.approx(theirs.get_scores(terms(query)))


def test_scores_are_those_of_rank_bm25_on_a_larger_corpus() -> None:
    rng = np.random.default_rng(0)
    tokens = [[f"w{n}" for n in rng.zipf(1.5, size=rng.integers(1, 60)) if n < 500] for _ in range(400)]
    mine, theirs = LuceneBM25(tokens), BM25Okapi(tokens, k1=K1, b=B)
    theirs.idf = mine.idf
    for query in (["w1", "w2"], ["w7", "w7", "w300"], ["nothing"]):
        assert mine.get_scores(query) == pytest.approx(theirs.get_scores(query))


@pytest.mark.parametrize("query", QUERIES)
def test_the_scores_of_given_documents_are_those_of_the_formula(query: str) -> None:
    """Those of documents without a term of the query too."""
    assert index().search(query, 1, None, ["d4", "d1", "d3", "d0", "d2"]).scores == pytest.approx(
        by_hand(PASSAGES, query)
    )


def test_the_score_of_a_given_document_is_its_own_whatever_the_filters() -> None:
    """It was served: that it should not have been is another question."""
    known = index(["toner", "ink toner"], tenant=["acme", "other"])
    bare, filtered = (known.search("toner", 5, filters, ["d1"]) for filters in (None, {"tenant": "acme"}))
    assert filtered.scores == bare.scores
    assert filtered.scores["d1"] > 0


def test_a_search_about_other_documents_is_another_search() -> None:
    known = index()
    assert [[*known.search("toner", 5, None, about).scores] for about in ([], ["d0"], ["d1", "d0"])] == [
        [], ["d0"], ["d1", "d0"],
    ]  # fmt: skip


def test_no_idf_is_negative() -> None:
    """A word that every document holds says little, and nothing against."""
    assert all(value > 0 for value in LuceneBM25([["a", "b"], ["a"], ["a"]]).idf.values())


def test_the_idf_of_every_query_term_comes_along() -> None:
    """For a term that no document holds it is the largest: ln(1 + 5.5 / .5)."""
    found = index().search("the printers' zebra", 10, None)
    assert found.idf == pytest.approx({"printer": lucene_idf(PASSAGES, "printer"), "zebra": math.log(12)})
    assert max(found.idf, key=found.idf.__getitem__) == "zebra"
    assert found.unknown == {"zebra"}


def test_hits_carry_their_passages_best_first() -> None:
    hits = index(list(TEXTS.values())).search("toner for the RX-20b printer", 10, None).hits
    assert hits[0].passage == TEXTS["kb-4"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_hits_say_what_share_of_the_query_they_cover() -> None:
    """As if their text were looked through: by the idf of the terms in it, unknown ones counting with the most."""
    query = "toner for the printers of an unheard zeppelin"
    found = index().search(query, 10, None)
    assert len(found.hits) > 1
    for hit in found.hits:
        assert hit.covered == pytest.approx(covered_terms(found.idf, frozenset(terms(hit.passage))))
        assert 0 < hit.covered < 1


def test_documents_of_equal_score_keep_the_order_of_the_corpus() -> None:
    """Wherever the list is cut: duplicates are common in real corpora."""
    known = index(["toner ink", "paper", "toner ink", "toner toner ink", *["toner ink"] * 30])
    ranked = ["d3", "d0", "d2", *(f"d{i}" for i in range(4, 34))]
    for limit in (1, 2, 3, 7, 32, 100):
        assert [hit.key for hit in known.search("toner", limit, None).hits] == ranked[:limit]


def test_the_same_search_gives_the_same_hits() -> None:
    """In another index too: nothing depends on the order of hashes."""
    first, second = (index().search("printer toner refund", 3, None) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_no_more_hits_than_asked_for(limit: int) -> None:
    best = index().search("printer toner refund order", 10, None).hits
    assert len(best) == 4
    assert index().search("printer toner refund order", limit, None).hits == best[:limit]


@pytest.mark.parametrize("query", ["", "the of and", "!?", "zebra", "🎉"])
def test_a_query_without_known_terms_finds_nothing(query: str) -> None:
    assert index().search(query, 10, None).hits == ()


def test_filters_hold_by_equality() -> None:
    """A document outside a filter is never found: the user may not see it."""
    tenants = ["acme", "other", "acme", None, "acme"]
    known = index(["toner"] * 5, tenant=tenants, year=[2024, 2025, 2025, 2025, 2025])
    found = {
        name: [hit.key for hit in known.search("toner", 10, filters).hits]
        for name, filters in {
            "none": None,
            "empty": {},
            "one": {"tenant": "acme"},
            "both": {"tenant": "acme", "year": 2025},
            "nobody": {"tenant": "nobody"},
            "unknown key": {"language": "de"},
        }.items()
    }
    assert found == {
        "none": ["d0", "d1", "d2", "d3", "d4"],
        "empty": ["d0", "d1", "d2", "d3", "d4"],
        "one": ["d0", "d2", "d4"],
        "both": ["d2", "d4"],
        "nobody": [],
        "unknown key": [],
    }


def test_the_best_within_a_filter_are_found_beyond_the_best_of_all() -> None:
    known = index(["toner toner"] * 20 + ["toner and paper"], tenant=["other"] * 20 + ["acme"])
    assert [hit.key for hit in known.search("toner", 3, {"tenant": "acme"}).hits] == ["d20"]


def test_the_same_question_is_answered_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Query, limit and filters together; the order in which filters are written is none."""
    known = index(["toner", "toner"], tenant=["a", "b"], year=[1, 2])
    calls: list[object] = []
    search = known._search
    monkeypatch.setattr(known, "_search", lambda *arguments: (calls.append(arguments), search(*arguments))[1])
    first = known.search("toner", 5, {"tenant": "a", "year": 1})
    assert known.search("toner", 5, {"year": 1, "tenant": "a"}) is first
    assert len(calls) == 1
    others = [known.search("toner", 4, {"tenant": "a", "year": 1}), known.search("toner", 5, {"tenant": "b"})]
    assert len(calls) == 3
    assert others[1] != first


def test_a_number_and_its_text_are_not_the_same_filter() -> None:
    """One may be found where the other is not, and the cache must not mix them up."""
    known = index(["toner"], year=[2024])
    assert known.search("toner", 5, {"year": "2024"}).hits == ()
    assert [hit.key for hit in known.search("toner", 5, {"year": 2024}).hits] == ["d0"]


def test_the_cache_does_not_grow_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question that was asked longest ago goes first."""
    monkeypatch.setattr(lexical, "CACHED_SEARCHES", 3)
    known = index()
    kept = known.search("q0", 5, None)
    for i in range(1, 10):
        known.search(f"q{i}", 5, None)
        assert known.search("q0", 5, None) is kept
    assert len(known._cache) == 3


def test_a_corpus_of_empty_texts_is_no_error() -> None:
    assert index(["", "the"]).search("toner", 5, None).hits == ()
