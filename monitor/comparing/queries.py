"""Which queries changed most, and what was gained and lost."""

from collections.abc import Sequence

import numpy as np

from detectors.measures.base import HEAD
from detectors.resampling import Floats
from monitor.comparing.pairing import Row
from monitor.comparing.results import Document, QueryChange

NAMED = 5


def most_changed(
    before: Sequence[Sequence[Row]], after: Sequence[Sequence[Row]], changes: Floats
) -> tuple[list[QueryChange], list[QueryChange]]:
    """The queries that improved most and those that got worse most, strongest first; of each its first retrieval."""
    order = np.argsort(changes, kind="stable")  # unknown ones last
    worse = [i for i in order[:NAMED].tolist() if changes[i] < 0]
    known = order[: int(np.sum(~np.isnan(changes)))]
    better = [i for i in known[::-1][:NAMED].tolist() if changes[i] > 0]
    sides = ([_change(before[i][0], after[i][0], float(changes[i])) for i in rows] for rows in (better, worse))
    improved, worsened = sides
    return improved, worsened


def _change(before: Row, after: Row, change: float) -> QueryChange:
    one, other = (_head(row) for row in (before, after))
    a = before.assessment
    return QueryChange(
        query=a.query if a.query is not None else f"trace {a.trace_id}",
        scenario=a.scenario,
        change=change,
        gained=[document for key, document in other.items() if key not in one],
        lost=[document for key, document in one.items() if key not in other],
    )


def _head(row: Row) -> dict[str, Document]:
    keys, relevance = row.assessment.document_ids, row.assessment.evidence.relevance
    scores = relevance if len(relevance) == len(keys) else [None] * len(keys)
    return {key: Document(key, score) for key, score in zip(keys[:HEAD], scores[:HEAD], strict=True)}
