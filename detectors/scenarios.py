"""Which of the ten scenarios a query belongs to, by rules that say which words made them say so.

Covered so far: `negation`, `identifier`, `numeric`, `temporal`, `combinatorial`, `cross_lingual` in English wording.
The other four (`jargon`, `polysemy`, `fine_grained`, `multi_hop`) need the corpus or more than patterns.
"""

import re

NONE = "none"
READ_CHARACTERS = 2000  # of a query: some rules take time by the square of its length
_CJK = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"

# In the order of precedence for the primary class: the most specific first.
RULES: dict[str, re.Pattern[str]] = {
    "cross_lingual": re.compile(rf"\A(?=.*?{_CJK})(?=.*?[A-Za-z]{{2}}).*", re.DOTALL),
    "identifier": re.compile(
        r"""(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9]+(?:[-_/.#:][A-Za-z0-9]+)+   # INV-2041, v2.1
        | \b(?=\w*\d)(?=\w*[A-Z])\w{4,}\b                                # E4012
        | (?:\#|\b[Nn]o\.?\s?)\d{3,}                                      # no. 4711
        | \b\d{2,}-\d{2,}(?:-\d+)*\b                                      # 88-1023""",
        re.VERBOSE,
    ),
    "negation": re.compile(
        r"""\b(?:not|without|excluding|except|neither|cannot|never|lacks?|non)\b | n't\b
        | \b\w+-free\b | \bno\s+(?!one\b|\d)[a-z]+""",
        re.IGNORECASE | re.VERBOSE,
    ),
    "numeric": re.compile(
        r"""\b(?:more|less|fewer|greater|over|under|above|below|at\ least|at\ most|between|up\ to|exceeds?)\b
        [^.?!]{0,20}?[$€£]?\d | [<>≤≥]=?\s*[$€£]?\d""",
        re.IGNORECASE | re.VERBOSE,
    ),
    "temporal": re.compile(
        r"""\b(?:latest|newest|most\ recent|currently|since|before|after|as\ of|until)\b[^.?!]{0,24}?
        (?:\b(?:19|20)\d\d\b|version|release|update|january|february|march|april|may|june|july|august|september
        |october|november|december|q[1-4])
        | \b(?:latest|newest|most\ recent)\b""",
        re.IGNORECASE | re.VERBOSE,
    ),
    "combinatorial": re.compile(r"\bboth\b.+\band\b|\beither\b.+\bor\b|\b(?:AND|OR)\b|\band also\b|\bas well as\b"),
}


def classify(query: str) -> dict[str, str]:
    """The scenarios of `query`, in order of precedence, each with the words that showed it.

    >>> classify("invoice INV-2041 filed after 2020, but not paid")
    {'identifier': 'INV-2041', 'negation': 'not', 'temporal': 'after 2020'}
    >>> classify("how do I reset my password")
    {}
    """
    found = {name: pattern.search(query, 0, READ_CHARACTERS) for name, pattern in RULES.items()}
    return {name: match.group() for name, match in found.items() if match}


def primary(scenarios: dict[str, str]) -> str:
    """The one class that makes the scenarios disjoint; `none` where no rule applies."""
    return next(iter(scenarios), NONE)
