"""Traceloop's OpenLLMetry: LangChain retrievers in attributes, vector stores in span events.

LangChain's documents have no ids. A vector store's span knows what was found and not what was asked, unless it is
below one that does. Several queries in one call cannot be told apart.
"""

from typing import Any

from monitor.otlp.dialects.genai import LEAVES, OPERATION
from monitor.otlp.dialects.said import Listed, Row, Said, listed
from monitor.otlp.dialects.values import asked, content, count, parsed
from monitor.otlp.spans import Event, Span

INPUTS = ("traceloop.entity.input", "gen_ai.task.input")
OUTPUTS = ("traceloop.entity.output", "gen_ai.task.output")
EVENTS = {"db.query.result": "db.query.result.", "db.search.result": "db.search.result."}
SEARCHES = (".query.", ".search.")
LIMITS = (".top_k", ".n_results", ".search.limit")
FILTERS = (".where", ".where_document", ".filter")
QUERY_COUNTS = ("db.chroma.query.embeddings_count", "db.chroma.query.texts_count")
QUERY_INDEX = "db.search.query.id"


def read(span: Span) -> Said | None:
    """What a span says; None where nothing in it is Traceloop's."""
    attributes = span.attributes
    if any(event.name in EVENTS for event in span.events) or _is_search(attributes):
        return _store(span)
    if attributes.get(OPERATION) == "vector_db_retrieve":
        return _retriever(attributes)
    if not any(key.startswith("traceloop.") for key in attributes):
        return None
    if attributes.get(OPERATION) in LEAVES:
        return Said(leaf=True)
    return Said(query=asked(first(attributes, INPUTS)))


def first(attributes: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """The first of these attributes that is there, out of JSON."""
    return next((parsed(attributes[key]) for key in keys if key in attributes), None)


def _retriever(attributes: dict[str, Any]) -> Said:
    found = _serialised(first(attributes, OUTPUTS))
    return Said(
        kind="retriever", query=asked(first(attributes, INPUTS)), documents=found.documents, problem=found.problem
    )


def _serialised(output: Any) -> Listed:
    documents = output.get("documents") if isinstance(output, dict) else None
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        return Listed()
    return listed([
        Row(one.get("id"), one.get("page_content"), one.get("score"), one.get("metadata")) for one in documents
    ])  # fmt: skip


def _is_search(attributes: dict[str, Any]) -> bool:
    """Whether a vector store was searched; events with results may be missing all the same."""
    if not isinstance(attributes.get("db.system"), str):
        return False
    return "db.vector.query.top_k" in attributes or any(
        key.startswith("db.") and part in key for key in attributes if key.endswith(LIMITS) for part in SEARCHES
    )


def _store(span: Span) -> Said:
    attributes = span.attributes
    results = [event for event in span.events if event.name in EVENTS]
    found = listed([_row(event) for event in results]) if results else _nothing(attributes)
    if _queries(attributes, results) > 1:
        found = Listed(problem="several_queries")
    return Said(
        kind="retriever", documents=found.documents, problem=found.problem,
        top_k=next((count(value) for key, value in attributes.items() if key.endswith(LIMITS)), None),
        filters=_filters(attributes),
    )  # fmt: skip


def _nothing(attributes: dict[str, Any]) -> Listed:
    """No results: an empty list where the span counts none, else unknown."""
    counts = [value for key, value in attributes.items() if key.endswith("result_count")]
    return Listed(documents=()) if counts and all(value == 0 for value in counts) else Listed()


def _row(event: Event) -> Row:
    prefix = EVENTS[event.name]
    values = {key.removeprefix(prefix): value for key, value in event.attributes.items() if key.startswith(prefix)}
    score = values.get("score")
    return Row(
        values.get("id"), values.get("document"), values.get("distance") if score is None else score,
        parsed(values.get("metadata")),
    )  # fmt: skip


def _queries(attributes: dict[str, Any], results: list[Event]) -> int:
    told = [count(attributes.get(key)) or 1 for key in QUERY_COUNTS]
    return max(*told, len({str(event.attributes.get(QUERY_INDEX)) for event in results}))


def _filters(attributes: dict[str, Any]) -> dict[str, Any] | None:
    """As the emitter writes them, under names that no corpus has: what they mean cannot be told."""
    stores = ("db.", "pinecone.")
    found = {key: value for key, value in attributes.items() if key.startswith(stores) and key.endswith(FILTERS)}
    return {key: value for key, value in found.items() if content(value)} or None
