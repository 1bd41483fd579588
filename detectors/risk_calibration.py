"""The prior's risk made one pipeline's own: two numbers for each kind of failure, learnt from a few labelled traces.

A `RiskCalibration` is data, written by `leadline calibrate --risk` and named in the configuration of its pipeline; it
holds for one prior and one scorer.
"""

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from detectors.records import Rated, Risk

Floats = NDArray[np.float64]

SLOPE_SD = 0.35  # how far from 1 a pipeline's slope is expected to lie; docs/evaluation.md, "What forty labels give"
SHIFT_SD = 1.0  # and its level from the prior's, in logits
MINIMUM_LABELS = 20
UNSEEN = 0.5  # the share of the prior's level error that stays where no label was; measured there, too
NEAR = 0.005  # risks are kept this far from 0 and 1, where the logit is infinite
FOLDS = 5


class Label(NamedTuple):
    """What the prior said of one trace, whether that trace failed, and its inverse probability of being labelled."""

    risk: float
    failed: bool
    weight: float = 1.0


class RiskMap(msgspec.Struct, frozen=True):
    """A rising map on logits, from the prior's risk to the pipeline's: logit(p) = slope * logit(prior) + intercept.

    `level_error` is the standard error of the mean of mapped risks that so many labels leave: it takes the place of the
    prior's, which is between collections. `failed` of the `labels` failed.
    """

    slope: float
    intercept: float
    level_error: float
    labels: int
    failed: int

    def __post_init__(self) -> None:
        if not 0 <= self.slope < float("inf"):
            raise ValueError("slope: expected 0 or more, so that the map does not fall")
        if not 0 <= self.level_error < 1:
            raise ValueError("level_error: expected 0 or more, and less than 1")

    def at(self, risk: float) -> float:
        """The pipeline's risk where the prior says `risk`.

        >>> round(RiskMap(slope=1.0, intercept=0.0, level_error=0.05, labels=40, failed=8).at(0.25), 6)
        0.25
        """
        inside = min(max(risk, NEAR), 1 - NEAR)
        z = self.slope * math.log(inside / (1 - inside)) + self.intercept
        return (1 + math.tanh(z / 2)) / 2  # expit, and no overflow


class RiskCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """The maps of both kinds of failure for one pipeline, over risks of one prior and one scorer.

    One map holds for whatever families of evidence a risk rests on: the prior's curves share most of their error, and
    what is learnt is mostly that. A risk that rests on other families than any of the `bases` of the labels keeps
    `UNSEEN` of the prior's level error besides.
    """

    version: str
    pipeline: str
    prior: str
    scorer: str
    bases: dict[str, int]
    at_5: RiskMap
    at_1: RiskMap

    def applied(self, risk: Risk) -> Risk:
        """The risk as this pipeline's labels have it."""
        seen = risk.basis in self.bases
        at_5, at_1 = (
            Rated(
                learnt.at(rated.probability),
                learnt.level_error if seen else level_error_unseen(learnt.level_error, rated.level_error),
            )
            for learnt, rated in ((self.at_5, risk.at_5), (self.at_1, risk.at_1))
        )
        return msgspec.structs.replace(risk, at_5=at_5, at_1=at_1)


def level_error_unseen(of_map: float, of_prior: float) -> float:
    """The level error where a map is used on risks of other families of evidence than it was fitted on."""
    return math.hypot(of_map, UNSEEN * of_prior)


def fit_risk(
    at_5: Sequence[Label], at_1: Sequence[Label], *, pipeline: str, prior: str, scorer: str, bases: Mapping[str, int]
) -> RiskCalibration:
    """A calibration from labelled traces; its version is a hash of what it says. `bases` counts what they rest on.

    Raises
    ------
    ValueError
        Where there are fewer than `MINIMUM_LABELS` of one kind.
    """
    for labels in (at_5, at_1):
        if len(labels) < MINIMUM_LABELS:
            raise ValueError(f"expected at least {MINIMUM_LABELS} labelled traces, got {len(labels)}")
    maps = fit_map(at_5), fit_map(at_1)
    digest = blake2b(msgspec.json.encode((pipeline, prior, scorer, bases, maps)), digest_size=4).hexdigest()
    return RiskCalibration(
        version=f"risk-{digest}", pipeline=pipeline, prior=prior, scorer=scorer, bases=dict(bases),
        at_5=maps[0], at_1=maps[1],
    )  # fmt: skip


def fit_map(labels: Sequence[Label], *, slope_sd: float = SLOPE_SD, shift_sd: float = SHIFT_SD) -> RiskMap:
    """The map that labels make, drawn towards the prior's own (slope 1, intercept 0): few labels move little.

    With x = logit(prior's risk) and m its weighted mean over the labels, it minimises

        sum_i w_i * log-loss(y_i, expit(a (x_i - m) + m + c)) + (a - 1)^2 / (2 slope_sd^2) + c^2 / (2 shift_sd^2)

    over a >= 0 and c; slope = a, intercept = c + (1 - a) m. The weights w are scaled to sum to the effective number of
    labels, (sum w)^2 / sum w^2. The penalties are normal distributions of where pipelines lie around the prior, so that
    the level error is that of the mean risk over the posterior (Laplace): g' H^-1 g with the loss's Hessian H and the
    mean risk's gradient g. Platt: Probabilistic outputs for support vector machines, 1999; MacKay: The evidence
    framework applied to classification networks, 1992.

    Parameters
    ----------
    labels
        A random sample of the pipeline's traces, or one drawn with known probabilities, of one trace at least; all may
        have failed, or none.
    slope_sd, shift_sd
        Chosen on public collections.

    Examples
    --------
    >>> half_as_risky = [Label(0.2, i % 10 == 0) for i in range(200)]
    >>> 0.1 < fit_map(half_as_risky).at(0.2) < 0.12
    True
    """
    risks, failed, weights = np.array(labels, dtype=np.float64).T
    w = weights * weights.sum() / np.square(weights).sum()
    x = logit(np.clip(risks, NEAR, 1 - NEAR))
    centre = float(w @ x / w.sum())
    features = np.column_stack([x - centre, np.ones_like(x)])
    expected, precision = np.array([1.0, 0.0]), np.array([slope_sd, shift_sd]) ** -2.0

    def loss(theta: Floats) -> tuple[float, Floats]:
        z, away = features @ theta + centre, theta - expected
        value = w @ (np.logaddexp(0, z) - failed * z) + precision @ np.square(away) / 2
        return float(value), features.T @ (w * (expit(z) - failed)) + precision * away

    slope, shift = minimize(loss, expected, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]).x
    p = expit(features @ [slope, shift] + centre)
    spread = w * p * (1 - p)
    gradient = spread @ features / w.sum()
    hessian = features.T @ (spread[:, None] * features) + np.diag(precision)
    return RiskMap(
        slope=round(float(slope), 4),
        intercept=round(float(shift + (1 - slope) * centre), 4),
        level_error=round(float(np.sqrt(gradient @ np.linalg.solve(hessian, gradient))), 4),
        labels=len(labels),
        failed=int(failed.sum()),
    )


def held_out(labels: Sequence[Label]) -> Floats:
    """Each label's risk by a map that did not see it, shape (labels,): a fifth is left out at a time."""
    fold = np.arange(len(labels)) % FOLDS
    found = np.empty(len(labels))
    for left_out in range(FOLDS):
        learnt = fit_map([label for label, number in zip(labels, fold, strict=True) if number != left_out])
        here = fold == left_out
        found[here] = [learnt.at(label.risk) for label, inside in zip(labels, here, strict=True) if inside]
    return found
