"""One article of the demo's knowledge base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class DemoDocument:
    """One article.

    Parameters
    ----------
    id : str
        Unique, readable, stable for a seed.
    title, text : str
        What a reader sees, and all that a retriever may embed.
    published : date
        When this article (or this version of it) came out.
    metadata : Mapping[str, str]
        ``kind``, ``product`` and ``tenant`` for every article, and the facts that its text states (an amount, a
        signer, a version). The demo's questions know their answers from these facts; the retriever never reads them.
    """

    id: str
    title: str
    text: str
    published: date
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def passage(self) -> str:
        """Title, full stop, text: what is embedded."""
        return f"{self.title}. {self.text}"
