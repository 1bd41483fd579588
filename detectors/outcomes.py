"""One recording that was rated, beside its labels, as columns: what every figure of an evaluation is computed from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.evaluate import MINIMUM_FAILURES, as_column
from detectors.labels import FAILURE_KINDS
from detectors.records import Assessment
from detectors.resampling import Bools, Counts, Drawn, Floats, auroc_draws, brier_skill_draws
from detectors.signals import SIGNALS
from detectors.skill import auroc, brier_skill

RISKS = {"no_relevant_at_5": "risk", "no_relevant_at_1": "risk_at_1", "ndcg_below_half": "risk"}
LEVELS = {kind: risk for kind, risk in RISKS.items() if kind != "ndcg_below_half"}  # those that a risk is said of
BASELINES = ("top_score", "score_gap", "score_spread", "score_z", "lexical_rbo")


class Answer(NamedTuple):
    """What the labels say of one trace: which query it is, and whether its retrieval failed, by kind."""

    query: str
    failures: dict[str, bool]
    ndcg_at_10: float


class Outcomes(NamedTuple):
    """One row a trace whose answer is known.

    `queries` holds the position of each trace's query among those of its collection. `predictors` are all signals,
    turned so that higher speaks for failure, and the two risks; NaN where they abstained.
    """

    collection: str
    recording: str
    queries: NDArray[np.intp]
    predictors: dict[str, Floats]
    level_errors: dict[str, Floats]
    failed: dict[str, Bools]
    scenarios: tuple[tuple[str, ...], ...]
    abstentions: dict[str, Counter[str]]

    def rows(self, keep: Bools) -> "Outcomes":
        """Some of the traces."""
        return self._replace(
            queries=self.queries[keep],
            predictors={name: column[keep] for name, column in self.predictors.items()},
            level_errors={name: column[keep] for name, column in self.level_errors.items()},
            failed={kind: column[keep] for kind, column in self.failed.items()},
            scenarios=tuple(s for s, kept in zip(self.scenarios, keep, strict=True) if kept),
            abstentions={},
        )

    def known(self, *names: str) -> Bools:
        """Where none of these abstained."""
        known: Bools = ~np.isnan(np.array([self.predictors[name] for name in names])).any(axis=0)
        return known


def outcomes(
    collection: str, recording: str, rated: Sequence[tuple[Assessment, Answer]], positions: Mapping[str, int]
) -> Outcomes:
    """The columns of rated assessments and their answers; `positions` numbers the queries of the collection."""
    assessments = [assessment for assessment, _ in rated]
    signals = {
        name: spec.direction * as_column(assessment.signals.get(name) for assessment in assessments)
        for name, spec in SIGNALS.items()
    }
    risks = {
        "risk": as_column(assessment.risk for assessment in assessments),
        "risk_at_1": as_column(assessment.risk_at_1 for assessment in assessments),
    }
    abstentions: dict[str, Counter[str]] = {name: Counter() for name in (*SIGNALS, *risks)}
    for assessment in assessments:
        for name, reason in assessment.abstentions.items():
            if name in abstentions:
                abstentions[name][reason] += 1
    return Outcomes(
        collection,
        recording,
        np.array([positions[answer.query] for _, answer in rated], dtype=np.intp),
        {**signals, **risks},
        {name: as_column(assessment.level_errors.get(name) for assessment in assessments) for name in risks},
        {kind: np.array([answer.failures[kind] for _, answer in rated], dtype=bool) for kind in FAILURE_KINDS},
        tuple(assessment.scenarios for assessment in assessments),
        abstentions,
    )


def enough(failed: Bools) -> bool:
    """Whether something can be said: `MINIMUM_FAILURES` at least, and not all of them."""
    return bool(MINIMUM_FAILURES <= failed.sum() < len(failed))


def discrimination(of: Outcomes, name: str, kind: str, counts: Counts) -> Drawn | None:
    """AUROC of one predictor on the traces where it did not abstain; None where that is not `enough`."""
    known = of.rows(of.known(name))
    return _auroc(known, name, kind, counts) if enough(known.failed[kind]) else None


def advantage(of: Outcomes, one: str, other: str, kind: str, counts: Counts) -> Drawn | None:
    """AUROC of `one` less that of `other`, on the traces where neither abstained."""
    common = of.rows(of.known(one, other))
    if not enough(common.failed[kind]):
        return None
    return _less(_auroc(common, one, kind, counts), _auroc(common, other, kind, counts))


def between(one: Outcomes, other: Outcomes, name: str, kind: str, counts: Counts) -> Drawn | None:
    """AUROC of a predictor in `one` less that in `other`, two ratings of the same queries, each by its own failures.

    On the queries of which neither had to abstain. None where either has not `enough` failures.
    """
    asked = [set(side.queries[side.known(name)].tolist()) for side in (one, other)]
    shared = list(asked[0] & asked[1])
    sides = [side.rows(side.known(name) & np.isin(side.queries, shared)) for side in (one, other)]
    if not all(enough(side.failed[kind]) for side in sides):
        return None
    first, second = (_auroc(side, name, kind, counts) for side in sides)
    return _less(first, second)


def brier(of: Outcomes, kind: str, counts: Counts) -> Drawn | None:
    """Brier skill of the risk of one kind, where it did not abstain, over the constant that knows the failure rate."""
    known = of.rows(of.known(RISKS[kind]))
    failed, risk = known.failed[kind], known.predictors[RISKS[kind]]
    if not enough(failed):
        return None
    return Drawn(of.collection, brier_skill(risk, failed), brier_skill_draws(risk, failed, counts[:, known.queries]))


def _auroc(of: Outcomes, name: str, kind: str, counts: Counts) -> Drawn:
    signal, failed = of.predictors[name], of.failed[kind]
    return Drawn(of.collection, auroc(signal, failed), auroc_draws(signal, failed, counts[:, of.queries]))


def _less(one: Drawn, other: Drawn) -> Drawn:
    return Drawn(one.collection, one.value - other.value, one.draws - other.draws)


def abstained(of: Outcomes, name: str) -> float:
    """The share of traces on which a predictor abstained."""
    return float(1 - of.known(name).mean())


def pool(some: Sequence[Outcomes], draws: Mapping[str, Counts]) -> tuple[Outcomes, Counts]:
    """Several recordings as one, and the draws of their queries; two recordings of one query are drawn together."""
    starts = dict(zip(draws, np.cumsum([0, *(counts.shape[1] for counts in draws.values())]), strict=False))
    first = some[0]
    abstentions: dict[str, Counter[str]] = {name: Counter() for name in first.abstentions}
    for of in some:
        for name, reasons in of.abstentions.items():
            abstentions[name] += reasons
    return Outcomes(
        "",
        "",
        np.concatenate([of.queries + starts[of.collection] for of in some]),
        {name: np.concatenate([of.predictors[name] for of in some]) for name in first.predictors},
        {name: np.concatenate([of.level_errors[name] for of in some]) for name in first.level_errors},
        {kind: np.concatenate([of.failed[kind] for of in some]) for kind in first.failed},
        tuple(scenarios for of in some for scenarios in of.scenarios),
        abstentions,
    ), np.hstack(list(draws.values()))
