"""Which of the ten scenarios a query belongs to, by rules that say which words made them say so.

Covered so far: `negation`, `identifier`, `numeric`, `temporal`, `combinatorial`, `cross_lingual` in English wording.
The other four (`jargon`, `polysemy`, `fine_grained`, `multi_hop`) need the corpus or more than patterns.
"""

import re
from typing import NamedTuple

NONE = "none"
READ_CHARACTERS = 2000  # of a query: some rules take time by the square of its length
_CJK = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
_DIGIT = re.compile(r"\d")


class Rule(NamedTuple):
    """`pattern` is looked for only where the query holds one of the `cues`: a set is quicker than an alternation."""

    cues: frozenset[str]
    pattern: re.Pattern[str]


DIGIT, WIDE = "0", "字"  # cues that stand for any digit, and for any character beyond ASCII
_CUE = re.compile(r"[a-z]+|[<>≤≥]")


def _rule(cues: str, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Rule:
    return Rule(frozenset(cues.split()), re.compile(pattern, flags | re.VERBOSE))


# In the order of precedence for the primary class: the most specific first.
RULES: dict[str, Rule] = {
    "cross_lingual": _rule(WIDE, rf"\A(?=.*?{_CJK})(?=.*?[A-Za-z]{{2}}).*", re.DOTALL),
    "identifier": _rule(
        DIGIT,
        r"""(?<![A-Za-z0-9])(?=[A-Za-z0-9]+[-_/.#:])(?=\S*\d)(?=\S*[A-Za-z])
            [A-Za-z0-9]+(?:[-_/.#:][A-Za-z0-9]+)+                         # INV-2041, v2.1
        | \b(?=\w*\d)(?=\w*[A-Z])\w{4,}\b                                # E4012
        | (?:\#|\b[Nn]o\.?\s?)\d{3,}                                      # no. 4711
        | \b\d{2,}-\d{2,}(?:-\d+)*\b                                      # 88-1023""",
    ),
    "negation": _rule(
        "not without excluding except neither cannot never lack lacks non t free no",
        r"""\b(?:not|without|excluding|except|neither|cannot|never|lacks?|non)\b | n't\b
        | \b\w+-free\b | \bno\s+(?!one\b|\d)[a-z]+""",
        re.IGNORECASE,
    ),
    "numeric": _rule(
        "more less fewer greater over under above below least most between up exceed exceeds < > ≤ ≥",
        r"""\b(?:more|less|fewer|greater|over|under|above|below|at\ least|at\ most|between|up\ to|exceeds?)\b
        [^.?!]{0,20}?[$€£]?\d | [<>≤≥]=?\s*[$€£]?\d""",
        re.IGNORECASE,
    ),
    "temporal": _rule(
        "latest newest recent currently since before after as until",
        r"""\b(?:latest|newest|most\ recent|currently|since|before|after|as\ of|until)\b[^.?!]{0,24}?
        (?:\b(?:19|20)\d\d\b|version|release|update|january|february|march|april|may|june|july|august|september
        |october|november|december|q[1-4])
        | \b(?:latest|newest|most\ recent)\b""",
        re.IGNORECASE,
    ),
    "combinatorial": _rule(
        "and or well", r"\bboth\b.+\band\b|\beither\b.+\bor\b|\b(?:AND|OR)\b|\band\ also\b|\bas\ well\ as\b"
    ),
}


def classify(query: str) -> dict[str, str]:
    """The scenarios of `query`, in order of precedence, each with the words that showed it.

    >>> classify("invoice INV-2041 filed after 2020, but not paid")
    {'identifier': 'INV-2041', 'negation': 'not', 'temporal': 'after 2020'}
    >>> classify("how do I reset my password")
    {}
    """
    query = query[:READ_CHARACTERS]
    cues = _cues(query)
    tried = ((name, pattern.search(query)) for name, (known, pattern) in RULES.items() if not known.isdisjoint(cues))
    return {name: match.group() for name, match in tried if match}


def _cues(query: str) -> set[str]:
    cues = set(_CUE.findall(query.lower()))
    if _DIGIT.search(query):
        cues.add(DIGIT)
    if not query.isascii():
        cues.add(WIDE)
    return cues


def primary(scenarios: dict[str, str]) -> str:
    """The one class that makes the scenarios disjoint; `none` where no rule applies."""
    return next(iter(scenarios), NONE)
