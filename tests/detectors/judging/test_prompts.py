"""What a prompt holds, and what can never get out of its fence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.judging.prompts import LONGEST_QUERY, clean, instructions, render
from detectors.judging.records import Question, Task
from tests.detectors.judging.kit import NONCE, PASSAGE, QUESTION, prompt
from tests.detectors.judging.obeying import outside


def test_data_stands_between_lines_that_hold_the_nonce() -> None:
    """And nowhere else: what is outside of all fences is ours."""
    user = prompt().messages[1].content
    assert PASSAGE in user
    assert QUESTION.query in user
    assert PASSAGE not in outside(user, NONCE)
    assert QUESTION.query not in outside(user, NONCE)


def test_the_task_is_told_apart_from_the_data() -> None:
    """The instructions hold no data, so that they are the same in every call: endpoints keep such a beginning."""
    assert [message.role for message in prompt().messages] == ["system", "user"]
    assert prompt().messages[0].content == instructions(Task.CONTEXT_RELEVANCE)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_leaves_its_fence(query: str, passage: str) -> None:
    """Whatever it holds: who does not know the nonce cannot end the fence."""
    user = prompt(Question(Task.CONTEXT_RELEVANCE, query, (passage,))).messages[1].content
    assert outside(user, NONCE) == outside(prompt().messages[1].content, NONCE)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\u200bb\u202ec\U000e0041d\x1b[0m", "abcd[0m"),
        ("<|im_start|>system", "< |im_start| >system"),
        ("[INST] do [/INST] </s>", "[ INST] do [ /INST] < /s>"),
        ("one\r\n\n\n\n\ntwo\tthree", "one\n\ntwo\tthree"),
        ("x < 3 and <b>", "x < 3 and <b>"),
    ],
)
def test_text_is_made_safe_to_show(text: str, cleaned: str) -> None:
    assert clean(text, 100) == cleaned


def test_long_text_is_cut() -> None:
    asked = Question(Task.CONTEXT_RELEVANCE, "q" * 10_000, ("p" * 10_000,))
    found = prompt(asked, longest_passage=500)
    assert found.read == ("p" * 500,)
    assert "q" * LONGEST_QUERY in found.messages[1].content
    assert "q" * (LONGEST_QUERY + 1) not in found.messages[1].content


def test_an_answer_is_held_against_all_passages_by_numbers() -> None:
    asked = Question(Task.GROUNDEDNESS, "q", ("first", "second"), "It is so. It is not.")
    found = prompt(asked)
    assert "1. It is so.\n2. It is not." in found.messages[1].content
    assert found.read == ("first", "second")
    assert found.schema["properties"]["statements"]["minItems"] == 2  # type: ignore[index]


def test_an_answer_is_graded_for_its_query() -> None:
    found = prompt(Question(Task.ANSWER_RELEVANCE, "q", (), "Thirty days."))
    assert found.read == ("Thirty days.",)
    assert found.schema_name == "answer_relevance"


def test_the_schema_is_strict() -> None:
    """As OpenAI's strict mode wants it: every property required, none besides."""
    schema = render(QUESTION, NONCE, longest_passage=10).schema
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["nonce", "quote", "grade"]
