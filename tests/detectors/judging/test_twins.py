"""The twin of a question."""

import pytest

from detectors.judging.twins import fooled, planted_statement, twin_of

QUERY, PASSAGE = "how long can I return shoes", "Within 30 days."


def test_a_twin_has_the_words_of_its_question() -> None:
    """And the same made-up ones for the same passage and salt, others for others."""
    twin = twin_of(QUERY, PASSAGE, b"salt")
    assert twin.startswith(QUERY)
    assert twin == twin_of(QUERY, PASSAGE, b"salt")
    assert len({twin_of(QUERY, PASSAGE, bytes([salt])) for salt in range(50)}) > 45
    assert len({twin_of(QUERY, f"{PASSAGE}{i}", b"salt") for i in range(50)}) > 45


@pytest.mark.parametrize("query", ["{", "{place}", "100% of {0}", "{query}"])
def test_braces_in_a_query_are_its_own(query: str) -> None:
    assert twin_of(query, PASSAGE, b"salt").startswith(query)


def test_a_planted_statement_names_what_does_not_exist() -> None:
    assert len({planted_statement(PASSAGE, bytes([salt])) for salt in range(50)}) > 45


@pytest.mark.parametrize(
    ("grade", "twins", "expected"),
    [(3, 3, True), (3, 2.5, True), (3, 2, False), (2, 1.5, True), (2, 1, False), (1.5, 1.4, False), (3, 0, False)],
)
def test_a_twin_has_to_cost_a_grade(grade: float, twins: float, *, expected: bool) -> None:
    assert fooled(grade, twins) == expected
