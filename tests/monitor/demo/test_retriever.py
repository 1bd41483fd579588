from __future__ import annotations

import math
import time
from collections import Counter

import numpy as np
import pytest

from monitor.demo.corpus import DemoDocument
from monitor.demo.queries import DemoQuery
from monitor.demo.retriever import DenseRetriever, Vectors, words


def test_numbers_fall_into_digits_and_stop_words_fall_away() -> None:
    assert words("The 24 ports of INV-104882, 保修") == ["24", "port", "inv", "1", "0", "4", "8", "8", "2", "保", "修"]


def test_scores_are_the_cosines_of_a_brute_force_decomposition(
    demo_documents: list[DemoDocument], demo_queries: list[DemoQuery], demo_retriever: DenseRetriever
) -> None:
    """TF-IDF written out by loops, numpy's full SVD cut to the same rank, cosine by its definition."""
    texts = [words(document.passage) for document in demo_documents]
    vocabulary = sorted({word for text in texts for word in text})
    frequency = Counter(word for text in texts for word in set(text))
    idf = {word: math.log((1 + len(texts)) / (1 + frequency[word])) + 1 for word in vocabulary}

    def weigh(text: list[str]) -> Vectors:
        counts = Counter(text)
        row = np.array([(1 + math.log(counts[word])) * idf[word] if word in counts else 0.0 for word in vocabulary])
        unit: Vectors = row / np.linalg.norm(row)
        return unit

    matrix = np.array([weigh(text) for text in texts])
    gram_values, gram_vectors = np.linalg.eigh(matrix @ matrix.T)
    rank = demo_retriever.vectors.shape[1]
    directions = matrix.T @ gram_vectors[:, -rank:] / np.sqrt(gram_values[-rank:])
    documents = matrix @ directions
    for query in demo_queries[:5]:
        vector = weigh([word for word in words(query.query) if word in idf]) @ directions
        cosines = documents @ vector / np.linalg.norm(documents, axis=1) / np.linalg.norm(vector)
        found = demo_retriever.search(query.query, 10)
        assert [score for _, score in found] == pytest.approx(sorted(cosines, reverse=True)[:10], abs=1e-6)
        assert found[0][0] == demo_documents[int(np.argmax(cosines))].id


def test_fit_is_deterministic_and_quick(demo_documents: list[DemoDocument], demo_retriever: DenseRetriever) -> None:
    start = time.process_time()
    again = DenseRetriever.fit(demo_documents)
    assert time.process_time() - start < 2
    assert np.array_equal(again.vectors, demo_retriever.vectors)


def test_scores_fall_and_stay_within_one(demo_queries: list[DemoQuery], demo_retriever: DenseRetriever) -> None:
    for query in demo_queries[:100]:
        scores = [score for _, score in demo_retriever.search(query.query, 20)]
        assert len(scores) == 20
        assert scores == sorted(scores, reverse=True)
        assert all(-1 - 1e-9 <= score <= 1 + 1e-9 for score in scores)


def test_a_query_of_unknown_words_scores_zero_everywhere(demo_retriever: DenseRetriever) -> None:
    for query in ("", "   ", "qqqq zzzz", "🦆"):
        assert {score for _, score in demo_retriever.search(query, 5)} == {0.0}


def test_a_document_finds_itself(demo_documents: list[DemoDocument], demo_retriever: DenseRetriever) -> None:
    for document in demo_documents[::25]:
        doc_id, score = demo_retriever.search(document.passage, 1)[0]
        assert doc_id == document.id
        assert score == pytest.approx(1)


def test_more_results_than_documents_returns_all(demo_retriever: DenseRetriever) -> None:
    small = demo_retriever.restricted_to(demo_retriever.doc_ids[:3])
    assert {doc_id for doc_id, _ in small.search("refund", 10)} == set(demo_retriever.doc_ids[:3])
