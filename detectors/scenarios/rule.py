"""What a rule is: cues that may set it off, the pattern that decides, and the phrases that only look like it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

# Cues beside words: any digit, capitals within a word, few words, marks of an address or a name in code, not ASCII.
DIGIT, UPPER, SHORT, MARK, WIDE = "0", "A", ".", "_", "字"
SHORT_WORDS = 8
CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_SEPARATORS = str.maketrans(dict.fromkeys("\t\n\r!\"#$%&'()*+,-./:;<=>?[\\]^`{|}~’“”", " "))
_DIGIT = re.compile(r"\d")
_UPPER = re.compile(r"[A-Z](?<=[A-Za-z][A-Z])")
ANYWHERE = ""
_SAID = "said"


class Rule(NamedTuple):
    """`pattern` is looked for only where the query holds one of the `cues`: a set is quicker than an alternation."""

    scenario: str
    cues: frozenset[str]
    pattern: re.Pattern[str]
    cased: bool

    def find(self, query: str, lowered: str) -> str | None:
        """The first words that show the scenario; None where there are none."""
        text = query if self.cased else lowered
        for found in self.pattern.finditer(text):
            if found.lastgroup == _SAID:
                said = query[slice(*found.span())] if len(query) == len(lowered) else found.group()
                return said.strip()
        return None


def any_of(words: str) -> str:
    """A pattern for any of the words in `words`, in which `_` stands for a space."""
    return f"(?:{'|'.join(word.replace('_', ' ') for word in words.split())})"


def rule(
    scenario: str,
    cues: str | Iterable[str],
    pattern: str,
    unless: str = "",
    *,
    begin: str = r"\b",
    cased: bool = False,
) -> Rule:
    """A rule of two patterns, each of alternatives, one a line. What `unless` matches is passed over before `pattern`.

    Matches begin where `begin` says: at the edge of a word. The patterns see the query in small letters unless `cased`,
    which is quicker than to take no regard of case. `pattern` may have no group with a name.
    """
    said = f"(?P<{_SAID}>{_alternatives(pattern)})"
    either = f"{_alternatives(unless)}|{said}" if unless else said
    known = cues.split() if isinstance(cues, str) else cues
    return Rule(scenario, frozenset(known), re.compile(f"{begin}(?:{either})"), cased)


def _alternatives(lines: str) -> str:
    return "|".join(line.strip() for line in lines.strip().splitlines())


def cues_of(query: str, lowered: str) -> set[str]:
    """Everything in `query` that may set a rule off."""
    cues = set(lowered.translate(_SEPARATORS).split())
    if _DIGIT.search(query):
        cues.add(DIGIT)
    if _UPPER.search(query):
        cues.add(UPPER)
    if query.count(" ") < SHORT_WORDS:
        cues.add(SHORT)
    if "_" in query or "@" in query or "www." in lowered or "://" in query or ".com" in lowered:
        cues.add(MARK)
    if not query.isascii():
        cues.add(WIDE)
    return cues
