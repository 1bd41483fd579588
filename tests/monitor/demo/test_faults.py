from __future__ import annotations

import numpy as np
import pytest

from monitor.demo.corpus import DemoDocument
from monitor.demo.faults import FAULTS
from monitor.demo.queries import DemoQuery
from monitor.demo.retriever import DenseRetriever, Retriever

BREAKING = sorted(FAULTS.keys() - {"none"})


def hit_at_5(retriever: Retriever, queries: list[DemoQuery]) -> float:
    hits = [bool({doc_id for doc_id, _ in retriever.search(query.query, 5)} & query.relevant) for query in queries]
    return sum(hits) / len(hits)


@pytest.fixture(scope="module")
def healthy_hits(demo_queries: list[DemoQuery], demo_retriever: DenseRetriever) -> float:
    return hit_at_5(demo_retriever, demo_queries)


def test_names_are_keys_and_every_fault_says_what_was_broken_and_what_to_expect() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.broken.endswith(".")
        assert fault.expect.endswith(".")


def test_healthy_retrieval_is_believable(healthy_hits: float) -> None:
    assert 0.70 <= healthy_hits <= 0.90


def test_ordinary_questions_work_better_than_those_that_rules_decide(
    demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    def hits(scenario: str) -> float:
        return hit_at_5(demo_retriever, [query for query in demo_queries if query.scenario == scenario])

    ordinary = hits("none")
    for scenario in ("identifier", "numeric", "multi_hop", "jargon", "cross_lingual", "fine_grained"):
        assert 0.05 < hits(scenario) < ordinary - 0.1


@pytest.mark.parametrize("name", BREAKING)
def test_every_fault_costs_hits(
    name: str,
    demo_documents: list[DemoDocument],
    demo_queries: list[DemoQuery],
    demo_retriever: DenseRetriever,
    healthy_hits: float,
) -> None:
    broken = FAULTS[name].apply(demo_retriever, demo_documents, 3)
    smallest_drop = 0.12 if name == "stale_index" else 0.03
    assert healthy_hits - hit_at_5(broken, demo_queries) >= smallest_drop


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_repeats_with_its_seed_and_leaves_the_healthy_retriever_alone(
    name: str, demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    before = demo_retriever.vectors.copy()
    first, second = (FAULTS[name].apply(demo_retriever, demo_documents, 3) for _ in range(2))
    for query in demo_queries[:20]:
        assert first.search(query.query, 10) == second.search(query.query, 10) == first.search(query.query, 10)
    assert np.array_equal(before, demo_retriever.vectors)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_broken_retriever_still_serves_full_lists_of_distinct_documents(
    name: str, demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    known = {document.id for document in demo_documents}
    broken = FAULTS[name].apply(demo_retriever, demo_documents, 3)
    for query in demo_queries[:50]:
        found = [doc_id for doc_id, _ in broken.search(query.query, 10)]
        assert len(found) == len(set(found)) == 10
        assert set(found) <= known


def test_nothing_breaks_under_none(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    same = FAULTS["none"].apply(demo_retriever, demo_documents, 3)
    for query in demo_queries[:20]:
        assert same.search(query.query, 10) == demo_retriever.search(query.query, 10)


def test_stale_index_never_serves_the_newest_fifth(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    broken = FAULTS["stale_index"].apply(demo_retriever, demo_documents, 3)
    served = {doc_id for query in demo_queries[:300] for doc_id, _ in broken.search(query.query, 10)}
    published = {document.id: document.published for document in demo_documents}
    cut = sorted(published.values())[round(0.8 * len(published))]
    assert max(published[doc_id] for doc_id in served) <= cut


def test_hidden_filter_serves_one_tenant_only(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    broken = FAULTS["hidden_filter"].apply(demo_retriever, demo_documents, 3)
    tenant = {document.id: document.metadata["tenant"] for document in demo_documents}
    assert {tenant[doc_id] for query in demo_queries[:50] for doc_id, _ in broken.search(query.query, 10)} == {"emea"}


def test_hub_documents_take_the_first_place_of_many_lists(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    broken = FAULTS["hub_documents"].apply(demo_retriever, demo_documents, 3)
    firsts = [broken.search(query.query, 1)[0] for query in demo_queries[:500]]
    names = [doc_id for doc_id, _ in firsts]
    assert max(names.count(name) for name in set(names)) > 100
    assert max(score for _, score in firsts) > 1
