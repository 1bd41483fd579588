"""The ways in which the demo breaks its retriever, each of them seen in real stacks."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor.demo.document import DemoDocument
from monitor.demo.retriever import DenseRetriever, LatentEncoder, Retriever

Break = Callable[[DenseRetriever, Sequence[DemoDocument], int], Retriever]


@dataclass(frozen=True)
class Fault:
    """A named fault.

    Parameters
    ----------
    name : str
        What ``--fault`` takes.
    broken : str
        What was done to the retriever, in the past tense.
    expect : str
        What one should see in the monitor, and what one may not see.
    apply : Callable
        Takes the healthy retriever, the documents and a seed; returns the broken one. The healthy one stays as it is.
    """

    name: str
    broken: str
    expect: str
    apply: Break


@dataclass(frozen=True)
class _Forgetful:
    """Loses a share of the true neighbours, always the same for the same query, and fills up with the next ones."""

    inner: DenseRetriever
    share: float
    seed: int

    def search(self, query: str, top_k: int) -> list[tuple[str, float]]:
        rng = np.random.default_rng([self.seed, zlib.crc32(query.encode())])
        ranked = self.inner.search(query, len(self.inner.doc_ids))
        return [hit for hit, lost in zip(ranked, rng.random(len(ranked)) < self.share, strict=True) if not lost][:top_k]


@dataclass(frozen=True)
class _Shortening:
    """Embeds only the first half of every query."""

    inner: DenseRetriever

    def search(self, query: str, top_k: int) -> list[tuple[str, float]]:
        parts = query.split()
        start = " ".join(parts[: (len(parts) + 1) // 2]) if len(parts) > 1 else query[: (len(query) + 1) // 2]
        return self.inner.search(start, top_k)


def _healthy(retriever: DenseRetriever, _documents: Sequence[DemoDocument], _seed: int) -> Retriever:
    return retriever


def _stale_index(retriever: DenseRetriever, documents: Sequence[DemoDocument], _seed: int) -> Retriever:
    oldest_first = sorted(documents, key=lambda document: document.published)
    return retriever.restricted_to(document.id for document in oldest_first[: round(0.8 * len(oldest_first))])


def _hidden_filter(retriever: DenseRetriever, documents: Sequence[DemoDocument], _seed: int) -> Retriever:
    return retriever.restricted_to(document.id for document in documents if document.metadata["tenant"] == "emea")


def _truncated_chunks(retriever: DenseRetriever, documents: Sequence[DemoDocument], _seed: int) -> Retriever:
    texts = {document.id: document.text for document in documents}
    starts = [" ".join(texts[doc_id].split()[:12]) for doc_id in retriever.doc_ids]
    return replace(retriever, vectors=retriever.encoder.encode(starts))


def _mixed_embeddings(retriever: DenseRetriever, documents: Sequence[DemoDocument], seed: int) -> Retriever:
    passages = {document.id: document.passage for document in documents}
    texts = [passages[doc_id] for doc_id in retriever.doc_ids]
    other = LatentEncoder.fit(texts[::2], retriever.vectors.shape[1], seed + 1)
    rows = np.random.default_rng(seed).random(len(texts)) < 0.3
    return replace(retriever, vectors=np.where(rows[:, None], other.encode(texts), retriever.vectors))


def _query_corruption(retriever: DenseRetriever, _documents: Sequence[DemoDocument], _seed: int) -> Retriever:
    return _Shortening(retriever)


def _ann_loss(retriever: DenseRetriever, _documents: Sequence[DemoDocument], seed: int) -> Retriever:
    return _Forgetful(retriever, share=0.3, seed=seed)


def _hub_documents(retriever: DenseRetriever, _documents: Sequence[DemoDocument], seed: int) -> Retriever:
    rows = np.random.default_rng(seed).choice(len(retriever.doc_ids), size=4, replace=False)
    centre = retriever.vectors.mean(axis=0)
    vectors = retriever.vectors.copy()
    vectors[rows] = 6 * centre / np.linalg.norm(centre)
    return replace(retriever, vectors=vectors)


_ALL = (
    Fault(
        "none",
        "Nothing was broken.",
        "No alarm. The estimate moves within its interval, and a true change would lie outside.",
        _healthy,
    ),
    Fault(
        "stale_index",
        "The index was replaced by an old copy: the newest fifth of the documents is missing.",
        "BM25 finds new documents that the retriever no longer serves: missed documents, uncovered query terms.",
        _stale_index,
    ),
    Fault(
        "hidden_filter",
        "A filter tenant = emea was left in the search: about half of the documents became invisible.",
        "Strong lexical evidence: whole groups of documents that BM25 finds are never served.",
        _hidden_filter,
    ),
    Fault(
        "truncated_chunks",
        "A chunking bug dropped the titles and all but the first twelve words of every text before it was embedded.",
        "Scores change their shape, and documents whose answer lies in the body are missed.",
        _truncated_chunks,
    ),
    Fault(
        "mixed_embeddings",
        "Three documents in ten were embedded again, by another version of the model.",
        "Those documents are never found: BM25's best ones are absent while the scores look almost normal.",
        _mixed_embeddings,
    ),
    Fault(
        "query_corruption",
        "A preprocessing bug dropped the second half of every query before it was embedded.",
        "Query terms go uncovered and identifiers at the end of the query are missed.",
        _query_corruption,
    ),
    Fault(
        "ann_loss",
        "The approximate index was tuned for speed: three true neighbours in ten are lost at random.",
        "A diffuse loss: some of BM25's best documents are absent in all scenarios, scores are slightly lower.",
        _ann_loss,
    ),
    Fault(
        "hub_documents",
        "Four documents were stored with vectors that are far too long, so that they win many lists.",
        "The same four documents head many lists, with scores above one: top score up, covered terms down.",
        _hub_documents,
    ),
)

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Name -> fault; ``none`` leaves the retriever healthy."""
