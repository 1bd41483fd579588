"""What an assessment says in the words of a trace store: named scores with a label and an explanation."""

from collections.abc import Callable
from typing import NamedTuple

from detectors.records import Assessment
from monitor.otlp import spans
from monitor.otlp.spans import BadSpan

Skipped = Callable[[str, int], None]
"""Told why assessments were left out, and how many: each time that a batch was accepted without them."""

LIKELY_FAILURE = 0.5
MISSED_NAMED = 3
RISKS = {"risk": "none of the first five documents is relevant", "risk_at_1": "the first document is not relevant"}


class Verdict(NamedTuple):
    """`score` is a probability of failure, None with the label `abstained`; else it is `likely_failure` from one half
    on, or `likely_success`.
    """

    name: str
    score: float | None
    label: str
    explanation: str


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
    """One for each of the two risks; nothing in them is text of the query."""
    return [_verdict(assessment, key, says) for key, says in RISKS.items()]


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
