"""Details, comparisons, chains and conditions in English: an example of each rule, and what only looks like it."""

import pytest

from detectors.scenarios import classify


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("is there a cat in the image", "is there a"),
        ("does the box contain nuts", "does the box contain"),
        ("what colour is the flag", "what colour"),
        ("which side of the house", "which side"),
        ("someone holding an umbrella", "holding an"),
        ("photo of a bridge", "photo of"),
        ("black car", "black car"),
        ("Two dogs on the beach", "Two dogs on the beach"),
        ("the wardrobe beside the mirror", "the wardrobe beside the mirror"),
    ],
)
def test_a_detail(query: str, words: str) -> None:
    assert classify(query)["fine_grained"] == words


@pytest.mark.parametrize(
    "query",
    [
        "when was there a strike",
        "is there a difference",
        "who sang black velvet",
        "black market prices",
        "floor plans in the app",
        "who was holding the keys",
        "what is on the table",
    ],
)
def test_what_only_looks_like_a_detail(query: str) -> None:
    assert "fine_grained" not in classify(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Compare the income of both", "Compare"),
        ("difference between debit and credit", "difference between"),
        ("how does wine differ from beer", "differ from"),
        ("diet vs. drugs", "vs"),
        ("plants versus supplements", "versus"),
        ("who is older, Ann or Bob", "who is older, Ann or"),
        ("Which company paid more?", "Which company paid more"),
        ("supervisor of the signer", "supervisor of the signer"),
        ("the author's wife", "author's wife"),
        ("extension of Ann's manager", "extension of Ann's manager"),
        ("where does the boss of Ann work", "where does the boss of"),
        ("phone of whoever signed it", "of whoever signed"),
        ("audit of the plant that makes it", "of the plant that"),
        ("who supplies the factory of the S8", "who supplies the factory of"),
        ("two levels above Ann", "levels above"),
        ("how many contracts mention fees", "how many contracts"),
    ],
)
def test_more_than_one_lookup(query: str, words: str) -> None:
    assert classify(query)["multi_hop"] == words


@pytest.mark.parametrize(
    "query",
    [
        "capital of France",
        "the name of the team that won",
        "an example of a virus that mutates",
        "how many contracts are there",
        "a better offer",
        "comparable prices",
        "which company is this",
        "author of the book",
    ],
)
def test_what_takes_one_lookup(query: str) -> None:
    assert "multi_hop" not in classify(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("phones with both wifi and gps", "both wifi and gps"),
        ("either cash or card", "either cash or card"),
        ("wifi AND gps", "AND"),
        ("cash as well as cards", "as well as"),
        ("apples and pears", "and pears"),
        ("apple, kiwi, mango", "apple, kiwi, mango"),
    ],
)
def test_conditions_together(query: str, words: str) -> None:
    assert classify(query)["combinatorial"] == words


@pytest.mark.parametrize(
    "query",
    [
        "research and development",
        "black and white films",
        "between noon and midnight",
        "who pushed and shoved",
        "more and more",
        "which is older, rock and roll or jazz",
        "compare tea and coffee",
        "cash or card",
        "AND",
    ],
)
def test_what_is_one_condition(query: str) -> None:
    assert "combinatorial" not in classify(query)
