"""Document age: are the served documents older than what the corpus has?"""

from collections.abc import Sequence

from detectors.measures.base import HEAD
from detectors.records import Findings, Reason, Retrieval, Tier

SIGNALS = ("document_age",)


class DocumentAge:
    """The mean, over the first five served documents, of the share of the corpus's dated documents that are newer.

    About one half where queries do not care for dates. Where the index is stale it rises at once: what is newest in the
    source texts is never served. A share instead of days, so that a corpus that nobody adds to does not age. Of a
    single query it says little: it cannot see what was asked for, and old documents are right for old things.
    O(log corpus) a document, when its date is looked up.

    Examples
    --------
    >>> from detectors.records import Passage, QueryTrace
    >>> served = [Passage(key, in_corpus=True, newer=newer) for key, newer in (("old", 0.9), ("new", 0.0))]
    >>> retrieval = Retrieval(QueryTrace(trace_id="t", query="q", documents=()), tuple(served), None, None)
    >>> DocumentAge().measure([retrieval])[0].signals
    {'document_age': 0.45}
    """

    name = "document_age"
    tier = Tier.CHEAP
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.MEASURE_FAILED

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        return [_measure(retrieval) for retrieval in retrievals]


def _measure(retrieval: Retrieval) -> Findings:
    head = retrieval.served[:HEAD]
    if not head:
        return Findings.abstained(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    if retrieval.no_lexical is Reason.NO_CORPUS:
        return Findings.abstained(SIGNALS, Reason.NO_CORPUS)
    if not all(passage.in_corpus for passage in head):
        return Findings.abstained(SIGNALS, Reason.IDS_NOT_IN_CORPUS)
    newer = [passage.newer for passage in head if passage.newer is not None]
    if len(newer) < len(head):
        return Findings.abstained(SIGNALS, Reason.NO_TIMESTAMP)
    return Findings({"document_age": sum(newer) / len(newer)})
