import numpy as np
import pytest

from detectors.measures.served_list import (
    PAIR_SIGNALS,
    SIGNALS,
    TEXT_SIGNALS,
    ServedList,
    list_coherence,
    near_duplicates,
)
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


def test_length_is_the_mean_of_the_first_five_in_characters() -> None:
    assert _measure(_texts("1", "12", "123", "1234", "12345", "x" * 1000)).signals["served_length"] == 3
    assert _measure(_texts("12")).signals == {"served_length": 2}


def test_the_share_of_a_hub_is_passed_on_and_needs_no_text() -> None:
    assert _measure(retrieval("ab", hub_share=0.3)).signals["hub_share"] == 0.3
    without = _measure(retrieval("ab", texts={"b": None}, hub_share=0.3))
    assert (without.signals, without.abstentions) == ({"hub_share": 0.3}, dict.fromkeys(TEXT_SIGNALS, Reason.NO_TEXT))


def test_it_abstains_with_a_reason() -> None:
    assert _measure(_texts()).abstentions == dict.fromkeys(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    alone = _measure(retrieval("a", hub_share=0.0))
    assert alone.abstentions == dict.fromkeys(PAIR_SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    assert _measure(_texts("red", "toner")).abstentions == {"hub_share": Reason.TOO_FEW_TRACES}


def test_texts_without_terms_have_nothing_to_be_coherent_about() -> None:
    found = _measure(_texts("🙂", "🙂", "red toner"))
    assert found.abstentions["list_coherence"] == Reason.NOT_APPLICABLE
    assert found.signals["near_duplicates"] == 0
