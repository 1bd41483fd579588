"""What a reply says, whatever form it came in: a JSON object of the schema, or why there is none."""

import json
import re
from collections.abc import Iterator
from typing import Any

from detectors.judging.records import GRADES, Doubt, Reply, TokenChoice

LEAST_MASS = 0.5  # of the probability in a grade's place has to be on grades, or the expected one means nothing
_GRADE = re.compile(r'"grade"\s*:\s*"?([0-3])')
_DECODER = json.JSONDecoder()


def read_object(reply: Reply, nonce: str) -> dict[str, Any] | Doubt:
    """The one JSON object with this question's nonce, wherever it stands in the reply."""
    if reply.refusal or reply.finish_reason == "content_filter":
        return Doubt.REFUSED
    found = list(_objects(reply.text))
    own = [one for one in found if one.get("nonce") == nonce]
    if len(own) == 1:
        return own[0]
    return Doubt.WRONG_NONCE if found and not own else Doubt.MALFORMED


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every outermost object in a text, such as between words or in a block of code."""
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict):
                yield value
        at = text.find("{", end)


def grade_of(value: object) -> int | Doubt:
    """A grade from 0 to 3, as a number or as digits."""
    text = str(value)
    return int(text) if not isinstance(value, bool) and text in map(str, GRADES) else Doubt.MALFORMED


def expected_grade(reply: Reply) -> float | None:
    """The mean of the grades, each by the probability of its token in the place of the one that was chosen.

    It is finer than the chosen grade and more stable. None without log-probabilities, where the tokens do not say the
    grade that the text says, and where less than `LEAST_MASS` is on grades. The place is looked for in the tokens: a
    server may cut a fence of code off the text and leave it in them. Liu et al.: G-Eval, 2303.16634.

    >>> choice = TokenChoice("2", {"2": -0.69314718, "1": -0.69314718})
    >>> text = '{"grade": 2}'
    >>> expected_grade(Reply(text, "m", tokens=(TokenChoice('{"grade": ', {}), choice, TokenChoice("}", {}))))
    1.5
    """
    found = list(_GRADE.finditer("".join(choice.token for choice in reply.tokens)))
    if not found or [found[-1][1]] != _GRADE.findall(reply.text)[-1:]:
        return None
    position = found[-1].start(1)
    for choice in reply.tokens:
        if position < len(choice.token):
            return _mean(choice, position)
        position -= len(choice.token)
    return None


def _mean(choice: TokenChoice, position: int) -> float | None:
    """Of tokens that read like the chosen one but for the grade in one position."""
    before, after = choice.token[:position].strip(), choice.token[position + 1 :].strip()
    mass = dict.fromkeys(GRADES, 0.0)
    for token, log_probability in choice.top.items():
        text = token.strip()
        middle = text.removeprefix(before).removesuffix(after).strip()
        if text == f"{before}{middle}{after}" and middle in map(str, GRADES):
            mass[int(middle)] += 2.718281828459045**log_probability
    total = sum(mass.values())
    return sum(grade * share for grade, share in mass.items()) / total if total >= LEAST_MASS else None
