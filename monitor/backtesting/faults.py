"""Faults that are made from a recording alone: what it would hold had this been broken while it was recorded.

Each is a pure function of traces, and of the corpus where there is one. Lists close up from what was recorded below, so
a recording should be twice as deep as what is assessed. Whatever needs the embedding model or the index is left out.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from detectors.records import QueryTrace, RetrievedDocument
from monitor.providers.corpus import Corpus, resolve

NEW = 0.2
HIDDEN = 0.5
REEMBEDDED = 0.3  # of the documents, as in the demo
LOST = 0.3  # of the neighbours, as in the demo
KEPT = 1 / 3  # of a text
FLOODED, COPIES = 0.1, 4
FOREIGN = 0.3  # of the queries
MISSPELT = 0.3  # of the words
_CYRILLIC = 0x430

Traces = Sequence[QueryTrace]
Inject = Callable[[Traces, Corpus | None, int], list[QueryTrace]]


class Fault(NamedTuple):
    """What was broken, in the past tense, and how a recording shows it.

    `labelled` says whether the labels of the collection still say how good the lists are.
    """

    broken: str
    inject: Inject
    labelled: bool = True


def chosen(seed: int, key: str, share: float) -> bool:
    """Whether a key is in a share of all keys: by its hash, so that it is in every list or in none."""
    return random.Random(f"{seed} {key}").random() < share


def serving(trace: QueryTrace, documents: Sequence[RetrievedDocument]) -> QueryTrace:
    """The trace with another list."""
    changed: QueryTrace = msgspec.structs.replace(trace, documents=tuple(documents))
    return changed


def without(traces: Traces, corpus: Corpus | None, gone: Callable[[str], bool]) -> list[QueryTrace]:
    """The traces without the documents that are gone, by their keys."""
    return [serving(t, [d for d in t.documents if not gone(resolve(d, corpus).key)]) for t in traces]


def stale_index(traces: Traces, corpus: Corpus | None, seed: int) -> list[QueryTrace]:
    """The newest fifth of the documents is missing; any fifth where the corpus has no dates."""
    if corpus is None or all(document.timestamp is None for document in corpus.documents):
        return without(traces, corpus, lambda key: chosen(seed, key, NEW))

    def new(document: RetrievedDocument) -> bool:
        newer = resolve(document, corpus).newer
        return newer is not None and round(newer, 9) < NEW

    return [serving(t, [d for d in t.documents if not new(d)]) for t in traces]


def hidden_filter(traces: Traces, corpus: Corpus | None, seed: int) -> list[QueryTrace]:
    """Half of the documents, always the same, is not found."""
    return without(traces, corpus, lambda key: chosen(seed, key, HIDDEN))


def other_embedding_model(traces: Traces, corpus: Corpus | None, seed: int) -> list[QueryTrace]:
    """Three documents in ten have vectors of another model: unrelated to any query's, they are never near it."""
    return without(traces, corpus, lambda key: chosen(seed, key, REEMBEDDED))


def ann_loss(traces: Traces, corpus: Corpus | None, seed: int) -> list[QueryTrace]:
    """Each query loses three neighbours in ten, others than the next query."""

    def kept(trace: QueryTrace) -> list[RetrievedDocument]:
        lost = (chosen(seed, f"{trace.query} {resolve(d, corpus).key}", LOST) for d in trace.documents)
        return [d for d, gone in zip(trace.documents, lost, strict=True) if not gone]

    return [serving(trace, kept(trace)) for trace in traces]


def truncated_chunks(traces: Traces, corpus: Corpus | None, _: int) -> list[QueryTrace]:
    """Of each text the first third is left. What that does to vectors is not in a recording: the order stays."""

    def cut(document: RetrievedDocument) -> RetrievedDocument:
        text = resolve(document, corpus).text
        if not text:
            return document
        return msgspec.structs.replace(document, title=None, text=text[: max(1, int(KEPT * len(text)))])

    return [serving(trace, [cut(document) for document in trace.documents]) for trace in traces]


def near_duplicate_flood(traces: Traces, corpus: Corpus | None, seed: int) -> list[QueryTrace]:
    """A tenth of the documents was indexed four times more, under other ids: copies come right behind the original."""

    def flooded(document: RetrievedDocument) -> Iterator[RetrievedDocument]:
        yield document
        known = resolve(document, corpus)
        if chosen(seed, known.key, FLOODED):
            for copy in range(COPIES):
                yield RetrievedDocument(id=f"{known.key}~{copy}", score=document.score, text=known.text)

    return [serving(t, [copy for document in t.documents for copy in flooded(document)]) for t in traces]


def language_shift(traces: Traces, _: Corpus | None, seed: int) -> list[QueryTrace]:
    """Three queries in ten come in a script that the retriever cannot read: they get what another query got.

    The letters are replaced one by one, so the words are none of any language; digits stay.
    """

    def shifted(number: int, trace: QueryTrace) -> QueryTrace:
        dice = random.Random(f"{seed} {number}")
        if dice.random() >= FOREIGN:
            return trace
        query = "".join(chr(_CYRILLIC + ord(c) % 32) if c.isalpha() else c for c in trace.query)
        return serving(msgspec.structs.replace(trace, query=query), dice.choice(traces).documents)

    return [shifted(number, trace) for number, trace in enumerate(traces)]


def typos(traces: Traces, _: Corpus | None, seed: int) -> list[QueryTrace]:
    """Three words in ten of the queries have two letters swapped. What the retriever makes of it is not in a recording:
    the lists stay.
    """

    def misspelt(word: str, dice: random.Random) -> str:
        if len(word) < 4 or not word.isalpha() or dice.random() >= MISSPELT:
            return word
        at = dice.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def query(number: int, trace: QueryTrace) -> str:
        dice = random.Random(f"{seed} {number}")
        return " ".join(misspelt(word, dice) for word in trace.query.split(" "))

    return [msgspec.structs.replace(trace, query=query(number, trace)) for number, trace in enumerate(traces)]


FAULTS: dict[str, Fault] = {
    "stale_index": Fault("the newest fifth of the documents is not indexed", stale_index),
    "hidden_filter": Fault("a filter hides half of the documents", hidden_filter),
    "other_embedding_model": Fault("three documents in ten have another model's vectors", other_embedding_model),
    "ann_loss": Fault("the index loses three neighbours in ten", ann_loss),
    "near_duplicate_flood": Fault("a tenth of the documents is indexed five times", near_duplicate_flood),
    "language_shift": Fault("three queries in ten come in another script", language_shift),
    "truncated_chunks": Fault("texts are served cut to their first third, in the same order", truncated_chunks, False),
    "typos": Fault("three words in ten of the queries are misspelt, the lists stay", typos, False),
}
