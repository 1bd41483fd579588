"""What a rule is: cues that may set it off, the pattern that decides, and the phrases that only look like it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

DIGIT, UPPER, SHORT, WIDE = "0", "A", ".", "字"  # cues: any digit, two capitals, few words, a character beyond ASCII
SHORT_WORDS = 8
CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_CUE = re.compile(r"[a-z]+|[<>≤≥$€£¥%#_@\[]")
_DIGIT = re.compile(r"\d")
_UPPER = re.compile(r"[A-Z]{2}|[a-z][A-Z]")
_SAID = "said"


class Rule(NamedTuple):
    """`pattern` is looked for only where the query holds one of the `cues`: a set is quicker than an alternation."""

    scenario: str
    cues: frozenset[str]
    pattern: re.Pattern[str]

    def words_in(self, query: str) -> str | None:
        """The first words that show the scenario; None where there are none."""
        return next((found.group() for found in self.pattern.finditer(query) if found.lastgroup == _SAID), None)


def rule(
    scenario: str, cues: str | Iterable[str], pattern: str, unless: str = "", *, flags: re.RegexFlag = re.IGNORECASE
) -> Rule:
    """A rule of two patterns in verbose form. What `unless` matches is passed over as it stands, before `pattern` is tried.

    Without flags of its own it takes no regard of case. `pattern` may have no named group.
    """
    either = f"{unless}\n| (?P<{_SAID}>{pattern}\n)" if unless else f"(?P<{_SAID}>{pattern}\n)"
    known = cues.split() if isinstance(cues, str) else cues
    return Rule(scenario, frozenset(known), re.compile(either, flags | re.VERBOSE))


def cues_of(query: str) -> set[str]:
    """Everything in `query` that may set a rule off."""
    cues = set(_CUE.findall(query.lower()))
    if _DIGIT.search(query):
        cues.add(DIGIT)
    if not query.isascii():
        cues.add(WIDE)
    if _UPPER.search(query):
        cues.add(UPPER)
    if query.count(" ") < SHORT_WORDS:
        cues.add(SHORT)
    return cues
