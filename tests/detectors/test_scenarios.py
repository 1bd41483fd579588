from time import process_time

import pytest

from detectors.scenarios import NONE, RULES, classify, primary


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("how do I reset my password", []),
        ("", []),
        ("🙂", []),
        ("invoice INV-2041", ["identifier"]),
        ("error E4012 on start", ["identifier"]),
        ("invoice No. 4711", ["identifier"]),
        ("ticket #4711", ["identifier"]),
        ("order 88-1023", ["identifier"]),
        ("well-known sugar recipes", []),
        ("in 2020", []),
        ("drinks without sugar", ["negation"]),
        ("sugar-free drinks", ["negation"]),
        ("why doesn't it print", ["negation"]),
        ("a plan with no fees", ["negation"]),
        ("a nothing burger knot", []),
        ("no one answers", []),
        ("contracts over $1 million", ["numeric"]),
        ("batteries with at least 5000 mAh", ["numeric"]),
        ("price < 20", ["numeric"]),
        ("over the moon", []),
        ("the latest firmware", ["temporal"]),
        ("filed after 2020", ["temporal"]),
        ("changes since version 3", ["temporal"]),
        ("before lunch", []),
        ("phones with both wifi and gps", ["combinatorial"]),
        ("either cash or card", ["combinatorial"]),
        ("wifi AND gps", ["combinatorial"]),
        ("wifi and gps", []),
        ("如何重置 router 密码", ["cross_lingual"]),
        ("router 如何重置", ["cross_lingual"]),
        ("如何重置密码", []),
        ("如何重置 A", []),  # one letter is no language
    ],
)
def test_scenarios_of_a_query(query: str, expected: list[str]) -> None:
    assert list(classify(query)) == expected


def test_each_scenario_says_which_words_showed_it() -> None:
    query = "invoice INV-2041 filed after 2020, but not paid"
    assert all(words and words in query for words in classify(query).values())


def test_the_primary_class_is_the_first_in_the_order_of_the_rules() -> None:
    assert list(RULES)[:2] == ["cross_lingual", "identifier"]
    assert primary(classify("not filed after 2020, invoice INV-2041")) == "identifier"
    assert primary(classify("how do I reset my password")) == NONE


@pytest.mark.parametrize("part", ["a", "退", "both ", "under ", "-", "a-", "before ", "no ", "x1", "either "])
def test_a_long_query_takes_no_longer_than_a_short_one(part: str) -> None:
    """Some rules take time by the square of what they read: they read only the beginning."""
    start = process_time()
    classify(part * (1_000_000 // len(part)))
    assert process_time() - start < 2
