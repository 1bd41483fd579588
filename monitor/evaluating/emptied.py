"""The derived set: every relevant document is gone from the corpus, so that there is nothing to find."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from detectors.measures.base import LexicalIndex, LexicalResult
from detectors.records import QueryTrace
from monitor.providers.corpus import Corpus, resolve


class EmptiedIndex:
    """A `LexicalIndex` that never finds what was removed for a query: it searches deeper, by as much as is dropped.

    The terms' idf are those of the whole corpus: one query's documents are few of it.
    """

    def __init__(self, index: LexicalIndex, removed: Mapping[str, frozenset[str]]) -> None:
        self._index = index
        self._removed = removed

    def search(
        self, query: str, limit: int, filters: Mapping[str, Any] | None, about: Sequence[str] = ()
    ) -> LexicalResult:
        removed = self._removed[query]
        found = self._index.search(query, limit + len(removed), filters, about)
        hits = tuple(hit for hit in found.hits if hit.key not in removed)
        return msgspec.structs.replace(found, hits=hits[:limit])


def emptied(trace: QueryTrace, removed: frozenset[str], corpus: Corpus) -> QueryTrace:
    """What the retriever would have served without these documents: its list closes up, from as deep as was recorded.

    Similarities to the remaining documents are what they were, so this is exact for an exhaustive search.
    """
    left = tuple(document for document in trace.documents if resolve(document, corpus).key not in removed)
    changed: QueryTrace = msgspec.structs.replace(trace, documents=left)
    return changed
