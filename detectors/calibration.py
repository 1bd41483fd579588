"""From a second ranker's scores to probabilities of relevance, and from those to what a whole list is worth.

A cross-encoder's score orders well and is no probability. A `Calibration` makes it one for one scorer: data, fitted by
`leadline calibrate` from judged pairs, and never applied to the scores of another model.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, isotonic_regression, minimize
from scipy.special import expit, logit

from detectors.estimate import wilson

Floats = NDArray[np.float64]
Method = Literal["platt", "isotonic"]

MINIMUM_PAIRS = 100
MINIMUM_OF_EACH = 25  # relevant, and not relevant
NEAR = 1e-6  # scores are kept this far from 0 and 1, where the logit is infinite
CURVE_POINTS = 64
RIDGE = 1e-3  # draws the groups' intercepts together, in units of the mean loss a pair
FOLDS = 5


class JudgedPair(NamedTuple):
    """The score of a served document, its rank from 1, and whether it was judged relevant.

    `group` is its collection or pipeline; pairs of one query share `query`.
    """

    score: float
    rank: int
    relevant: bool
    group: str
    query: str


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """P(relevant) from score and rank, for one scorer.

    The evidence of a document is logit(score) - rank_weight * ln(rank): the order in which it was served says something
    that its score does not. A rising curve through (`evidence`, `probability`), straight between the points, makes a
    probability of it. `level_error` is the standard deviation, between the `groups` that made it, of mean probability
    less share of relevant pairs (None with one group): no level may be trusted closer than that elsewhere.
    """

    version: str
    scorer: str
    method: Method
    pairs: int
    groups: int
    level_error: float | None
    rank_weight: float
    evidence: tuple[float, ...]
    probability: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.evidence) != len(self.probability) or not self.evidence:
            raise ValueError("probability: expected as many points as evidence has, one or more")
        for name, column in (("evidence", self.evidence), ("probability", self.probability)):
            if list(column) != sorted(column):
                raise ValueError(f"{name}: expected to rise")
        if not 0 <= self.probability[0] <= self.probability[-1] <= 1:
            raise ValueError("probability: expected to lie within 0 and 1")
        if self.rank_weight < 0:
            raise ValueError("rank_weight: expected 0 or more")

    def probabilities(self, scores: ArrayLike, ranks: ArrayLike) -> Floats:
        """P(relevant) of documents with these scores, in [0, 1], at these ranks, from 1; of their common shape."""
        return np.interp(_evidence(scores, ranks, self.rank_weight), self.evidence, self.probability)

    def of_list(self, scores: ArrayLike) -> Floats:
        """P(relevant) of the documents of served lists, in served order over the last axis."""
        found = np.asarray(scores, dtype=np.float64)
        return self.probabilities(found, np.arange(1, found.shape[-1] + 1))


def logits(scores: ArrayLike) -> Floats:
    """ln(s / (1 - s)), kept finite."""
    return np.asarray(logit(np.clip(np.asarray(scores, dtype=np.float64), NEAR, 1 - NEAR)))


def _evidence(scores: ArrayLike, ranks: ArrayLike, rank_weight: float) -> Floats:
    return logits(scores) - rank_weight * np.log(np.asarray(ranks, dtype=np.float64))


def fit(pairs: Sequence[JudgedPair], *, scorer: str, method: Method = "platt") -> Calibration:
    """A calibration from judged pairs; its version is a hash of its curve.

    Every group counts the same. `platt` is logistic regression on the evidence, monotone by construction. Where there
    are several groups each has its own intercept while it is fitted, so that the slope says what a score means within
    one of them; the intercept that is kept gives the right share of relevant pairs over all. `isotonic` keeps the
    rank's weight and is the best rising step function of the evidence, which needs more pairs. Platt: Probabilistic
    outputs for support vector machines, 1999; Zadrozny, Elkan: Transforming classifier scores into accurate multiclass
    probability estimates, KDD 2002.

    Raises
    ------
    ValueError
        Where there are fewer than `MINIMUM_PAIRS`, or fewer than `MINIMUM_OF_EACH` relevant or not relevant.
    """
    y = np.array([pair.relevant for pair in pairs], dtype=np.float64)
    if len(y) < MINIMUM_PAIRS or min(y.sum(), (1 - y).sum()) < MINIMUM_OF_EACH:
        raise ValueError(
            f"expected at least {MINIMUM_PAIRS} judged pairs, {MINIMUM_OF_EACH} relevant and {MINIMUM_OF_EACH} not; "
            f"got {len(y)}, {int(y.sum())} and {int((1 - y).sum())}"
        )
    scores, ranks = [pair.score for pair in pairs], [pair.rank for pair in pairs]
    _, group, sizes = np.unique([pair.group for pair in pairs], return_inverse=True, return_counts=True)
    weights = 1 / (len(sizes) * sizes[group])
    slope, rank_weight, intercept = _logistic(logits(scores), np.log(ranks), y, group, weights)
    evidence = _evidence(scores, ranks, rank_weight)
    if method == "platt":
        points = np.linspace(evidence.min(), evidence.max(), CURVE_POINTS)
        curve = expit(slope * points + intercept)
    else:
        order = np.argsort(evidence, kind="stable")
        kept = np.unique(np.linspace(0, len(y) - 1, CURVE_POINTS).astype(int))
        points, curve = evidence[order][kept], isotonic_regression(y[order], weights=weights[order]).x[kept]
    away = np.interp(evidence, points, curve) - y
    between = [float(away[group == number].mean()) for number in range(len(sizes))]
    columns = [tuple(np.round(column, 4).tolist()) for column in (points, curve)]
    return Calibration(
        version=f"{method}-{_digest(scorer, columns)}",
        scorer=scorer,
        method=method,
        pairs=len(y),
        groups=len(sizes),
        level_error=round(float(np.std(between, ddof=1)), 4) if len(between) > 1 else None,
        rank_weight=round(rank_weight, 4),
        evidence=columns[0],
        probability=columns[1],
    )


def _logistic(x: Floats, log_rank: Floats, y: Floats, group: NDArray[np.intp], weights: Floats) -> tuple[float, ...]:
    """Slope (0 or more) of `x`, rank weight (0 or more) in units of `x`, and the intercept over all groups."""
    count = int(group.max()) + 1

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * x - theta[1] * log_rank + theta[2:][group]
        residual = weights * (expit(z) - y)
        ridge = RIDGE * theta[2:]
        gradient = [(residual * x).sum(), -(residual * log_rank).sum()]
        return (
            float((weights * (np.logaddexp(0, z) - y * z)).sum() + theta[2:] @ ridge / 2),
            np.concatenate([gradient, np.bincount(group, residual, minlength=count) + ridge]),
        )

    bounds = [(0.01, None), (0.0, None), *[(None, None)] * count]
    within = minimize(loss, np.concatenate([[1.0, 0.5], np.zeros(count)]), jac=True, method="L-BFGS-B", bounds=bounds).x
    slope, rank_slope = float(within[0]), float(within[1])
    linear = slope * x - rank_slope * log_rank
    level = brentq(lambda b: float((weights * (expit(linear + b) - y)).sum()), -50.0, 50.0)
    return slope, rank_slope / slope, float(level)


def _digest(scorer: str, columns: Sequence[Sequence[float]]) -> str:
    return blake2b(repr((scorer, *columns)).encode(), digest_size=4).hexdigest()


def held_out(pairs: Sequence[JudgedPair], *, method: Method = "platt") -> Floats:
    """Each pair's probability by a calibration that did not see it, shape (pairs,): nothing is judged on what made it.

    With several groups each is left out in turn; with one, a fifth of its queries.

    Raises
    ------
    ValueError
        Where what is left is too little to fit.
    """
    groups = sorted({pair.group for pair in pairs})
    if len(groups) > 1:
        fold = np.array([groups.index(pair.group) for pair in pairs])
    else:
        folds = {query: i % FOLDS for i, query in enumerate(sorted({pair.query for pair in pairs}))}
        fold = np.array([folds[pair.query] for pair in pairs])
    found = np.empty(len(pairs))
    for left_out in np.unique(fold):
        rest = [pair for pair, number in zip(pairs, fold, strict=True) if number != left_out]
        here = [pair for pair, number in zip(pairs, fold, strict=True) if number == left_out]
        calibration = fit(rest, scorer="", method=method)
        found[fold == left_out] = calibration.probabilities([p.score for p in here], [p.rank for p in here])
    return found


def noisy_or(probabilities: ArrayLike) -> Floats:
    """P(some document of a list is relevant) = 1 - prod(1 - p_i), as if they were independent, over the last axis.

    They are not: the value orders lists, and is no probability itself before it is calibrated.

    >>> noisy_or([0.5, 0.5]).item()
    0.75
    """
    return np.asarray(1 - np.prod(1 - np.asarray(probabilities, dtype=np.float64), axis=-1))


class Bin(NamedTuple):
    """`pairs` of similar probability: their mean probability, and the share that was relevant (Wilson 95%)."""

    pairs: int
    probability: float
    relevant: float
    low: float
    high: float


def reliability(probabilities: ArrayLike, relevant: ArrayLike, bins: int = 10) -> list[Bin]:
    """The reliability diagram's points, in bins of about equal counts; pairs of one probability stay together."""
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(relevant, dtype=np.float64)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    number = np.searchsorted(edges, p, side="right")
    return [
        Bin(int(inside.sum()), float(p[inside].mean()), float(y[inside].mean()), *wilson(y[inside].sum(), inside.sum()))
        for inside in (number == i for i in range(len(edges) + 1))
        if inside.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: the mean distance of probability from share, weighted by pairs, in [0, 1].

    Naeini, Cooper, Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
    """
    total = sum(found.pairs for found in bins)
    return sum(found.pairs * abs(found.probability - found.relevant) for found in bins) / total
