"""Rank divergence: what a cross-encoder says of the served order, and of what BM25 found beside it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from detectors.calibration import Calibration, logits, noisy_or
from detectors.expected import expected_ndcg, expected_regret
from detectors.measures.base import HEAD, Hit, LexicalIndex, PairScorer, search_for
from detectors.measures.discordance import score_discordance
from detectors.measures.lexical_check import covered_terms
from detectors.measures.pool import shares
from detectors.ranking import kendall_tau_b, rbo_ext, tau_ap
from detectors.records import Findings, Missed, Passage, Reason, Retrieval, Tier
from detectors.text import term_set

Floats = NDArray[np.float64]

ORDER_SIGNALS = ("rank_discordance", "rank_discordance_top")
CONTRAST_SIGNALS = ("relevance_contrast", "first_contrast")
AGREEMENT_SIGNALS = ("score_discordance",)
UNION_SIGNALS = ("union_rbo", "regret")
SHARE_SIGNALS = ("relevance_share", "first_relevance_share")
LEVEL_SIGNALS = ("best_relevance", "first_relevance", "none_relevant", "mean_relevance", "first_regret")
CALIBRATED_SIGNALS = ("none_relevant", "mean_relevance")
EXPECTED_SIGNALS = ("expected_ndcg", "expected_regret")
SIGNALS = (
    *ORDER_SIGNALS,
    *AGREEMENT_SIGNALS,
    *CONTRAST_SIGNALS,
    *UNION_SIGNALS,
    *SHARE_SIGNALS,
    *LEVEL_SIGNALS,
    *EXPECTED_SIGNALS,
)
MINIMUM_ORDER = 3
NAMED = 3
MIDDLE_RANK = HEAD // 2 + 1  # at which all are taken to stand where what they are worth must not depend on their order
COVERED_WEIGHT = 4.0  # logits for a document that has every term of the query; from 2 to 8 AUROC moves by .01
LEVEL_SHARE = 0.5  # from .4 to .6 it makes no difference; at 0 and 1, AUROC falls by .03 to .05


class Candidates(NamedTuple):
    """What BM25 found beside the served documents, and the idf of the query's terms."""

    hits: list[Hit]
    idf: Mapping[str, float]


class RankDivergence:
    """Rescores the served documents, and BM25's candidates, with a second ranker.

    A cross-encoder's level (best_relevance, regret) says more than its disagreement with the served order, which is
    blind to whatever neither list holds. Small cross-encoders do not understand negation: there their word is none.
    `none_relevant`, `mean_relevance`, `expected_ndcg` and `expected_regret` abstain without a calibration of this
    scorer.

    `relevance_share` and `first_relevance_share`: were one document of the served and of BM25's candidates the right
    one, the probability that it is among the first five served, and that it is the first. A document's share is the
    softmax of its logit and four times the share of the query's terms that it contains. Two kinds of evidence meet at
    every single document there, which no sum of signals of the whole list can make up for. It cannot see what neither
    list holds, and where all are bad the shares still sum to 1.

    `score_discordance`: the retriever's scores against the cross-encoder's logits; how far apart two documents are
    counts, which tau leaves out (sources: `LexicalScores`).
    """

    name = "rank_divergence"
    tier = Tier.SCORER
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.SCORER_UNAVAILABLE

    def __init__(self, scorer: PairScorer, index: LexicalIndex | None, calibration: Calibration | None = None) -> None:
        self._scorer = scorer
        self._index = index
        self._calibration = calibration

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        """All pairs of all retrievals go to the scorer in one call."""
        candidates = [self._candidates(retrieval) for retrieval in retrievals]
        lists = [list(_pairs(r, some)) if _readable(r) else [] for r, some in zip(retrievals, candidates, strict=True)]
        scores = iter(self._scorer.score([pair for pairs in lists for pair in pairs]).tolist())
        return [
            self._conclude(retrieval, some, np.array(list(islice(scores, len(pairs)))))
            for retrieval, some, pairs in zip(retrievals, candidates, lists, strict=True)
        ]

    def _candidates(self, retrieval: Retrieval) -> Candidates | Reason:
        """Of as many of BM25's best as were served, those that were not, or why there are none."""
        if self._index is None:
            return retrieval.no_lexical or Reason.NO_CORPUS
        if not _readable(retrieval):
            return Candidates([], {})  # nothing is scored, so nothing is searched
        result = search_for(self._index, retrieval)
        if isinstance(result, Reason):
            return result
        if not result.hits:
            return Reason.NOT_APPLICABLE
        served = {passage.key for passage in retrieval.served}
        hits = result.hits[: len(retrieval.served)]
        return Candidates([hit for hit in hits if hit.key not in served], result.idf)

    def _conclude(self, retrieval: Retrieval, candidates: Candidates | Reason, scores: Floats) -> Findings:
        if not retrieval.served:
            return Findings.abstained(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
        if not len(scores):
            return Findings.abstained(SIGNALS, Reason.NO_TEXT)
        if np.isnan(scores).any():
            return Findings.abstained(SIGNALS, Reason.UNSUPPORTED_LANGUAGE)
        served = scores[: len(retrieval.served)]
        first = float(served[0])
        levels = {
            "best_relevance": float(served[:HEAD].max()),
            "first_relevance": first,
            "first_regret": float(scores.max()) - first,  # without a corpus, over the served documents alone
        }
        findings = Findings(levels, relevance=served.tolist())
        findings.merge(self._calibrated(served[:HEAD]))
        findings.merge(_order(served))
        findings.merge(_contrast(served))
        findings.merge(self._expected(served, candidates, scores[len(served) :]))
        findings.merge(score_discordance("score_discordance", retrieval.scores, logits(served).tolist()))
        if isinstance(candidates, Reason):
            findings.merge(Findings.abstained((*UNION_SIGNALS, *SHARE_SIGNALS), candidates))
            return findings
        keys = [passage.key for passage in retrieval.served]
        findings.merge(_union(keys, served, candidates.hits, scores[len(served) :]))
        findings.merge(_shares(retrieval.served, candidates, scores))
        return findings

    def _calibrated(self, head: Floats) -> Findings:
        if self._calibration is None:
            return Findings.abstained(CALIBRATED_SIGNALS, Reason.NO_CALIBRATION)
        relevant = self._calibration.of_list(head)
        return Findings({"none_relevant": 1 - float(noisy_or(relevant)), "mean_relevance": float(relevant.mean())})

    def _expected(self, served: Floats, candidates: Candidates | Reason, beside: Floats) -> Findings:
        """Gains that do not know the rank: that the first is likelier to be relevant is what is in question here."""
        if self._calibration is None:
            return Findings.abstained(EXPECTED_SIGNALS, Reason.NO_CALIBRATION)
        if isinstance(candidates, Reason):
            return Findings.abstained(EXPECTED_SIGNALS, candidates)
        gains, others = (self._calibration.probabilities(scores, MIDDLE_RANK) for scores in (served, beside))
        regret = expected_regret(gains[:HEAD], np.concatenate([gains[HEAD:], others]))
        share = expected_ndcg(gains, others)
        if share != share:  # noqa: PLR0124
            return Findings({"expected_regret": regret}, {"expected_ndcg": Reason.NOT_APPLICABLE})
        return Findings({"expected_ndcg": share, "expected_regret": regret})


def _readable(retrieval: Retrieval) -> bool:
    return bool(retrieval.served) and all(passage.text is not None for passage in retrieval.served)


def _pairs(retrieval: Retrieval, candidates: Candidates | Reason) -> Iterator[tuple[str, str]]:
    for passage in retrieval.served:
        yield retrieval.query, passage.text or ""
    for hit in () if isinstance(candidates, Reason) else candidates.hits:
        yield retrieval.query, hit.passage


def _order(served: Floats) -> Findings:
    if len(served) < MINIMUM_ORDER:
        return Findings.abstained(ORDER_SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    tau = kendall_tau_b(served)
    if np.isnan(tau):
        return Findings.abstained(ORDER_SIGNALS, Reason.CONSTANT_SCORES)
    return Findings({"rank_discordance": (1 - tau) / 2, "rank_discordance_top": (1 - tau_ap(served)) / 2})


def _contrast(served: Floats) -> Findings:
    """The best score, and the first, freed of a half of the level that all scores of their query share: questions of
    some kinds make any passage look relevant. Its logit less half the mean logit, through a sigmoid.
    """
    if len(served) < MINIMUM_ORDER:
        return Findings.abstained(CONTRAST_SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    found = logits(served)
    level = LEVEL_SHARE * found.mean()
    best, first = expit([found[:HEAD].max() - level, found[0] - level]).tolist()
    return Findings({"relevance_contrast": best, "first_contrast": first})


def _union(keys: list[str], served: Floats, hits: Sequence[Hit], beside: Floats) -> Findings:
    every_key = [*keys, *(hit.key for hit in hits)]
    order = np.argsort(-np.concatenate([served, beside]), kind="stable")
    reranked = list(dict.fromkeys(every_key[i] for i in order))
    served_keys = list(dict.fromkeys(keys))
    best = float(served.max())
    scored = zip(beside.tolist(), hits, strict=True)
    better = sorted(((score, hit.key) for score, hit in scored if score > best), reverse=True)
    return Findings(
        {
            "union_rbo": rbo_ext(served_keys, reranked[: len(served_keys)]),
            "regret": max(0.0, float(beside.max()) - best) if len(beside) else 0.0,
        },
        missed=[Missed(key, f"relevance {score:.2f}, best served {best:.2f}") for score, key in better[:NAMED]],
    )


def _shares(served: Sequence[Passage], candidates: Candidates, scores: Floats) -> Findings:
    covered = [covered_terms(candidates.idf, term_set(passage.text or "")) for passage in served]
    evidence = logits(scores) + COVERED_WEIGHT * np.array([*covered, *(hit.covered for hit in candidates.hits)])
    keys = [*(passage.key for passage in served), *(hit.key for hit in candidates.hits)]
    found = shares(keys[: len(served)], dict(zip(keys, evidence.tolist(), strict=True)))
    return Findings(dict(zip(SHARE_SIGNALS, found, strict=True)))
