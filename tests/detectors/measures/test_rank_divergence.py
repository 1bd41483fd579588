import math

import msgspec
import numpy as np
import pytest

from detectors.measures.base import Hit
from detectors.measures.rank_divergence import (
    AGREEMENT_SIGNALS,
    CALIBRATED_SIGNALS,
    CONTRAST_SIGNALS,
    EXPECTED_SIGNALS,
    LEVEL_SIGNALS,
    ORDER_SIGNALS,
    SHARE_SIGNALS,
    SIGNALS,
    UNION_SIGNALS,
    RankDivergence,
)
from detectors.records import Findings, Missed, Reason, Retrieval
from tests.detectors.fakes import TableIndex, TableScorer, as_it_is, retrieval

NAN = float("nan")
BESIDE_SIGNALS = (*UNION_SIGNALS, *SHARE_SIGNALS, *EXPECTED_SIGNALS)  # what needs candidates from the corpus
RELEVANCE = {"a": 0.9, "b": 0.5, "c": 0.7, "d": 0.8, "e": 0.95, "f": 0.97, "g": 0.99, "h": 0.92, "bad": NAN}


def _hits(keys: str) -> tuple[Hit, ...]:
    return tuple(Hit(key, 10.0 - rank, key) for rank, key in enumerate(keys))


def _measure(served: Retrieval, hits: str = "") -> Findings:
    (found,) = RankDivergence(TableScorer(RELEVANCE), TableIndex(_hits(hits)), as_it_is()).measure([served])
    return found


def test_discordance_worked_by_hand() -> None:
    """.9, .5, .7: two pairs of three in order, tau = 1/3; above rank 2 all right, above rank 3 half: tau_AP = 1/2."""
    found = _measure(retrieval("abc"))
    assert found.signals["rank_discordance"] == pytest.approx((1 - 1 / 3) / 2)
    assert found.signals["rank_discordance_top"] == pytest.approx((1 - 1 / 2) / 2)


def test_discordance_is_zero_for_the_same_order_and_one_for_the_reverse() -> None:
    assert [_measure(retrieval("adcb")).signals[name] for name in ORDER_SIGNALS] == pytest.approx([0, 0])
    assert [_measure(retrieval("bcda")).signals[name] for name in ORDER_SIGNALS] == pytest.approx([1, 1])


def test_best_relevance_looks_at_the_first_five() -> None:
    """The best document stands sixth, where a reader does not find it."""
    assert _measure(retrieval("bbbcbg")).signals["best_relevance"] == 0.7


def test_none_relevant_is_what_the_first_five_leave_open() -> None:
    """The product of what each leaves: .5, .5, .5, .3, .5; the sixth, the best, is not looked at."""
    assert _measure(retrieval("bbbcbg")).signals["none_relevant"] == pytest.approx(0.5**4 * 0.3, abs=1e-4)


def test_mean_relevance_is_that_of_the_first_five() -> None:
    """Four of .5 and one of .7; the sixth, the best, is not looked at. Of fewer it is their own."""
    assert _measure(retrieval("bbbcbg")).signals["mean_relevance"] == pytest.approx((4 * 0.5 + 0.7) / 5, abs=1e-4)
    assert _measure(retrieval("ab")).signals["mean_relevance"] == pytest.approx(0.7, abs=1e-4)


def test_what_the_best_five_of_the_union_are_expected_to_add() -> None:
    """Served b, b, b, c, b and g (.99), sixth, with e (.95) beside: the best five are g, e, c and two of b. In their
    order the six are g, e, c, b, b, b.
    """
    found = _measure(retrieval("bbbcbg"), "e").signals
    discounts = 1 / np.log2(np.arange(2, 8))
    served, best = [0.5, 0.5, 0.5, 0.7, 0.5, 0.99], [0.99, 0.95, 0.7, 0.5, 0.5, 0.5]
    assert found["expected_regret"] == pytest.approx(0.5**4 * 0.3 - 0.01 * 0.05 * 0.3 * 0.5**2, abs=1e-4)
    assert found["expected_ndcg"] == pytest.approx((served @ discounts) / (best @ discounts), abs=1e-3)


def test_what_is_expected_does_not_know_the_rank() -> None:
    """A calibration that takes the rank into account would call any order good: of b, c and a (.5, .7, .9) the first
    would be the likeliest. At rank 3 with weight 2 each odds is a ninth: 1 : 9, 7 : 27, 9 : 9.
    """
    ranked = msgspec.structs.replace(as_it_is(), rank_weight=2.0)
    (found,) = RankDivergence(TableScorer(RELEVANCE), TableIndex(_hits("b")), ranked).measure([retrieval("bca")])
    discounts, gains = 1 / np.log2(np.arange(2, 5)), np.array([1 / 10, 7 / 34, 1 / 2])
    expected = (gains @ discounts) / (gains[::-1] @ discounts)
    assert found.signals["expected_ndcg"] == pytest.approx(expected, abs=1e-3)


def test_nothing_can_be_expected_where_no_document_has_a_chance() -> None:
    hopeless = msgspec.structs.replace(as_it_is(), evidence=(0.0,), probability=(0.0,))
    (found,) = RankDivergence(TableScorer(RELEVANCE), TableIndex(_hits("d")), hopeless).measure([retrieval("abc")])
    assert found.abstentions["expected_ndcg"] == Reason.NOT_APPLICABLE
    assert found.signals["expected_regret"] == 0


def test_contrasts_worked_by_hand() -> None:
    """.9, .5 and .5 have the logits ln 9, 0 and 0, half their mean is ln 9 / 6: the best stands out by 5/6 ln 9, and e
    to that is 9 ** (5/6); the first, where it is one of the others, by -1/6 ln 9.
    """
    best, other = 9 ** (5 / 6), 9 ** (-1 / 6)
    found = _measure(retrieval("bab")).signals
    assert found["relevance_contrast"] == pytest.approx(best / (1 + best))
    assert found["first_contrast"] == pytest.approx(other / (1 + other))
    assert _measure(retrieval("abb")).signals["first_contrast"] == pytest.approx(best / (1 + best))


def test_a_best_document_that_stands_out_beats_the_same_one_among_its_like() -> None:
    out, among = (_measure(retrieval(served)).signals["relevance_contrast"] for served in ("abb", "aaa"))
    assert out > among


def test_without_a_calibration_there_are_scores_and_no_probability() -> None:
    (found,) = RankDivergence(TableScorer(RELEVANCE), TableIndex(_hits("d"))).measure([retrieval("abc", [3, 2, 1])])
    assert found.abstentions == dict.fromkeys((*CALIBRATED_SIGNALS, *EXPECTED_SIGNALS), Reason.NO_CALIBRATION)
    assert found.signals["best_relevance"] == 0.9


def test_the_relevance_of_each_served_document_is_kept_in_served_order() -> None:
    """Not that of the candidates beside them."""
    assert _measure(retrieval("abc"), "de").relevance == [0.9, 0.5, 0.7]
    assert _measure(retrieval("abc", no_lexical=Reason.NO_CORPUS)).relevance == [0.9, 0.5, 0.7]


def test_regret_is_what_the_best_unserved_candidate_adds() -> None:
    assert _measure(retrieval("abc"), "eh").signals["regret"] == pytest.approx(0.95 - 0.9)
    assert _measure(retrieval("abc"), "d").signals["regret"] == 0
    assert _measure(retrieval("abc"), "ac").signals["regret"] == 0  # all of BM25's were served


def test_regret_counts_what_was_served_at_any_rank() -> None:
    """Sixth is served all the same: .99 against .95 leaves nothing to regret."""
    assert _measure(retrieval("bbbcbg"), "e").signals["regret"] == 0


def test_union_rbo_worked_by_hand() -> None:
    """Served a, b, c with d beside, reranked a, d, c, b and cut at three. Overlaps 1, 1, 2 at p = .9:
    1/9 (.9 + 1/2 * .81 + 2/3 * .729) + 2/3 * .729.
    """
    assert _measure(retrieval("abc"), "d").signals["union_rbo"] == pytest.approx((0.9 + 0.405 + 0.486) / 9 + 0.486)


def test_better_unserved_documents_are_named_best_first_and_three_at_most() -> None:
    found = _measure(retrieval("abcbb"), "hefgd")
    assert found.missed == [
        Missed("g", "relevance 0.99, best served 0.90"),
        Missed("f", "relevance 0.97, best served 0.90"),
        Missed("e", "relevance 0.95, best served 0.90"),
    ]


def test_candidates_are_as_many_as_were_served_and_under_the_traces_filters() -> None:
    index = TableIndex(_hits("dehg"))
    measure = RankDivergence(TableScorer(RELEVANCE), index, as_it_is())
    (found,) = measure.measure([retrieval("abc", query="refund", filters={"tenant": "acme"})])
    assert index.calls == [("refund", 11, {"tenant": "acme"})]  # the lexical check asks the same, and the cache has it
    assert [missed.id for missed in found.missed] == ["e", "h"]  # g, the best, is fourth


def test_the_pairs_of_a_whole_batch_go_to_the_scorer_in_one_call() -> None:
    """Served passages and unserved candidates, each once; a candidate that was served is not scored again."""
    scorer = TableScorer(RELEVANCE)
    measure = RankDivergence(scorer, TableIndex(_hits("ad")), as_it_is())
    measure.measure([retrieval("ab", query="one"), retrieval("c", query="two", no_lexical=Reason.NO_CORPUS)])
    assert scorer.calls == [[("one", "a"), ("one", "b"), ("one", "d"), ("two", "c")]]


def test_scores_find_their_way_back_to_their_retrievals() -> None:
    """Unreadable and empty ones in between take no scores."""
    batch = [retrieval("ab"), retrieval(""), retrieval("bx", texts={"x": None}), retrieval("cb"), retrieval("g")]
    found = RankDivergence(TableScorer(RELEVANCE), TableIndex(_hits("d")), as_it_is()).measure(batch)
    assert [finding.signals.get("best_relevance") for finding in found] == [0.9, None, None, 0.7, 0.99]


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (retrieval(""), Reason.TOO_FEW_DOCUMENTS),
        (retrieval("ab", texts={"b": None}), Reason.NO_TEXT),
        (retrieval(["a", "bad", "c"]), Reason.UNSUPPORTED_LANGUAGE),
    ],
)
def test_it_abstains_with_a_reason(served: Retrieval, reason: Reason) -> None:
    found = _measure(served)
    assert (found.signals, found.missed, found.relevance) == ({}, [], [])
    assert found.abstentions == dict.fromkeys(SIGNALS, reason)


def test_an_order_takes_three_documents_and_a_level_one() -> None:
    found = _measure(retrieval("ab"), "d")
    lists = (*ORDER_SIGNALS, *AGREEMENT_SIGNALS, *CONTRAST_SIGNALS)
    assert found.abstentions == dict.fromkeys(lists, Reason.TOO_FEW_DOCUMENTS)
    assert found.signals["best_relevance"] == 0.9


def test_constant_relevance_has_a_level_and_no_order() -> None:
    found = _measure(retrieval("aaa", [0.9, 0.8, 0.7]), "d")
    assert found.abstentions == dict.fromkeys((*ORDER_SIGNALS, *AGREEMENT_SIGNALS), Reason.CONSTANT_SCORES)
    assert found.signals["best_relevance"] == 0.9


@pytest.mark.parametrize("reason", [Reason.NO_CORPUS, Reason.IDS_NOT_IN_CORPUS, Reason.FILTER_UNKNOWN])
def test_without_a_corpus_what_needs_candidates_abstains_and_nothing_is_searched(reason: Reason) -> None:
    index = TableIndex(_hits("d"))
    served = retrieval("abc", [0.9, 0.8, 0.7], no_lexical=reason)
    (found,) = RankDivergence(TableScorer(RELEVANCE), index, as_it_is()).measure([served])
    assert found.abstentions == dict.fromkeys(BESIDE_SIGNALS, reason)
    assert set(found.signals) == {*ORDER_SIGNALS, *AGREEMENT_SIGNALS, *CONTRAST_SIGNALS, *LEVEL_SIGNALS}
    assert index.calls == []


def test_a_passage_served_twice_takes_one_place_in_the_union() -> None:
    assert _measure(retrieval("aacd"), "c").signals["union_rbo"] == pytest.approx(
        _measure(retrieval("acd"), "c").signals["union_rbo"]
    )


@pytest.mark.parametrize(("query", "reason"), [("refund", Reason.NOT_APPLICABLE), ("who is he", Reason.NO_QUERY_TERMS)])
def test_without_a_hit_nobody_knows_what_was_missed(query: str, reason: Reason) -> None:
    (found,) = RankDivergence(TableScorer(RELEVANCE), TableIndex([]), as_it_is()).measure(
        [retrieval("abc", [3, 2, 1], query=query)]
    )
    assert found.abstentions == dict.fromkeys(BESIDE_SIGNALS, reason)


def test_the_first_document_has_a_level_and_a_regret_of_its_own() -> None:
    """Served b (.5), a (.9): the best is .4 better than the first; g (.99) from BM25 is better still, and
    without a corpus nobody knows of it.
    """
    found, alone = _measure(retrieval("ba"), "g"), _measure(retrieval("ba", no_lexical=Reason.NO_CORPUS), "g")
    assert found.signals["first_relevance"] == alone.signals["first_relevance"] == RELEVANCE["b"]
    assert found.signals["first_regret"] == pytest.approx(RELEVANCE["g"] - RELEVANCE["b"])
    assert alone.signals["first_regret"] == pytest.approx(RELEVANCE["a"] - RELEVANCE["b"])


# --- relevance shares and score discordance -------------------------------------------------------------------------


def test_shares_worked_by_hand() -> None:
    """The odds of .9, .5, .7 and .8 are 9, 1, 7/3 and 4; the query's terms weigh all the same, no text has them. So a
    has 9 parts of 9 + 1 + 7/3 + 4, and the three served all but the last.
    """
    found = _measure(retrieval("abc", query="refund"), "d").signals
    assert found["first_relevance_share"] == pytest.approx(9 / (9 + 1 + 7 / 3 + 4))
    assert found["relevance_share"] == pytest.approx(1 - 4 / (9 + 1 + 7 / 3 + 4))


def test_a_term_of_the_query_counts_for_a_document_like_its_relevance() -> None:
    """Of equal relevance, one has half of the query's two terms: e to 4/2 times the odds of the other. A hit brings its
    own share along.
    """
    texts = {"x": "a refund", "y": "-"}
    scorer, index = TableScorer({}), TableIndex([Hit("z", 1.0, "-", covered=0.25)])
    (found,) = RankDivergence(scorer, index).measure([retrieval("xy", query="refund toner", texts=texts)])
    parts = [math.exp(2), 1.0, math.exp(1)]
    assert found.signals["first_relevance_share"] == pytest.approx(parts[0] / sum(parts))
    assert found.signals["relevance_share"] == pytest.approx((parts[0] + parts[1]) / sum(parts))


def test_the_relevance_share_is_that_of_the_first_five() -> None:
    """Of six alike that were served and two beside, five have five parts of eight."""
    index = TableIndex([Hit(key, 1.0, key) for key in "xy"])
    (found,) = RankDivergence(TableScorer({}), index).measure([retrieval("abcdef")])
    assert found.signals["relevance_share"] == pytest.approx(5 / 8)
    assert found.signals["first_relevance_share"] == pytest.approx(1 / 8)


def test_a_document_served_twice_has_one_share() -> None:
    once, twice = (_measure(retrieval(served), "d").signals for served in ("abc", "aabc"))
    assert [once[name] for name in SHARE_SIGNALS] == pytest.approx([twice[name] for name in SHARE_SIGNALS])


def test_score_discordance_looks_at_distances_where_tau_looks_at_the_order() -> None:
    """.8, .5 and .2 are evenly spaced in logits: scores that fall evenly agree wholly, the reverse wholly disagrees;
    3, 3, 0 against 1, 0, -1 has r = 3 / sqrt(6 * 2).
    """
    relevance = {"x": 0.8, "y": 0.5, "z": 0.2}
    measure = RankDivergence(TableScorer(relevance), None)
    found = measure.measure([retrieval("xyz", scores) for scores in ([3, 2, 1], [1, 2, 3], [3, 3, 0])])
    agreement = [of.signals["score_discordance"] for of in found]
    assert agreement == pytest.approx([0, 1, (1 - 3 / math.sqrt(12)) / 2])


def test_score_discordance_needs_the_retrievers_scores() -> None:
    assert _measure(retrieval("abc")).abstentions["score_discordance"] == Reason.NO_SCORES
    constant = _measure(retrieval("abc", [0.5, 0.5, 0.5]))
    assert constant.abstentions["score_discordance"] == Reason.CONSTANT_SCORES
