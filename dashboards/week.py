"""A demo stack's traffic with a past: healthy days, then a fault that a deploy brought."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from monitor.demo.corpus import DemoDocument
from monitor.demo.faults import FAULTS
from monitor.demo.queries import QueryStream
from monitor.demo.retriever import DenseRetriever, Retriever

TOP_K = 10


class Past:
    """Users of the demo's company, whose queries are stamped with the time that one asks for.

    Parameters
    ----------
    documents
        The knowledge base.
    seed
        The same one gives the same queries, answers and ids.
    """

    def __init__(self, documents: Sequence[DemoDocument], seed: int) -> None:
        self._documents = documents
        self._seed = seed
        self._healthy = DenseRetriever.fit(documents)
        self._retriever: Retriever = self._healthy
        self._queries = QueryStream(documents, seed)
        self._random = Random(seed)
        self._release = "1"

    def break_by(self, fault: str) -> None:
        """A new release of the index has a fault, by its name in the demo."""
        self._retriever = FAULTS[fault].apply(self._healthy, self._documents, self._seed)
        self._release = "2"

    def traces(self, pipeline: str, start: datetime, length: timedelta, count: int) -> Iterator[dict[str, Any]]:
        """So many query traces, evenly over a time."""
        for i in range(count):
            served = self._retriever.search((query := self._queries.draw().query), TOP_K)
            yield {
                "trace_id": f"{self._random.getrandbits(128):032x}",
                "timestamp": (start + i / count * length).isoformat(),
                "pipeline": pipeline,
                "query": query,
                "documents": [{"id": doc_id, "score": score} for doc_id, score in served],
                "attributes": {"index_version": self._release},
            }
