"""The classifier as a whole: precedence, a user's own scenarios, and whatever text may come."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.scenarios import NAMES, NONE, READ_CHARACTERS, Classifier, Vocabulary, classify, primary

KNOWING = Classifier(
    {"mine": [r"warrant(y|ies)"]},
    Vocabulary(frozenset({"usa", "the"}), frozenset({"OWL", "gridpad"}), frozenset({"latin"})),
)


@pytest.mark.parametrize("query", ["how do I reset my password", "", "🙂", "ordinary question about parcels"])
def test_an_ordinary_query_belongs_to_none(query: str) -> None:
    assert classify(query) == {}
    assert primary(classify(query)) == NONE


def test_the_primary_class_is_the_first_in_the_order_of_precedence() -> None:
    found = classify("not filed after 2020, invoice INV-2041")
    assert list(found) == ["identifier", "negation", "temporal"]
    assert list(found) == sorted(found, key=NAMES.index)
    assert primary(found) == "identifier"


def test_each_scenario_says_which_words_showed_it() -> None:
    query = "Invoice INV-2041 filed after 2020, but Not paid"
    assert classify(query) == {"identifier": "Invoice INV-2041"[8:], "negation": "Not", "temporal": "2020"}


def test_scenarios_of_the_user_come_first_in_their_order() -> None:
    own = Classifier({"returns": ["return", "refund"], "warranty": [r"\bWARRANT(y|ies)\b"]})
    found = own.classify("no warranty on a refund for INV-2041")
    assert list(found) == ["returns", "warranty", "identifier", "negation"]
    assert (found["returns"], found["warranty"]) == ("refund", "warranty")
    assert primary(found) == "returns"


def test_only_the_beginning_of_a_query_is_read() -> None:
    padding = "a" * (READ_CHARACTERS - 4)
    assert "negation" in classify(f"not {padding}")
    assert KNOWING.classify(f"{padding}     not under warranty") == {}


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_any_text_is_classified(query: str) -> None:
    """With words of the query, or the name of a script, as what showed it."""
    for name, words in KNOWING.classify(query).items():
        assert name in (*NAMES, "mine")
        assert words.lower() in query.lower() or name == "cross_lingual"


CUES = """not no never without n't -free all but every but one after the during the 2019 19 20 $1 1, 1.1. 12- a-
        A1- _ a_ @ a@b www.
    compare a which older or both and and a plus of the a that author of what does the boss of is there a does
    it contain
    wearing black on the a, AB x1 # 退 不 没 除a 和 或， 比较 的 穿 桌上的 超过1 a和""".split()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(CUES), min_size=1, max_size=4), st.sampled_from(["", " "]))
def test_what_sets_rules_off_again_and_again_costs_no_more_than_milliseconds(parts: list[str], between: str) -> None:
    """Some rules take time by the square of what they read: they read only the beginning."""
    start = process_time()
    KNOWING.classify(between.join(parts * 500_000))
    assert process_time() - start < 2
