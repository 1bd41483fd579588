"""From a retrieval to questions, and from outcomes to signals."""

import msgspec
import pytest

from detectors.judging.records import Doubt, Outcome, Question, Task, Verdict
from detectors.measures.judge import conclude, questions, signals_of
from detectors.records import Findings, Reason
from detectors.signals import SIGNALS, UNJUDGED
from tests.detectors.fakes import retrieval

ALL = tuple(Task)


def answered(answer: str | None = "It does.") -> list[Question]:
    one = retrieval("abcdefg", query="q")
    asked = questions(msgspec.structs.replace(one, trace=msgspec.structs.replace(one.trace, answer=answer)), ALL)
    assert isinstance(asked, list)
    return asked


def found(*outcomes: Outcome, tasks: tuple[Task, ...] = (Task.CONTEXT_RELEVANCE,)) -> Findings:
    """Of questions about passages."""
    return conclude([(Question(Task.CONTEXT_RELEVANCE, "q"), outcome) for outcome in outcomes], tasks)


def test_the_triad_has_all_signals_that_need_a_judge() -> None:
    assert set(signals_of(ALL)) == SIGNALS.keys() - set(UNJUDGED)


def test_one_passage_is_one_question() -> None:
    """And only the first five are asked about; the answer is held against the same ones."""
    asked = answered()
    assert [question.task for question in asked] == [Task.CONTEXT_RELEVANCE] * 5 + [*ALL[1:]]
    assert {len(question.passages) for question in asked if question.task is Task.CONTEXT_RELEVANCE} == {1}
    assert len(next(question for question in asked if question.task is Task.GROUNDEDNESS).passages) == 5


@pytest.mark.parametrize("answer", [None, "", "  "])
def test_without_an_answer_only_passages_are_judged(answer: str | None) -> None:
    asked = answered(answer)
    assert {question.task for question in asked} == {Task.CONTEXT_RELEVANCE}
    findings = conclude([(question, Verdict(3.0)) for question in asked], ALL)
    assert findings.abstentions == {"groundedness": Reason.NO_ANSWER, "answer_relevance": Reason.NO_ANSWER}


def test_what_cannot_be_read_cannot_be_judged() -> None:
    assert questions(retrieval(""), ALL) == Findings.abstained(signals_of(ALL), Reason.TOO_FEW_DOCUMENTS)
    missing = retrieval("ab", texts={"b": None})
    assert questions(missing, ALL) == Findings.abstained(signals_of(ALL), Reason.NO_TEXT)
    assert len(questions(missing, ALL, passages=1)) == 1  # type: ignore[arg-type]


def test_relevance_is_the_mean_and_the_best_grade() -> None:
    assert found(Verdict(3.0), Verdict(0.0), Verdict(1.5)).signals == {
        "context_relevance": pytest.approx(0.5), "best_context_relevance": 1.0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Doubt.MALFORMED, Reason.JUDGE_FAILED), (Doubt.WRONG_NONCE, Reason.JUDGE_FAILED),
        (Doubt.REFUSED, Reason.JUDGE_REFUSED), (Doubt.FOOLED, Reason.JUDGE_UNPROVEN),
        (Doubt.QUOTE_NOT_FOUND, Reason.JUDGE_UNPROVEN), (Reason.OVER_BUDGET, Reason.OVER_BUDGET),
        (Reason.JUDGE_FAILED, Reason.JUDGE_FAILED),
    ],
)  # fmt: skip
def test_one_passage_without_a_verdict_and_all_abstain(outcome: Outcome, reason: Reason) -> None:
    """A mean of those that are left would be one of another list."""
    findings = found(Verdict(3.0), outcome)
    assert findings.signals == {}
    assert findings.abstentions == {"context_relevance": reason, "best_context_relevance": reason}


def test_every_outcome_has_a_reason() -> None:
    for doubt in Doubt:
        assert found(doubt).abstentions
