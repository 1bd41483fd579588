"""The lexical cross-check: what BM25 finds for the same query and the retriever did not serve."""

from collections.abc import Sequence

from detectors.measures.base import Hit, LexicalIndex, LexicalResult
from detectors.ranking import rbo_ext
from detectors.records import Findings, Missed, Reason, Retrieval, Tier
from detectors.text import contains_identifier, fold_numbers, identifiers, terms

SIGNALS = ("lexical_rbo", "lexical_miss", "uncovered_terms", "missed_identifiers")
TEXT_SIGNALS = ("uncovered_terms", "missed_identifiers")
STANDING_OUT = 0.2  # share of BM25's standing-out score from which a document that was not served is named
NAMED = 3


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


def uncovered_terms(idf: dict[str, float], served_texts: Sequence[str]) -> float:
    """The share of the query's terms, weighted by idf, that no served document contains.

    A term that the corpus does not know counts with the largest idf: it cannot be covered, and that is evidence.

    Returns
    -------
    float
        In [0, 1]; NaN for a query without terms. O(length of the texts).

    Examples
    --------
    >>> round(uncovered_terms({"refund": 2.0, "toner": 6.0}, ["Refunds take five days."]), 2)
    0.75
    """
    covered = set[str]().union(*(terms(text) for text in served_texts))
    total = sum(idf.values())
    return sum(weight for term, weight in idf.items() if term not in covered) / total if total else float("nan")


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
        if retrieval.no_lexical is not None:
            return Findings.abstained(SIGNALS, retrieval.no_lexical)
        if not retrieval.served:
            return Findings.abstained(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
        result = self._index.search(retrieval.query, len(retrieval.served) + 1, retrieval.trace.filters)
        if not result.idf:
            return Findings.abstained(SIGNALS, Reason.NO_QUERY_TERMS)
        findings = Findings()
        _compare(findings, retrieval, result)
        texts = [passage.text for passage in retrieval.served if passage.text is not None]
        if len(texts) < len(retrieval.served):
            findings.merge(Findings.abstained(TEXT_SIGNALS, Reason.NO_TEXT))
            return findings
        findings.signals["uncovered_terms"] = uncovered_terms(result.idf, texts)
        served = {passage.key for passage in retrieval.served}
        absent = [hit for hit in result.hits if hit.key not in served]
        _look_for_identifiers(findings, retrieval.query, texts, absent)
        return findings


def _compare(findings: Findings, retrieval: Retrieval, result: LexicalResult) -> None:
    depth = len(retrieval.served)
    served = list(dict.fromkeys(passage.key for passage in retrieval.served))
    hits = result.hits[:depth]
    findings.signals["lexical_rbo"] = rbo_ext(served, [hit.key for hit in hits])
    miss = lexical_miss(result.hits, frozenset(served), depth)
    if miss != miss:  # noqa: PLR0124
        findings.abstentions["lexical_miss"] = Reason.NOT_APPLICABLE
        return
    findings.signals["lexical_miss"] = miss
    standing = _standing(result.hits, depth)
    total = sum(standing)
    for rank, (hit, weight) in enumerate(zip(hits, standing, strict=True), start=1):
        if hit.key not in served and weight >= STANDING_OUT * total and len(findings.missed) < NAMED:
            findings.missed.append(Missed(hit.key, f"rank {rank} of BM25, not served"))


def _look_for_identifiers(findings: Findings, query: str, served_texts: list[str], absent: Sequence[Hit]) -> None:
    asked = identifiers(query)
    if not asked:
        findings.abstentions["missed_identifiers"] = Reason.NOT_APPLICABLE
        return
    served = [fold_numbers(text) for text in served_texts]
    found = [(hit, fold_numbers(hit.passage)) for hit in absent]
    known = missed = 0
    for identifier in asked:
        if any(contains_identifier(text, identifier) for text in served):
            known += 1
            continue
        holder = next((hit for hit, text in found if contains_identifier(text, identifier)), None)
        if holder is not None:
            known, missed = known + 1, missed + 1
            findings.missed.append(Missed(holder.key, f"holds {identifier}, no served document does"))
    if known:
        findings.signals["missed_identifiers"] = missed / known
    else:
        findings.abstentions["missed_identifiers"] = Reason.NOT_APPLICABLE
