"""A recording, assessed as it is and with each fault: what the simulation draws from."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.labels import against_labels
from detectors.records import Assessment, QueryTrace, Weights
from detectors.risk import shipped_prior
from detectors.simulated_stack import Pool
from monitor.backtesting.faults import FAULTS, Fault
from monitor.build import build_assessor, build_index, load_corpus
from monitor.commands import calibrated_scorer
from monitor.config import EVERYTHING, Config
from monitor.errors import LeadlineError
from monitor.evaluation import Labels, read_labels
from monitor.providers.calibration import risk_calibrations
from monitor.recording import BATCH_TRACES, SELF, Problem, Recording, References
from monitor.sampling import Sampler

FEWEST = 50  # traces, below which nothing that is drawn from them looks like traffic
EVERY_TIER = Weights(1.0, 1.0, None)
FAULTY_SCORES = 400_000  # every fault asks for most of the pairs again; about 60 MB


class Pools(NamedTuple):
    """Of the same traces in the same order, as they are and with each fault; depths in documents, of recorded ones."""

    healthy: Pool
    faults: dict[str, Pool]
    traces: int
    recorded_depth: int | None = None
    assessed_depth: int | None = None
    problems: Sequence[Problem] = ()


def assessed(
    path: Path, config: Config, names: Sequence[str], seed: int, on_step: Callable[[str], None] = lambda _: None
) -> Pools:
    """A recording by the real measures, once as it is and once with each fault.

    The normalisation is the healthy recording's own, frozen. Labels are used where the recording lies in a collection
    in BEIR's layout.

    Raises
    ------
    LeadlineError
        Where it cannot be read, or holds too little, or traces of several pipelines.
    """
    recording = Recording(path, Sampler(lambda _: EVERYTHING))
    traces = [trace for batch in recording.batches() for trace, _ in batch]
    _check(path, traces, recording.problems)
    labels = Labels(*read_labels(path.parent)) if (path.parent / "qrels" / "test.tsv").exists() else None
    rating = _Rating(config, traces, labels)
    on_step(f"{path.name} as it is")
    healthy = rating.healthy()
    if (rated := np.isfinite(healthy.hits).sum()) < FEWEST:
        raise LeadlineError(f"{path}: expected {FEWEST} traces with a risk or more, found {rated}")
    faults = {}
    for name in names:
        on_step(f"{path.name} with {name}")
        faults[name] = rating.faulty(FAULTS[name], seed)
    recorded = int(np.median([len(trace.documents) for trace in traces]))
    return Pools(healthy, faults, len(traces), recorded, config.pipeline(traces[0].pipeline).depth, recording.problems)


class _Rating:
    """Assesses and rates the same traces again and again, by the reference that they make as they are."""

    def __init__(self, config: Config, traces: Sequence[QueryTrace], labels: Labels | None) -> None:
        self._config, self._traces, self._labels = config, traces, labels
        self._scorer, self._corpus = calibrated_scorer(config, FAULTY_SCORES), load_corpus(config)
        self._index = build_index(self._corpus)

    def healthy(self) -> Pool:
        """Comes first: it makes the reference."""
        found = self._assess(self._traces)
        self._references = References(SELF, found, depth=lambda name: self._config.pipeline(name).depth)
        return self._pool(found, self._labels)

    def faulty(self, fault: Fault, seed: int) -> Pool:
        found = self._assess(fault.inject(self._traces, self._corpus, seed))
        return self._pool(found, self._labels if fault.labelled else None)

    def _assess(self, traces: Sequence[QueryTrace]) -> list[Assessment]:
        """By an assessor of its own: what one has seen of its ids is nothing to the others."""
        model, name, calibration = self._scorer
        assessor = build_assessor(self._config, self._corpus, self._index, model, name, calibration=calibration)
        self._scored_by = assessor.scorer
        starts = range(0, len(traces), BATCH_TRACES)
        batches = ([(trace, EVERY_TIER) for trace in traces[start : start + BATCH_TRACES]] for start in starts)
        return [assessment for batch in batches for assessment in assessor.assess(batch)]

    def _pool(self, found: Sequence[Assessment], labels: Labels | None) -> Pool:
        prior = shipped_prior()
        own = risk_calibrations(self._config.pipelines, prior=prior.version, scorer=self._scored_by)
        rated = list(self._references.rate(found, prior, own))
        hits = [np.nan if one.risk is None else 1 - one.risk for one in rated]
        truth = [_hit(one, trace, labels) for one, trace in zip(rated, self._traces, strict=True)]
        return Pool(np.array(hits), np.array([one.scenario for one in rated]), np.array(truth))


def _check(path: Path, traces: Sequence[QueryTrace], problems: Sequence[Problem]) -> None:
    if len(traces) < FEWEST:
        first = f", first line that is none: {problems[0].describe(path)}" if problems else ""
        raise LeadlineError(f"{path}: expected {FEWEST} query traces or more, found {len(traces)}{first}")
    pipelines = sorted({trace.pipeline for trace in traces})
    if len(pipelines) > 1:
        raise LeadlineError(f"{path}: expected traces of one pipeline, found {', '.join(pipelines)}")


def _hit(assessment: Assessment, asked: QueryTrace, labels: Labels | None) -> float:
    """By the labels of what was asked, whatever a fault made of the query."""
    grades = labels.of(asked.query_id, asked.query) if labels is not None else None
    judged = against_labels(assessment, grades) if grades is not None else None
    return np.nan if judged is None else float(not judged.failures["no_relevant_at_5"])
