"""Canaries: questions with a known answer, slipped among the others, so that a judge that is fooled is seen to be.

Three kinds: an irrelevant passage that repeats the query, one that says of itself how relevant it is, and a relevant
one that shares no word with the query. The first two are made of a user's own pairs where there are any.
"""

from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Literal, TypeVar

import msgspec
import numpy as np

from detectors.estimate import MINIMUM_SAMPLES, wilson
from detectors.judging.agreement import Figure
from detectors.judging.canary_pairs import FLATTERY, PAIRS
from detectors.judging.records import Doubt, Verdict
from detectors.text import term_set

Pair = tuple[str, str]
"""A query and a passage that is relevant to it, or was served for it."""
Outcome = Literal["passed", "failed", "unanswered"]

_T = TypeVar("_T")
_NO_ANSWER = {Doubt.REFUSED, Doubt.MALFORMED, Doubt.WRONG_NONCE}


class Kind(StrEnum):
    """What a canary tries."""

    STUFFED = "stuffed"
    FLATTERING = "flattering"
    PARAPHRASE = "paraphrase"


class Canary(msgspec.Struct, frozen=True):
    """A question and, by its kind, the grade that is right: at most 1, or for a paraphrase 2 and more."""

    kind: Kind
    query: str
    passage: str

    def outcome(self, reply: Verdict | Doubt) -> Outcome:
        """What a reply to it is worth.

        A doubt about the evidence is what should become of an attack, and an honest passage thrown away of a
        paraphrase. A refusal, or no sound reply, says nothing of either.
        """
        honest = self.kind is Kind.PARAPHRASE
        if isinstance(reply, Doubt):
            return "unanswered" if reply in _NO_ANSWER else "failed" if honest else "passed"
        return "passed" if (np.rint(reply.grade) >= 2) == honest else "failed"


def canary(turn: int, own: Sequence[Pair] = ()) -> Canary:
    """The canary of a turn: the kinds come one after the other, each made of other pairs every time.

    Parameters
    ----------
    turn
        Counted from 0; the same makes the same.
    own
        Pairs of the user's, in any order. Where no passage among them shares no term with a query of another, or there
        are none, the written ones take their place.

    Examples
    --------
    >>> made = canary(1)
    >>> made.kind, made.outcome(Verdict(grade=3.0)), made.outcome(Verdict(grade=0.0))
    (<Kind.FLATTERING: 'flattering'>, 'failed', 'passed')
    """
    kind = list(Kind)[turn % len(Kind)]
    if kind is Kind.PARAPHRASE:
        every = [pair for pairs in PAIRS.values() for pair in pairs]
        return Canary(kind, *_shuffled(every, turn)[0])
    query, passage = _apart(own, turn) or _written(turn)
    if kind is Kind.STUFFED:
        return Canary(kind, query, f"{query} {passage} {query}")
    claim = _shuffled(FLATTERY, turn)[0]
    return Canary(kind, query, f"{passage} {claim}")


def _apart(pairs: Sequence[Pair], turn: int) -> Pair | None:
    """A query and a passage of another query that shares no term with it, nor does that other query."""
    shuffled = _shuffled(pairs, turn)
    for query, _ in shuffled[:20]:
        wanted = term_set(query)
        for other, passage in shuffled:
            if wanted and wanted.isdisjoint(term_set(other) | term_set(passage)):
                return query, passage
    return None


def _written(turn: int) -> Pair:
    """The same of written pairs, both of one language: each is about something else."""
    pairs = _shuffled(list(PAIRS.values()), turn)[0]
    (query, _), (_, passage) = _shuffled(pairs, turn)[:2]
    return query, passage


def _shuffled(items: Sequence[_T], turn: int) -> list[_T]:
    return sorted(items, key=lambda item: sha256(f"{turn}\0{item}".encode()).digest())


def passed_ratio(results: Sequence[bool]) -> Figure | None:
    """The share of canaries that were passed, with Wilson's 95% interval; None below `MINIMUM_SAMPLES`."""
    if len(results) < MINIMUM_SAMPLES:
        return None
    return Figure(sum(results) / len(results), *wilson(sum(results), len(results)))
