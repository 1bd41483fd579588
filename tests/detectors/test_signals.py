import re
from itertools import pairwise

import pytest

from detectors.signals import SIGNALS, SignalSpec


@pytest.mark.parametrize("spec", SIGNALS.values(), ids=SIGNALS)
def test_a_histogram_has_rising_bounds_none_of_them_negative(spec: SignalSpec) -> None:
    """A Prometheus client's histogram with a negative bound exposes no sum."""
    assert spec.buckets[0] >= 0
    assert all(low < high for low, high in pairwise(spec.buckets))


@pytest.mark.parametrize("spec", SIGNALS.values(), ids=SIGNALS)
def test_a_signal_says_what_it_is_in_words_a_metrics_help_can_use(spec: SignalSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", spec.name)
    assert spec.direction in (1, -1)
    assert spec.says
    assert not spec.says.endswith(".")


_DOCUMENTED = """top_score cheap -, score_gap cheap -, score_z cheap -, score_spread cheap -, score_entropy cheap +,
lexical_rbo cheap -, lexical_miss cheap +, uncovered_terms cheap +, missed_identifiers cheap +,
rank_discordance scorer +, rank_discordance_top scorer +, union_rbo scorer -, best_relevance scorer -,
regret scorer +, context_relevance judge -, groundedness judge -, answer_relevance judge -"""  # DESIGN section 4


def test_names_tiers_and_directions_are_those_of_the_contract() -> None:
    """The judge has its own issue: its signals are checked once they are here."""
    rows = [row.split() for row in _DOCUMENTED.replace("\n", " ").split(", ")]
    documented = {
        name: (tier, 1 if sign == "+" else -1) for name, tier, sign in rows if tier != "judge" or name in SIGNALS
    }
    ours = {name: (spec.tier, spec.direction) for name, spec in SIGNALS.items()}
    assert documented.items() <= ours.items()
