"""A retrieval that was joined, as a query trace."""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from detectors.records import QueryTrace
from detectors.text import text_key
from monitor.otlp.nests import Nest
from monitor.otlp.notes import Documents, Note, key


class Unusable(NamedTuple):
    """A retrieval that cannot be assessed, whose, and why: `no_query`, `no_documents`, `redacted`, `no_content`, ..."""

    pipeline: str
    reason: str


def query_trace(nest: Nest) -> QueryTrace | Unusable:
    """The query trace of a retrieval. What its spans do not say is not made up."""
    served = nest.served
    if served.documents is None:
        return Unusable(served.pipeline, served.problem or "no_documents")
    query = nest.query
    if query is None:
        return Unusable(served.pipeline, served.problem or "no_query")
    candidates = _candidates(nest)
    documents = _without_borrowed_scores(_completed(served.documents, nest.inner), candidates)
    return QueryTrace(
        trace_id=served.trace_id, span_id=served.span_id, pipeline=served.pipeline, query=query, documents=documents,
        timestamp=datetime.fromtimestamp(served.start / 1e9, UTC), top_k=served.top_k, candidates=candidates,
        filters=_filters(nest), attributes=served.attributes, answer=nest.answer,
    )  # fmt: skip


def _lists(inner: tuple[Note, ...]) -> list[Documents]:
    return [note.documents for note in inner if note.documents]


def _completed(documents: Documents, inner: tuple[Note, ...]) -> Documents:
    """Ids from spans inside that returned the same texts; scores, where there are none, from one with the same list."""
    named = documents if all(one.id for one in documents) else _named(documents, inner)
    if any(one.score is not None for one in named):
        return named
    same = next((found for found in _lists(inner) if [*map(key, found)] == [*map(key, named)]), named)
    return tuple([msgspec.structs.replace(one, score=of.score) for one, of in zip(named, same, strict=True)])


def _named(documents: Documents, inner: tuple[Note, ...]) -> Documents:
    known = {text_key(one.text): one.id for found in _lists(inner) for one in found if one.id and one.text}
    ids = [one.id or known.get(text_key(one.text or "")) for one in documents]
    return tuple([msgspec.structs.replace(one, id=found) for one, found in zip(documents, ids, strict=True)])


def _candidates(nest: Nest) -> Documents | None:
    """The list before reranking: what one span inside returned, where that is another one; else what a reranker says.

    Of several lists inside (several queries, or several retrievers) the order among them is not known: None, unless
    the reranker says in which order it was given them.
    """
    lists = _lists(nest.inner)
    told = next((note.before for note in (nest.served, *reversed(nest.inner)) if note.before), None)
    before = lists[0] if len(lists) == 1 else told
    if before is None or [*map(key, before)] == [*map(key, nest.served.documents or ())]:
        return None
    return before


def _without_borrowed_scores(documents: Documents, candidates: Documents | None) -> Documents:
    """Drops scores that a reranker passed on: they belong to another order than the one that was served."""
    before = [(key(one), one.score) for one in candidates or ()]
    scored = [(key(one), one.score) for one in documents]
    served = set(scored)
    kept = [pair for pair in before if pair in served]
    if len(kept) < len(scored) or kept == scored:
        return documents
    return tuple([msgspec.structs.replace(one, score=None) for one in documents])


def _filters(nest: Nest) -> dict[str, object] | None:
    """Everything that any span inside was restricted to."""
    merged = {name: value for note in nest.members for name, value in (note.filters or {}).items()}
    return merged or None
