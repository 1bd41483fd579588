"""Which of the ten scenarios a query belongs to, by rules that say which words made them say so.

What belongs to a scenario and what does not is defined in docs/scenarios.md, with how well the rules tell it.
"""

import re
from collections.abc import Mapping, Sequence

from detectors.scenarios import chinese, codes, english, structure
from detectors.scenarios.mixed import mixed, scripts
from detectors.scenarios.rule import SHORT, WIDE, Rule, cues_of
from detectors.scenarios.senses import polysemous
from detectors.scenarios.vocabulary import Vocabulary, jargon

__all__ = ["NAMES", "NONE", "READ_CHARACTERS", "Classifier", "Vocabulary", "classify", "primary", "scripts"]

NONE = "none"
KNOWS_NOTHING = Vocabulary()
READ_CHARACTERS = 2000  # of a query: some rules take time by the square of its length
# In the order of precedence for the primary class: the most specific first.
NAMES = (
    *("cross_lingual", "identifier", "negation", "numeric", "temporal"),
    *("jargon", "multi_hop", "combinatorial", "fine_grained", "polysemy"),
)
_RULES: tuple[Rule, ...] = (*codes.RULES, *english.RULES, *structure.RULES, *chinese.RULES)
_RULES_BY_CUE = {
    cue: [number for number, rule in enumerate(_RULES) if cue in rule.cues]
    for cue in frozenset[str]().union(*(rule.cues for rule in _RULES))
}
_CUES = frozenset(_RULES_BY_CUE)
_FEW_SPACES = 3


class Classifier:
    """Tells the scenarios of queries: a user's own first, by their patterns, then the ten.

    Parameters
    ----------
    own
        Regular expressions by the user's names, in the order of precedence; they take no regard of case.
    vocabulary
        Of the house and of the world, for `jargon` and for scripts that the corpus does not have.
    """

    def __init__(self, own: Mapping[str, Sequence[str]] | None = None, vocabulary: Vocabulary = KNOWS_NOTHING) -> None:
        self._own = {
            name: [re.compile(pattern, re.IGNORECASE) for pattern in patterns] for name, patterns in (own or {}).items()
        }
        self._vocabulary = vocabulary

    def classify(self, query: str) -> dict[str, str]:
        """The scenarios of `query`, in order of precedence, each with the words that showed it.

        Only the first `READ_CHARACTERS` are read.
        """
        query = query[:READ_CHARACTERS]
        found: dict[str, str] = {}
        for name, patterns in self._own.items():
            matches = (pattern.search(query) for pattern in patterns)
            said = next((match.group() for match in matches if match), None)
            if said is not None:
                found[name] = said
        known = self._known(query)
        return found | {name: known[name] for name in NAMES if name in known}

    def _known(self, query: str) -> dict[str, str]:
        lowered = query.lower()
        cues = cues_of(query, lowered)
        found: dict[str, str] = {}
        for number in sorted({number for cue in cues & _CUES for number in _RULES_BY_CUE[cue]}):
            rule = _RULES[number]
            said = rule.find(query, lowered) if rule.scenario not in found else None
            if said is not None:
                found[rule.scenario] = said
        term = jargon(query, cues, self._vocabulary)
        if term is not None:
            found["jargon"] = term
        if SHORT in cues and query.count(" ") < _FEW_SPACES:
            word = polysemous(query)
            if word is not None:
                found["polysemy"] = word
        if WIDE in cues:
            word = mixed(query) or self._foreign(query)
            if word is not None:
                found["cross_lingual"] = word
        return found

    def _foreign(self, query: str) -> str | None:
        """The name of a script that the query has and the corpus has not."""
        known = self._vocabulary.scripts
        return min(scripts(query) - known, default=None) if known else None


classify = Classifier().classify


def primary(scenarios: Mapping[str, str]) -> str:
    """The one class that makes the scenarios disjoint; `none` where no rule applies."""
    return next(iter(scenarios), NONE)
