import pytest

from detectors.measures.document_age import DocumentAge
from detectors.records import Findings, Passage, QueryTrace, Reason, Retrieval


def _measure(*newer: float | None, in_corpus: bool = True, no_lexical: Reason | None = None) -> Findings:
    served = tuple(Passage(str(i), in_corpus=in_corpus, newer=share) for i, share in enumerate(newer))
    (found,) = DocumentAge().measure(
        [Retrieval(QueryTrace(trace_id="t", query="q", documents=()), served, None, no_lexical)]
    )
    return found


def test_age_is_the_mean_of_the_first_five() -> None:
    assert _measure(0.1, 0.2, 0.3, 0.4, 0.5, 1.0).signals["document_age"] == pytest.approx(0.3)


def test_a_filter_that_the_corpus_does_not_know_leaves_its_dates() -> None:
    assert _measure(0.5, no_lexical=Reason.FILTER_UNKNOWN).signals == {"document_age": 0.5}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (_measure(), Reason.TOO_FEW_DOCUMENTS),
        (_measure(0.5, None), Reason.NO_TIMESTAMP),
        (_measure(None, in_corpus=False), Reason.IDS_NOT_IN_CORPUS),
        (_measure(None, in_corpus=False, no_lexical=Reason.NO_CORPUS), Reason.NO_CORPUS),
    ],
)
def test_it_abstains_with_a_reason(found: Findings, reason: Reason) -> None:
    assert found == Findings(abstentions={"document_age": reason})


def test_beyond_the_first_five_a_date_may_be_missing() -> None:
    assert _measure(0.5, 0.5, 0.5, 0.5, 0.5, None).signals == {"document_age": 0.5}
