"""Lexical scores: what BM25's scores say of the query, and of the documents that were served for it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from detectors.measures.base import Hit, LexicalIndex, search_for
from detectors.measures.discordance import score_discordance
from detectors.measures.pool import shares
from detectors.records import Findings, Reason, Retrieval, Tier

QUERY_SIGNALS = ("unknown_terms", "lexical_gap")
SHARE_SIGNALS = ("lexical_share", "first_lexical_share")
AGREEMENT_SIGNALS = ("lexical_score_discordance",)
SERVED_SIGNALS = (*SHARE_SIGNALS, *AGREEMENT_SIGNALS)
SIGNALS = (*QUERY_SIGNALS, *SERVED_SIGNALS)
SHARPNESS = 6.0  # of the softmax, over scores whose best is 1; from 4 to 10 it makes no difference


def unknown_terms(idf: Mapping[str, float], unknown: AbstractSet[str]) -> float:
    """The share of the query's terms, weighted by idf, that no document of the corpus holds: out of vocabulary.

    A typo, another language and a thing that the corpus does not treat have this in common. It cannot see a word that
    the corpus knows in another sense. An unknown term has the largest idf.

    Returns
    -------
    float
        In [0, 1]; NaN for a query without terms. O(terms of the query).

    Examples
    --------
    >>> unknown_terms({"refund": 2.0, "tonner": 6.0}, {"tonner"})
    0.75
    """
    total = sum(idf.values())
    return sum(idf[term] for term in unknown) / total if total else float("nan")


def lexical_gap(hits: Sequence[Hit], depth: int) -> float:
    """How far BM25's first stands out of its list: (b1 - b(depth + 1)) / b1, with 0 where the list is shorter.

    Many documents that all have the same words of the query leave open which was meant. It cannot see whether the one
    that stands out is right. `score_gap` for BM25, made free of how long the query is.

    Parameters
    ----------
    hits
        One at least, best first.
    depth
        How many documents were served.

    Returns
    -------
    float
        In [0, 1]. O(1).

    Examples
    --------
    >>> lexical_gap([Hit("a", 8.0, ""), Hit("b", 7.0, ""), Hit("c", 2.0, "")], depth=2)
    0.75
    """
    best, floor = hits[0].score, hits[depth].score if len(hits) > depth else 0.0
    return (best - floor) / best


class LexicalScores:
    """How good the served documents are by BM25, beside the best that it finds under the same filters.

    `lexical_share` and `first_lexical_share`: were one document of the served and of as many of BM25's hits the right
    one, and its probability a softmax of 6 b / b1 (b1 the best score), that of the first five served, and of the first.
    Unlike a rank, a score says when the best was missed by a hair, and unlike a score over the best, a share says how
    many others are as good. They are blind where the words of a question are everywhere but in its answer. Top-one
    probability: Cao, Qin, Liu, Tsai, Li: Learning to rank: from pairwise approach to listwise approach, ICML 2007.

    `lexical_score_discordance`: (1 - r) / 2, with r Pearson's correlation over the served documents of the retriever's
    scores with BM25's. Two functions that score alike for unlike reasons are seldom both wrong (Diaz: Performance
    prediction using spatial autocorrelation, SIGIR 2007; Aslam, Pavlu: Query hardness estimation using Jensen-Shannon
    divergence among multiple scoring functions, ECIR 2007). It cannot see what was not served.

    One search, shared with the other measures through the index's cache, and O(served).
    """

    name = "lexical_scores"
    tier = Tier.CHEAP
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.LEXICAL_UNAVAILABLE

    def __init__(self, index: LexicalIndex) -> None:
        self._index = index

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        return [self._measure(retrieval) for retrieval in retrievals]

    def _measure(self, retrieval: Retrieval) -> Findings:
        result = search_for(self._index, retrieval)
        if isinstance(result, Reason):
            return Findings.abstained(SIGNALS, result)
        depth = len(retrieval.served)
        findings = Findings({"unknown_terms": unknown_terms(result.idf, result.unknown)})
        if not result.hits:
            findings.merge(Findings.abstained(["lexical_gap", *SERVED_SIGNALS], Reason.NOT_APPLICABLE))
            return findings
        findings.signals["lexical_gap"] = lexical_gap(result.hits, depth)
        if not all(passage.in_corpus for passage in retrieval.served):
            findings.merge(Findings.abstained(SERVED_SIGNALS, Reason.IDS_NOT_IN_CORPUS))
            return findings
        keys = [passage.key for passage in retrieval.served]
        own = [result.scores[key] for key in keys]
        findings.merge(_shares(keys, own, result.hits[:depth]))
        findings.merge(score_discordance("lexical_score_discordance", retrieval.scores, own))
        return findings


def _shares(keys: Sequence[str], own: Sequence[float], hits: Sequence[Hit]) -> Findings:
    """Over the served documents, with their `own` scores, and the hits."""
    pooled = {**dict(zip(keys, own, strict=True)), **{hit.key: hit.score for hit in hits}}
    sharpness = SHARPNESS / hits[0].score
    found = shares(keys, {key: sharpness * score for key, score in pooled.items()})
    return Findings(dict(zip(SHARE_SIGNALS, found, strict=True)))
