import math

import pytest

from detectors.measures.base import Hit
from detectors.measures.lexical_check import SIGNALS, TEXT_SIGNALS, LexicalCheck, covered_terms, lexical_miss
from detectors.records import Findings, Missed, Reason, Retrieval
from tests.detectors.fakes import TableIndex, retrieval

HITS = (Hit("a", 9.0, "a"), Hit("b", 5.0, "b"), Hit("c", 4.0, "c"), Hit("d", 3.0, "d"))


def _check(served: Retrieval, hits: tuple[Hit, ...] = HITS, **idf: float) -> Findings:
    (found,) = LexicalCheck(TableIndex(hits, idf)).measure([served])
    return found


# --- lexical_miss ---------------------------------------------------------------------------------------------------


def test_miss_worked_by_hand() -> None:
    """Above the fourth hit's 3 the first three stand out by 6, 2, 1: without a and c, 7 of 9 are missed."""
    assert lexical_miss(HITS, frozenset("b"), depth=3) == pytest.approx(7 / 9)


def test_fewer_hits_than_the_depth_stand_out_above_zero() -> None:
    """9 + 5 + 4 + 3 = 21, of which a has 9."""
    assert lexical_miss(HITS, frozenset("bcd"), depth=10) == pytest.approx(9 / 21)


def test_all_served_is_no_miss_and_none_served_is_all() -> None:
    assert lexical_miss(HITS, frozenset("abcd"), depth=3) == 0
    assert lexical_miss(HITS, frozenset("xyz"), depth=3) == 1


def test_a_flat_list_says_nothing_about_its_members() -> None:
    flat = [Hit(key, 2.0, "") for key in "abcd"]
    assert math.isnan(lexical_miss(flat, frozenset(), depth=3))
    assert math.isnan(lexical_miss([], frozenset(), depth=3))


# --- covered_terms --------------------------------------------------------------------------------------------------


def test_covered_terms_are_weighted_by_rarity() -> None:
    """2 and 1 of 2 + 6 + 1 are found."""
    idf = {"refund": 2.0, "toner": 6.0, "test": 1.0}
    assert covered_terms(idf, {"refund", "test", "other"}) == pytest.approx(3 / 9)
    assert covered_terms(idf, set()) == 0
    assert covered_terms(idf, set(idf)) == 1


def test_a_query_without_terms_covers_nothing_and_misses_nothing() -> None:
    assert math.isnan(covered_terms({}, {"text"}))


def test_terms_that_every_document_holds_weigh_nothing() -> None:
    assert math.isnan(covered_terms({"refund": 0.0}, set()))


# --- the measure ----------------------------------------------------------------------------------------------------


def test_the_index_is_asked_for_one_more_than_count_and_under_the_traces_filters() -> None:
    """The hit after the last that counts is the floor; without the filters we would name what the user may not see.
    Where few were served, identifiers are still looked for in ten hits.
    """
    index = TableIndex(HITS)
    LexicalCheck(index).measure([retrieval("abc", query="refund policy", filters={"tenant": "acme"})])
    LexicalCheck(index).measure([retrieval("abcdefghijkl", query="refund policy")])
    assert index.calls == [("refund policy", 11, {"tenant": "acme"}), ("refund policy", 13, None)]


def test_rbo_compares_as_many_hits_as_were_served() -> None:
    """Served d, a, x against BM25's a, b, c, d is its fourth: overlaps 0, 1, 1 at p = .9:
    1/9 (1/2 * .81 + 1/3 * .729) + 1/3 * .729.
    """
    found = _check(retrieval("dax"))
    assert found.signals["lexical_rbo"] == pytest.approx((0.405 + 0.243) / 9 + 0.243)


def test_a_document_served_twice_counts_once() -> None:
    """Served a, a, b is a, b, with which BM25's three begin: full overlap; missed is c's 1 of 6 + 2 + 1."""
    found = _check(retrieval("aab"))
    assert found.signals["lexical_rbo"] == pytest.approx(1)
    assert found.signals["lexical_miss"] == pytest.approx(1 / 9)


def test_absent_documents_that_stand_out_are_named_with_their_rank() -> None:
    """Of 9: a has 6 and b 2, above a fifth; c has 1, below it."""
    found = _check(retrieval("xyz"))
    assert found.missed == [Missed("a", "rank 1 of BM25, not served"), Missed("b", "rank 2 of BM25, not served")]
    assert _check(retrieval("axy")).missed == [Missed("b", "rank 2 of BM25, not served")]


def test_at_most_three_documents_are_named() -> None:
    even = tuple(Hit(key, 10.0, key) for key in "abcd")
    assert [missed.id for missed in _check(retrieval("vwxyz"), even).missed] == ["a", "b", "c"]


def test_a_flat_bm25_list_abstains_for_the_miss_alone() -> None:
    flat = tuple(Hit(key, 2.0, key) for key in "abcd")
    found = _check(retrieval("abc"), flat)
    assert found.abstentions["lexical_miss"] == Reason.NOT_APPLICABLE
    assert {"lexical_rbo", "uncovered_terms"} <= set(found.signals)


def test_terms_covered_together_by_the_first_and_by_the_best() -> None:
    """Of refund, toner and test (1, 3, 1) the first holds a fifth, one of the first five 4, all of them 5 fifths; stems
    match ("refunds", "tested").
    """
    texts = {"a": "refunds", "b": "Refunds of toner", "c": "-", "d": "-", "e": "-", "f": "toner refund tested"}
    asked = retrieval("abcdef", query="refund toner test", texts=texts)
    found = _check(asked, refund=1.0, toner=3.0, test=1.0).signals
    shares = [found[name] for name in ("first_covered_terms", "best_covered_terms", "uncovered_terms")]
    assert shares == pytest.approx([0.2, 0.8, 0.0])


def covering(*shares: float) -> tuple[Hit, ...]:
    return tuple(Hit(f"h{i}", 9.0 - i, "", share) for i, share in enumerate(shares))


def test_regret_is_what_a_hit_covers_more_than_what_was_served() -> None:
    """Of refund and toner (1, 3) the first document holds a quarter, the best of the first five 3 quarters. A hit that
    covers 0.9 is .15 better than the best and .65 than the first.
    """
    asked = retrieval("abc", query="refund toner", texts={"a": "refund", "b": "toner", "c": "-"})
    found = _check(asked, covering(0.5, 0.9, 0.2), refund=1.0, toner=3.0).signals
    assert found["terms_regret"] == pytest.approx(0.15)
    assert found["first_terms_regret"] == pytest.approx(0.65)


def test_what_was_served_may_cover_as_much_as_any_hit() -> None:
    """No regret then; the first, with a quarter, is behind the second with 3 quarters all the same."""
    asked = retrieval("abc", query="refund toner", texts={"a": "refund", "b": "toner", "c": "-"})
    found = _check(asked, covering(0.7, 0.7), refund=1.0, toner=3.0).signals
    assert found["terms_regret"] == 0
    assert found["first_terms_regret"] == pytest.approx(0.5)


def test_only_as_many_hits_count_as_were_served() -> None:
    """The fourth of three is there for the floor alone."""
    asked = retrieval("abc", query="refund toner", texts={"a": "refund"})
    found = _check(asked, covering(0.5, 0.5, 0.5, 1.0)).signals
    assert found["terms_regret"] == 0


def test_without_a_hit_there_is_no_regret_to_have() -> None:
    found = _check(retrieval("abc", query="refund toner"), ())
    assert {found.abstentions[name] for name in ("terms_regret", "first_terms_regret")} == {Reason.NOT_APPLICABLE}


def test_contrast_is_what_the_first_covers_against_all_served() -> None:
    """The first holds 3 quarters, the others 1 quarter and nothing: the mean is a third, .75 / (.75 + 1/3)."""
    asked = retrieval("abc", query="refund toner", texts={"a": "toner", "b": "refund", "c": "-"})
    found = _check(asked, refund=1.0, toner=3.0)
    assert found.signals["first_terms_contrast"] == pytest.approx(0.75 / (0.75 + 1 / 3))


@pytest.mark.parametrize(("keys", "reason"), [("a", Reason.TOO_FEW_DOCUMENTS), ("ab", Reason.NOT_APPLICABLE)])
def test_no_contrast_of_one_document_or_where_none_covers_anything(keys: str, reason: Reason) -> None:
    assert _check(retrieval(keys, query="refund toner")).abstentions["first_terms_contrast"] == reason


def test_uncovered_terms_use_the_indexs_idf() -> None:
    found = _check(retrieval("x", query="refund toner", texts={"x": "refunds"}), refund=1.0, toner=3.0)
    assert found.signals["uncovered_terms"] == pytest.approx(0.75)


@pytest.mark.parametrize("query", ["", "  ", "🙂", "what is it"])
def test_a_query_without_terms_abstains(query: str) -> None:
    found = _check(retrieval("ab", query=query))
    assert found.signals == {}
    assert found.abstentions == dict.fromkeys(SIGNALS, Reason.NO_QUERY_TERMS)


@pytest.mark.parametrize("reason", [Reason.NO_CORPUS, Reason.IDS_NOT_IN_CORPUS, Reason.FILTER_UNKNOWN])
def test_where_the_corpus_cannot_be_compared_nothing_is_searched(reason: Reason) -> None:
    index = TableIndex(HITS)
    (found,) = LexicalCheck(index).measure([retrieval("ab", no_lexical=reason)])
    assert found.abstentions == dict.fromkeys(SIGNALS, reason)
    assert index.calls == []


def test_an_empty_result_abstains() -> None:
    assert _check(retrieval("")).abstentions == dict.fromkeys(SIGNALS, Reason.TOO_FEW_DOCUMENTS)


def test_a_missing_text_leaves_what_needs_no_text() -> None:
    """A term may stand in the very text that is missing."""
    found = _check(retrieval("ab", query="order 88-1023", texts={"b": None}))
    assert found.abstentions == dict.fromkeys(TEXT_SIGNALS, Reason.NO_TEXT)
    assert set(found.signals) == {"lexical_rbo", "lexical_miss"}


# --- identifiers ----------------------------------------------------------------------------------------------------

HOLDER = (Hit("kb-88", 4.0, "Order 88-1023 was sent."), Hit("x", 3.9, "Order 88-10234"), Hit("y", 3.8, "RX-20b"))
ASKED = "order 88-1023 on RX-20b, ticket 777"


def test_an_identifier_that_bm25_found_and_nobody_served_is_missed_and_its_holder_named() -> None:
    """88-1023 was missed, RX-20b was served, 777 is nowhere and says nothing: 1 of 2."""
    found = _check(retrieval("y", query=ASKED, texts={"y": "The rx-20b manual"}), HOLDER)
    assert found.signals["missed_identifiers"] == 0.5
    assert Missed("kb-88", "holds 88-1023, no served document does") in found.missed


def test_a_longer_identifier_that_begins_alike_is_not_it() -> None:
    found = _check(retrieval("x", query="order 88-1023", texts={"x": "Order 88-10234"}), HOLDER)
    assert found.signals["missed_identifiers"] == 1


def test_served_identifiers_are_not_missed_whoever_serves_them() -> None:
    """What counts is that a served text holds it, not that BM25's holder was served."""
    found = _check(retrieval("pq", query="order 88-1023", texts={"q": "see 88-1023"}), HOLDER)
    assert found.signals["missed_identifiers"] == 0


def test_a_document_served_in_another_form_than_indexed_is_not_called_missed() -> None:
    """A chunk of kb-88 was served that does not hold the number; the index has the whole of kb-88."""
    found = _check(retrieval(["kb-88"], query="order 88-1023", texts={"kb-88": "Payment terms"}), HOLDER[:1])
    assert found.missed == []
    assert found.abstentions["missed_identifiers"] == Reason.NOT_APPLICABLE


def test_numbers_match_with_and_without_thousands_commas() -> None:
    hits = (Hit("h", 4.0, "a fee of 1,500 euros"), Hit("i", 1.0, "other"))
    assert _check(retrieval("x", query="fee 1500"), hits).signals["missed_identifiers"] == 1


@pytest.mark.parametrize("query", ["refund policy", "order 999-9999", "step 5"])
def test_without_a_known_identifier_there_is_nothing_to_miss(query: str) -> None:
    found = _check(retrieval("x", query=query), HOLDER)
    assert found.abstentions["missed_identifiers"] == Reason.NOT_APPLICABLE
    assert "missed_identifiers" not in found.signals


def test_without_a_hit_there_is_nothing_to_compare_with() -> None:
    """BM25 that finds nothing knows none of the words: that is evidence of `uncovered_terms`, not of disagreement."""
    (found,) = LexicalCheck(TableIndex([])).measure([retrieval("abc", query="refund policy")])
    assert found.abstentions["lexical_rbo"] == found.abstentions["lexical_miss"] == Reason.NOT_APPLICABLE
    assert found.signals["uncovered_terms"] == 1.0
