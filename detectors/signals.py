"""The one table of signals: what each is called, costs, points to and ranges over.

Metrics, the risk, the summary and the documentation all derive from it; a new signal is one more row.
"""

from typing import Literal, NamedTuple

from detectors.records import Tier

Direction = Literal[1, -1]

_UNIT = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


_OF_THE_STACK = frozenset(("top_score", "score_gap", "score_spread"))  # on whatever scale the retriever has


class SignalSpec(NamedTuple):
    """One signal: `direction` +1 where a higher value predicts failure, -1 where a lower one does.

    `buckets` are the upper bounds of its histogram; none is negative, or the Prometheus client would drop the sum.
    """

    name: str
    tier: Tier
    direction: Direction
    buckets: tuple[float, ...]
    says: str

    @property
    def bounded(self) -> bool:
        """Whether its values lie in [0, 1] whatever the stack, so that a detector of bounded means can watch it."""
        return max(self.buckets) <= 1 and self.name not in _OF_THE_STACK


_ROWS = (
    SignalSpec("top_score", Tier.CHEAP, -1, _UNIT, "score of the first document"),
    SignalSpec("score_gap", Tier.CHEAP, -1, (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0, 5.0),
               "score of the first less score of the last"),
    SignalSpec("score_z", Tier.CHEAP, -1, (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0),
               "standard deviations of the first score above the mean of the others"),
    SignalSpec("score_spread", Tier.CHEAP, -1, (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.12, 0.2, 0.4, 1.0),
               "standard deviation of the scores"),
    SignalSpec("score_entropy", Tier.CHEAP, +1, _UNIT,
               "how evenly the scores' rise above the last is shared out: 0 one document stands out, 1 all alike"),
    SignalSpec("lexical_rbo", Tier.CHEAP, -1, _UNIT, "rank-biased overlap of the served list with BM25's"),
    SignalSpec("lexical_miss", Tier.CHEAP, +1, _UNIT,
               "share of BM25's standing-out score that belongs to documents which were not served"),
    SignalSpec("uncovered_terms", Tier.CHEAP, +1, _UNIT,
               "share of the query's terms, weighted by rarity, that no served document contains"),
    SignalSpec("first_covered_terms", Tier.CHEAP, -1, _UNIT,
               "share of the query's terms, weighted by rarity, that the first document contains"),
    SignalSpec("best_covered_terms", Tier.CHEAP, -1, _UNIT,
               "share of the query's terms, weighted by rarity, that one of the first five documents contains alone"),
    SignalSpec("first_terms_contrast", Tier.CHEAP, -1, _UNIT,
               "how far the first document stands out from all served by the query's terms that it contains: "
               ".5 not at all"),
    SignalSpec("terms_regret", Tier.CHEAP, +1, _UNIT,
               "most of the query's terms in one of BM25's documents less the most in one of the first five served"),
    SignalSpec("first_terms_regret", Tier.CHEAP, +1, _UNIT,
               "most of the query's terms in one served or BM25 document less those in the first"),
    SignalSpec("unknown_terms", Tier.CHEAP, +1, _UNIT,
               "share of the query's terms, weighted by rarity, that no document of the corpus contains"),
    SignalSpec("lexical_gap", Tier.CHEAP, -1, _UNIT, "how far BM25's best document stands out of its list"),
    SignalSpec("lexical_share", Tier.CHEAP, -1, _UNIT,
               "by BM25's scores, the chance that the best of served and BM25 documents is among the first five"),
    SignalSpec("first_lexical_share", Tier.CHEAP, -1, _UNIT,
               "by BM25's scores, the chance that the best of served and BM25 documents is the first"),
    SignalSpec("lexical_score_discordance", Tier.CHEAP, +1, _UNIT,
               "(1 - r) / 2, with r the correlation of the retriever's scores with BM25's of the served documents"),
    SignalSpec("first_answer_type", Tier.CHEAP, -1, (0.0, 1.0),
               "whether the first document holds the kind of thing that the question asks for: a date, number or name"),
    SignalSpec("document_age", Tier.CHEAP, +1, _UNIT,
               "mean share of the corpus's dated documents that are newer than each of the first five"),
    SignalSpec("missed_identifiers", Tier.CHEAP, +1, (0.0, 0.25, 0.5, 0.75, 1.0),
               "share of the query's identifiers and numbers that the corpus has and no served document does"),
    SignalSpec("served_length", Tier.SCORER, -1, (50, 100, 200, 400, 800, 1600, 3200, 6400, 25_600),
               "mean length of the first five documents, in characters"),
    SignalSpec("hub_share", Tier.SCORER, +1, (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0),
               "largest share of the pipeline's last queries that was served one of these first five documents"),
    SignalSpec("near_duplicates", Tier.SCORER, +1, (0.0, 0.25, 0.5, 0.75, 1.0),
               "share of the first five documents, after the first, that nearly repeat one above them"),
    SignalSpec("list_coherence", Tier.SCORER, -1, _UNIT, "mean cosine of the words of the first five documents"),
    SignalSpec("rank_discordance", Tier.SCORER, +1, _UNIT,
               "(1 - tau-b) / 2 between the served order and the cross-encoder's"),
    SignalSpec("rank_discordance_top", Tier.SCORER, +1, _UNIT,
               "(1 - tau_AP) / 2 of the served order against the cross-encoder's, which weighs the top"),
    SignalSpec("score_discordance", Tier.SCORER, +1, _UNIT,
               "(1 - r) / 2, with r the correlation of the retriever's scores with the cross-encoder's logits"),
    SignalSpec("relevance_share", Tier.SCORER, -1, _UNIT,
               "by the cross-encoder and the query's terms, the chance that the best of served and BM25 documents is "
               "among the first five"),
    SignalSpec("first_relevance_share", Tier.SCORER, -1, _UNIT,
               "by the cross-encoder and the query's terms, the chance that the best of served and BM25 documents is "
               "the first"),
    SignalSpec("union_rbo", Tier.SCORER, -1, _UNIT,
               "rank-biased overlap of the served list with the cross-encoder's order of served and BM25 documents"),
    SignalSpec("best_relevance", Tier.SCORER, -1, _UNIT, "the best cross-encoder score over the first five served"),
    SignalSpec("first_relevance", Tier.SCORER, -1, _UNIT, "the cross-encoder's score of the first document"),
    SignalSpec("relevance_contrast", Tier.SCORER, -1, _UNIT,
               "how far the best cross-encoder score of the first five stands out from those of all served"),
    SignalSpec("first_contrast", Tier.SCORER, -1, _UNIT,
               "how far the cross-encoder score of the first document stands out from those of all served"),
    SignalSpec("none_relevant", Tier.SCORER, +1, _UNIT,
               "1 - noisy-or of the calibrated relevance of the first five: the chance that none is relevant"),
    SignalSpec("mean_relevance", Tier.SCORER, -1, _UNIT,
               "mean calibrated relevance of the first five: what a judge's mean grade is estimated with"),
    SignalSpec("first_regret", Tier.SCORER, +1, _UNIT,
               "best cross-encoder score over served and BM25 documents less that of the first document"),
    SignalSpec("regret", Tier.SCORER, +1, _UNIT,
               "best cross-encoder score over served and BM25 documents less the best over served"),
    SignalSpec("expected_ndcg", Tier.SCORER, -1, _UNIT,
               "by calibrated relevance, DCG of the served order over that of the best of served and BM25 documents"),
    SignalSpec("expected_regret", Tier.SCORER, +1, _UNIT,
               "how much likelier the best five of served and BM25 documents hold a relevant one than the first five"),
    SignalSpec("context_relevance", Tier.JUDGE, -1, _UNIT,
               "mean grade that an LLM judge gives the first five documents for the query, of 1"),
    SignalSpec("best_context_relevance", Tier.JUDGE, -1, _UNIT,
               "best grade that an LLM judge gives one of the first five documents for the query, of 1"),
    SignalSpec("groundedness", Tier.JUDGE, -1, _UNIT,
               "share of the answer's claims that an LLM judge finds in the first five documents"),
    SignalSpec("answer_relevance", Tier.JUDGE, -1, _UNIT,
               "grade that an LLM judge gives the answer for the query, of 1"),
)  # fmt: skip

SIGNALS: dict[str, SignalSpec] = {spec.name: spec for spec in _ROWS}

UNJUDGED = tuple(name for name, spec in SIGNALS.items() if spec.tier is not Tier.JUDGE)
"""Those that every assessment has a value or a reason for; the others only where an LLM judge is configured."""
