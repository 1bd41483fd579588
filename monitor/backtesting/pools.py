"""A recording, assessed as it is and with each fault: what the simulation draws from. And traces made up instead."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.labels import against_labels
from detectors.records import Assessment, QueryTrace
from detectors.risk import shipped_prior
from detectors.simulated_stack import Pool
from monitor.backtesting.faults import FAULTS
from monitor.build import build_assessor, build_index, load_corpus
from monitor.commands import calibrated_scorer
from monitor.config import EVERYTHING, Config
from monitor.errors import LeadlineError
from monitor.evaluation import Labels, read_labels
from monitor.providers.calibration import risk_calibrations
from monitor.recording import BATCH_TRACES, SELF, Problem, Recording, References
from monitor.sampling import Sampler

FEWEST = 50  # traces, below which nothing that is drawn from them looks like traffic
FAULTY_SCORES = 400_000  # every fault asks for most of the pairs again; about 60 MB

DROPS = {"drop_20": 0.2, "drop_10": 0.1, "drop_5": 0.05, "drop_3": 0.03, "drop_2": 0.02}
SCENARIO_DROP = "scenario_drop_20"
_SHARES = {"none": 0.6, "identifier": 0.2, "negation": 0.12, "temporal": 0.08}
_BETAS = {"none": (8.0, 2.0), "identifier": (6.0, 4.0), "negation": (4.0, 4.0), "temporal": (5.0, 3.0)}
_MADE_UP = 1000


class Pools(NamedTuple):
    """Of the same traces in the same order, as they are and with each fault; and how many documents they hold."""

    healthy: Pool
    faults: dict[str, Pool]
    traces: int = _MADE_UP
    recorded_depth: int | None = None
    problems: Sequence[Problem] = ()


def made_up(seed: int) -> Pools:
    """1 - risk of 1,000 traces of four scenarios, from Beta distributions; and the same lower by so much."""
    rng = np.random.default_rng(seed)
    scenarios = np.repeat(list(_SHARES), [round(_MADE_UP * share) for share in _SHARES.values()])
    hits = np.concatenate([rng.beta(*_BETAS[name], size=round(_MADE_UP * share)) for name, share in _SHARES.items()])
    healthy = Pool(hits, scenarios, np.full(len(hits), np.nan))
    lower = {name: np.maximum(0.0, hits - drop) for name, drop in DROPS.items()}
    lower[SCENARIO_DROP] = np.where(scenarios == "negation", np.maximum(0.0, hits - 0.2), hits)
    return Pools(healthy, {name: healthy._replace(hits=low) for name, low in lower.items()})


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
    sampled = [one for batch in recording.batches() for one in batch]
    traces = [trace for trace, _ in sampled]
    _check(path, traces, recording.problems)
    weights = sampled[0][1]
    labels = Labels(*read_labels(path.parent)) if (path.parent / "qrels" / "test.tsv").exists() else None
    scorer, corpus = calibrated_scorer(config, FAULTY_SCORES), load_corpus(config)
    index = build_index(corpus)

    def assess(served: Sequence[QueryTrace]) -> tuple[list[Assessment], str]:
        """By an assessor of its own: what one has seen of its ids is nothing to the others."""
        assessor = build_assessor(config, corpus, index, scorer.model, scorer.name, calibration=scorer.calibration)
        starts = range(0, len(served), BATCH_TRACES)
        batches = ([(trace, weights) for trace in served[start : start + BATCH_TRACES]] for start in starts)
        return [assessment for batch in batches for assessment in assessor.assess(batch)], assessor.scorer

    on_step(f"{path.name} as it is")
    unrated, scored_by = assess(traces)
    references = References(SELF, unrated, depth=lambda name: config.pipeline(name).depth)
    prior = shipped_prior()
    own = risk_calibrations(config.pipelines, prior=prior.version, scorer=scored_by)

    def pool(found: Sequence[Assessment], labels: Labels | None) -> Pool:
        rated = list(references.rate(found, prior, own))
        hits = np.array([np.nan if one.risk is None else 1 - one.risk for one in rated])
        truth = [_hit(one, trace, labels) for one, trace in zip(rated, traces, strict=True)]
        return Pool(hits, np.array([one.scenario for one in rated]), np.array(truth))

    healthy = pool(unrated, labels)
    if np.isfinite(healthy.hits).sum() < FEWEST:
        raise LeadlineError(
            f"{path}: expected {FEWEST} traces with a risk or more, found {np.isfinite(healthy.hits).sum()}"
        )
    faults = {}
    for name in names:
        on_step(f"{path.name} with {name}")
        fault = FAULTS[name]
        found, _ = assess(fault.inject(traces, corpus, seed))
        faults[name] = pool(found, labels if fault.labelled else None)
    depth = int(np.median([len(trace.documents) for trace in traces]))
    return Pools(healthy, faults, len(traces), depth, recording.problems)


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
