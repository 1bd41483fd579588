"""A question with its answer, and the index over article facts that answers are looked up in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.demo.document import DemoDocument


@dataclass(frozen=True)
class DemoQuery:
    """A user's query, its scenario (``none``: an ordinary question) and the ids of all relevant documents."""

    query: str
    scenario: str
    relevant: frozenset[str]


class Library:
    """The documents by kind, newest last."""

    def __init__(self, documents: Sequence[DemoDocument]) -> None:
        self.oldest_first = sorted(documents, key=lambda document: (document.published, document.id))
        self._by_kind: dict[str, list[DemoDocument]] = defaultdict(list)
        for document in self.oldest_first:
            self._by_kind[document.metadata["kind"]].append(document)

    def of(self, kind: str) -> Sequence[DemoDocument]:
        """Return the documents of a kind, oldest first."""
        return self._by_kind[kind]

    def having(self, kind: str, **facts: str) -> list[DemoDocument]:
        """Return the documents of a kind with these facts, oldest first."""
        return [document for document in self._by_kind[kind] if facts.items() <= document.metadata.items()]


def ask(scenario: str, query: str, relevant: Iterable[DemoDocument]) -> DemoQuery:
    """Make a query from the documents that answer it."""
    return DemoQuery(query, scenario, frozenset(document.id for document in relevant))
