import numpy as np
import pytest

from detectors.measures.served_list import ServedList, list_coherence, near_duplicates
from detectors.records import Findings, Reason, Retrieval
from tests.detectors.fakes import retrieval

WORDS = [f"word{number}" for number in range(32)]


def _measure(served: Retrieval) -> Findings:
    (found,) = ServedList().measure([served])
    return found


def _texts(*texts: str | None) -> Retrieval:
    keys = "abcdefgh"[: len(texts)]
    return retrieval(keys, texts=dict(zip(keys, texts, strict=True)))


def test_a_changed_term_in_thirty_still_repeats_and_two_do_not() -> None:
    """Of 30 shingles the one change leaves 27, of 33 together: .82. Two changes far apart leave 24 of 36: .67."""
    one, two = list(WORDS), list(WORDS)
    one[10] = two[10] = two[20] = "other"
    assert near_duplicates([WORDS, one]) == 1
    assert near_duplicates([WORDS, two]) == 0


def test_a_document_repeats_any_one_above_it() -> None:
    """The third repeats the first, the fourth nothing: one of the three after the first."""
    assert near_duplicates([WORDS, ["a"], WORDS, ["b"]]) == pytest.approx(1 / 3)


def test_a_text_that_holds_the_other_and_more_is_no_repetition() -> None:
    """30 of 60 shingles and more."""
    assert near_duplicates([WORDS, [*WORDS, *(f"more{number}" for number in range(32))]]) == 0


def test_short_texts_repeat_each_other_where_all_their_terms_are_alike_in_order() -> None:
    assert near_duplicates([["red", "toner"], ["red", "toner"]]) == 1
    assert near_duplicates([["red", "toner"], ["toner", "red"]]) == 0
    assert near_duplicates([[], []]) == 0


def test_coherence_is_the_mean_over_numpys_cosines() -> None:
    counts = np.random.default_rng(5).integers(0, 4, size=(5, 12))
    unit = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(5, k=1)]
    documents = [np.repeat([f"t{number}" for number in range(12)], row).tolist() for row in counts]
    assert list_coherence(documents) == pytest.approx(cosines.mean())


def test_coherence_is_one_for_a_text_repeated_and_zero_where_nothing_is_shared() -> None:
    assert list_coherence([WORDS] * 5) == pytest.approx(1)
    assert list_coherence([["a"], ["b"], ["c"]]) == 0


def test_no_document_after_the_fifth_counts() -> None:
    head = ["red toner", "refund policy", "blue paper", "late invoice", "new printer"]
    assert _measure(_texts(*head, "red toner", None)).signals == _measure(_texts(*head)).signals


def test_chinese_texts_have_shingles_too() -> None:
    assert _measure(_texts("订单的退款政策", "订单的退款政策。")).signals["near_duplicates"] == 1
    assert _measure(_texts("订单的退款政策", "打印机墨粉")).signals["near_duplicates"] == 0


def test_it_abstains_with_a_reason() -> None:
    both = ("near_duplicates", "list_coherence")
    assert _measure(_texts("red")).abstentions == dict.fromkeys(both, Reason.TOO_FEW_DOCUMENTS)
    assert _measure(_texts("red", None)).abstentions == dict.fromkeys(both, Reason.NO_TEXT)


def test_texts_without_terms_have_nothing_to_be_coherent_about() -> None:
    found = _measure(_texts("🙂", "🙂", "red toner"))
    assert found.abstentions == {"list_coherence": Reason.NOT_APPLICABLE}
    assert found.signals == {"near_duplicates": 0}
