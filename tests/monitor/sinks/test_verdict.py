"""What an assessment says to a trace store."""

import pytest

from detectors.records import Evidence, Missed, Reason
from monitor.sinks.verdict import Judged, judged, verdicts
from tests.monitor.kit import assessment

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
