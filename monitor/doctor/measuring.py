"""What each measure can do with a sample: the real measures are run, and their abstentions counted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.measures.answer_type import SIGNALS as ANSWER_SIGNALS
from detectors.measures.base import HEAD
from detectors.measures.document_age import SIGNALS as AGE_SIGNALS
from detectors.measures.lexical_check import RANK_SIGNALS, TEXT_SIGNALS
from detectors.measures.lexical_scores import AGREEMENT_SIGNALS as LEXICAL_AGREEMENT_SIGNALS
from detectors.measures.lexical_scores import QUERY_SIGNALS
from detectors.measures.lexical_scores import SHARE_SIGNALS as LEXICAL_SHARE_SIGNALS
from detectors.measures.rank_divergence import (
    AGREEMENT_SIGNALS,
    CONTRAST_SIGNALS,
    EXPECTED_SIGNALS,
    LEVEL_SIGNALS,
    ORDER_SIGNALS,
    SHARE_SIGNALS,
    UNION_SIGNALS,
)
from detectors.measures.score_distribution import SIGNALS as SHAPE_SIGNALS
from detectors.measures.served_list import SIGNALS as LIST_SIGNALS
from detectors.records import Assessment, QueryTrace, Reason, Weights
from detectors.risk import shipped_prior
from monitor.assess import Assessor
from monitor.config import Config
from monitor.doctor.gathering import Emitter, Lost, Retrieved, Sample
from monitor.doctor.scores import RISING, rising_pipelines
from monitor.providers.corpus import Corpus, resolve

Verdict = Literal["full", "degraded", "impossible"]
ROUNDING = 1e-6
FULL = 0.95  # a share from which what is missing is an exception
BATCH = 128
BORROWED = "borrowed_scores"  # the retriever had some, the reranker that reordered the list has none of its own
NOTHING_MISSING = (Reason.NOT_APPLICABLE, Reason.TOO_FEW_TRACES, Reason.NO_TIMESTAMP)
ALL_TIERS = Weights(1.0, 1.0, None)


class Group(NamedTuple):
    """Signals that need the same, under one name."""

    name: str
    signals: tuple[str, ...]


GROUPS = (
    Group("score shape", SHAPE_SIGNALS),
    Group("answer type", ANSWER_SIGNALS),
    Group("BM25 check: ranks", (*RANK_SIGNALS, *QUERY_SIGNALS, *LEXICAL_SHARE_SIGNALS, *AGE_SIGNALS)),
    Group("BM25 check: words, identifiers", TEXT_SIGNALS),
    Group("retriever's scores against others", (*LEXICAL_AGREEMENT_SIGNALS, *AGREEMENT_SIGNALS)),
    Group("served list", LIST_SIGNALS),
    Group("cross-encoder: order", (*ORDER_SIGNALS, *CONTRAST_SIGNALS)),
    Group("cross-encoder: relevance", LEVEL_SIGNALS),
    Group("cross-encoder: what was missed", (*UNION_SIGNALS, *SHARE_SIGNALS, *EXPECTED_SIGNALS)),
)
RISK = Group("risk, hit_at_5", tuple(sorted({*shipped_prior().at_5.weights, *shipped_prior().at_1.weights})))
COMPARISON = Group("comparison of recordings", ("best_relevance",))
JUDGE = "LLM judge: context relevance"

Cause = tuple[str, str]
"""Why a measure abstained, and the dialect of who told of the retrieval."""


class Row(msgspec.Struct):
    """One measure: `share` is the part of its signals, over all retrievals, that can be had and trusted.

    Parameters
    ----------
    causes
        Retrievals for which something is missing, by reason; one may have several.
    losses
        The parts of the share that these reasons cost, times the number of retrievals.
    """

    measure: str
    verdict: Verdict
    share: float
    causes: Counter[Cause]
    losses: dict[Cause, float]


class StandIn:
    """Some number for every pair: the signals mean nothing then, only which of them abstain, and why, does."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        return np.linspace(0.9, 0.1, len(pairs))


class _Seen(NamedTuple):
    """One retrieval: reasons by signal, none for what was computed; whether its scores are read the wrong way round."""

    missing: dict[str, str]
    dialect: str
    misread: bool


def measure(sample: Sample, assessor: Assessor, corpus: Corpus | None, config: Config) -> list[Row]:
    """A row for each group of signals, the risk, the comparison of recordings and the judge.

    An empty list has nothing to measure, and needs nothing: its risk is certain.
    """
    rising = rising_pipelines([one.trace for one in sample.retrieved], config)
    filled = [one for one in sample.retrieved if one.trace.documents]
    found = _assess([one.trace for one in filled], assessor)
    seen = [_seen(one, of, rising) for one, of in zip(filled, found, strict=True)]
    rows = [_row(group, seen, sample.lost) for group in (*GROUPS, COMPARISON)]
    risk = _row(RISK, seen, sample.lost, certain=len(sample.retrieved) - len(filled))
    return [*rows[: len(GROUPS)], risk, *rows[len(GROUPS) :], _judge(filled, sample.lost, corpus, config)]


def _assess(traces: Sequence[QueryTrace], assessor: Assessor) -> Iterator[Assessment]:
    for start in range(0, len(traces), BATCH):
        yield from assessor.assess([(trace, ALL_TIERS) for trace in traces[start : start + BATCH]])


def _seen(retrieved: Retrieved, found: Assessment, rising: Collection[str]) -> _Seen:
    missing = {name: reason.value for name, reason in found.abstentions.items()}
    if any(document.score is not None for document in retrieved.trace.candidates or ()):
        missing = {name: BORROWED if reason == Reason.NO_SCORES else reason for name, reason in missing.items()}
    return _Seen(missing, retrieved.emitter.dialect, retrieved.trace.pipeline in rising)


class _Tally:
    """Counts what works of one measure."""

    def __init__(self, lost: Sequence[Lost], certain: int = 0) -> None:
        self.causes: Counter[Cause] = Counter((one.reason, one.emitter.dialect) for one in lost)
        self.losses: dict[Cause, float] = dict(self.causes)
        self.total = len(lost) + certain
        self.computed: float = certain

    def add(self, dialect: str, missing: Mapping[Hashable, str], signals: int) -> None:
        """One retrieval, and the reasons of what is missing of so many signals."""
        reasons = Counter(missing.values())
        self.total += 1
        self.computed += 1 - (len(missing) - reasons[RISING]) / signals
        for reason, count in reasons.items():
            self.causes[reason, dialect] += 1
            self.losses[reason, dialect] = self.losses.get((reason, dialect), 0) + count / signals

    def row(self, name: str) -> Row:
        """The conclusion."""
        share = 1 - sum(self.losses.values()) / self.total if self.total else 0.0
        verdict: Verdict = "full" if share >= FULL else "degraded" if self.computed > ROUNDING else "impossible"
        return Row(name, verdict, max(0.0, share), self.causes, self.losses)


def _row(group: Group, seen: Iterable[_Seen], lost: Sequence[Lost], certain: int = 0) -> Row:
    tally = _Tally(lost, certain)
    for one in seen:
        tally.add(one.dialect, _missing(group, one), len(group.signals))
    return tally.row(group.name)


def _missing(group: Group, one: _Seen) -> dict[Hashable, str]:
    """Reasons of the signals that are missing, or misread; a query without identifiers misses none, nor does a sample
    that is too small to know hubs, or a corpus without dates.
    """
    found: dict[Hashable, str] = (
        dict.fromkeys(set(group.signals).intersection(SHAPE_SIGNALS), RISING) if one.misread else {}
    )
    told = {name: one.missing[name] for name in group.signals if name in one.missing}
    return found | {name: reason for name, reason in told.items() if reason not in NOTHING_MISSING}


def _judge(filled: Sequence[Retrieved], lost: Sequence[Lost], corpus: Corpus | None, config: Config) -> Row:
    """A judge reads what was served first; what it says of answers needs an answer, which is in what traces carry."""
    tally = _Tally(lost)
    for trace, emitter, _ in filled:
        head = trace.documents[: min(HEAD, config.pipeline(trace.pipeline).depth)]
        readable = all(resolve(document, corpus).text is not None for document in head)
        tally.add(emitter.dialect, {} if readable else {JUDGE: Reason.NO_TEXT.value}, 1)
    return tally.row(JUDGE)


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
