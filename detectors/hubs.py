"""Hubs: documents that are served to many unrelated queries, as a pipeline's own traffic of late shows them."""

from collections import Counter, OrderedDict
from collections.abc import Sequence

from detectors.text import fold

WINDOW_QUERIES = 1000
MINIMUM_QUERIES = 50
PIPELINES = 100  # of a thousand queries with five documents each: some 40 MB at most


class _Window:
    """The last different queries of one pipeline, oldest first, and how many of them each document was served to."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lists: OrderedDict[int, frozenset[int]] = OrderedDict()
        self._served: Counter[int] = Counter()

    def add(self, query: int, documents: Sequence[int]) -> tuple[float, ...] | None:
        self._forget(self._lists.pop(query, frozenset()))
        others = len(self._lists)
        shares = tuple([self._served[document] / others for document in documents]) if others else ()
        self._lists[query] = frozenset(documents)
        self._served.update(self._lists[query])
        if len(self._lists) > self._size:
            self._forget(self._lists.popitem(last=False)[1])
        return shares if others >= MINIMUM_QUERIES else None

    def _forget(self, documents: frozenset[int]) -> None:
        for document in documents:
            self._served[document] -= 1
            if not self._served[document]:
                del self._served[document]


class Hubs:
    """Counts k-occurrences over the last `WINDOW_QUERIES` different queries of each pipeline.

    Queries that read alike are one, with the list that was served last: a question that everybody asks makes no hub. It
    keeps hashes, no text, of the `PIPELINES` heard of last, and starts anew with the process: after a restart there is
    nothing to say until `MINIMUM_QUERIES` have come. The same traces in the same order give the same values.
    Radovanovic, Nanopoulos, Ivanovic: Hubs in space, JMLR 2010.

    Examples
    --------
    >>> hubs = Hubs()
    >>> seen = [hubs.add("bot", f"query {n}", ["hub", f"document {n}"]) for n in range(60)]
    >>> seen[49], seen[50]
    (None, (1.0, 0.0))
    """

    def __init__(self, window_queries: int = WINDOW_QUERIES, pipelines: int = PIPELINES) -> None:
        self._window_queries = window_queries
        self._most = pipelines
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def add(self, pipeline: str, query: str, keys: Sequence[str]) -> tuple[float, ...] | None:
        """Of the other queries in the window, the share that was served each of `keys`; None while they are too few.

        O(keys).
        """
        window = self._windows.pop(pipeline, None) or _Window(self._window_queries)
        self._windows[pipeline] = window
        if len(self._windows) > self._most:
            self._windows.popitem(last=False)
        return window.add(hash(fold(query)), [hash(key) for key in keys])
