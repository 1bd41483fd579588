"""How an answer is cut."""

import pytest

from detectors.judging.statements import MOST_STATEMENTS, statements


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("Yes. It takes 3.5 days!", ["Yes.", "It takes 3.5 days!"]),
        ("是的。需要三天。", ["是的。", "需要三天。"]),
        ("- one\n* two\n\n---\n1.", ["one", "two"]),
        ("", []),
        ("42", []),
    ],
)
def test_sentences_and_lines_with_words_in_them(answer: str, found: list[str]) -> None:
    assert statements(answer) == found


def test_of_a_long_answer_the_beginning_counts() -> None:
    assert len(statements("So it is. " * 50)) == MOST_STATEMENTS
