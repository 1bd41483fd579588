"""Plain-number stand-ins for models and indexes, and short ways to say what was served."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from detectors.calibration import Calibration
from detectors.measures.base import Hit, LexicalResult
from detectors.records import Passage, QueryTrace, Reason, Retrieval, RetrievedDocument
from detectors.text import terms


class TableScorer:
    """Relevance by passage, from a table; `calls` keeps the pairs of each call."""

    def __init__(self, relevance: Mapping[str, float], default: float = 0.5) -> None:
        self.relevance = relevance
        self.default = default
        self.calls: list[list[tuple[str, str]]] = []

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        self.calls.append(list(pairs))
        return np.array([self.relevance.get(passage, self.default) for _, passage in pairs], dtype=np.float64)


class TableIndex:
    """The same hits for every query, cut at the limit; the idf of a term is 1 unless a table says otherwise.

    What is no hit has a score of 0; `calls` keeps the searches.
    """

    def __init__(
        self, hits: Sequence[Hit], idf: Mapping[str, float] | None = None, unknown: Sequence[str] = ()
    ) -> None:
        self.hits = tuple(hits)
        self.idf = idf or {}
        self.unknown = frozenset(unknown)
        self.calls: list[tuple[str, int, Mapping[str, Any] | None]] = []

    def search(
        self, query: str, limit: int, filters: Mapping[str, Any] | None, about: Sequence[str] = ()
    ) -> LexicalResult:
        self.calls.append((query, limit, filters))
        return LexicalResult(
            self.hits[:limit],
            {term: self.idf.get(term, 1.0) for term in terms(query)},
            self.unknown.intersection(terms(query)),
            {key: next((hit.score for hit in self.hits if hit.key == key), 0.0) for key in about},
        )


def retrieval(
    keys: Sequence[str],
    scores: Sequence[float] | None = None,
    *,
    query: str = "refund policy",
    texts: Mapping[str, str | None] | None = None,
    no_lexical: Reason | None = None,
    filters: dict[str, Any] | None = None,
    hub_share: float | None = None,
) -> Retrieval:
    """A retrieval that served `keys`; a document's text is its key unless `texts` says otherwise."""
    known = texts or {}
    return Retrieval(
        QueryTrace(
            trace_id="t", query=query, documents=tuple(RetrievedDocument(id=key) for key in keys), filters=filters
        ),
        tuple(Passage(key, known.get(key, key), in_corpus=True) for key in keys),
        None if scores is None else tuple(scores),
        no_lexical,
        hub_share,
    )


def as_it_is() -> Calibration:
    """A calibration that takes scores for probabilities, whatever the rank."""
    points = np.linspace(-15, 15, 2001)
    return Calibration(
        version="as-it-is", scorer="table", method="platt", pairs=0, groups=1, level_error=None, rank_weight=0.0,
        evidence=tuple(points.tolist()), probability=tuple(expit(points).tolist()),
    )  # fmt: skip
