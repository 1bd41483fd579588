from detectors.measures.served_documents import ServedDocuments
from detectors.records import Findings, Reason, Retrieval
from tests.detectors.fakes import retrieval


def _measure(served: Retrieval) -> Findings:
    (found,) = ServedDocuments().measure([served])
    return found


def test_length_is_the_mean_of_the_first_five_in_characters() -> None:
    texts = {"a": "1", "b": "12", "c": "123", "d": "1234", "e": "12345", "f": "x" * 1000}
    assert _measure(retrieval("abcdef", texts=texts)).signals["served_length"] == 3
    assert _measure(retrieval("ab", texts=texts)).signals["served_length"] == 1.5


def test_each_abstains_with_a_reason_of_its_own() -> None:
    assert _measure(retrieval("")).abstentions == {
        "served_length": Reason.TOO_FEW_DOCUMENTS, "hub_share": Reason.TOO_FEW_DOCUMENTS,
    }  # fmt: skip
    without_text = _measure(retrieval("ab", texts={"b": None}, hub_share=0.1))
    assert (without_text.signals, without_text.abstentions) == ({"hub_share": 0.1}, {"served_length": Reason.NO_TEXT})
    assert _measure(retrieval("ab")).abstentions == {"hub_share": Reason.TOO_FEW_TRACES}


def test_no_text_after_the_fifth_is_needed() -> None:
    assert "served_length" in _measure(retrieval("abcdef", texts={"f": None})).signals
