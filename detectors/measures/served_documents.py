"""The served documents one by one: are they as long as they always were, and is there one that everybody is served?"""

from collections.abc import Sequence

from detectors.measures.base import HEAD
from detectors.records import Findings, Reason, Retrieval, Tier

SIGNALS = ("served_length", "hub_share")


class ServedDocuments:
    """`served_length`: mean length in characters of the first five documents. `hub_share`: of the pipeline's last
    different queries, the largest share that was served one of these five among its own first five (`detectors.hubs`).

    The length says nothing about a single query; a corpus that was cut into other chunks than before, or truncated on
    its way into the index, shows in it at once. It cannot see which of the two lengths is right. A hub is near to every
    query in a space of many dimensions, and right for few of them. The share cannot tell one from a document that many
    different questions are really about: of a pipeline whose traffic has one topic, only its change says something.
    O(1) a document.

    Examples
    --------
    >>> from detectors.records import Passage, QueryTrace
    >>> served = Passage("kb-1", "Refund policy"), Passage("kb-2", "Red toner")
    >>> retrieval = Retrieval(QueryTrace(trace_id="t", query="q", documents=()), served, None, hub_share=0.25)
    >>> ServedDocuments().measure([retrieval])[0].signals
    {'served_length': 11.0, 'hub_share': 0.25}
    """

    name = "served_documents"
    tier = Tier.CHEAP
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.MEASURE_FAILED

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        return [_measure(retrieval) for retrieval in retrievals]


def _measure(retrieval: Retrieval) -> Findings:
    head = retrieval.served[:HEAD]
    if not head:
        return Findings.abstained(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
    found = Findings()
    lengths = [len(passage.text) for passage in head if passage.text is not None]
    if len(lengths) == len(head):
        found.signals["served_length"] = sum(lengths) / len(lengths)
    else:
        found.abstentions["served_length"] = Reason.NO_TEXT
    if retrieval.hub_share is not None:
        found.signals["hub_share"] = retrieval.hub_share
    else:
        found.abstentions["hub_share"] = Reason.TOO_FEW_TRACES
    return found
