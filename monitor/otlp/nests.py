"""Which spans of one trace are the same retrieval, and which of them is what was served."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from monitor.otlp.notes import ANSWER_CHARACTERS, Note, key


class Nest(NamedTuple):
    """One retrieval: the span that was `served`, the spans that it is made of, what was `asked` above it and answered.

    `inner` has what the served span returned before reranking, merging or cutting, in the order in which it ended, and
    spans that do not say what they returned.
    """

    served: Note
    inner: tuple[Note, ...]
    asked: str | None
    answer: str | None = None

    @property
    def members(self) -> tuple[Note, ...]:
        """All its spans."""
        return self.served, *self.inner

    @property
    def query(self) -> str | None:
        """What was asked, else the one query that all retrievers inside it were given."""
        inside = {note.query for note in self.inner if note.query}
        return self.asked or (inside.pop() if len(inside) == 1 else None)


def find_nests(notes: Mapping[str, Note]) -> list[Nest]:
    """The retrievals among the spans of one trace, by span id.

    Of nested spans that say what they returned, the outermost was served. A reranker beside a retriever took over what
    it was given: it was served, and the retrievers whose documents it was given are inside it. An agent's hops stay
    apart: none is inside another.
    """
    tops: dict[str, list[Note]] = {}
    for note in notes.values():
        if note.is_retrieval:
            tops.setdefault(_top(note, notes).span_id, []).append(note)
    nests = [nest for span_id, members in tops.items() for nest in _split(notes[span_id], members, notes)]
    found = _adopt(sorted(nests, key=lambda nest: (nest.served.end, nest.served.start)))
    if not any(note.answer for note in notes.values()):
        return found
    generations = sorted((note for note in notes.values() if note.kind == "generation"), key=lambda note: note.end)
    return [nest._replace(answer=_answer(nest.served, notes, generations)) for nest in found]


def _above(note: Note, notes: Mapping[str, Note]) -> Iterator[Note]:
    """The spans above one, nearest first, as far as they are known."""
    seen = {note.span_id}
    while note.parent_id is not None and note.parent_id in notes and note.parent_id not in seen:
        note = notes[note.parent_id]
        seen.add(note.span_id)
        yield note


def _top(note: Note, notes: Mapping[str, Note]) -> Note:
    return [note, *(above for above in _above(note, notes) if above.is_retrieval)][-1]


def _split(top: Note, members: list[Note], notes: Mapping[str, Note]) -> Iterator[Nest]:
    """One nest for each outermost span that has documents; one without where none has.

    Spans around several retrievals that do not say what they returned are told with the first of them.
    """
    outermost: dict[str, list[Note]] = {}
    silent = []
    for note in members:
        speaking = [one for one in (note, *_above(note, notes)) if one.documents is not None]
        if speaking:
            outermost.setdefault(speaking[-1].span_id, []).append(note)
        else:
            silent.append(note)
    first = next(iter(outermost), top.span_id)
    outermost.setdefault(first, []).extend(silent)
    for span_id, inside in outermost.items():
        served = notes[span_id]
        inner = sorted((note for note in inside if note is not served), key=lambda note: note.end)
        yield Nest(served, tuple(inner), _asked(served, notes))


def _asked(note: Note, notes: Mapping[str, Note]) -> str | None:
    return note.query or next((above.query for above in _above(note, notes) if above.query), None)


def _answer(served: Note, notes: Mapping[str, Note], generations: Iterable[Note]) -> str | None:
    """What the outermost span above returned, else the last generation that began after the retrieval had ended."""
    after = [note for note in generations if note.start >= served.end]
    texts = [note.answer for note in (*after, *_above(served, notes)) if note.answer]
    return next((text for text in reversed(texts) if not _is_context(text, served)), None)


def _is_context(text: str, served: Note) -> bool:
    """Whether a text holds all that was served, as a prompt does; of one that was cut, any of it."""
    held = [document.text in text for document in served.documents or () if document.text]
    return any(held) if len(text) == ANSWER_CHARACTERS else bool(held) and all(held)


def _adopt(nests: list[Nest]) -> list[Nest]:
    """Rerankers, first to last, take over the nests whose documents they were given."""
    for reranker in [nest for nest in nests if nest.served.kind == "reranker"]:
        taken = _given_to(reranker, nests)
        given = [note for nest in taken for note in nest.members]
        merged = reranker._replace(inner=tuple(sorted([*given, *reranker.inner], key=lambda note: note.end)))
        gone = {nest.served.span_id for nest in taken}
        nests = [merged if nest is reranker else nest for nest in nests if nest.served.span_id not in gone]
    return nests


def _given_to(reranker: Nest, nests: Iterable[Nest]) -> list[Nest]:
    """The latest earlier nests that together returned what the reranker was given, for the same query."""
    given = {key(document) for document in reranker.served.before or ()}
    missing = set(given)
    taken = []
    for nest in sorted(nests, key=lambda nest: nest.served.end, reverse=True):
        if nest.served.end > reranker.served.start or not _same_query(nest, reranker):
            continue
        found = {key(document) for document in nest.served.documents or ()}
        beside = nest.served.kind == "retriever" and nest.served.parent_id == reranker.served.parent_id
        if found & (given if beside else missing):
            taken.append(nest)
            missing -= found
    return taken


def _same_query(nest: Nest, reranker: Nest) -> bool:
    return nest.asked is None or reranker.asked is None or nest.asked == reranker.asked
