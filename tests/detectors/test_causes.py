import numpy as np
import pytest

from detectors.causes import RULES, likely_cause
from detectors.moments import Moments
from detectors.signals import SIGNALS

RNG = np.random.default_rng(6)


def of(mean: float, count: int = 200, spread: float = 0.2) -> Moments:
    values = RNG.normal(0, 1, count)
    return Moments.of(mean + spread * (values - values.mean()) / values.std(), np.ones(count))


def moved(signal: str, spreads: float, count: int = 200) -> str | None:
    found = likely_cause({signal: of(0.4)}, {signal: of(0.4 + 0.2 * spreads, count)})
    return found.cause if found is not None else None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.signal)
def test_each_rule_fits_a_move_of_its_signal_in_its_direction(rule: object) -> None:
    assert isinstance(rule, type(RULES[0]))
    assert moved(rule.signal, 3 * rule.least) == rule.cause.cause
    assert moved(rule.signal, -3 * rule.least) is None
    assert moved(rule.signal, 0.5 * rule.least) is None
    assert rule.signal in SIGNALS


def test_the_first_that_fits_counts() -> None:
    """Misspelt queries find nothing either: the queries are the cause."""
    before = {"unknown_terms": of(0.1), "lexical_miss": of(0.1)}
    after = {"unknown_terms": of(0.4), "lexical_miss": of(0.3)}
    found = likely_cause(before, after)
    assert found is not None
    assert found.cause.startswith("queries use words")


def test_a_move_that_may_be_chance_is_none() -> None:
    assert moved("lexical_miss", 0.4, count=40) is None


def test_too_few_traces_say_nothing() -> None:
    assert moved("served_length", -4.0, count=20) is None
    assert likely_cause({}, {}) is None
