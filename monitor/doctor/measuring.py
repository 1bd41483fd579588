"""What each measure can do with a sample: the real measures are run, and their abstentions counted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.measures.lexical_check import RANK_SIGNALS, TEXT_SIGNALS
from detectors.measures.rank_divergence import CONTRAST_SIGNALS, HEAD, LEVEL_SIGNALS, ORDER_SIGNALS, UNION_SIGNALS
from detectors.measures.score_distribution import SIGNALS as SHAPE_SIGNALS
from detectors.records import Assessment, QueryTrace, Reason, Weights
from detectors.risk import shipped_prior
from monitor.assess import Assessor
from monitor.config import Config
from monitor.doctor.gathering import Emitter, Retrieved, Sample
from monitor.doctor.scores import RISING, rising_pipelines
from monitor.providers.corpus import Corpus, resolve

Verdict = Literal["full", "degraded", "impossible"]
FULL = 0.95  # a share from which what is missing is an exception
BATCH = 128
BORROWED = "borrowed_scores"  # the retriever had some, the reranker that reordered the list has none of its own
ALL_TIERS = Weights(1.0, 1.0, None)


class Group(NamedTuple):
    """Signals that need the same, under one name."""

    name: str
    signals: tuple[str, ...]


GROUPS = (
    Group("score shape", SHAPE_SIGNALS),
    Group("BM25 check: ranks", RANK_SIGNALS),
    Group("BM25 check: words, identifiers", TEXT_SIGNALS),
    Group("cross-encoder: order", (*ORDER_SIGNALS, *CONTRAST_SIGNALS)),
    Group("cross-encoder: relevance", LEVEL_SIGNALS),
    Group("cross-encoder: what was missed", UNION_SIGNALS),
)
RISK = Group("risk, hit_at_5", tuple(sorted({*shipped_prior().at_5.weights, *shipped_prior().at_1.weights})))
COMPARISON = Group("comparison of recordings (planned)", ("best_relevance",))
JUDGE = "LLM judge (planned)"

Cause = tuple[str, str]
"""Why a measure abstained, and the dialect of who told of the retrieval."""


class Row(msgspec.Struct):
    """One measure: `share` is the part of its signals, over all retrievals, that can be had and trusted.

    `causes` counts retrievals for which something is missing by the first reason.
    """

    measure: str
    verdict: Verdict
    share: float
    causes: Counter[Cause]


class StandIn:
    """Some number for every pair: the signals mean nothing then, only which of them abstain, and why, does."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        return np.linspace(0.9, 0.1, len(pairs))


class _Seen(NamedTuple):
    """What is known of one retrieval: reasons by signal; none for what was computed."""

    missing: dict[str, str]
    dialect: str


def measure(sample: Sample, assessor: Assessor, corpus: Corpus | None, config: Config) -> list[Row]:
    """A row for each group of signals, the risk, and what is planned."""
    traces = [one.trace for one in sample.retrieved]
    rising = rising_pipelines(traces, config)
    seen = [_seen(one, found) for one, found in zip(sample.retrieved, _assess(traces, assessor), strict=True)]
    misread = [one.trace.pipeline in rising for one in sample.retrieved]
    rows = [_row(group, seen, sample, misread) for group in (*GROUPS, RISK, COMPARISON)]
    return [*rows, _judge(sample, corpus, config)]


def _assess(traces: Sequence[QueryTrace], assessor: Assessor) -> Iterable[Assessment]:
    for start in range(0, len(traces), BATCH):
        yield from assessor.assess([(trace, ALL_TIERS) for trace in traces[start : start + BATCH]])


def _seen(retrieved: Retrieved, found: Assessment) -> _Seen:
    missing = {name: reason.value for name, reason in found.abstentions.items()}
    if any(document.score is not None for document in retrieved.trace.candidates or ()):
        missing = {name: BORROWED if reason == Reason.NO_SCORES else reason for name, reason in missing.items()}
    return _Seen(missing, retrieved.emitter.dialect)


def _row(group: Group, seen: Sequence[_Seen], sample: Sample, misread: Sequence[bool]) -> Row:
    causes: Counter[Cause] = Counter((lost.reason, lost.emitter.dialect) for lost in sample.lost)
    works = computed = 0.0
    for one, wrong_way in zip(seen, misread, strict=True):
        missing = _missing(group, one)
        possible = 1 - len(missing) / len(group.signals)
        trusted = possible
        if wrong_way and (hit := set(group.signals).intersection(SHAPE_SIGNALS).difference(missing)):
            missing, trusted = [*missing, RISING], possible - len(hit) / len(group.signals)
        works, computed = works + trusted, computed + possible
        if missing:
            causes[Counter(missing).most_common(1)[0][0], one.dialect] += 1
    return _rated(group.name, works, computed, len(seen) + len(sample.lost), causes)


def _missing(group: Group, one: _Seen) -> list[str]:
    """Reasons of the signals that are missing and could be there; a query without identifiers misses none."""
    found = [one.missing[name] for name in group.signals if name in one.missing]
    return [reason for reason in found if reason != Reason.NOT_APPLICABLE]


def _rated(name: str, works: float, computed: float, total: int, causes: Counter[Cause]) -> Row:
    share = works / total if total else 0.0
    verdict: Verdict = "full" if share >= FULL else "degraded" if computed else "impossible"
    return Row(name, verdict, share, causes)


def _judge(sample: Sample, corpus: Corpus | None, config: Config) -> Row:
    """A judge reads what was served first."""
    causes: Counter[Cause] = Counter((lost.reason, lost.emitter.dialect) for lost in sample.lost)
    works = 0
    for trace, emitter, _ in sample.retrieved:
        head = trace.documents[: min(HEAD, config.pipeline(trace.pipeline).depth)]
        if all(resolve(document, corpus).text is not None for document in head):
            works += 1
        else:
            causes[Reason.NO_TEXT.value, emitter.dialect] += 1
    return _rated(JUDGE, works, works, len(sample.retrieved) + len(sample.lost), causes)


def by_emitter(sample: Sample) -> dict[Emitter, tuple[int, int]]:
    """Retrievals of each emitter: usable, and lost."""
    counts: dict[Emitter, list[int]] = defaultdict(lambda: [0, 0])
    for retrieved in sample.retrieved:
        counts[retrieved.emitter][0] += 1
    for lost in sample.lost:
        counts[lost.emitter][1] += 1
    return {emitter: (usable, gone) for emitter, (usable, gone) in counts.items()}


def share_of(items: Sequence[object], holds: Callable[..., bool]) -> float | None:
    """The part of the items for which something holds; None without items."""
    return sum(map(holds, items)) / len(items) if items else None
