from __future__ import annotations

import pytest

from monitor.demo.corpus import DemoDocument, build_corpus
from monitor.demo.queries import DemoQuery, QueryStream
from monitor.demo.retriever import DenseRetriever


@pytest.fixture(scope="session")
def demo_documents() -> list[DemoDocument]:
    return build_corpus(seed=7)


@pytest.fixture(scope="session")
def demo_queries(demo_documents: list[DemoDocument]) -> list[DemoQuery]:
    stream = QueryStream(demo_documents, seed=1)
    return [stream.draw() for _ in range(2000)]


@pytest.fixture(scope="session")
def demo_retriever(demo_documents: list[DemoDocument]) -> DenseRetriever:
    return DenseRetriever.fit(demo_documents)
