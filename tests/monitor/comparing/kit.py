"""Two sides made of numbers, and two that the demo's company served."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.change import shipped_scale
from detectors.measures.base import PairScorer
from detectors.records import Evidence, QueryTrace, RetrievedDocument
from detectors.risk import shipped_prior
from detectors.text import text_key
from monitor.comparing.comparing import compare
from monitor.comparing.pairing import Read, Row, row_of
from monitor.comparing.results import Comparison
from monitor.providers.corpus import Corpus
from tests.monitor.kit import assessment
from tests.monitor.knowledge_base import KnowledgeBase, SharedWords, assess

DEPTH = 10
Change = Callable[[KnowledgeBase, QueryTrace], Mapping[str, float]]


def row(query: str, query_id: str | None = None, scores: Mapping[str, float] | None = None, **changes: Any) -> Row:
    plain: dict[str, Any] = {"query": query, "versions": {"scorer": "test"}, "evidence": Evidence()}
    return Row(query_id, text_key(query), assessment(query, **{**plain, **changes}), dict(scores or {}), None)


def rows(lexical: Sequence[float], scorer: Sequence[float], **changes: Any) -> list[Row]:
    """A row a query, `q0` and so on, with the signals by which the two families speak."""
    return [
        row(f"q{i}", signals={"best_covered_terms": cover, "best_relevance": relevance}, **changes)
        for i, (cover, relevance) in enumerate(zip(lexical, scorer, strict=True))
    ]


def read(side: Sequence[Row]) -> Read:
    return Read(list(side), {}, [])


def compared(before: Sequence[Row], after: Sequence[Row]) -> Comparison:
    return compare(read(before), read(after), prior=shipped_prior(), scale=shipped_scale(), depth=DEPTH)


def even(count: int = 100) -> list[float]:
    return np.linspace(0.0, 1.0, count).tolist()


class NoTies(SharedWords):
    """Shared words, and no two passages quite alike, as for a cross-encoder."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        return super().score(pairs) - np.array([1e-3 * (crc32(passage.encode()) / 2**32) for _, passage in pairs])


class Company:
    """The demo's company, what it serves before, and what becomes of that."""

    def __init__(self, count: int) -> None:
        self.base = KnowledgeBase()
        self.traces = self.base.serve(count)
        self.scorer = NoTies()

    def serving(self, change: Change) -> list[QueryTrace]:
        """The same queries, each served as `change` says."""
        return [self._ranked(trace, change(self.base, trace)) for trace in self.traces]

    @staticmethod
    def _ranked(trace: QueryTrace, scores: Mapping[str, float]) -> QueryTrace:
        best = sorted(scores.items(), key=lambda one: -one[1])[:DEPTH]
        documents = tuple(RetrievedDocument(id=key, score=score) for key, score in best)
        changed: QueryTrace = msgspec.structs.replace(trace, documents=documents)
        return changed

    def compare(
        self, before: Sequence[QueryTrace], after: Sequence[QueryTrace], *, corpus: bool = True, scorer: bool = True
    ) -> Comparison:
        """With the real measures."""
        known: Corpus | None = self.base.corpus if corpus else None
        model: PairScorer | None = self.scorer if scorer else None
        sides = (
            [row_of(t, a) for t, a in zip(traces, assess(traces, known, model), strict=True)]
            for traces in (before, after)
        )
        return compared(*sides)
