"""Recordings with a known change, made from those of a labelled collection.

Each change takes the whole lists as recorded (20 deep) and gives others for the same queries; the labels say what that
did to the hit rate.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from detectors.measures.base import LexicalIndex, PairScorer
from detectors.records import QueryTrace, RetrievedDocument
from detectors.text import terms
from monitor.backtesting.faults import chosen, serving, without
from monitor.providers.corpus import Corpus

RECORDED = 20
RRF = 60  # Cormack, Clarke, Buettcher: Reciprocal rank fusion, SIGIR 2009
REPLACED = 0.3
KEPT_WORDS = 0.3  # of each document, where chunks are truncated
DIMENSIONS = 128  # of the latent retriever
SEED = 7

Traces = Sequence[QueryTrace]


class World(NamedTuple):
    """What a change may draw on."""

    corpus: Corpus
    index: LexicalIndex
    scorer: PairScorer


def unchanged(traces: Traces, _: World) -> list[QueryTrace]:
    return list(traces)


def hidden(share: float) -> Callable[[Traces, World], list[QueryTrace]]:
    """A random part of the corpus is not found any more; lists close up from what was recorded below."""

    def change(traces: Traces, world: World) -> list[QueryTrace]:
        return without(traces, world.corpus, lambda key: chosen(SEED, key, share))

    return change


def stale(traces: Traces, world: World) -> list[QueryTrace]:
    """The last fifth of the corpus, as it is ordered, is not indexed yet."""
    documents = world.corpus.documents
    new = {d.id for d in documents[int(0.8 * len(documents)) :]}
    return [serving(t, [d for d in t.documents if d.id not in new]) for t in traces]


def bm25(traces: Traces, world: World) -> list[QueryTrace]:
    return [_ranked(t, _bm25(t, world)) for t in traces]


def fused(traces: Traces, world: World) -> list[QueryTrace]:
    """Reciprocal rank fusion with BM25: sum of 1 / (60 + rank)."""
    return [_ranked(t, _rrf(t, world)) for t in traces]


def reranked(traces: Traces, world: World) -> list[QueryTrace]:
    """By the cross-encoder."""
    passages = {d.id: d.passage for d in world.corpus.documents}
    pairs = [(t.query, passages[d.id or ""]) for t in traces for d in t.documents]
    scores = iter(world.scorer.score(pairs).tolist())
    return [_ranked(t, {d.id or "": next(scores) for d in t.documents}) for t in traces]


def quantised(traces: Traces, _: World) -> list[QueryTrace]:
    """Noise of a tenth of the list's spread on every score."""
    dice = np.random.default_rng(SEED)
    changed = []
    for t in traces:
        scores = np.array([d.score for d in t.documents])
        noisy = scores + dice.normal(0, 0.1 * scores.std(), len(scores))
        changed.append(_ranked(t, dict(zip([d.id or "" for d in t.documents], noisy.tolist(), strict=True))))
    return changed


def rescaled(traces: Traces, _: World) -> list[QueryTrace]:
    """The same lists under another scale of scores."""
    return [
        serving(t, [msgspec.structs.replace(d, score=float(np.exp(4 * (d.score or 0)))) for d in t.documents])
        for t in traces
    ]


def shuffled(traces: Traces, _: World) -> list[QueryTrace]:
    """The first ten in any order."""
    dice = random.Random(SEED)
    changed = []
    for t in traces:
        head, tail = list(t.documents[:10]), list(t.documents[10:])
        dice.shuffle(head)
        changed.append(serving(t, head + tail))
    return changed


def replaced(traces: Traces, _: World) -> list[QueryTrace]:
    """Three queries in ten get what another was served."""
    dice = random.Random(SEED)
    return [serving(t, dice.choice(traces).documents) if dice.random() < REPLACED else t for t in traces]


def latent(traces: Traces, world: World) -> list[QueryTrace]:
    """Another retriever: latent semantic analysis."""
    return _latent(traces, world, 1.0)


def latent_truncated(traces: Traces, world: World) -> list[QueryTrace]:
    """The same with the first 30% of each document's words indexed."""
    return _latent(traces, world, KEPT_WORDS)


# What each retriever's recording is turned into. `CHANGES` says which two of these are compared.
MADE: dict[str, Callable[[Traces, World], list[QueryTrace]]] = {
    "unchanged": unchanged,
    "hidden half": hidden(0.5),
    "hidden fifth": hidden(0.2),
    "hidden tenth": hidden(0.1),
    "stale": stale,
    "shuffled": shuffled,
    "replaced": replaced,
    "fused": fused,
    "bm25": bm25,
    "reranked": reranked,
    "quantised": quantised,
    "rescaled": rescaled,
    "latent": latent,
    "latent truncated": latent_truncated,
}
CHANGES: dict[str, tuple[str, str]] = {
    "half of the corpus hidden": ("unchanged", "hidden half"),
    "a fifth hidden": ("unchanged", "hidden fifth"),
    "a tenth hidden": ("unchanged", "hidden tenth"),
    "stale, last fifth missing": ("unchanged", "stale"),
    "a hidden half found again": ("hidden half", "unchanged"),
    "shuffled": ("unchanged", "shuffled"),
    "30% of the lists replaced": ("unchanged", "replaced"),
    "fused with BM25": ("unchanged", "fused"),
    "BM25 alone": ("unchanged", "bm25"),
    "BM25 replaced by dense": ("bm25", "unchanged"),
    "reranked by the cross-encoder": ("unchanged", "reranked"),
    "quantised": ("unchanged", "quantised"),
    "rescaled scores": ("unchanged", "rescaled"),
}
ONCE = {  # the same whatever the recording
    "another retriever, truncated": ("latent", "latent truncated"),
}


def _latent(traces: Traces, world: World, kept: float) -> list[QueryTrace]:
    passages = [terms(document.passage) for document in world.corpus.documents]
    indexed = [words[: max(5, int(kept * len(words)))] for words in passages]
    frequency = Counter(word for words in passages for word in set(words))
    column = {word: number for number, word in enumerate(frequency)}
    idf = np.log(len(passages) / np.array(list(frequency.values())))

    def weighed(texts: Sequence[Sequence[str]]) -> csr_array:
        counts = [Counter(word for word in words if word in column) for words in texts]
        cells = [(row, column[word], 1 + np.log(count)) for row, c in enumerate(counts) for word, count in c.items()]
        at, words, values = (np.array(part) for part in zip(*cells, strict=True))
        return csr_array((values * idf[words], (at, words)), shape=(len(texts), len(column)))

    directions = svds(weighed(passages), k=DIMENSIONS, random_state=SEED)[2].T
    documents, queries = (_unit(weighed(texts) @ directions) for texts in (indexed, [terms(t.query) for t in traces]))
    best = np.argsort(-queries @ documents.T, axis=1, kind="stable")[:, :RECORDED]
    keys = [document.id for document in world.corpus.documents]
    return [
        _ranked(t, {keys[i]: float(query @ documents[i]) for i in found})
        for t, query, found in zip(traces, queries, best.tolist(), strict=True)
    ]


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _bm25(trace: QueryTrace, world: World) -> dict[str, float]:
    return {hit.key: hit.score for hit in world.index.search(trace.query, RECORDED + 1, None).hits[:RECORDED]}


def _rrf(trace: QueryTrace, world: World) -> dict[str, float]:
    scores: dict[str, float] = {}
    for ranking in ([d.id or "" for d in trace.documents], list(_bm25(trace, world))):
        for rank, key in enumerate(ranking, start=1):
            scores[key] = scores.get(key, 0) + 1 / (RRF + rank)
    return scores


def _ranked(trace: QueryTrace, scores: dict[str, float]) -> QueryTrace:
    best = sorted(scores.items(), key=lambda one: -one[1])[:RECORDED]
    return serving(trace, [RetrievedDocument(id=key, score=score) for key, score in best])
