"""How a prior is fitted on labelled recordings: the rank sum is chosen by hand, its curves by logistic regression."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from detectors.reference import Normalisation
from detectors.risk import Curve, Prior, Target, badness, bases, rank_sum, with_level

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bad = list[dict[str, float]]

WEIGHTS = {
    "at_5": {
        "score_gap": 1.0,
        "score_spread": 1.0,
        "lexical_rbo": 1.0,
        "first_covered_terms": 1.0,
        "best_covered_terms": 1.0,
        "terms_regret": 1.0,
        "first_answer_type": 2.0,  # abstains on five queries of six: where it speaks, it counts double
        "relevance_contrast": 1.0,
        "union_rbo": 1.0,
        "relevance_share": 1.0,
    },
    "at_1": {
        "score_gap": 1.0,
        "first_covered_terms": 1.0,
        "first_terms_regret": 1.0,
        "first_answer_type": 2.0,
        "first_contrast": 1.0,
        "first_relevance_share": 1.0,
    },
}
FAMILIES = {
    "score": ("score_gap", "score_spread"),
    "lexical": (
        "lexical_rbo",
        "first_covered_terms",
        "best_covered_terms",
        "terms_regret",
        "first_terms_regret",
        "first_answer_type",
    ),
    "scorer": ("relevance_contrast", "union_rbo", "relevance_share", "first_contrast", "first_relevance_share"),
}
KINDS = {"at_5": "no_relevant_at_5", "at_1": "no_relevant_at_1"}
COMMON_SHARE = dict.fromkeys((*FAMILIES["lexical"], *FAMILIES["scorer"]), 0.5)
NEED_CORPUS = frozenset(("union_rbo", "relevance_share", "first_relevance_share"))  # gone with the corpus
DEPTH = 10


class Recorded(NamedTuple):
    """One labelled recording: which collection it is of, the signals of each trace, and its outcomes by kind."""

    collection: str
    recording: str
    signals: Sequence[dict[str, float]]
    failed: dict[str, Bools]


class _Seen(NamedTuple):
    """A recording, and the badness of its traces."""

    recorded: Recorded
    bad: Bad


class _Fold(NamedTuple):
    """What a curve is fitted on, and the collection that was left out, both seen against what it was fitted on."""

    fitted: list[_Seen]
    left_out: list[_Seen]


def fit_prior(recordings: Sequence[Recorded], version: str, scorer: str = "") -> Prior:
    """The prior that these recordings, of `DEPTH` documents, make: each has the same weight, whatever its length.

    Each is normalised against itself, as a pipeline is against its own first traffic. The error of a level is measured
    by leaving one collection out at a time, so it takes recordings of two collections at least.
    """
    own = [_Seen(r, _own_badness(r.signals)) for r in recordings]
    common = pooled(recordings, version, scorer)
    seen = _against(own, common)
    folds = [_leave_out(own, collection) for collection in sorted({r.collection for r in recordings})]
    at_5, at_1 = (
        Target(WEIGHTS[name], {basis: _fit(seen, folds, name, basis) for basis in bases(FAMILIES)}) for name in KINDS
    )
    return Prior(version, FAMILIES, COMMON_SHARE, at_5, at_1, common)


def pooled(recordings: Sequence[Recorded], version: str, scorer: str) -> Normalisation:
    """The common reference: as many traces of each recording as the shortest has."""
    fewest = min(len(r.signals) for r in recordings)
    rng = np.random.default_rng(0)
    some = [r.signals[i] for r in recordings for i in rng.permutation(len(r.signals))[:fewest]]
    return Normalisation.of(some, version=f"shipped with {version}", depth=DEPTH, scorer=scorer)


def _own_badness(signals: Sequence[dict[str, float]]) -> Bad:
    reference = Normalisation.of(signals, version="self", depth=DEPTH, scorer="")
    return [badness(of_trace, reference) for of_trace in signals]


def _against(own: Sequence[_Seen], common: Normalisation) -> list[_Seen]:
    return [
        _Seen(r, [with_level(b, s, common, COMMON_SHARE) for b, s in zip(bad, r.signals, strict=True)])
        for r, bad in own
    ]


def _leave_out(own: Sequence[_Seen], collection: str) -> _Fold:
    others = [seen for seen in own if seen.recorded.collection != collection]
    common = pooled([seen.recorded for seen in others], "", "")
    left_out = [seen for seen in own if seen.recorded.collection == collection]
    return _Fold(_against(others, common), _against(left_out, common))


def _fit(seen: Sequence[_Seen], folds: Sequence[_Fold], target: str, basis: str) -> Curve:
    def known(some: Sequence[_Seen]) -> list[tuple[Floats, Bools]]:
        return [(_evidence(bad, WEIGHTS[target], basis), r.failed[KINDS[target]]) for r, bad in some]

    errors = []
    for fold in folds:
        slope, intercept = _fit_curve(known(fold.fitted))
        errors += [
            expit(slope * (evidence - 0.5) + intercept).mean() - failed.mean()
            for evidence, failed in known(fold.left_out)
        ]
    slope, intercept = _fit_curve(known(seen))
    return Curve(round(slope, 4), round(intercept, 4), round(float(np.sqrt(np.square(errors).mean())), 4))


def _evidence(bad: Bad, weights: dict[str, float], basis: str) -> Floats:
    """The rank sum of every query, as if only the families of `basis` were at hand."""
    gone = frozenset[str]() if "lexical" in basis else NEED_CORPUS
    at_hand = [{name: value for name, value in of_trace.items() if name not in gone} for of_trace in bad]
    return np.array([rank_sum(of_trace, weights, FAMILIES, basis) for of_trace in at_hand])


def _fit_curve(recordings: Sequence[tuple[Floats, Bools]]) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of failure on evidence less .5, every recording weighing alike."""
    x = np.concatenate([evidence for evidence, _ in recordings]) - 0.5
    y = np.concatenate([failed for _, failed in recordings]).astype(float)
    w = np.concatenate([np.full(len(evidence), 1 / len(evidence)) for evidence, _ in recordings])
    features = np.column_stack([x, np.ones_like(x)])

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = features @ theta
        return float(w @ (np.logaddexp(0, z) - y * z)), features.T @ (w * (expit(z) - y))

    slope, intercept = minimize(loss, [1.0, 0.0], jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]).x
    return float(slope), float(intercept)
