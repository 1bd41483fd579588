"""What BM25's scores say, worked by hand."""

import math

import pytest

from detectors.measures.base import Hit
from detectors.measures.lexical_scores import (
    QUERY_SIGNALS,
    SERVED_SIGNALS,
    SHARE_SIGNALS,
    SIGNALS,
    LexicalScores,
    lexical_gap,
    unknown_terms,
)
from detectors.records import Findings, Passage, QueryTrace, Reason, Retrieval
from tests.detectors.fakes import TableIndex, retrieval

HITS = (Hit("a", 12.0, "a"), Hit("b", 6.0, "b"), Hit("c", 4.0, "c"), Hit("d", 3.0, "d"))


def _measure(served: Retrieval, hits: tuple[Hit, ...] = HITS) -> Findings:
    (found,) = LexicalScores(TableIndex(hits)).measure([served])
    return found


def test_unknown_terms_are_weighted_by_rarity() -> None:
    """6 of 2 + 6 + 1."""
    idf = {"refund": 2.0, "tonner": 6.0, "test": 1.0}
    assert unknown_terms(idf, {"tonner"}) == pytest.approx(6 / 9)
    assert (unknown_terms(idf, set()), unknown_terms(idf, set(idf))) == (0, 1)
    assert math.isnan(unknown_terms({}, set()))


def test_a_query_of_known_words_has_no_unknown_terms() -> None:
    index = TableIndex(HITS, {"refund": 1.0, "tonner": 3.0}, unknown=["tonner"])
    found = LexicalScores(index).measure([retrieval("ab", query="refund tonner"), retrieval("ab", query="refund")])
    assert [of.signals["unknown_terms"] for of in found] == [0.75, 0]


def test_lexical_gap_worked_by_hand() -> None:
    """Of 12: less 4 after two served, less 3 after three, all of it where there are no more hits."""
    assert [lexical_gap(HITS, depth) for depth in (2, 3, 4)] == pytest.approx([8 / 12, 9 / 12, 1])
    assert lexical_gap([Hit(key, 2.0, "") for key in "abc"], 2) == 0


def test_shares_worked_by_hand() -> None:
    """Served b and c; among the two best hits a and b, and c: 6 * 1, 6 * 1/2 and 6 * 1/3."""
    found = _measure(retrieval("bc"))
    parts = [math.exp(6), math.exp(3), math.exp(2)]
    assert found.signals["first_lexical_share"] == pytest.approx(parts[1] / sum(parts))
    assert found.signals["lexical_share"] == pytest.approx((parts[1] + parts[2]) / sum(parts))


def test_a_served_document_that_is_no_hit_has_the_score_that_the_index_gives_it() -> None:
    """For x that is 0."""
    found = _measure(retrieval("axx"))
    parts = [math.exp(6), math.exp(3), math.exp(2), 1.0]  # a, b, c and x
    assert found.signals["first_lexical_share"] == pytest.approx(parts[0] / sum(parts))
    assert found.signals["lexical_share"] == pytest.approx((parts[0] + parts[3]) / sum(parts))


def test_the_lexical_share_is_that_of_the_first_five() -> None:
    """Six alike that were served and two beside: five parts of eight."""
    hits = tuple(Hit(key, 1.0, key) for key in "abcdefxy")
    found = _measure(retrieval("abcdef"), (hits[-2], hits[-1], *hits[:-2]))
    assert found.signals["lexical_share"] == pytest.approx(5 / 8)


def test_a_document_served_twice_has_one_share() -> None:
    hits = HITS[:3]
    once, twice = (_measure(retrieval(served), hits).signals for served in ("abc", "abbc"))
    assert [once[name] for name in SHARE_SIGNALS] == pytest.approx([twice[name] for name in SHARE_SIGNALS])


def test_score_discordance_worked_by_hand() -> None:
    """5, 3, 2 fall as 12, 6, 3 do. Against 3, 6, 12 the deviations are 5, -1, -4 (thirds) and -4, -1, 5: r = -13/14."""
    found = [_measure(retrieval(served, [5, 3, 2])) for served in ("abd", "dba")]
    assert found[0].signals["lexical_score_discordance"] == pytest.approx(0)
    assert found[1].signals["lexical_score_discordance"] == pytest.approx((1 + 13 / 14) / 2)


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (retrieval("abc"), Reason.NO_SCORES),
        (retrieval("ab", [0.9, 0.5]), Reason.TOO_FEW_DOCUMENTS),
        (retrieval("abc", [0.5, 0.5, 0.5]), Reason.CONSTANT_SCORES),
        (retrieval("xyz", [0.9, 0.5, 0.3]), Reason.CONSTANT_SCORES),  # BM25 gives 0 to all of them
    ],
)
def test_score_discordance_abstains_alone(served: Retrieval, reason: Reason) -> None:
    assert _measure(served).abstentions == {"lexical_score_discordance": reason}


def test_a_served_document_that_the_corpus_does_not_know_leaves_what_is_of_the_query() -> None:
    served = (Passage("a", "a", in_corpus=True), Passage("gone", "text"))
    found = _measure(Retrieval(QueryTrace(trace_id="t", query="refund", documents=()), served, None, None))
    assert found.abstentions == dict.fromkeys(SERVED_SIGNALS, Reason.IDS_NOT_IN_CORPUS)
    assert set(found.signals) == set(QUERY_SIGNALS)


def test_without_a_hit_all_terms_can_still_be_unknown() -> None:
    (found,) = LexicalScores(TableIndex([], unknown=["tonner"])).measure([retrieval("ab", query="tonner")])
    assert found.signals == {"unknown_terms": 1}
    assert set(found.abstentions.values()) == {Reason.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (retrieval(""), Reason.TOO_FEW_DOCUMENTS),
        (retrieval("ab", query="who is he"), Reason.NO_QUERY_TERMS),
        (retrieval("ab", no_lexical=Reason.FILTER_UNKNOWN), Reason.FILTER_UNKNOWN),
    ],
)
def test_it_abstains_with_a_reason(served: Retrieval, reason: Reason) -> None:
    assert _measure(served).abstentions == dict.fromkeys(SIGNALS, reason)


def test_it_asks_the_question_that_the_other_measures_ask() -> None:
    """Under the trace's filters: the index's cache has it."""
    index = TableIndex(HITS)
    LexicalScores(index).measure([retrieval("ab", query="refund", filters={"tenant": "acme"})])
    assert index.calls == [("refund", 11, {"tenant": "acme"})]
