"""What a measure is, and the one-method protocols through which models and indexes reach it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.records import Findings, Reason, Retrieval, Tier


class Measure(Protocol):
    """Turns retrievals into findings. Pure: it never logs, counts, sleeps or catches.

    `signals` names what it computes: each finding holds, for every one of them, a value or the reason for none.
    `failure` is the reason that the pipeline notes for all of them where the measure raises.
    """

    name: str
    tier: Tier
    signals: tuple[str, ...]
    failure: Reason

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        """One finding for each retrieval, in order."""
        ...


class PairScorer(Protocol):
    """A model that says how relevant a passage is to a query."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Relevance in [0, 1] of each (query, passage); NaN where the model cannot read the query."""
        ...


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One document that the lexical search found.

    `passage` is its text with its title, `covered` the share of the query's terms, weighted by rarity, that it holds.
    """

    key: str
    score: float
    passage: str
    covered: float = 0.0


class LexicalResult(msgspec.Struct, frozen=True):
    """Documents found, best first, and the idf of every term of the query.

    `unknown` are those terms that no document holds; their idf is the largest there could be. `scores` are those of the
    documents that were asked about, whether found or not.
    """

    hits: tuple[Hit, ...]
    idf: dict[str, float]
    unknown: frozenset[str] = frozenset()
    scores: dict[str, float] = {}


MINIMUM_HITS = 10
HEAD = 5  # what "found" means to a reader: something relevant in the first five


def hits_wanted(served: int) -> int:
    """How many hits every measure asks for, so that they share one search: as many as were served, at least
    `MINIMUM_HITS`, and one more against whose score the others stand out.
    """
    return max(MINIMUM_HITS, served) + 1


class LexicalIndex(Protocol):
    """BM25 over the user's own source texts."""

    def search(
        self, query: str, limit: int, filters: Mapping[str, Any] | None, about: Sequence[str] = ()
    ) -> LexicalResult:
        """The best `limit` documents with a score above 0 among those whose metadata equal `filters`, and the scores of
        the documents `about` which it is asked, all of them in the corpus, whatever their metadata.
        """
        ...


def search_for(index: LexicalIndex, retrieval: Retrieval) -> LexicalResult | Reason:
    """The one search for a retrieval, which all measures share, with the scores of what was served; or why there is
    nothing to conclude from it.
    """
    if retrieval.no_lexical is not None:
        return retrieval.no_lexical
    if not retrieval.served:
        return Reason.TOO_FEW_DOCUMENTS
    about = [passage.key for passage in retrieval.served if passage.in_corpus]
    result = index.search(retrieval.query, hits_wanted(len(retrieval.served)), retrieval.trace.filters, about)
    return result if result.idf else Reason.NO_QUERY_TERMS
