"""The demo's search stack: it answers users from its retriever and reports each answer to the sidecar over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx2

from monitor.demo.queries import QueryStream
from monitor.demo.retriever import Retriever

TOP_K = 10
PIPELINE = "larkmoor-help"


@dataclass
class Truth:
    """What only the stack's makers know: whether a relevant document was among the first five."""

    queries: int = 0
    hits: int = 0

    @property
    def hit_at_5(self) -> float:
        """The true share; NaN before the first query."""
        return self.hits / self.queries if self.queries else float("nan")


@dataclass
class Stack:
    """Serves queries of a stream. Whoever wants it broken replaces `retriever`."""

    retriever: Retriever
    stream: QueryStream
    ingest: str
    random: Random  # for ids: the sidecar samples by them, so that the same seed gives the same run
    truth: Truth = field(default_factory=Truth)

    def serve(self, count: int) -> None:
        """Answer `count` queries and post their traces in one request, as an exporter that batches would.

        Raises
        ------
        httpx2.HTTPError
            Where the sidecar does not take them.
        """
        traces = [self.answer() for _ in range(count)]
        response = httpx2.post(f"{self.ingest}/v1/query-traces", json=traces, timeout=30)
        response.raise_for_status()

    def answer(self) -> dict[str, Any]:
        """The query trace of the next one."""
        question = self.stream.draw()
        served = self.retriever.search(question.query, TOP_K)
        self._remember([doc_id for doc_id, _ in served], question.relevant)
        return {
            "trace_id": f"{self.random.getrandbits(128):032x}",
            "timestamp": datetime.now(UTC).isoformat(),
            "pipeline": PIPELINE,
            "query": question.query,
            "documents": [{"id": doc_id, "score": score} for doc_id, score in served],
        }

    def _remember(self, served: Sequence[str], relevant: frozenset[str]) -> None:
        self.truth.queries += 1
        self.truth.hits += not relevant.isdisjoint(served[:5])
