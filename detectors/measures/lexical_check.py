"""The lexical cross-check: what BM25 finds for the same query and the retriever did not serve."""

from collections.abc import Container, Mapping, Sequence

from detectors.measures.base import HEAD, Hit, LexicalIndex, LexicalResult, search_for
from detectors.ranking import rbo_ext
from detectors.records import Findings, Missed, Reason, Retrieval, Tier
from detectors.text import contains_identifier, fold_numbers, identifiers, term_set

RANK_SIGNALS = ("lexical_rbo", "lexical_miss")
COVER_SIGNALS = ("uncovered_terms", "first_covered_terms", "best_covered_terms")
CONTRAST_SIGNALS = ("first_terms_contrast",)
REGRET_SIGNALS = ("terms_regret", "first_terms_regret")
TEXT_SIGNALS = (*COVER_SIGNALS, *CONTRAST_SIGNALS, *REGRET_SIGNALS, "missed_identifiers")
SIGNALS = (*RANK_SIGNALS, *TEXT_SIGNALS)
STANDING_OUT = 0.2  # share of BM25's standing-out score from which a document that was not served is named
NAMED = 3
MINIMUM_CONTRAST = 2  # served documents
IDENTIFIERS = 50  # of one query: a pasted log has thousands, and each is looked for in every text


def lexical_miss(hits: Sequence[Hit], served: frozenset[str], depth: int) -> float:
    """The share of BM25's standing-out score that belongs to documents which were not served.

    A hit stands out by w = its score less that of the hit at `depth` + 1 (0 where there are fewer hits): a flat
    BM25 list says little about any of its members. miss = sum(w of the absent) / sum(w).

    Parameters
    ----------
    hits
        The best `depth` + 1 hits, best first.
    served
        Keys of the served documents.
    depth
        How many hits count.

    Returns
    -------
    float
        In [0, 1]; NaN where no hit stands out. O(depth).

    Examples
    --------
    >>> lexical_miss([Hit("a", 9.0, ""), Hit("b", 5.0, ""), Hit("c", 3.0, "")], frozenset("b"), depth=2)
    0.75
    """
    standing = _standing(hits, depth)
    total = sum(standing)
    absent = sum(weight for hit, weight in zip(hits, standing, strict=False) if hit.key not in served)
    return absent / total if total else float("nan")


def _standing(hits: Sequence[Hit], depth: int) -> list[float]:
    floor = hits[depth].score if len(hits) > depth else 0.0
    return [hit.score - floor for hit in hits[:depth]]


def covered_terms(idf: Mapping[str, float], found: Container[str]) -> float:
    """The share of the query's terms, weighted by idf, that are among those `found`.

    Of one document it says how much of the question that document is about; of all served ones together, what part of
    the question nobody speaks of. A term that the corpus does not know counts with the largest idf: it cannot be
    covered, and that is evidence. It does not know synonyms, and in a corpus of sentences about the asked thing the
    words of the question are everywhere but in the answer.

    Returns
    -------
    float
        In [0, 1]; NaN for a query without terms. O(terms of the query).

    Examples
    --------
    >>> covered_terms({"refund": 2.0, "toner": 6.0}, {"refund", "day"})
    0.25
    """
    total = sum(idf.values())
    return sum(weight for term, weight in idf.items() if term in found) / total if total else float("nan")


def _term_signals(idf: Mapping[str, float], served_texts: Sequence[str], hits: Sequence[Hit]) -> Findings:
    each = [term_set(text) for text in served_texts]
    together = covered_terms(idf, frozenset[str]().union(*each))
    covered = [covered_terms(idf, found) for found in each]
    findings = Findings(dict(zip(COVER_SIGNALS, (1 - together, covered[0], max(covered[:HEAD])), strict=True)))
    findings.merge(_contrast(covered))
    findings.merge(_regrets(covered, [hit.covered for hit in hits]))
    return findings


def _contrast(covered: Sequence[float]) -> Findings:
    """How the first stands out from the mean of all served by the terms that it covers: c / (c + mean), so .5 is one
    like the others. Questions differ in how many of their words any answer repeats; this is free of it. Where no
    document covers any, there is nothing to compare.
    """
    if len(covered) < MINIMUM_CONTRAST:
        return Findings.abstained(CONTRAST_SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    mean = sum(covered) / len(covered)
    if not mean:
        return Findings.abstained(CONTRAST_SIGNALS, Reason.NOT_APPLICABLE)
    return Findings({"first_terms_contrast": covered[0] / (covered[0] + mean)})


def _regrets(covered: Sequence[float], beside: Sequence[float]) -> Findings:
    """By how much one of BM25's hits covers more of the query's terms than the best of the first five, and one of
    either list more than the first; 0 where none does.
    """
    if not beside:
        return Findings.abstained(REGRET_SIGNALS, Reason.NOT_APPLICABLE)
    most = max(beside)
    return Findings(
        {
            "terms_regret": max(0.0, most - max(covered[:HEAD])),
            "first_terms_regret": max(most, *covered) - covered[0],
        }
    )


class LexicalCheck:
    """Compares the served list with BM25's over the same corpus under the same filters.

    It sees what vectors miss: rare words, identifiers, numbers. Where every document talks about the asked thing
    (sentences of one article), agreement or disagreement with BM25 says nothing. As many hits count as were served.
    """

    name = "lexical_check"
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
        findings = _compare(retrieval, result)
        texts = [passage.text for passage in retrieval.served if passage.text is not None]
        if len(texts) < len(retrieval.served):
            findings.merge(Findings.abstained(TEXT_SIGNALS, Reason.NO_TEXT))
            return findings
        findings.merge(_term_signals(result.idf, texts, result.hits[: len(texts)]))
        served = {passage.key for passage in retrieval.served}
        absent = [hit for hit in result.hits if hit.key not in served]
        found = look_for_identifiers(retrieval.query, texts, absent)
        found.merge(findings)
        return found


def _compare(retrieval: Retrieval, result: LexicalResult) -> Findings:
    depth = len(retrieval.served)
    served = list(dict.fromkeys(passage.key for passage in retrieval.served))
    miss = lexical_miss(result.hits, frozenset(served), depth)
    if not result.hits:
        return Findings.abstained(RANK_SIGNALS, Reason.NOT_APPLICABLE)
    overlap = rbo_ext(served, [hit.key for hit in result.hits[:depth]])
    if miss != miss:  # noqa: PLR0124
        return Findings({"lexical_rbo": overlap}, {"lexical_miss": Reason.NOT_APPLICABLE})
    return Findings({"lexical_rbo": overlap, "lexical_miss": miss}, missed=_standing_out(result.hits, served, depth))


def _standing_out(hits: Sequence[Hit], served: Sequence[str], depth: int) -> list[Missed]:
    standing = _standing(hits, depth)
    least = STANDING_OUT * sum(standing)
    named = [
        Missed(hit.key, f"rank {rank} of BM25, not served")
        for rank, (hit, weight) in enumerate(zip(hits, standing, strict=False), start=1)
        if hit.key not in served and weight >= least
    ]
    return named[:NAMED]


def look_for_identifiers(query: str, served_texts: Sequence[str], absent: Sequence[Hit]) -> Findings:
    """Of the query's identifiers that a served or an absent document holds, the share that only absent ones hold."""
    wanted = identifiers(query)[:IDENTIFIERS]
    if not wanted:  # most queries have none, and folding every text takes longer than everything else here
        return Findings.abstained(["missed_identifiers"], Reason.NOT_APPLICABLE)
    served = [fold_numbers(text) for text in served_texts]
    beside = [(hit, fold_numbers(hit.passage)) for hit in absent]
    known = 0
    missed = []
    for identifier in wanted:
        if any(contains_identifier(text, identifier) for text in served):
            known += 1
        elif holder := next((hit for hit, text in beside if contains_identifier(text, identifier)), None):
            missed.append(Missed(holder.key, f"holds {identifier}, no served document does"))
    if not known and not missed:
        return Findings.abstained(["missed_identifiers"], Reason.NOT_APPLICABLE)
    return Findings({"missed_identifiers": len(missed) / (known + len(missed))}, missed=missed[:NAMED])
