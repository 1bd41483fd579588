"""What an assessment says in the words of a trace store: named scores with a label and an explanation."""

from collections.abc import Callable
from typing import NamedTuple

from detectors.judging.records import BEST_GRADE, Task
from detectors.records import Assessment
from monitor.otlp import spans
from monitor.otlp.spans import BadSpan

Skipped = Callable[[str, int], None]
"""Told why assessments were left out, and how many: each time that a batch was accepted without them."""

LIKELY_FAILURE = 0.5
MISSED_NAMED = 3
GROUNDED = 0.5
GRADES = ("irrelevant", "related", "partly", "answers")  # 0 to 3, as the prompts have them
TRIAD = {
    Task.CONTEXT_RELEVANCE: "Mean grade of the first documents for the query",
    Task.GROUNDEDNESS: "Share of the answer's claims that are proven by the first documents",
    Task.ANSWER_RELEVANCE: "Grade of the answer for the query",
}
RISKS = {"risk": "none of the first five documents is relevant", "risk_at_1": "the first document is not relevant"}


class Verdict(NamedTuple):
    """Of a risk, `score` is a probability of failure, None with the label `abstained`; else it is `likely_failure` from
    one half on, or `likely_success`. Of an LLM judge it is a share of the best grade: more is better.
    """

    name: str
    score: float | None
    label: str
    explanation: str
    by_judge: bool = False


class Judged(NamedTuple):
    """The span that was judged, in the digits that OTLP has for ids."""

    trace_id: str
    span_id: str


def judged(assessment: Assessment) -> Judged | None:
    """None where the ids are not OTLP's, so that no trace store knows such a span."""
    try:
        return Judged(spans.trace_id(assessment.trace_id), spans.span_id(assessment.span_id or ""))
    except BadSpan:
        return None


def verdicts(assessment: Assessment) -> list[Verdict]:
    """One for each of the two risks, and each signal that an LLM judge gave; nothing in them is text of the query."""
    risks = [_verdict(assessment, key, says) for key, says in RISKS.items()]
    return risks + [_of_judge(assessment, task) for task in TRIAD if task.value in assessment.signals]


def document_verdicts(assessment: Assessment) -> dict[int, Verdict]:
    """What the judge said of single documents, by their place among those served, from 0."""
    graded = assessment.evidence.grades
    places = {place: key for place, key in enumerate(assessment.document_ids) if key in graded}
    return {place: _of_document(assessment, key) for place, key in places.items()}


def _of_judge(assessment: Assessment, task: Task) -> Verdict:
    score = assessment.signals[task.value]
    label = _grade_label(score * BEST_GRADE)
    if task is Task.GROUNDEDNESS:
        label = "grounded" if score >= GROUNDED else "ungrounded"
    said = f"{TRIAD[task]}: {score:.2f} of 1 by {assessment.versions['judge']}."
    return Verdict(task.value, score, label, said, by_judge=True)


def _of_document(assessment: Assessment, key: str) -> Verdict:
    """With the words that the grade rests on, where text may be kept."""
    grade, quote = assessment.evidence.grades[key], assessment.evidence.quotes.get(key)
    said = f"Grade {grade:.2f} of 3 by {assessment.versions['judge']}"
    explanation = f"{said}: {quote}" if quote else f"{said}."
    return Verdict(Task.CONTEXT_RELEVANCE.value, grade / BEST_GRADE, _grade_label(grade), explanation, by_judge=True)


def _grade_label(grade: float) -> str:
    return GRADES[int(grade + 0.5)]


def _verdict(assessment: Assessment, key: str, says: str) -> Verdict:
    name, score = f"retrieval_{key}", getattr(assessment, key)
    if score is None:
        reasons = ", ".join(sorted(set(assessment.abstentions.values())))
        return Verdict(name, None, "abstained", f"No signal could be computed: {reasons}.")
    off = assessment.level_errors.get(key, 0.0)
    explained = [f"P({says}) = {score:.2f} by {assessment.risk_basis}; the level may be off by {off:.2f}."]
    if assessment.drivers:
        explained.append(f"Driven by {', '.join(assessment.drivers)}.")
    if missed := [one.id for one in assessment.evidence.missed[:MISSED_NAMED]]:
        explained.append(f"Perhaps missed: {', '.join(missed)}.")
    label = "likely_failure" if score >= LIKELY_FAILURE else "likely_success"
    return Verdict(name, score, label, " ".join(explained))
