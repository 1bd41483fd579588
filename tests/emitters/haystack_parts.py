"""Haystack components of ours: the instrumentation wants to find them in a module."""

from typing import Any

from haystack import Document, component
from haystack.dataclasses import ChatMessage


@component
class TinyTextEmbedder:
    """One dimension a text: the share of the query's words that it has."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, Any]:
        """The embedding of a query."""
        words = text.lower().split()
        return {"embedding": [sum(word in known.lower() for word in words) / len(words) for known in self.texts]}


@component
class ReverseRanker:
    """Turns the list around."""

    @component.output_types(documents=list[Document])
    def run(self, query: str, documents: list[Document], top_k: int = 2) -> dict[str, Any]:
        """The last ones first."""
        del query
        return {"documents": list(reversed(documents))[:top_k]}


@component
class TinyGenerator:
    """Answers everything with the same words."""

    @component.output_types(replies=list[ChatMessage])
    def run(self, messages: list[ChatMessage]) -> dict[str, Any]:
        """One reply."""
        del messages
        return {"replies": [ChatMessage.from_assistant("five days")]}
