"""BM25 over the corpus, by rank-bm25, with sparse postings so that a search costs its matches and not the corpus."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from detectors.measures.base import Hit, LexicalResult
from detectors.text import terms
from monitor.providers.corpus import Corpus

Floats = NDArray[np.float64]
CACHED_SEARCHES = 4096
CACHED_FILTERS = 256


class LuceneBM25(BM25Okapi):  # type: ignore[misc]  # rank-bm25 has no types
    """BM25Okapi with Lucene's idf, ln(1 + (N - df + .5) / (df + .5)), which is never negative, and with postings."""

    idf: dict[str, float]
    doc_freqs: list[dict[str, int]]
    doc_len: list[int]
    avgdl: float
    corpus_size: int

    def __init__(self, corpus: Sequence[Sequence[str]]) -> None:
        super().__init__(corpus, k1=1.5, b=0.75)
        norm = self.k1 * (1 - self.b + self.b * np.array(self.doc_len) / max(self.avgdl, 1e-9))
        postings: dict[str, tuple[list[int], list[int]]] = {}
        for number, frequencies in enumerate(self.doc_freqs):
            for term, frequency in frequencies.items():
                documents, counts = postings.setdefault(term, ([], []))
                documents.append(number)
                counts.append(frequency)
        self._postings = {
            term: (np.array(documents, dtype=np.int32), _saturated(np.array(counts), norm[documents], self.k1))
            for term, (documents, counts) in postings.items()
        }
        self.doc_freqs = []  # the postings hold the same counts

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        self.idf = {term: float(np.log(1 + (self.corpus_size - df + 0.5) / (df + 0.5))) for term, df in nd.items()}

    @property
    def unknown_idf(self) -> float:
        """The idf of a term that no document holds."""
        return float(np.log(1 + (self.corpus_size + 0.5) / 0.5))

    def get_scores(self, query: Sequence[str]) -> Floats:
        """One score per document; a term that comes twice in the query counts twice, as in BM25Okapi."""
        scores = np.zeros(self.corpus_size)
        for term in query:
            if term in self._postings:
                documents, saturated = self._postings[term]
                scores[documents] += self.idf[term] * saturated
        return scores

    def covered(self, documents: NDArray[np.int64], idf: Mapping[str, float]) -> Floats:
        """The share of the terms, weighted by idf, that each of these documents holds."""
        found = np.zeros(len(documents))
        for term, weight in idf.items():
            if term in self._postings:
                holders = self._postings[term][0]  # ascending
                place = np.minimum(np.searchsorted(holders, documents), len(holders) - 1)
                found += weight * (holders[place] == documents)
        return found / max(sum(idf.values()), 1e-9)


def _saturated(counts: Floats, norm: Floats, k1: float) -> Floats:
    return counts * (k1 + 1) / (counts + norm)


class Bm25Index:
    """`LexicalIndex` for corpora that fit in memory. Searches are cached: two measures ask the same question."""

    def __init__(self, corpus: Corpus) -> None:
        self._documents = corpus.documents
        self._number_of = corpus.number_of
        self._bm25 = LuceneBM25([terms(document.passage) for document in corpus.documents])
        self._cache: OrderedDict[object, LexicalResult] = OrderedDict()
        self._allowed: OrderedDict[tuple[str, str], NDArray[np.bool_]] = OrderedDict()
        self._lock = Lock()

    def search(
        self, query: str, limit: int, filters: Mapping[str, Any] | None, about: Sequence[str] = ()
    ) -> LexicalResult:
        having = tuple(sorted((name, repr(value)) for name, value in (filters or {}).items()))
        key = (query, limit, having, tuple(about))
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        result = self._search(query, limit, filters, about)
        with self._lock:
            self._cache[key] = result
            if len(self._cache) > CACHED_SEARCHES:
                self._cache.popitem(last=False)
        return result

    def _search(self, query: str, limit: int, filters: Mapping[str, Any] | None, about: Sequence[str]) -> LexicalResult:
        query_terms = terms(query)
        scores = self._bm25.get_scores(query_terms)
        known = {key: float(scores[self._number_of(key)]) for key in about}
        for name, value in (filters or {}).items():
            scores[~self._having(name, value)] = 0
        found = np.flatnonzero(scores)
        if len(found) > limit:
            found = found[scores[found] >= np.partition(scores[found], -limit)[-limit]]  # and all that equal the last
        best = found[np.lexsort((found, -scores[found]))][:limit]
        idf = {term: self._bm25.idf.get(term, self._bm25.unknown_idf) for term in query_terms}
        hits = tuple(
            Hit(self._documents[i].id, score, self._documents[i].passage, covered)
            for i, score, covered in zip(
                best.tolist(), scores[best].tolist(), self._bm25.covered(best, idf).tolist(), strict=True
            )
        )
        return LexicalResult(hits, idf, frozenset(idf).difference(self._bm25.idf), known)

    def _having(self, name: str, value: Any) -> NDArray[np.bool_]:
        """Which documents have this metadata; a tenant asks again and again."""
        key = name, repr(value)
        with self._lock:
            if key in self._allowed:
                self._allowed.move_to_end(key)
                return self._allowed[key]
        having = np.array([(document.metadata or {}).get(name) == value for document in self._documents])
        with self._lock:
            self._allowed[key] = having
            if len(self._allowed) > CACHED_FILTERS:
                self._allowed.popitem(last=False)
        return having
