"""Assesses the recordings of one collection in every variant, and without what is relevant; nothing is rated yet."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from detectors.labels import RELEVANT, against_labels
from detectors.outcomes import Answer
from detectors.records import Assessment, Evidence
from monitor.assess import Assessor, Sampled
from monitor.build import Scorer, build_index
from monitor.config import EVERYTHING
from monitor.errors import LeadlineError
from monitor.evaluating.collections import Collection
from monitor.evaluating.emptied import EmptiedIndex, emptied
from monitor.evaluating.variants import FULL, Parts, Variant, as_recorded, assessor_of, variants
from monitor.evaluation import Labels, Orders, read_labels
from monitor.providers.corpus import read_corpus
from monitor.recording import BATCH_TRACES, Recording
from monitor.sampling import Sampler

Unrated = Sequence[tuple[Assessment, Answer | None]]
"""Every assessment of a recording, with the answer where the labels have one."""


class Assessed(NamedTuple):
    """One recording, assessed in every variant.

    `emptied` is its labelled part without the relevant documents, at `FULL`'s depth; `short` counts lists of those that
    the recording is not deep enough to fill.
    """

    collection: str
    recording: str
    documents: int
    skipped: dict[str, int]
    variants: dict[Variant, Unrated]
    emptied: list[tuple[Assessment, Answer]]
    short: int
    ndcg_at_10: dict[str, float | None]

    @property
    def queries(self) -> list[str]:
        """The queries whose answer is known."""
        return [answer.query for _, answer in self.variants[FULL] if answer is not None]


def assess_collection(collection: Collection, scorer: Scorer, on_step: Callable[[str], None]) -> list[Assessed]:
    """All recordings of a collection. Its corpus and its index are gone from memory afterwards.

    Raises
    ------
    LeadlineError
        Where something cannot be read, no trace has labels, or two recordings share no query.
    """
    corpus = read_corpus(collection.directory / "corpus.jsonl")
    index = build_index(corpus)
    assert index is not None
    parts = Parts(corpus, index, scorer)
    labels = Labels(*read_labels(collection.directory))
    found = []
    for path in collection.recordings:
        found.append(_OneRecording(collection, path, parts, labels).assess(on_step))
        if not set(found[0].queries) & set(found[-1].queries):
            raise LeadlineError(f"{path}: no query in common with {collection.recordings[0].name}, expected the same")
    return found


class _OneRecording:
    def __init__(self, collection: Collection, path: Path, parts: Parts, labels: Labels) -> None:
        self._collection = collection
        self._path = path
        self._parts = parts
        self._labels = labels

    def assess(self, on_step: Callable[[str], None]) -> Assessed:
        recording = Recording(self._path, Sampler(lambda _: EVERYTHING))
        sampled = [one for batch in recording.batches() for one in batch]
        skipped = Counter({name: count for name, count in recording.counts().items() if name != "evaluated"})
        orders = Orders(self._parts.lexical)
        by_variant: dict[Variant, Unrated] = {}
        for variant in variants(self._parts.scorer.model):
            on_step(f"{self._collection.name}/{self._path.name}: {variant.name}")
            by_variant[variant] = self._variant(variant, sampled, orders, skipped)
        if all(answer is None for _, answer in by_variant[FULL]):
            raise LeadlineError(f"{self._path}: no trace has labels, expected query ids or texts of queries.jsonl")
        on_step(f"{self._collection.name}/{self._path.name}: nothing to find")
        without, short = self._emptied(sampled, by_variant[FULL])
        return Assessed(
            self._collection.name, self._path.stem, len(self._parts.corpus), dict(skipped), by_variant, without, short,
            orders.means(),
        )  # fmt: skip

    def _variant(self, variant: Variant, sampled: Sequence[Sampled], orders: Orders, skipped: Counter[str]) -> Unrated:
        as_they_were = [as_recorded(variant, one, self._parts.corpus) for one in sampled]
        found: list[tuple[Assessment, Answer | None]] = []
        for assessment in _assess(assessor_of(variant, self._parts), as_they_were):
            query = self._labels.query(assessment.query_id, assessment.query)
            qrels = self._labels.of(query, None) or {}
            judged = against_labels(assessment, qrels)
            answer = None
            if query is not None and judged is not None:
                answer = Answer(query, judged.failures, judged.ndcg_at_10)
            if variant is FULL:
                if judged is None:
                    skipped["unknown_query" if query is None else "no_relevant_document"] += 1
                else:
                    orders.add(assessment, qrels, judged)
            found.append((_bare(assessment), answer))
        return found

    def _emptied(self, sampled: Sequence[Sampled], full: Unrated) -> tuple[list[tuple[Assessment, Answer]], int]:
        labelled = [(one, answer) for one, (_, answer) in zip(sampled, full, strict=True) if answer is not None]
        removed: dict[str, frozenset[str]] = defaultdict(frozenset)  # two queries of one text lose what either may find
        for (trace, _), answer in labelled:
            grades = self._labels.of(answer.query, None) or {}
            removed[trace.query] |= {key for key, grade in grades.items() if grade >= RELEVANT}
        without = [
            (emptied(trace, removed[trace.query], self._parts.corpus), weights) for (trace, weights), _ in labelled
        ]
        parts = self._parts._replace(lexical=EmptiedIndex(self._parts.lexical, removed))
        assessments = [_bare(assessment) for assessment in _assess(assessor_of(FULL, parts), without)]
        short = sum(len(trace.documents) < FULL.depth for trace, _ in without)
        return list(zip(assessments, (answer for _, answer in labelled), strict=True)), short


def _assess(assessor: Assessor, sampled: Sequence[Sampled]) -> Iterator[Assessment]:
    for start in range(0, len(sampled), BATCH_TRACES):
        yield from assessor.assess(sampled[start : start + BATCH_TRACES])


def _bare(assessment: Assessment) -> Assessment:
    """Without its texts: thousands are kept until all collections are assessed."""
    bare: Assessment = msgspec.structs.replace(assessment, evidence=Evidence(), query=None, attributes={})
    return bare
