"""The triad: what an LLM judge is asked about a retrieval, and the signals that its verdicts make."""

from collections.abc import Sequence

from detectors.judging.records import BEST_GRADE, Doubt, Outcome, Question, Task, Verdict
from detectors.measures.base import HEAD
from detectors.records import Findings, Reason, Retrieval

RELEVANCE_SIGNALS = ("context_relevance", "best_context_relevance")


def signals_of(tasks: Sequence[Task]) -> tuple[str, ...]:
    """The signals that these tasks give."""
    names: list[str] = []
    for task in tasks:
        names += RELEVANCE_SIGNALS if task is Task.CONTEXT_RELEVANCE else [task.value]
    return tuple(names)


def questions(retrieval: Retrieval, tasks: Sequence[Task], passages: int = HEAD) -> list[Question] | Findings:
    """Everything to ask about a retrieval, one passage a question; or why it cannot be asked about.

    Parameters
    ----------
    passages
        How many of the first served documents are judged.
    """
    served = retrieval.served[:passages]
    if not served:
        return Findings.abstained(signals_of(tasks), Reason.TOO_FEW_DOCUMENTS)
    texts = tuple(passage.text for passage in served if passage.text)
    if len(texts) < len(served):
        return Findings.abstained(signals_of(tasks), Reason.NO_TEXT)
    query, answer = retrieval.query, (retrieval.trace.answer or "").strip() or None
    asked: list[Question] = []
    if Task.CONTEXT_RELEVANCE in tasks:
        asked += [Question(Task.CONTEXT_RELEVANCE, query, (text,)) for text in texts]
    if answer is not None and Task.GROUNDEDNESS in tasks:
        asked.append(Question(Task.GROUNDEDNESS, query, texts, answer))
    if answer is not None and Task.ANSWER_RELEVANCE in tasks:
        asked.append(Question(Task.ANSWER_RELEVANCE, query, (), answer))
    return asked


def conclude(asked: Sequence[tuple[Question, Outcome]], tasks: Sequence[Task]) -> Findings:
    """The signals of a retrieval's outcomes.

    `context_relevance` is the mean grade of the passages, as a share of the best; `best_context_relevance` the best of
    them. Where one passage has no verdict, both abstain: a mean of those that are left would be one of another list.
    """
    findings = Findings()
    for task in tasks:
        outcomes = [outcome for question, outcome in asked if question.task is task]
        findings.merge(_of_task(task, outcomes))
    return findings


def _of_task(task: Task, outcomes: Sequence[Outcome]) -> Findings:
    names = signals_of([task])
    if not outcomes:
        return Findings.abstained(names, Reason.NO_ANSWER)
    failed = [outcome for outcome in outcomes if not isinstance(outcome, Verdict)]
    if failed:
        return Findings.abstained(names, max(map(reason_of, failed), key=_SEVERITY.index))
    grades = [outcome.grade / BEST_GRADE for outcome in outcomes if isinstance(outcome, Verdict)]
    return Findings(dict(zip(names, (sum(grades) / len(grades), max(grades)), strict=False)))


_SEVERITY = (
    Reason.NOT_APPLICABLE, Reason.JUDGE_UNPROVEN, Reason.JUDGE_FAILED, Reason.JUDGE_REFUSED, Reason.OVER_BUDGET
)  # fmt: skip


def reason_of(outcome: Doubt | Reason) -> Reason:
    """The reason that is noted for a signal."""
    if isinstance(outcome, Reason):
        return outcome
    if outcome is Doubt.REFUSED:
        return Reason.JUDGE_REFUSED
    failed = (Doubt.MALFORMED, Doubt.WRONG_NONCE)
    return Reason.JUDGE_FAILED if outcome in failed else Reason.JUDGE_UNPROVEN
