"""Jargon: terms of the house, told by what general texts and the corpus hold."""

import re
from typing import NamedTuple

from detectors.scenarios.rule import UPPER

_ACRONYM = re.compile(r"(?<![A-Za-z-])(?:[A-Z]{2,6}|[A-Z]?[a-z][A-Z]{1,3})(?=s?(?![A-Za-z]|-\d\d|\d{3}))")
_ROMAN = re.compile("[IVXL]+")
SHOUTED_WORDS = 3  # a query of that many words, all in capitals, says nothing by them


class Vocabulary(NamedTuple):
    """What the classifier knows of words; all empty knows nothing, and then nothing is jargon.

    Parameters
    ----------
    general
        Words and acronyms in general use, in small letters.
    house
        The corpus's own: acronyms in capitals, and words in small letters that general texts do not have.
    scripts
        Those that the corpus is written in; empty where there is no corpus.
    """

    general: frozenset[str] = frozenset()
    house: frozenset[str] = frozenset()
    scripts: frozenset[str] = frozenset()


def jargon(query: str, cues: set[str], vocabulary: Vocabulary) -> str | None:
    """A term of `query` that is jargon: one of the house, or an acronym that general texts do not have.

    >>> jargon("who approves an RMA", {"rma", UPPER}, Vocabulary(frozenset({"usa"})))
    'RMA'
    """
    if not vocabulary.general:
        return None
    if UPPER in cues and not (query.isupper() and query.count(" ") >= SHOUTED_WORDS - 1):
        for acronym in _ACRONYM.findall(query):
            unknown = acronym in vocabulary.house or acronym.lower() not in vocabulary.general
            if unknown and not _ROMAN.fullmatch(acronym):
                return str(acronym)
    return min(cues & vocabulary.house, default=None)
