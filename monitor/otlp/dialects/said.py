"""What a dialect makes of a span, and the lists of documents in it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from detectors.records import RetrievedDocument
from monitor.otlp.dialects.values import REDACTED, content, identifier, number
from monitor.otlp.notes import Documents, Kind

SCORE_KEYS = ("score", "relevance_score", "similarity", "distance")  # in metadata, the first that any document has


class Said(NamedTuple):
    """See `Note` for the fields. `leaf`: nothing that retrieves can be below this span, so it joins nothing."""

    kind: Kind = "link"
    query: str | None = None
    documents: Documents | None = None
    before: Documents | None = None
    top_k: int | None = None
    filters: dict[str, Any] | None = None
    problem: str | None = None
    leaf: bool = False


class Row(NamedTuple):
    """One document as an emitter has it."""

    id: Any = None
    text: Any = None
    score: Any = None
    metadata: Any = None


class Listed(NamedTuple):
    """A list of documents, or why it cannot be had."""

    documents: Documents | None = None
    problem: str | None = None


def listed(rows: Sequence[Row]) -> Listed:
    """Documents in their order. One that has neither id nor text spoils the list: without it the ranks are others."""
    scores = _scores(rows)
    documents = [
        RetrievedDocument(id=identifier(row.id), text=content(row.text), score=score)
        for row, score in zip(rows, scores, strict=True)
    ]
    if all(document.id or document.text for document in documents):
        return Listed(tuple(documents))
    return Listed(problem="redacted" if any(row.text == REDACTED for row in rows) else "no_content")


def _scores(rows: Sequence[Row]) -> list[float | None]:
    own = [number(row.score) for row in rows]
    if any(score is not None for score in own):
        return own
    metadata = [row.metadata if isinstance(row.metadata, dict) else {} for row in rows]
    for key in SCORE_KEYS:
        found = [number(one.get(key)) for one in metadata]
        if any(score is not None for score in found):
            return found
    return own
