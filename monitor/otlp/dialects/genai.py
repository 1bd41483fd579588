"""OpenTelemetry's own conventions for generative AI: spans with `gen_ai.operation.name`.

No texts of documents; with content capture off (the default) neither query nor documents.
"""

from typing import Any

from monitor.otlp.dialects.said import Listed, Row, Said, listed
from monitor.otlp.dialects.values import content, count, parsed
from monitor.otlp.spans import Span

OPERATION = "gen_ai.operation.name"
LEAVES = ("chat", "completion", "text_completion", "generate_content", "embeddings", "embedding")
TEXT = ("content", "text", "page_content")


def read(span: Span) -> Said | None:
    """What a span says; None where it has no `gen_ai.operation.name`."""
    attributes = span.attributes
    operation = attributes.get(OPERATION)
    if operation == "retrieval":
        found = _documents(parsed(attributes.get("gen_ai.retrieval.documents")))
        return Said(
            kind="retriever", query=content(attributes.get("gen_ai.retrieval.query.text")),
            documents=found.documents, problem=found.problem, top_k=count(attributes.get("gen_ai.retrieval.top_k")),
        )  # fmt: skip
    return Said(leaf=operation in LEAVES) if isinstance(operation, str) else None


def _documents(plain: Any) -> Listed:
    if not isinstance(plain, list) or not all(isinstance(one, dict) for one in plain):
        return Listed()
    return listed([Row(one.get("id"), _text_of(one), one.get("score"), one.get("metadata")) for one in plain])


def _text_of(document: dict[str, Any]) -> str | None:
    return next((text for key in TEXT if (text := content(document.get(key)))), None)
