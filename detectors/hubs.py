"""Hubs: documents that are served to many unrelated queries, as a pipeline's own traffic of late shows them."""

from collections import OrderedDict
from collections.abc import Iterable

HALF_LIFE_QUERIES = 1000
MINIMUM_QUERIES = 50
PIPELINES = 100  # of some ten thousand counts each


class _Traffic:
    """Of one pipeline: the different queries since the last halving, and how many queries each document was served to,
    those from before every halving counted by half.
    """

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.queries = 0
        self.served: dict[int, int] = {}

    def most(self, documents: Iterable[int]) -> int:
        """The largest count of one of the documents."""
        return max([self.served.get(document, 0) for document in documents], default=0)

    def count(self, query: int, documents: Iterable[int]) -> None:
        """One more query, unless it was seen."""
        if query in self.seen:
            return
        self.seen.add(query)
        self.queries += 1
        served = self.served
        for document in documents:
            served[document] = served.get(document, 0) + 1

    def halve(self) -> None:
        """Forget half, and who came once."""
        self.seen = set()
        self.queries //= 2
        self.served = {document: times // 2 for document, times in self.served.items() if times > 1}


class Hubs:
    """Counts k-occurrences over the queries of late, by a half-life of 1,000 different queries of each pipeline.

    A query that comes again, in whatever case, counts once in a half-life: a question that everybody asks makes no hub.
    It keeps hashes, no text, of the `PIPELINES` heard of last, and starts anew with the process: after a restart there
    is nothing to say until `MINIMUM_QUERIES` have come. The same traces in the same order give the same values.
    Radovanovic, Nanopoulos, Ivanovic: Hubs in space, JMLR 2010.

    Examples
    --------
    >>> hubs = Hubs()
    >>> shares = [hubs.add("bot", f"query {n}", ["hub", f"document {n}"]) for n in range(60)]
    >>> shares[49], shares[50]
    (None, 1.0)
    """

    def __init__(self, half_life_queries: int = HALF_LIFE_QUERIES, pipelines: int = PIPELINES) -> None:
        self._half_life_queries = half_life_queries
        self._most = pipelines
        self._traffic: OrderedDict[str, _Traffic] = OrderedDict()

    def add(self, pipeline: str, query: str, keys: Iterable[str]) -> float | None:
        """Of the queries before this one, the largest share that was served one of `keys`; None while they are too few.
        O(keys).
        """
        traffic = self._of(pipeline)
        documents = {hash(key) for key in keys}
        queries, most = traffic.queries, traffic.most(documents)
        traffic.count(hash(query.lower()), documents)
        if len(traffic.seen) >= self._half_life_queries:
            traffic.halve()
        return most / queries if queries >= MINIMUM_QUERIES else None

    def _of(self, pipeline: str) -> _Traffic:
        traffic = self._traffic.get(pipeline)
        if traffic is None:
            traffic = self._traffic[pipeline] = _Traffic()
            if len(self._traffic) > self._most:
                self._traffic.popitem(last=False)
        self._traffic.move_to_end(pipeline)
        return traffic
