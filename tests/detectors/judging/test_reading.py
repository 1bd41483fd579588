"""What is read out of a reply."""

import math

import pytest

from detectors.judging.reading import expected_grade, grade_of, read_object
from detectors.judging.records import Doubt, Reply, TokenChoice
from tests.detectors.judging.kit import NONCE, reply

OWN = f'{{"nonce": "{NONCE}", "grade": 2, "quote": "x"}}'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (OWN, 2),
        (f"Sure!\n```json\n{OWN}\n```\nHope that helps.", 2),
        (f'The passage says {{braces}}. {{"other": 1}} {OWN}', 2),
        (OWN + OWN, Doubt.MALFORMED),
        ('{"nonce": "00000000", "grade": 3}', Doubt.WRONG_NONCE),
        ('{"grade": 3}', Doubt.WRONG_NONCE),
        (OWN[:-4], Doubt.MALFORMED),
        ("I would say it is quite relevant.", Doubt.MALFORMED),
        ("", Doubt.MALFORMED),
        ("[" * 100_000, Doubt.MALFORMED),
        ("{" * 20_000, Doubt.MALFORMED),
    ],
)
def test_the_object_with_the_nonce_is_found_wherever_it_stands(text: str, found: int | Doubt) -> None:
    read = read_object(reply(text), NONCE)
    assert (read if isinstance(read, Doubt) else read["grade"]) == found


def test_a_refusal_is_no_malformed_reply() -> None:
    assert read_object(reply("", refusal="I cannot"), NONCE) is Doubt.REFUSED
    assert read_object(reply("", finish_reason="content_filter"), NONCE) is Doubt.REFUSED


@pytest.mark.parametrize(("value", "grade"), [(0, 0), (3, 3), ("2", 2)])
def test_grades(value: object, grade: int) -> None:
    assert grade_of(value) == grade


@pytest.mark.parametrize("value", [4, -1, 1.5, True, None, "high", [], "²"])
def test_what_is_no_grade(value: object) -> None:
    assert grade_of(value) is Doubt.MALFORMED


def choices(*tokens: str, top: dict[str, float]) -> Reply:
    """A reply of tokens, the first of which with a digit has these probabilities."""
    grade = next(i for i, token in enumerate(tokens) if any(map(str.isdigit, token)))
    tops = {token: math.log(probability) for token, probability in top.items()}
    made = tuple(TokenChoice(token, tops if i == grade else {token: 0.0}) for i, token in enumerate(tokens))
    return Reply("".join(tokens), "m", tokens=made)


@pytest.mark.parametrize("tokens", [('{"grade":', " ", "2", "}"), ('{"grade": ', "2", "}"), ('{"grade":', " 2", "}")])
def test_the_expected_grade_is_the_mean_by_probability(tokens: tuple[str, ...]) -> None:
    """Worked by hand: of .9 that is on grades, .6 on 2 and .3 on 3."""
    lead = " " if " 2" in tokens else ""
    found = expected_grade(choices(*tokens, top={f"{lead}2": 0.6, f"{lead}3": 0.3, "x": 0.1}))
    assert found == pytest.approx((2 * 0.6 + 3 * 0.3) / 0.9)


def test_a_token_may_hold_more_than_the_grade() -> None:
    found = expected_grade(choices('{"grade"', ":2}", top={":2}": 0.5, ":0}": 0.5}))
    assert found == pytest.approx(1.0)


def test_the_grade_is_looked_for_in_the_tokens() -> None:
    """llama.cpp cuts a fence of code off the text and leaves it in them: counted there, the place is that of a date."""
    dated = TokenChoice("1", {"1": math.log(0.9), "2": math.log(0.1)})
    grade = TokenChoice("2", {"2": math.log(0.6), "3": math.log(0.4)})
    plain = [TokenChoice(text, {text: 0.0}) for text in ("```json\n", '{"quote": "', '", "grade": ', "}", "\n```")]
    tokens = (plain[0], plain[1], dated, plain[2], grade, plain[3], plain[4])
    text = '{"quote": "1", "grade": 2}'
    assert expected_grade(Reply(text, "m", tokens=tokens)) == pytest.approx(2.4)
    assert expected_grade(Reply(text.replace("2", "3"), "m", tokens=tokens)) is None


def test_the_grade_itself_is_used_where_probabilities_say_little() -> None:
    """They may be of before a grammar, which then put a grade where none was likely."""
    assert expected_grade(choices('{"grade": ', "2", "}", top={"2": 0.2, '"high': 0.8})) is None
    assert expected_grade(reply(grade=2, quote="x")) is None
    assert expected_grade(Reply("no grade", "m", tokens=(TokenChoice("no grade", {}),))) is None
