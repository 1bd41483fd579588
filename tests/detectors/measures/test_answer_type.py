import pytest

from detectors.measures.answer_type import AnswerType, asked_for, holds
from detectors.records import Reason
from tests.detectors.fakes import retrieval


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("When was the bridge opened?", "date"),
        ("in what year did the firm close", "date"),
        ("合同什么时候到期", "date"),
        ("how many seats does the hall have", "number"),
        ("What is the population of Oslo", "number"),
        ("退款需要多少天", "number"),
        ("Who signed the lease?", "name"),
        ("where is the plant", "name"),
        ("the town where was he born", "name"),
        ("which city hosts the fair", "name"),
    ],
)
def test_what_a_question_asks_for(query: str, kind: str) -> None:
    assert asked_for(query) == kind


@pytest.mark.parametrize(
    "query",
    ["refund policy", "how do I reset my password", "what to do when the printer jams", "people who travel", "", "🙂"],
)
def test_other_queries_ask_for_no_kind_of_thing(query: str) -> None:
    assert asked_for(query) is None


@pytest.mark.parametrize(
    ("kind", "passage", "query", "held"),
    [
        ("date", "The bridge was opened in 1932.", "when was the bridge opened", True),
        ("date", "It opened on a Tuesday.", "when did it open", True),
        ("date", "The bridge spans the river.", "when was the bridge opened", False),
        ("date", "Built for the fair of 1932.", "when was the bridge of 1932 rebuilt", False),
        ("number", "The hall seats 2,400 people.", "how many seats does the hall have", True),
        ("number", "It has three halls.", "how many halls", True),
        ("number", "It has a large hall.", "how many halls", False),
        ("number", "Room 12 has a lamp.", "how many chairs has room 12", False),
        ("number", "退款需要5天", "退款需要多少天", True),
        ("date", "合同于2025年到期", "合同什么时候到期", True),
        ("name", "The lease was signed by Ada Moreau.", "who signed the lease", True),
        ("name", "The lease was signed in spring.", "who signed the lease", False),
        ("name", "Leases are signed. Rents are paid.", "who signed the lease", False),
        ("name", "The plant of Moreau is closed.", "who owns the plant of Moreau", False),
    ],
)
def test_whether_a_passage_holds_such_a_thing_beyond_the_question(
    kind: str, passage: str, query: str, held: bool
) -> None:
    """What the question names itself answers nothing, and where a sentence begins a capital is no name."""
    assert holds(kind, passage, query) is held


def test_the_signal_is_of_the_first_document_alone() -> None:
    texts = {"a": "The bridge spans the river.", "b": "It was opened in 1932."}
    for order, value in (("ab", 0.0), ("ba", 1.0)):
        (found,) = AnswerType().measure([retrieval(order, query="when was the bridge opened", texts=texts)])
        assert found.signals == {"first_answer_type": value}


@pytest.mark.parametrize(
    ("keys", "query", "text", "reason"),
    [
        ("", "when was it", "", Reason.TOO_FEW_DOCUMENTS),
        ("a", "when was it", None, Reason.NO_TEXT),
        ("a", "refund policy", "Paid in May.", Reason.NOT_APPLICABLE),
        ("a", "who signed the lease", "it was signed by ada moreau", Reason.NOT_APPLICABLE),
    ],
)
def test_abstains_with_the_reason(keys: str, query: str, text: str | None, reason: Reason) -> None:
    """In text without capitals, names cannot be told."""
    (found,) = AnswerType().measure([retrieval(keys, query=query, texts={"a": text})])
    assert found.abstentions == {"first_answer_type": reason}


def test_text_without_capitals_still_has_dates() -> None:
    (found,) = AnswerType().measure([retrieval("a", query="when was it opened", texts={"a": "opened in 1932"})])
    assert found.signals == {"first_answer_type": 1.0}
