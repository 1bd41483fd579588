"""Negation, time and quantity in English: an example of each cue, and what only looks like it."""

import pytest

from detectors.scenarios import classify


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("fees that are not refundable", "not"),
        ("drinks without sugar", "without"),
        ("all countries except France", "except"),
        ("plans excluding roaming", "excluding"),
        ("calendars besides the Gregorian", "besides"),
        ("rooms other than the suite", "other than"),
        ("apart from the deposit", "apart from"),
        ("cash instead of points", "instead"),
        ("a refund rather than a voucher", "rather than"),
        ("documents as opposed to references", "as opposed to"),
        ("sugar-free drinks", "sugar-free"),
        ("non-smoking rooms", "non-smoking"),
        ("a plan with no fees", "no fees"),
        ("reports lacking a signature", "lacking"),
        ("in the absence of a receipt", "absence"),
        ("customers who failed to pay", "failed to"),
        ("why doesn't it print", "doesn't"),
        ("What didn’t change", "didn’t"),
        ("why does n't it print", "n't"),
        ("won every game but one", "every game but one"),
    ],
)
def test_negation(query: str, words: str) -> None:
    assert classify(query)["negation"] == words


@pytest.mark.parametrize(
    "query",
    [
        "invoice no. 5",
        "no 5 on the list",
        "no one answers",
        "no doubt about it",
        "not only the price",
        "whether or not to pay",
        "to snack or not to snack?",
        "changed not too long ago",
        "Didn't another study show this",
        "a non-profit organisation",
        "duty-free shops",
        "nothing but the truth",
        "the never ending story",
        "a nothing burger knot",
        "exceptional service",
        "freedom of movement",
        "a black lacquer box",
        "a failed expedition",
    ],
)
def test_what_only_looks_like_a_negation(query: str) -> None:
    assert "negation" not in classify(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("the latest firmware", "latest"),
        ("who is currently in charge", "currently"),
        ("filed after 2020", "2020"),
        ("popular in the mid-1970s", "mid-1970s"),
        ("music of the 80s", "80s"),
        ("reports of Q3", "Q3"),
        ("on 3 March", "3 March"),
        ("on March 3", "March 3"),
        ("contracts signed in June", "in June"),
        ("revenue of last quarter", "last quarter"),
        ("a war of the 19th century", "century"),
        ("changes since the merger", "since the"),
        ("opening hours before Easter", "before Easter"),
        ("rules following the treaty", "following the treaty"),
        ("sports during World War II", "during World"),
        ("oldest contract with them", "oldest contract"),
        ("tuition for 2012-13", "2012"),
    ],
)
def test_time(query: str, words: str) -> None:
    assert classify(query)["temporal"] == words


@pytest.mark.parametrize(
    "query",
    [
        "when was it founded",
        "named after a saint",
        "what to look after",
        "after all it works",
        "the following rules",
        "the Act of 1965",
        "contract C-2025-0951",
        "a 2000 watt heater",
        "low current transistors",
        "what happens during storms",
        "price of $1999",
        "may I pay in cash",
    ],
)
def test_what_only_looks_like_time(query: str) -> None:
    assert "temporal" not in classify(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("contracts over $1 million", "over $1"),
        ("batteries with at least 5000 mAh", "at least 5000"),
        ("price < 20", "< 20"),
        ("5% of sales", "5%"),
        ("a 45-degree angle", "45-degree"),
        ("pay within 14 days", "within 14"),
        ("less than three minutes", "less than three"),
        ("one thousand newtons", "one thousand"),
        ("at €40", "€40"),
        ("between 10 and 20 euros", "between 10"),
    ],
)
def test_quantity(query: str, words: str) -> None:
    assert classify(query)["numeric"] == words


@pytest.mark.parametrize(
    "query",
    [
        "over the moon",
        "how many people live there",
        "in 2020",
        "over 2019 and 2020",
        "two cats",
        "the Seven Years' War",
        "the Six-Day War",
        "top 10 songs",
        "2 years ago",
        "the largest city",
    ],
)
def test_what_only_looks_like_a_quantity(query: str) -> None:
    assert "numeric" not in classify(query)
