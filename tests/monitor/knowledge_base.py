"""The demo's company as the tests of the risk see it: its articles, its retriever, its users, and a cheap scorer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.measures.base import PairScorer
from detectors.records import Assessment, QueryTrace, RetrievedDocument
from detectors.text import terms
from monitor.assess import Assessor
from monitor.build import build_assessor, build_index
from monitor.demo.corpus import build_corpus
from monitor.demo.queries import QueryStream
from monitor.demo.retriever import DenseRetriever, Retriever
from monitor.providers.corpus import Corpus, CorpusDocument
from tests.builders import ALL_TIERS, config

SEED = 3
SCORER = "shared words"


class SharedWords:
    """A `PairScorer`: the share of the query's words that a passage has."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        words = [(set(terms(query)), set(terms(passage))) for query, passage in pairs]
        return np.array([(0.5 + len(query & passage)) / (1 + len(query)) for query, passage in words])


class KnowledgeBase:
    """One seed, one company; its users go on asking from one call to the next."""

    def __init__(self) -> None:
        self.documents = build_corpus(SEED)
        self.retriever = DenseRetriever.fit(self.documents)
        self.texts = {document.id: document.passage for document in self.documents}
        self.corpus = Corpus([CorpusDocument(key, text) for key, text in self.texts.items()])
        self._users = QueryStream(self.documents, SEED)
        self._asked = 0

    def serve(self, count: int, retriever: Retriever | None = None) -> list[QueryTrace]:
        """The next traces: ids and scores, as the retriever has them."""
        return [self._answer(retriever or self.retriever) for _ in range(count)]

    def _answer(self, retriever: Retriever) -> QueryTrace:
        self._asked += 1
        query = self._users.draw().query
        documents = tuple(RetrievedDocument(id=key, score=score) for key, score in retriever.search(query, 10))
        return QueryTrace(trace_id=str(self._asked), query=query, documents=documents)


def assessor(corpus: Corpus | None, scorer: PairScorer | None) -> Assessor:
    """All measures, over what there is."""
    name = SCORER if scorer is not None else "none"
    return build_assessor(config(), corpus, build_index(corpus), scorer, name)


def assess(traces: Sequence[QueryTrace], corpus: Corpus | None, scorer: PairScorer | None) -> list[Assessment]:
    """Without risk."""
    return assessor(corpus, scorer).assess([(trace, ALL_TIERS) for trace in traces])
