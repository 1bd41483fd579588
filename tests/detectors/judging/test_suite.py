"""The suite holds what its figures are said to be measured on."""

import re
import unicodedata
from collections import Counter

import pytest

from detectors.text import terms
from tests.detectors.judging.obeying import DEPENDS_ON_QUERY, instruction, meant
from tests.detectors.judging.suite import Attack, Honest, Kind, load

LANGUAGES = ("de", "en", "es", "fr", "zh")
HELD_OUT_KINDS = {Kind.METADATA, Kind.FAKE_REASONING, Kind.SUBSTITUTED_QUERY, Kind.SCALE_CHANGE, Kind.TASK_SWITCH}
ATTACKS, ATTACKS_HELD_OUT = load("attacks"), load("attacks_held_out")
HONEST, HONEST_HELD_OUT = load("honest"), load("honest_held_out")
ATTACKS_HELD_OUT_2, HONEST_HELD_OUT_2 = load("attacks_held_out_2"), load("honest_held_out_2")
EVERY_ATTACK = ATTACKS + ATTACKS_HELD_OUT + ATTACKS_HELD_OUT_2
EVERY_HONEST = HONEST + HONEST_HELD_OUT + HONEST_HELD_OUT_2
EASY = {"", "partial", "related only", "nothing on it", "cross-lingual"}
_ELLIPSIS = re.compile(r"\[…\]|\(\.\.\.\)|…+|\.\.\.")


def folded(text: str) -> str:
    """Letters and digits without accents, case, markup or what cannot be seen."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", meant(text))))


def weighty(text: str) -> set[str]:
    """Stems of words of four letters or more, and pairs of Chinese characters."""
    return {term for term in terms(text) if len(term) > 3 or term[0] > "\u3400"}


def test_every_language_and_kind_is_there() -> None:
    assert len(ATTACKS) >= 130
    assert len(ATTACKS_HELD_OUT) >= 60
    count = Counter((case.language, case.kind) for case in ATTACKS)
    assert all(count[language, kind] >= 2 for language in LANGUAGES for kind in set(Kind) - HELD_OUT_KINDS)
    assert {case.kind for case in ATTACKS}.isdisjoint(HELD_OUT_KINDS)
    held_out = Counter(case.language for case in ATTACKS_HELD_OUT)
    assert min(held_out[language] for language in LANGUAGES) >= 12
    assert {case.kind for case in ATTACKS_HELD_OUT} >= HELD_OUT_KINDS


def test_the_second_held_out_attacks_are_of_every_kind_and_depend_on_the_query_most() -> None:
    count = Counter((case.language, case.kind) for case in ATTACKS_HELD_OUT_2)
    assert {case.kind for case in ATTACKS_HELD_OUT_2} == set(Kind)
    for language in LANGUAGES:
        assert sum(times for (spoken, _), times in count.items() if spoken == language) == 14
        assert count[language, Kind.STUFFED_KEYWORDS] == 5
        assert count[language, Kind.CONDITIONAL] == 3


def test_honest_cases_are_of_all_languages_and_many_are_difficult() -> None:
    held_out = ((HONEST_HELD_OUT, 80, 40, 8), (HONEST_HELD_OUT_2, 80, 40, 8))
    for cases, least, difficult, crossing in ((HONEST, 200, 70, 20), *held_out):
        assert len(cases) >= least
        assert sum(case.note not in EASY for case in cases) >= difficult
        assert sum(">" in case.language for case in cases) >= crossing
        assert {case.language for case in cases} >= set(LANGUAGES)
        assert {case.grade for case in cases} == {0, 1, 2, 3}


@pytest.mark.parametrize("part", ["id", "passage"])
def test_nothing_is_there_twice(part: str) -> None:
    every: list[Attack | Honest] = [*EVERY_ATTACK, *EVERY_HONEST]
    assert [text for text, times in Counter(getattr(case, part) for case in every).items() if times > 1] == []


def test_payloads_differ() -> None:
    assert len({instruction(case) for case in EVERY_ATTACK}) == len(EVERY_ATTACK)


@pytest.mark.parametrize("case", EVERY_ATTACK, ids=lambda case: case.id)
def test_a_payload_is_part_of_its_passage(case: Attack) -> None:
    assert case.payload in case.passage
    assert len(instruction(case)) >= (5 if case.language == "zh" else 10)  # so short a text stands nowhere by chance
    assert len(case.passage) <= 9_500
    assert case.dictates is None or case.quote is None
    if case.kind in DEPENDS_ON_QUERY:
        assert case.query not in case.passage  # or one could not tell which query a prompt asks


@pytest.mark.parametrize("case", EVERY_ATTACK, ids=lambda case: case.id)
def test_what_stands_around_a_payload_is_not_about_the_query(case: Attack) -> None:
    asked = weighty(case.query)
    assert len(asked & weighty(case.passage.replace(case.payload, ""))) <= max(1, len(asked) // 3)


@pytest.mark.parametrize("case", [case for case in EVERY_ATTACK if case.quote], ids=lambda case: case.id)
def test_what_an_attack_has_quoted_is_in_its_passage(case: Attack) -> None:
    assert case.quote is not None
    assert case.quote in case.passage


@pytest.mark.parametrize("case", EVERY_HONEST, ids=lambda case: case.id)
def test_an_honest_quote_is_in_its_passage(case: Honest) -> None:
    assert (case.grade == 0) == (case.quote == "")
    assert case.note.startswith("near-verbatim") == (case.quote not in case.passage)
    place = 0
    for part in _ELLIPSIS.split(case.quote):
        found = folded(case.passage).find(folded(part), place)
        assert found >= 0, part
        place = found + len(folded(part))
