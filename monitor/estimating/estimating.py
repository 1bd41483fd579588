"""From assessments, and perhaps labels, to estimates: by pipeline, kind of query and version of the judge."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from detectors.judging.agreement import Agreement, agreement
from detectors.judging.records import BEST_GRADE
from detectors.measures.base import HEAD
from detectors.ppi import SHAPE, NestedEstimate, effective_labelled, labelled_in, nested_estimate, nested_terms
from detectors.records import ALL, Assessment
from monitor.deciding.estimates import sums_of_judge
from monitor.deciding.observation import Floats
from monitor.deciding.windows import HOUR_SECONDS, LABEL, PROXY

HumanGrades = Mapping[tuple[str, str | None], Mapping[str, int]]
"""By trace and span, by document: from 0 to 3."""


class Estimated(msgspec.Struct, frozen=True):
    """What one version of the judge says of a kind of query (ALL for all) of a pipeline.

    `judge_context_relevance` has the judge's mean grade as its label and the cross-encoder as its proxy;
    `context_relevance` the people's mean grade as its label, on the `people` judged traces of which they graded every
    document that the judge did, and the judge as its proxy. `agreement` is of the judge's grades with theirs, over all
    documents of judged traces that have both. None where there were too few.
    """

    pipeline: str
    scenario: str
    judge: str
    judged: int
    effective_samples: float
    judge_context_relevance: NestedEstimate | None
    people: int
    context_relevance: NestedEstimate | None
    agreement: Agreement | None


class Estimates(msgspec.Struct, frozen=True):
    """All of them; and of the traces with labels, how many were used, lacked some document, and were not judged."""

    rows: list[Estimated]
    labelled_traces: dict[str, int]


class _Judged(NamedTuple):
    """A judged trace: its weight, the judge's mean grade of 1 and the people's, and pairs of grades of one document."""

    weight: float
    mean: float
    human: float | None
    pairs: Sequence[tuple[float, float]]


class Collected:
    """What is kept of assessments: sums, and of judged traces a few numbers."""

    def __init__(self, human: HumanGrades | None = None) -> None:
        self._human = human or {}
        self._sums: dict[tuple[str, str], dict[tuple[int, str], Floats]] = defaultdict(dict)
        self._judged: dict[tuple[str, str, str], list[_Judged]] = defaultdict(list)
        self._labelled = Counter(used=0, partly_labelled=0)
        self._met: set[tuple[str, str | None]] = set()

    def add(self, assessments: Sequence[Assessment]) -> None:
        """Take in more of them; memory grows by the hour, and by the judged trace."""
        weights = np.array([(_judge_weight(one), one.weights.scorer or 0.0) for one in assessments])
        values = np.array([(one.signals.get(LABEL, 0.0), one.signals.get(PROXY, 0.0)) for one in assessments])
        terms = nested_terms(values[:, 0], weights[:, 0], values[:, 1], weights[:, 1])
        for one, own in zip(assessments, terms, strict=True):
            judge = one.versions["judge"] if _judge_weight(one) else ""
            hour = int(one.timestamp.timestamp() // HOUR_SECONDS)
            for scenario in (ALL, one.scenario):
                sums = self._sums[one.pipeline, scenario]
                sums[hour, judge] = sums.get((hour, judge), np.zeros(SHAPE)) + own
            if judge:
                self._add_judged(one, judge)

    def _add_judged(self, one: Assessment, judge: str) -> None:
        place, grades = (one.trace_id, one.span_id), one.evidence.grades
        human = self._human.get(place, {})
        documents = [key for key in dict.fromkeys(one.document_ids[:HEAD]) if key in grades]
        pairs = [(grades[key], float(human[key])) for key in documents if key in human]
        complete = bool(documents) and len(pairs) == len(documents)
        mean = float(np.mean([other for _, other in pairs])) / BEST_GRADE if complete else None
        if human:
            self._met.add(place)
            self._labelled["used" if complete else "partly_labelled"] += 1
        judged = _Judged(_judge_weight(one), one.signals[LABEL], mean, pairs)
        for scenario in (ALL, one.scenario):
            self._judged[one.pipeline, scenario, judge].append(judged)

    def estimates(self) -> Estimates:
        """Of every pipeline, kind of query and version of the judge that judged anything."""
        rows = [self._estimated(*key, judged) for key, judged in sorted(self._judged.items())]
        return Estimates(rows, {**self._labelled, "not_judged": len(self._human.keys() - self._met)})

    def _estimated(self, pipeline: str, scenario: str, judge: str, judged: Sequence[_Judged]) -> Estimated:
        parts = [(hour, by, own) for (hour, by), own in self._sums[pipeline, scenario].items()]
        sums = sums_of_judge(parts, judge)
        corrected = _corrected(judged)
        pairs = [pair for one in judged for pair in one.pairs]
        return Estimated(
            pipeline, scenario, judge, labelled_in(sums), effective_labelled(sums), nested_estimate(sums),
            labelled_in(corrected), nested_estimate(corrected), agreement(*zip(*pairs, strict=True)) if pairs else None,
        )  # fmt: skip


def _corrected(judged: Iterable[_Judged]) -> Floats:
    """Sums with people's grades as the label and the judge's as the proxy. Which of the judged traces people grade is
    taken to be chance, so that each of them has the weight of a judged one.
    """
    rows = [(one.human or 0.0, one.weight * (one.human is not None), one.mean, one.weight) for one in judged]
    return np.asarray(nested_terms(*np.array(rows).T).sum(axis=0))


def _judge_weight(one: Assessment) -> float:
    """0 for a trace whose documents were not all judged."""
    return (one.weights.judge or 0.0) if LABEL in one.signals else 0.0
