"""Which of the ten scenarios a query belongs to, by rules that say which words made them say so.

What belongs to a scenario and what does not is defined in docs/scenarios.md, with how well the rules tell it.
"""

import re
from collections.abc import Mapping, Sequence

from detectors.scenarios import chinese, codes, english, mixed
from detectors.scenarios.mixed import scripts
from detectors.scenarios.rule import SHORT, UPPER, WIDE, Rule, cues_of
from detectors.scenarios.senses import polysemous
from detectors.scenarios.vocabulary import Vocabulary, jargon

__all__ = ["NAMES", "NONE", "READ_CHARACTERS", "Classifier", "Vocabulary", "classify", "primary", "scripts"]

NONE = "none"
READ_CHARACTERS = 2000  # of a query: some rules take time by the square of its length
# In the order of precedence for the primary class: the most specific first.
NAMES = (
    *("cross_lingual", "identifier", "negation", "numeric", "temporal"),
    *("jargon", "multi_hop", "combinatorial", "fine_grained", "polysemy"),
)
_RULES: tuple[Rule, ...] = (*mixed.RULES, *codes.RULES, *english.RULES, *chinese.RULES)
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

    def __init__(
        self, own: Mapping[str, Sequence[str]] | None = None, vocabulary: Vocabulary = Vocabulary()
    ) -> None:
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
        cues = cues_of(query)
        found: dict[str, str] = {}
        for rule in _RULES:
            if not rule.cues.isdisjoint(cues) and rule.scenario not in found:
                said = rule.words_in(query)
                if said is not None:
                    found[rule.scenario] = said
        term = jargon(query, cues, UPPER in cues, self._vocabulary)
        if term is not None:
            found["jargon"] = term
        if SHORT in cues and query.count(" ") < _FEW_SPACES:
            word = polysemous(query)
            if word is not None:
                found["polysemy"] = word
        if WIDE in cues and "cross_lingual" not in found and self._vocabulary.scripts:
            foreign = scripts(query) - self._vocabulary.scripts
            if foreign:
                found["cross_lingual"] = min(foreign)
        return found


classify = Classifier().classify


def primary(scenarios: Mapping[str, str]) -> str:
    """The one class that makes the scenarios disjoint; `none` where no rule applies."""
    return next(iter(scenarios), NONE)
