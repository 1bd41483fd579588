"""What one span says about retrieval: the part of it that is kept, in the journal and while it waits for others."""

from typing import Any, Literal

import msgspec

from detectors.records import Identity, RetrievedDocument
from detectors.text import text_key

Kind = Literal["link", "generation", "retriever", "reranker"]
Documents = tuple[RetrievedDocument, ...]
ANSWER_CHARACTERS = 20_000  # what is longer is cut


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One span. A `link` is no retrieval: it joins spans below it to those above, and may know what the user asked.
    Nor is a `generation`, a model's call that answered.

    Parameters
    ----------
    start, end
        Nanoseconds since 1970; 0 where the emitter did not say.
    query
        What was asked; of a link: what its own input says, for a retrieval below it that does not know.
    documents
        What the span returned, best first; None where it does not say (an empty tuple: it says that nothing was found).
    before
        What a reranker was given.
    scope
        Name and version of the instrumentation; empty where it does not say, and in a link.
    answer
        What a link returned or a generation said, where that reads as an answer.
    problem
        Why there are no documents, or no query, in a span that had them: `redacted`, or `several_queries` in one span.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None
    start: int = 0
    end: int = 0
    pipeline: str = "default"
    dialect: str = ""
    scope: str = ""
    kind: Kind = "link"
    query: str | None = None
    documents: Documents | None = None
    before: Documents | None = None
    top_k: int | None = None
    filters: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    problem: str | None = None
    answer: str | None = None

    @property
    def identity(self) -> Identity:
        """That of a query trace which is made of this span."""
        return self.pipeline, self.trace_id, self.span_id

    @property
    def is_retrieval(self) -> bool:
        return self.kind in {"retriever", "reranker"}

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        documents = (*(self.documents or ()), *(self.before or ()))
        texts = len(self.query or "") + len(self.answer or "")
        return 500 + sum(200 + len(document.text or "") for document in documents) + texts

    def spent(self) -> "Note":
        """The same without its texts: enough to recognise what belongs to it and comes too late."""
        return Note(
            trace_id=self.trace_id, span_id=self.span_id, parent_id=self.parent_id, start=self.start, end=self.end,
            pipeline=self.pipeline, kind=self.kind, query=self.query, documents=_keys(self.documents),
            before=_keys(self.before),
        )  # fmt: skip


def key(document: RetrievedDocument) -> str:
    """What a document is compared by within one trace: its id, else its text."""
    return document.id or text_key(document.text or "")


def _keys(documents: Documents | None) -> Documents | None:
    return tuple([RetrievedDocument(id=key(one)) for one in documents]) if documents is not None else None
