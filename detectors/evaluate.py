"""What labels say of the monitor itself: how well its signals and its risk foretell the retrievals that failed."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.labels import FAILURE_KINDS, Judged
from detectors.signals import SIGNALS
from detectors.skill import (
    REPETITIONS,
    auroc,
    auroc_interval,
    brier_skill,
    kendall_with,
    precision_of_riskiest,
    risk_coverage,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Measured = TypeVar("Measured")

MINIMUM_FAILURES = 10  # of one kind; an AUROC of fewer says nothing


class Skill(msgspec.Struct, frozen=True):
    """How well one signal foretells one kind of failure, over the `n` queries on which it did not abstain."""

    auroc: float
    low: float
    high: float
    n: int
    precision_of_riskiest: float


class RiskSkill(Skill, frozen=True):
    """A risk is a probability besides: its Brier skill, and the area under its risk-coverage curve."""

    brier_skill: float
    aurc: float


class Evaluation(msgspec.Struct, frozen=True):
    """What `leadline evaluate` reports of signals and risks; None where nothing can be said.

    `kendall_tau` is each signal's with nDCG@10, turned by its direction so that 1 is a signal that orders the queries
    by quality; `risk` and `risk_at_1` have an entry there too.
    """

    queries: int
    failure_rate: dict[str, float | None]
    signals: dict[str, dict[str, Skill | None]]
    risk: dict[str, RiskSkill | None]
    risk_at_1: dict[str, RiskSkill | None]
    kendall_tau: dict[str, float | None]


def evaluate_signals(judged: Sequence[Judged], *, repetitions: int = REPETITIONS, seed: int = 0) -> Evaluation:
    """Every signal of `SIGNALS` and both risks against every kind of failure.

    Each is measured where it did not abstain, and those are not the same queries for all: a signal with a small `n`
    may have had the easy ones.

    Parameters
    ----------
    judged
        One entry per query with a relevant document, in any order.
    repetitions, seed
        Of the bootstrap.

    Returns
    -------
    Evaluation
        None for a kind of which fewer than `MINIMUM_FAILURES` are among a signal's queries, or which all of them are.
        O(signals * kinds * repetitions * n); 500 queries take about 2 seconds.

    Examples
    --------
    >>> outcome = dict.fromkeys(FAILURE_KINDS, False), dict.fromkeys(FAILURE_KINDS, True)
    >>> judged = [Judged({"score_gap": -i}, i / 40, None, {}, outcome[i >= 30], 1 - i / 40) for i in range(40)]
    >>> evaluation = evaluate_signals(judged)
    >>> evaluation.signals["score_gap"]["no_relevant_at_1"].auroc, evaluation.signals["lexical_rbo"]["no_relevant_at_1"]
    (1.0, None)
    """
    skill = partial(_skill, repetitions=repetitions, seed=seed)
    risk_skill = partial(_risk_skill, repetitions=repetitions, seed=seed)
    risks = {
        "risk": as_column(query.risk for query in judged),
        "risk_at_1": as_column(query.risk_at_1 for query in judged),
    }
    signals = {
        name: spec.direction * as_column(query.signals.get(name) for query in judged) for name, spec in SIGNALS.items()
    }
    return Evaluation(
        len(judged),
        {kind: _or_none(_failed(judged, kind).mean()) if judged else None for kind in FAILURE_KINDS},
        {name: _by_kind(judged, column, skill) for name, column in signals.items()},
        _by_kind(judged, risks["risk"], risk_skill),
        _by_kind(judged, risks["risk_at_1"], risk_skill),
        {name: _tau(judged, column) for name, column in {**signals, **risks}.items()},
    )


def as_column(values: Iterable[float | None]) -> Floats:
    """Numbers as an array; NaN for those that are not there."""
    return np.array([float("nan") if value is None else value for value in values], dtype=np.float64)


def _failed(judged: Sequence[Judged], kind: str) -> Bools:
    return np.array([query.failures[kind] for query in judged], dtype=bool)


def _by_kind(
    judged: Sequence[Judged], column: Floats, skill: Callable[[Floats, Bools], Measured]
) -> dict[str, Measured | None]:
    known = ~np.isnan(column)
    found: dict[str, Measured | None] = {}
    for kind in FAILURE_KINDS:
        failed = _failed(judged, kind)[known]
        enough = MINIMUM_FAILURES <= failed.sum() < len(failed)
        found[kind] = skill(column[known], failed) if enough else None
    return found


def _skill(signal: Floats, failed: Bools, *, repetitions: int, seed: int) -> Skill:
    low, high = auroc_interval(signal, failed, repetitions, seed=seed)
    return Skill(auroc(signal, failed), low, high, len(signal), precision_of_riskiest(signal, failed))


def _risk_skill(risk: Floats, failed: Bools, *, repetitions: int, seed: int) -> RiskSkill:
    common = _skill(risk, failed, repetitions=repetitions, seed=seed)
    area = risk_coverage(risk, failed).area
    return RiskSkill(**msgspec.structs.asdict(common), brier_skill=brier_skill(risk, failed), aurc=area)


def _tau(judged: Sequence[Judged], column: Floats) -> float | None:
    known = ~np.isnan(column)
    return _or_none(kendall_with(-column[known], as_column(query.ndcg_at_10 for query in judged)[known]))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
