"""OpenInference: LangChain, LlamaIndex, Haystack and whatever else Arize and Phoenix instrument.

What each emitter hides, and where it is found: LangChain's ids are in `output.value` only, and its scores in the
metadata, if anywhere; LlamaIndex' inner retriever span has no documents; Haystack's `input.value` is JSON of the run's
arguments, which an embedding retriever's query is not among.
"""

from collections import defaultdict
from typing import Any

import msgspec

from monitor.otlp.dialects.said import Listed, Row, Said, listed
from monitor.otlp.dialects.values import REDACTED, asked, content, count, identifier, parsed
from monitor.otlp.notes import Documents
from monitor.otlp.spans import Span

SPAN_KIND = "openinference.span.kind"
RETRIEVED, BEFORE, AFTER = "retrieval.documents.", "reranker.input_documents.", "reranker.output_documents."
LEAVES = ("LLM", "EMBEDDING", "PROMPT", "GUARDRAIL", "EVALUATOR")
SERIALISED_TEXT = ("page_content", "content", "text")


def read(span: Span) -> Said | None:
    """What a span says; None where it has no `openinference.span.kind`."""
    attributes = span.attributes
    kind = attributes.get(SPAN_KIND)
    if kind == "RETRIEVER":
        return _retriever(attributes)
    if kind == "RERANKER":
        return _reranker(attributes)
    if isinstance(kind, str):
        return Said(leaf=True) if kind in LEAVES else Said(query=_query(attributes))
    return None


def _retriever(attributes: dict[str, Any]) -> Said:
    output = parsed(attributes.get("output.value"))
    found = _retrieved(_documents(attributes, RETRIEVED), output)
    arguments = _arguments(attributes)
    return Said(
        kind="retriever", query=_query(attributes), documents=found.documents,
        top_k=count(arguments.get("top_k")), filters=_filters(arguments.get("filters")),
        problem=found.problem or _redacted(attributes),
    )  # fmt: skip


def _retrieved(flattened: Listed, output: Any) -> Listed:
    """The flattened list with the ids of the output; where there is none, what the output lists."""
    if flattened.documents is None:
        return _from_output(output) or flattened
    return Listed(_with_ids(flattened.documents, output))


def _reranker(attributes: dict[str, Any]) -> Said:
    after = _documents(attributes, AFTER)
    query = content(attributes.get("reranker.query")) or _query(attributes)
    return Said(
        kind="reranker", query=query, documents=after.documents, before=_documents(attributes, BEFORE).documents,
        top_k=count(attributes.get("reranker.top_k")), problem=after.problem or _redacted(attributes),
    )  # fmt: skip


def _redacted(attributes: dict[str, Any]) -> str | None:
    hidden = (attributes.get(key) for key in ("input.value", "output.value", "reranker.query"))
    return "redacted" if REDACTED in hidden else None


def _arguments(attributes: dict[str, Any]) -> dict[str, Any]:
    """`input.value` where it is JSON of run arguments."""
    if attributes.get("input.mime_type") != "application/json":
        return {}
    arguments = parsed(attributes.get("input.value"))
    return arguments if isinstance(arguments, dict) else {}


def _query(attributes: dict[str, Any]) -> str | None:
    if attributes.get("input.mime_type") == "application/json":
        return asked(parsed(attributes.get("input.value")))
    return content(attributes.get("input.value"))


def _documents(attributes: dict[str, Any], prefix: str) -> Listed:
    """Flattened lists: `PREFIX{i}.document.{id,content,score,metadata}`. A gap means that the SDK's limit cut some."""
    rows: dict[int, dict[str, Any]] = defaultdict(dict)
    for key, value in attributes.items():
        if key.startswith(prefix):
            index, _, field = key[len(prefix) :].partition(".document.")
            if index.isdecimal() and len(index) < 10:
                rows[int(index)][field] = value
    if not rows:
        return Listed()
    if sorted(rows) != list(range(len(rows))):
        return Listed(problem="truncated")
    ordered = [rows[index] for index in range(len(rows))]
    return listed([
        Row(row.get("id"), row.get("content"), row.get("score"), parsed(row.get("metadata"))) for row in ordered
    ])  # fmt: skip


def _serialised(output: Any) -> list[dict[str, Any]] | None:
    """The documents in an output: objects, or none at all; None where they are not there as such."""
    documents = output.get("documents") if isinstance(output, dict) else output
    if isinstance(documents, list) and all(isinstance(document, dict) for document in documents):
        return documents
    return None


def _text_of(document: dict[str, Any]) -> str | None:
    return next((text for key in SERIALISED_TEXT if (text := content(document.get(key)))), None)


def _from_output(output: Any) -> Listed | None:
    documents = _serialised(output)
    if documents is None:
        return None
    return listed([Row(one.get("id"), _text_of(one), one.get("score"), one.get("metadata")) for one in documents])


def _with_ids(documents: Documents, output: Any) -> Documents:
    """Ids from the output, where it has the same texts in the same order."""
    serialised = _serialised(output) or []
    if all(document.id for document in documents) or len(serialised) != len(documents):
        return documents
    if any(_text_of(one) != document.text for one, document in zip(serialised, documents, strict=True)):
        return documents
    return tuple([
        msgspec.structs.replace(document, id=document.id or identifier(one.get("id")))
        for document, one in zip(documents, serialised, strict=True)
    ])  # fmt: skip


def _filters(filters: Any) -> dict[str, Any] | None:
    """Haystack's: one plain equality is taken as it is, all others as something that no corpus can apply."""
    if not isinstance(filters, dict) or not filters:
        return None
    if filters.get("operator") == "==" and isinstance(filters.get("field"), str) and "value" in filters:
        return {filters["field"].removeprefix("meta."): filters["value"]}
    return {"haystack.filters": filters}
