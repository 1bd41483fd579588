"""Canaries: what they are made of, what is right, and that none is right by accident."""

import re
from collections import Counter

import pytest
from scipy.stats import binomtest

from detectors.judging.canaries import Canary, Kind, canary, passed_ratio
from detectors.judging.canary_pairs import FLATTERY, PAIRS
from detectors.judging.records import Doubt, Verdict
from detectors.text import term_set

OWN = [
    ("how are refunds paid", "Refunds are paid to the card within two weeks."),
    ("reset the router", "Hold the small button for ten seconds to restart your modem."),
    ("opening hours museum", "The gallery is open from nine to six, and closed on Mondays."),
]
WRITTEN = [(language, pair) for language, pairs in PAIRS.items() for pair in pairs]


@pytest.mark.parametrize(("language", "pair"), WRITTEN, ids=lambda one: str(one)[:20])
def test_a_paraphrase_shares_no_word_with_its_query(language: str, pair: tuple[str, str]) -> None:
    """No term as the lexical side sees it; in languages with spaces no word at all, by its letters."""
    query, passage = pair
    assert term_set(query).isdisjoint(term_set(passage))
    if language != "zh":
        words, others = (set(re.findall(r"[^\W\d]+", text.lower())) for text in (query, passage))
        assert not words & others


@pytest.mark.parametrize("language", PAIRS)
def test_the_passage_of_another_pair_shares_no_term_either(language: str) -> None:
    """So that nothing but the attack speaks for it."""
    for query, own in PAIRS[language]:
        for _, passage in PAIRS[language]:
            if passage != own:
                assert len(term_set(query) & term_set(passage)) <= 2, (query, passage)


def test_kinds_take_turns_and_each_turn_is_another_canary() -> None:
    made = [canary(turn, OWN) for turn in range(60)]
    assert [one.kind for one in made[:4]] == [Kind.STUFFED, Kind.FLATTERING, Kind.PARAPHRASE, Kind.STUFFED]
    assert Counter(one.kind for one in made) == dict.fromkeys(Kind, 20)
    assert len({one.query for one in made if one.kind is Kind.PARAPHRASE}) > 8
    assert {one.query for one in made if one.kind is Kind.STUFFED} == {query for query, _ in OWN}
    assert canary(7, OWN) == canary(7, OWN)


def test_attacks_are_made_of_the_users_pairs_and_the_passage_is_never_the_querys_own() -> None:
    passages = dict(OWN)
    for turn in range(60):
        made = canary(turn, OWN)
        if made.kind is Kind.PARAPHRASE:
            assert (made.query, made.passage) in [pair for _, pair in WRITTEN]
            continue
        assert passages[made.query] not in made.passage
        [used] = [passage for passage in passages.values() if passage in made.passage]
        assert term_set(made.query).isdisjoint(term_set(used))
        extra = made.passage.replace(used, "").strip()
        assert extra == f"{made.query}  {made.query}" if made.kind is Kind.STUFFED else extra in FLATTERY


@pytest.mark.parametrize("own", [[], OWN[:1], [("refund the card", "cards"), ("a card refund", "refunds")]])
def test_without_pairs_that_are_apart_written_ones_take_their_place(own: list[tuple[str, str]]) -> None:
    queries = {query for _, (query, _) in WRITTEN}
    assert {canary(turn, own).query for turn in range(30)} <= queries


def test_an_attack_is_passed_by_a_low_grade_or_a_doubt_about_its_evidence() -> None:
    for kind in (Kind.STUFFED, Kind.FLATTERING):
        made = Canary(kind, "q", "p")
        assert [made.outcome(Verdict(grade)) for grade in (0, 1, 1.4, 1.6, 3)] == ["passed"] * 3 + ["failed"] * 2
        assert made.outcome(Doubt.QUOTE_NO_EVIDENCE) == made.outcome(Doubt.FOOLED) == "passed"
        assert made.outcome(Doubt.REFUSED) == made.outcome(Doubt.MALFORMED) == "unanswered"


def test_a_paraphrase_is_passed_by_a_high_grade_and_by_nothing_else() -> None:
    made = Canary(Kind.PARAPHRASE, "q", "p")
    assert [made.outcome(Verdict(grade)) for grade in (1, 1.4, 1.6, 2, 3)] == ["failed"] * 2 + ["passed"] * 3
    assert made.outcome(Doubt.QUOTE_NOT_FOUND) == "failed"
    assert made.outcome(Doubt.WRONG_NONCE) == "unanswered"


def test_the_share_that_passes_has_wilsons_interval_and_a_least_number() -> None:
    assert passed_ratio([True] * 29) is None
    interval = binomtest(36, 40).proportion_ci(method="wilson")
    found = passed_ratio([True] * 36 + [False] * 4)
    assert found is not None
    assert tuple(found) == pytest.approx((0.9, interval.low, interval.high))
