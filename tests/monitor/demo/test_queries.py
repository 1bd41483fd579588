from __future__ import annotations

from collections import Counter

import pytest

from monitor.demo.corpus import DemoDocument, build_corpus
from monitor.demo.queries import SCENARIO_SHARES, DemoQuery, QueryStream
from monitor.demo.retriever import words

SCENARIOS = {
    "none",
    "negation",
    "identifier",
    "jargon",
    "numeric",
    "temporal",
    "polysemy",
    "fine_grained",
    "combinatorial",
    "multi_hop",
    "cross_lingual",
}


def test_same_seed_asks_the_same_questions_and_another_seed_others(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery]
) -> None:
    again, other = QueryStream(demo_documents, seed=1), QueryStream(demo_documents, seed=2)
    assert [again.draw() for _ in range(200)] == demo_queries[:200]
    assert [other.draw() for _ in range(200)] != demo_queries[:200]


def test_every_relevant_document_exists_for_many_corpora() -> None:
    for seed in range(10):
        documents = build_corpus(seed)
        ids = {document.id for document in documents}
        stream = QueryStream(documents, seed)
        for query in (stream.draw() for _ in range(300)):
            assert query.relevant
            assert query.relevant <= ids
            assert query.query.strip()


def test_all_ten_scenarios_and_ordinary_questions_appear_in_their_shares(demo_queries: list[DemoQuery]) -> None:
    counts = Counter(query.scenario for query in demo_queries)
    assert set(counts) == SCENARIOS == set(SCENARIO_SHARES)
    for scenario, share in SCENARIO_SHARES.items():
        assert counts[scenario] / len(demo_queries) == pytest.approx(share, abs=0.03)


def test_many_distinct_queries(demo_queries: list[DemoQuery]) -> None:
    assert len({query.query for query in demo_queries}) > 1000


def test_ordinary_questions_share_only_a_part_of_their_words_with_the_answer(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery]
) -> None:
    """Neither copied from the text nor without any word of it: on average half to nine tenths of the words."""
    passages = {document.id: set(words(document.passage)) for document in demo_documents}
    overlaps = []
    for query in demo_queries:
        if query.scenario == "none":
            asked = set(words(query.query))
            overlaps.append(max(len(asked & passages[doc_id]) / len(asked) for doc_id in query.relevant))
    assert 0.5 < sum(overlaps) / len(overlaps) < 0.9
    assert sum(overlap < 1 for overlap in overlaps) / len(overlaps) > 0.4


def test_the_newest_fifth_is_asked_about_at_a_believable_rate(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery]
) -> None:
    newest = {document.id for document in demo_documents[round(0.8 * len(demo_documents)) :]}
    share = sum(query.relevant <= newest for query in demo_queries) / len(demo_queries)
    assert 0.15 < share < 0.4


def test_traffic_leans_by_the_hour_of_the_day(demo_documents: list[DemoDocument]) -> None:
    stream = QueryStream(demo_documents, seed=3, queries_per_hour=400)
    by_day: Counter[bool] = Counter()
    contracts: Counter[bool] = Counter()
    for _ in range(24 * 400):
        office = 8 <= stream.hour < 18
        by_day[office] += 1
        contracts[office] += stream.draw().scenario in {"identifier", "numeric", "multi_hop", "combinatorial"}
    assert contracts[True] / by_day[True] > contracts[False] / by_day[False] + 0.01


def test_relevance_follows_the_rule_that_the_question_states(
    demo_documents: list[DemoDocument],
) -> None:
    """Worked by hand for one question each: a comparison, a latest version, a number, an intersection."""
    stream = QueryStream(demo_documents, seed=4)
    queries = [stream.draw() for _ in range(8000)]
    asked = {query.query.lower().rstrip("?"): query.relevant for query in queries}
    metadata = {document.id: document.metadata for document in demo_documents}
    for doc_id in asked["invoices over 60,000 euros"]:
        assert float(metadata[doc_id]["amount"]) > 60_000
    assert asked["current refund policy"] == {"policy-refund-v4"}
    assert asked["24 port switch without poe"] == {"sheet-lm-ls24-eu", "sheet-lm-ls24-us"}
    number = next(query for query in queries if query.query.startswith("INV-"))
    assert {metadata[doc_id]["number"] for doc_id in number.relevant} == {number.query}
