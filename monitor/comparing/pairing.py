"""Reads two recordings and finds which retrievals belong together: those of the same query."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from detectors.records import Assessment, QueryTrace
from detectors.text import text_key
from monitor.assess import Assessor
from monitor.config import EVERYTHING
from monitor.errors import LeadlineError
from monitor.recording import Problem, Recording
from monitor.sampling import Sampler


class Row(NamedTuple):
    """One retrieval: what it is matched by, what is known of it, and the scores of its documents by their keys."""

    query_id: str | None
    text: str
    assessment: Assessment
    scores: dict[str, float]
    score_kind: str | None


class Read(NamedTuple):
    """One side: its retrievals, and what was left out of it."""

    rows: list[Row]
    skipped: dict[str, int]
    problems: list[Problem]


class Pairs(NamedTuple):
    """The retrievals of the same queries side by side, and how many of either side match nothing."""

    before: list[list[Row]]
    after: list[list[Row]]
    unmatched: tuple[int, int]


def read_side(path: Path, assessor: Assessor, on_read: Callable[[int], None] = lambda _: None) -> Read:
    """Every retrieval of a recording, assessed; none is sampled away, or pairs would be lost.

    Raises
    ------
    LeadlineError
        Where it cannot be read or holds no query trace.
    """
    recording = Recording(path, Sampler(lambda _: EVERYTHING), on_read)
    rows = [
        row_of(trace, assessment)
        for batch in recording.batches()
        for (trace, _), assessment in zip(batch, assessor.assess(batch), strict=True)
    ]
    if not rows:
        raise LeadlineError(f"{path}: expected query traces, found none")
    skipped = {name: count for name, count in recording.counts().items() if name != "evaluated"}
    return Read(rows, skipped, recording.problems)


def row_of(trace: QueryTrace, assessment: Assessment) -> Row:
    """A retrieval beside what is known of it."""
    documents = trace.documents[: len(assessment.document_ids)]
    keyed = zip(assessment.document_ids, documents, strict=True)
    scores = {key: document.score for key, document in keyed if document.score is not None}
    return Row(trace.query_id, text_key(trace.query), assessment, scores, trace.score_kind)


def pair(before: Sequence[Row], after: Sequence[Row]) -> Pairs:
    """By `query_id` where both sides know it, else by the query's text; several retrievals of one query stay together.

    >>> pair([], []).unmatched
    (0, 0)
    """
    shared = {row.query_id for row in before} & {row.query_id for row in after} - {None}
    one, other = (_by_query(rows, shared) for rows in (before, after))
    keys = [key for key in one if key in other]
    unmatched = (sum(len(rows) for key, rows in side.items() if key not in there) for side, there in _turns(one, other))
    lost, new = unmatched
    return Pairs([one[key] for key in keys], [other[key] for key in keys], (lost, new))


Keyed = Mapping[tuple[str, str | None], list[Row]]


def _turns(one: Keyed, other: Keyed) -> tuple[tuple[Keyed, Keyed], tuple[Keyed, Keyed]]:
    return (one, other), (other, one)


def _by_query(rows: Sequence[Row], shared: set[str | None]) -> Keyed:
    found: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        found[("id", row.query_id) if row.query_id in shared else ("text", row.text)].append(row)
    return found
