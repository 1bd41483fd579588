"""How a prior is fitted on labelled recordings: the rank sum is chosen by hand, the curves are isotonic regressions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from detectors.reference import Normalisation
from detectors.risk import Curve, Prior, Target, badness, bases

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FAMILIES = {
    "score": ("score_gap", "score_spread", "score_z"),
    "lexical": ("lexical_rbo", "best_covered_terms", "first_covered_terms"),
    "scorer": ("relevance_contrast", "union_rbo", "first_contrast", "first_regret"),
}
WEIGHTS = {
    "at_5": dict.fromkeys(
        ("score_gap", "score_spread", "lexical_rbo", "best_covered_terms", "first_covered_terms", "relevance_contrast",
         "union_rbo"), 1.0),
    "at_1": dict.fromkeys(
        ("score_gap", "score_z", "lexical_rbo", "first_covered_terms", "first_contrast", "first_regret"), 1.0),
}  # fmt: skip
KINDS = {"at_5": "no_relevant_at_5", "at_1": "no_relevant_at_1"}
NEED_CORPUS = frozenset(("union_rbo",))  # of the scorer's signals: gone with the corpus
BINS = 24


class Recorded(NamedTuple):
    """One labelled recording: which collection it is of, the signals of each trace, and its outcomes by kind."""

    collection: str
    recording: str
    signals: Sequence[dict[str, float]]
    failed: dict[str, Bools]


def fit_prior(recordings: Sequence[Recorded], version: str) -> Prior:
    """The prior that these recordings make: every recording has the same weight, whatever its length.

    Each is normalised against itself, as a pipeline is against its own first traffic. The error of a level is measured
    by leaving one collection out at a time, so it takes recordings of two collections at least.
    """
    seen = [_Seen(r, _own_badness(r.signals)) for r in recordings]
    at_5, at_1 = (_fit_target(seen, WEIGHTS[name], KINDS[name]) for name in ("at_5", "at_1"))
    return Prior(version, FAMILIES, at_5, at_1)


class _Seen(NamedTuple):
    recorded: Recorded
    bad: list[dict[str, float]]


def _own_badness(signals: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    reference = Normalisation.of(signals, version="self", depth=0, scorer="")
    return [badness(of_trace, reference) for of_trace in signals]


def _fit_target(seen: Sequence[_Seen], weights: dict[str, float], kind: str) -> Target:
    return Target(weights, {basis: _fit_basis(seen, weights, kind, basis) for basis in bases(FAMILIES)})


def _fit_basis(seen: Sequence[_Seen], weights: dict[str, float], kind: str, basis: str) -> Curve:
    known = [(s.recorded.collection, _evidence(s.bad, weights, basis), s.recorded.failed[kind]) for s in seen]
    errors = []
    for left_out in sorted({collection for collection, _, _ in known}):
        curve = _fit_curve([(evidence, failed) for collection, evidence, failed in known if collection != left_out])
        errors += [
            float(np.interp(evidence, *curve).mean() - failed.mean())
            for collection, evidence, failed in known
            if collection == left_out
        ]
    evidence, probability = _fit_curve([(evidence, failed) for _, evidence, failed in known])
    return Curve(tuple(evidence), tuple(probability), round(float(np.sqrt(np.square(errors).mean())), 4))


def _evidence(bad: Sequence[dict[str, float]], weights: dict[str, float], basis: str) -> Floats:
    """The rank sum of every query over the families of `basis`, as `Prior.evidence` computes it."""
    names = [name for family in basis.split("+") for name in FAMILIES[family] if name in weights]
    gone = NEED_CORPUS if "lexical" not in basis else frozenset[str]()
    share = np.array([weights[name] for name in names])
    columns = [[0.5 if name in gone else of_trace.get(name, 0.5) for name in names] for of_trace in bad]
    evidence: Floats = np.array(columns) @ (share / share.sum())
    return evidence


def _fit_curve(recordings: Sequence[tuple[Floats, Bools]]) -> tuple[list[float], list[float]]:
    """Points of a rising curve: isotonic regression over bins that hold the same share of the evidence."""
    x = np.concatenate([evidence for evidence, _ in recordings])
    y = np.concatenate([failed for _, failed in recordings]).astype(float)
    w = np.concatenate([np.full(len(evidence), 1 / len(evidence)) for evidence, _ in recordings])
    order = np.argsort(x, kind="stable")
    x, y, w = x[order], y[order], w[order]
    bins = np.minimum((np.cumsum(w) / w.sum() * BINS).astype(int), BINS - 1)
    weight = np.bincount(bins, w)
    centre, rate = np.bincount(bins, w * x) / weight, np.bincount(bins, w * y) / weight
    rising = isotonic_regression(rate, weights=weight).x
    points = [0.0, *centre, 1.0], [rising[0], *rising, rising[-1]]
    evidence, probability = (np.round(column, 4).tolist() for column in points)
    return evidence, probability
