"""Makes query traces ready for measuring: cut to the pipeline's depth, scores checked, texts and ids resolved."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import msgspec

from detectors.hubs import Hubs
from detectors.measures.base import HEAD
from detectors.records import QueryTrace, Reason, Retrieval, RetrievedDocument
from monitor.config import PipelineConfig
from monitor.providers.corpus import Corpus, TextSource, resolve, text_source

FOUND_SHARE = 0.8  # below it served and indexed documents are not the same things, and BM25 says nothing about them
HALF_LIFE_DOCUMENTS = 10_000  # an index that changes shows in the share, a bad minute does not


class Preparer:
    """Turns traces into retrievals; keeps, per pipeline, how many served documents the corpus knew of late, and which
    were served to many queries.

    `texts` counts served documents by pipeline and by where their text came from; who reports it takes it out.
    """

    def __init__(self, corpus: Corpus | None, pipeline: Callable[[str], PipelineConfig]) -> None:
        self._corpus = corpus
        self._pipeline = pipeline
        self._served: dict[str, float] = defaultdict(float)
        self._found: dict[str, float] = defaultdict(float)
        self._hubs = Hubs()
        self.texts: Counter[tuple[str, TextSource]] = Counter()

    def prepare(self, traces: Sequence[QueryTrace]) -> list[Retrieval]:
        """One retrieval for each trace. The batch itself counts for the share of documents found."""
        retrievals = [self._prepare(trace) for trace in traces]
        if self._corpus is None:
            return retrievals
        for retrieval in retrievals:
            self._count(retrieval)
        return [self._judge_ids(retrieval) for retrieval in retrievals]

    def with_hubs(self, retrieval: Retrieval) -> Retrieval:
        """The same with its `hub_share`, counted over the retrievals that come here, in their order."""
        keys = [passage.key for passage in retrieval.served[:HEAD]]
        share = self._hubs.add(retrieval.trace.pipeline, retrieval.query, keys)
        return msgspec.structs.replace(retrieval, hub_share=share)

    def _prepare(self, trace: QueryTrace) -> Retrieval:
        pipeline = self._pipeline(trace.pipeline)
        documents = trace.documents[: pipeline.depth]
        served = tuple([resolve(document, self._corpus) for document in documents])
        bare = [text_source(d, s) for d, s in zip(documents, served, strict=True) if not d.text]
        self.texts[trace.pipeline, "trace"] += len(served) - len(bare)
        for source in bare:
            self.texts[trace.pipeline, source] += 1
        kind = trace.score_kind or pipeline.score_kind
        return Retrieval(trace, served, oriented_scores(documents, kind == "distance"), self._no_lexical(trace))

    def _no_lexical(self, trace: QueryTrace) -> Reason | None:
        if self._corpus is None:
            return Reason.NO_CORPUS
        if trace.filters and not self._corpus.metadata_keys.issuperset(trace.filters):
            return Reason.FILTER_UNKNOWN
        return None

    def _count(self, retrieval: Retrieval) -> None:
        name = retrieval.trace.pipeline
        keep = 0.5 ** (len(retrieval.served) / HALF_LIFE_DOCUMENTS)
        found = sum(passage.in_corpus for passage in retrieval.served)
        self._served[name] = self._served[name] * keep + len(retrieval.served)
        self._found[name] = self._found[name] * keep + found

    def _judge_ids(self, retrieval: Retrieval) -> Retrieval:
        name = retrieval.trace.pipeline
        if retrieval.no_lexical is not None or self._found[name] >= FOUND_SHARE * self._served[name]:
            return retrieval
        return msgspec.structs.replace(retrieval, no_lexical=Reason.IDS_NOT_IN_CORPUS)


def oriented_scores(documents: Sequence[RetrievedDocument], distances: bool) -> tuple[float, ...] | None:
    """Scores of which higher is better; None unless every document has a finite one."""
    scores = [document.score for document in documents]
    finite = [score for score in scores if score is not None and math.isfinite(score)]
    if not scores or len(finite) < len(scores):
        return None
    return tuple([-score for score in finite]) if distances else tuple(finite)
