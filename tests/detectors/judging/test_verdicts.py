"""From a reply to a verdict."""

import json
import math
from typing import Any

import pytest

from detectors.judging.records import Doubt, Question, Task, TokenChoice, Verdict
from detectors.judging.verdicts import verdict_of
from detectors.records import Reason
from tests.detectors.judging.kit import NONCE, QUESTION, prompt, reply

GROUNDED = Question(
    Task.GROUNDEDNESS, "q", ("Refunds take 30 days.", "Shops open at nine."), "It takes 30 days. Hello!"
)


def judged(**fields: Any) -> Verdict | Doubt | Reason:
    return verdict_of(QUESTION, prompt(), reply(**fields))


def test_a_grade_with_a_quote_is_believed() -> None:
    assert judged(grade=3, quote="sent back within 30 days") == Verdict(3.0, "sent back within 30 days", "m-1")


def test_a_grade_of_nothing_needs_no_quote() -> None:
    assert judged(grade=0, quote="") == Verdict(0.0, "", "m-1")
    assert judged(grade=0, quote="whatever it is") == Verdict(0.0, "", "m-1")


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({"grade": 3, "quote": ""}, Doubt.NO_QUOTE),
        ({"grade": 1, "quote": "the moon is made of cheese"}, Doubt.QUOTE_NOT_FOUND),
        ({"grade": 5, "quote": "within 30 days"}, Doubt.MALFORMED),
        ({"grade": 3}, Doubt.MALFORMED),
        ({"grade": 3, "quote": ["within 30 days"]}, Doubt.MALFORMED),
        ({"grade": 3, "quote": "within 30 days", "finish_reason": "length"}, Doubt.MALFORMED),
        ({"text": '{"nonce": "00000000", "grade": 0, "quote": ""}'}, Doubt.WRONG_NONCE),
    ],
)
def test_what_is_no_verdict(fields: dict[str, Any], doubt: Doubt) -> None:
    assert judged(**fields) is doubt


def test_the_expected_grade_takes_the_place_of_the_sampled_one() -> None:
    text = json.dumps({"nonce": NONCE, "quote": "within 30 days", "grade": 2})
    at = text.rindex("2")
    half = {"2": math.log(0.5), "3": math.log(0.5)}
    tokens = (TokenChoice(text[:at], {}), TokenChoice("2", half), TokenChoice("}", {}))
    assert verdict_of(QUESTION, prompt(), reply(text, tokens=tokens)) == Verdict(2.5, "within 30 days", "m-1")


def grounded(*statements: dict[str, Any]) -> Verdict | Doubt | Reason:
    return verdict_of(GROUNDED, prompt(GROUNDED), reply(statements=list(statements)))


def statement(number: int, verdict: str, passage: int = 0, quote: str = "") -> dict[str, Any]:
    return {"statement": number, "passage": passage, "quote": quote, "verdict": verdict}


NO_CLAIM = statement(2, "no_claim")


def test_groundedness_is_the_share_of_supported_claims() -> None:
    assert grounded(statement(1, "supported", 1, "Refunds take 30 days."), NO_CLAIM) == Verdict(
        3.0, "Refunds take 30 days.", "m-1"
    )
    both = grounded(statement(1, "supported", 1, "take 30 days"), statement(2, "unsupported"))
    assert both == Verdict(1.5, "take 30 days", "m-1")


def test_an_answer_without_claims_is_not_judged() -> None:
    assert grounded(statement(1, "no_claim"), NO_CLAIM) is Reason.NOT_APPLICABLE


@pytest.mark.parametrize("entry", [statement(1, "supported", 2, "take 30 days"), statement(1, "supported", 7, "x")])
def test_support_that_is_not_in_the_named_passage_proves_nothing(entry: dict[str, Any]) -> None:
    assert grounded(entry, NO_CLAIM) is Doubt.QUOTE_NOT_FOUND


@pytest.mark.parametrize(
    "entries",
    [
        [NO_CLAIM], [NO_CLAIM, NO_CLAIM], [statement(1, "maybe"), NO_CLAIM], ["supported", "supported"],
        [statement(1, "no_claim"), NO_CLAIM, statement(3, "no_claim")],
    ],
)  # fmt: skip
def test_every_statement_has_its_entry(entries: list[Any]) -> None:
    assert grounded(*entries) is Doubt.MALFORMED


def test_who_finds_support_for_what_is_made_up_is_not_believed() -> None:
    """And who does not is judged by the other statements alone."""
    asked = prompt(GROUNDED, planted="It was first decided at Vastimen in 1623.")
    others = [number for number in (1, 2, 3) if number != asked.planted]
    assert len(others) == 2

    def said(planted: str) -> Verdict | Doubt | Reason:
        entries = {
            asked.planted: statement(asked.planted, planted),
            others[0]: statement(others[0], "supported", 1, "take 30 days"),
            others[1]: statement(others[1], "no_claim"),
        }
        return verdict_of(GROUNDED, asked, reply(statements=[entries[number] for number in (1, 2, 3)]))

    assert said("unsupported") == Verdict(3.0, "take 30 days", "m-1")
    assert said("supported") is Doubt.FOOLED
