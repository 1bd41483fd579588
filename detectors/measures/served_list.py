"""The served list by itself: repetitions, coherence, length, and documents that everybody is served."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt

from detectors.measures.base import HEAD
from detectors.records import Findings, Reason, Retrieval, Tier
from detectors.text import terms

PAIR_SIGNALS = ("near_duplicates", "list_coherence")
TEXT_SIGNALS = (*PAIR_SIGNALS, "served_length")
SIGNALS = (*TEXT_SIGNALS, "hub_share")
READ_CHARACTERS = 20_000  # of each document
SHINGLE = 3  # terms
NEARLY = 0.8  # resemblance from which one text repeats another: a changed term in thirty still counts


def near_duplicates(documents: Sequence[Sequence[str]]) -> float:
    """The share of a list's documents after the first that nearly repeat one above them: places that told nothing new.

    Two documents nearly repeat each other where their sets A and B of shingles (runs of three terms) resemble:
    |A & B| / |A | B| >= .8. It cannot see paraphrases, nor duplicates in the corpus that were not served together.
    Broder: On the resemblance and containment of documents, 1997.

    Parameters
    ----------
    documents
        The terms of two or more, in served order; one without terms repeats nothing.

    Returns
    -------
    float
        In [0, 1]. O(k^2 * length) with k documents.

    Examples
    --------
    >>> near_duplicates([terms(text) for text in ("Red toner", "refunds take five days", "red toner!")])
    0.5
    """
    shingled = [_shingles(document) for document in documents]
    repeated = sum(any(_nearly(one, above) for above in shingled[:rank]) for rank, one in enumerate(shingled))
    return repeated / (len(documents) - 1)


def _shingles(document: Sequence[str]) -> frozenset[tuple[str, ...]]:
    width = min(SHINGLE, len(document))
    return frozenset(zip(*(document[start:] for start in range(width)), strict=False))


def _nearly(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    shared = len(one & other)
    return shared > 0 and shared >= NEARLY * (len(one) + len(other) - shared)


def list_coherence(documents: Sequence[Sequence[str]]) -> float:
    """The mean cosine of the documents' term frequency vectors over all pairs.

    With u_i of length 1, that is (|sum u_i|^2 - k) / (k (k - 1)): no pair has to be formed. A list whose documents have
    nothing to do with each other was drawn together by something else than the question. It cannot see synonyms, and
    near-duplicates raise it. Documents without terms are left out.
    He, Larson, de Rijke: Using coherence-based measures to predict query difficulty, ECIR 2008.

    Parameters
    ----------
    documents
        The terms of each, in any order.

    Returns
    -------
    float
        In [0, 1]; NaN with fewer than two that have terms. O(k * length) with k documents.

    Examples
    --------
    >>> round(list_coherence([["red", "toner"], ["red", "paper"], ["red", "toner"]]), 3)  # (1/2 + 1 + 1/2) / 3
    0.667
    """
    together: defaultdict[str, float] = defaultdict(float)
    counted = [Counter(document) for document in documents if document]
    for counts in counted:
        norm = sqrt(sum(count * count for count in counts.values()))
        for term, count in counts.items():
            together[term] += count / norm
    k = len(counted)
    if k < 2:
        return float("nan")
    pairs = sum(weight * weight for weight in together.values()) - k
    return min(1.0, max(0.0, pairs / (k * (k - 1))))


class ServedList:
    """`near_duplicates` and `list_coherence` of the first five served documents, `served_length`, their mean length in
    characters, and `hub_share`: of the pipeline's queries of late, the largest share that was served one of these five
    among its own first five (`detectors.hubs`).

    The length says nothing about a single query; a corpus that was cut into other chunks than before, or truncated on
    its way into the index, shows in it at once. It cannot see which of the two lengths is right. A hub is near to every
    query in a space of many dimensions, and right for few. The share cannot tell it from a document that many different
    questions are really about: where all traffic has one topic, only its change says something.

    No model is needed. But to split five texts into terms costs several times what else happens to a trace that gets
    neither BM25 nor a cross-encoder, and to count hubs a third of it: this is measured where a cross-encoder runs,
    beside which it costs nothing.
    """

    name = "served_list"
    tier = Tier.SCORER
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.MEASURE_FAILED

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        return [_measure(retrieval) for retrieval in retrievals]


def _measure(retrieval: Retrieval) -> Findings:
    head = retrieval.served[:HEAD]
    if not head:
        return Findings.abstained(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    texts = [passage.text for passage in head if passage.text is not None]
    found = _of_texts(texts) if len(texts) == len(head) else Findings.abstained(TEXT_SIGNALS, Reason.NO_TEXT)
    if retrieval.hub_share is None:
        found.abstentions["hub_share"] = Reason.TOO_FEW_TRACES
    else:
        found.signals["hub_share"] = retrieval.hub_share
    return found


def _of_texts(texts: Sequence[str]) -> Findings:
    found = Findings({"served_length": sum(map(len, texts)) / len(texts)})
    if len(texts) < 2:
        found.merge(Findings.abstained(PAIR_SIGNALS, Reason.TOO_FEW_DOCUMENTS))
        return found
    documents = [terms(text[:READ_CHARACTERS]) for text in texts]
    found.signals["near_duplicates"] = near_duplicates(documents)
    coherence = list_coherence(documents)
    if coherence == coherence:  # noqa: PLR0124
        found.signals["list_coherence"] = coherence
    else:
        found.abstentions["list_coherence"] = Reason.NOT_APPLICABLE
    return found
