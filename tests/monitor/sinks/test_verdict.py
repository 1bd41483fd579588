"""What an assessment says to a trace store."""

import pytest

from detectors.records import Evidence, Missed, Reason
from monitor.sinks.verdict import Judged, document_verdicts, judged, verdicts
from tests.monitor.kit import assessment
from tests.monitor.sinks.kit import judged_span

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_both_risks_are_said_with_how_sure_they_are_and_why() -> None:
    missed = Evidence([Missed(f"kb-{i}", "holds ZX-81, no served document does") for i in range(5)])
    found = verdicts(
        assessment("a", risk=0.62, risk_at_1=0.49, risk_basis="score+lexical", level_errors={"risk": 0.1},
                   drivers=("lexical_miss", "score_gap"), evidence=missed)
    )  # fmt: skip
    assert [(one.name, one.score, one.label) for one in found] == [
        ("retrieval_risk", 0.62, "likely_failure"), ("retrieval_risk_at_1", 0.49, "likely_success"),
    ]  # fmt: skip
    assert found[0].explanation == (
        "P(none of the first five documents is relevant) = 0.62 by score+lexical; the level may be off by 0.10. "
        "Driven by lexical_miss, score_gap. Perhaps missed: kb-0, kb-1, kb-2."
    )


def test_where_nothing_could_be_computed_there_is_no_score() -> None:
    abstentions = {"score_gap": Reason.NO_SCORES, "lexical_miss": Reason.NO_CORPUS, "score_z": Reason.NO_SCORES}
    (one, _) = verdicts(assessment("a", risk=None, risk_at_1=None, abstentions=abstentions))
    assert (one.score, one.label) == (None, "abstained")
    assert one.explanation == "No signal could be computed: no_corpus, no_scores."


def test_what_a_judge_says_comes_after_the_risks() -> None:
    """The signals that it gave, and no others; more is better, and who said so is named."""
    found = [one for one in verdicts(judged_span()) if one.by_judge]
    assert [(one.name, one.score, one.label) for one in found] == [
        ("context_relevance", 0.45, "related"), ("groundedness", 0.5, "grounded"),
    ]  # fmt: skip
    assert found[0].explanation == "Mean grade of the first documents for the query: 0.45 of 1 by gpt-x p-1."
    assert [one.by_judge for one in verdicts(judged_span())] == [False, False, True, True]
    assert not any(one.by_judge for one in verdicts(assessment("a")))


@pytest.mark.parametrize(
    ("score", "label"),
    [(0.0, "irrelevant"), (0.16, "irrelevant"), (0.17, "related"), (0.5, "partly"), (0.84, "answers"), (1, "answers")],
)
def test_a_label_is_the_nearest_grade(score: float, label: str) -> None:
    """Of two that are as near the better one."""
    found = verdicts(judged_span(signals={"answer_relevance": score}))
    assert [(one.name, one.label) for one in found if one.by_judge] == [("answer_relevance", label)]


def test_graded_documents_are_named_by_their_place() -> None:
    """With the quote where there is one; one that the judge did not read is not there."""
    found = document_verdicts(judged_span())
    assert {place: (one.score, one.label, one.explanation) for place, one in found.items()} == {
        0: (pytest.approx(0.9), "answers", "Grade 2.70 of 3 by gpt-x p-1: within 30 days"),
        1: (0.0, "irrelevant", "Grade 0.00 of 3 by gpt-x p-1."),
    }  # fmt: skip
    assert document_verdicts(assessment("a")) == {}


@pytest.mark.parametrize(
    ("trace_id", "span_id", "expected"),
    [
        (TRACE, SPAN, Judged(TRACE, SPAN)),
        (TRACE.upper(), SPAN.upper(), Judged(TRACE, SPAN)),
        (TRACE, None, None),
        ("order-88", SPAN, None),
        (TRACE, "0" * 16, None),
    ],
)
def test_only_ids_of_otlp_name_a_span(trace_id: str, span_id: str | None, expected: Judged | None) -> None:
    assert judged(assessment(trace_id, span_id=span_id)) == expected
