"""The mean of a label that few traces have, sharpened by a proxy that many have: prediction-powered, nested samples.

Both samples are random with known probabilities, so the proxy may be as wrong as it likes: it narrows the interval by
as much as it goes along with the label, and never moves what is estimated. That is the mean of the *label*: with a
judge as the label it is what that judge says.
"""

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from detectors.estimate import Estimate

Floats = NDArray[np.float64]

MINIMUM_LABELLED = 50
"""Effective labelled traces, below which there is no interval: from there on 95% intervals hold the truth in 93.5% of
samples or more over all shapes tried (docs/judge-estimates.md).
"""
SHAPE = (6, 3, 3)  # of the sums
_COUNT, _LABELLED, _SQUARES, _CROSSED, _SAMPLED, _SAMPLED_SQUARES = range(6)
_ONE, _LABEL, _PROXY = range(3)
_ROUNDING = 1e-12  # of a power: less is no variance
_ENDS = 1.0  # labelled traces, in thought, at each end of the scale


class NestedEstimate(msgspec.Struct, frozen=True):
    """The mean of a label with its interval, and beside it what the labelled traces say alone (`classical`).

    `effective_samples` = (sum w)^2 / sum w^2 over the `labelled` traces. `lam` is how far the proxy was trusted, from 0
    (not at all) to 1; `rho` is its weighted correlation with the label, 0 where one of them is constant.
    """

    mean: float
    low: float
    high: float
    effective_samples: float
    labelled: int
    lam: float
    rho: float
    classical: Estimate


def nested_terms(labels: ArrayLike, label_weights: ArrayLike, proxies: ArrayLike, proxy_weights: ArrayLike) -> Floats:
    """What each trace adds to the sums that `nested_estimate` takes; shape (n, 6, 3, 3). Sums of two sets add up.

    Of x = (1, label, proxy), the products x x' times 1 (labelled traces alone), w, w^2, v w, v and v^2, with w the
    weight of the label and v that of the proxy.

    Parameters
    ----------
    labels, label_weights
        In [0, 1], with their inverse sampling probabilities; weight 0 where there is no label, whatever stands in its
        place. Shape (n,).
    proxies, proxy_weights
        Any numbers, and the same; whatever has a label has a proxy. A proxy that could not be computed is any constant.
    """
    w, v = np.asarray(label_weights, dtype=np.float64), np.asarray(proxy_weights, dtype=np.float64)
    x = np.stack([np.ones_like(v), np.where(w > 0, labels, 0.0), np.where(v > 0, proxies, 0.0)], axis=-1)
    factors = np.stack([(w > 0).astype(np.float64), w, w * w, v * w, v, v * v], axis=-1)
    return np.asarray(factors[:, :, None, None] * (x[:, None, :, None] * x[:, None, None, :]))


def effective_labelled(sums: Floats) -> float:
    """(sum w)^2 / sum w^2 over the labelled traces; 0 of none."""
    squares = float(sums[_SQUARES, _ONE, _ONE])
    return float(sums[_LABELLED, _ONE, _ONE]) ** 2 / squares if squares > 0 else 0.0


def without_labels(sums: Floats) -> Floats:
    """The sums of the same traces, had none been labelled."""
    proxies = np.zeros(SHAPE)
    proxies[_SAMPLED:] = sums[_SAMPLED:]
    return proxies


def labelled_in(sums: Floats) -> int:
    """How many traces have a label."""
    return round(float(sums[_COUNT, _ONE, _ONE]))


def nested_estimate(
    sums: Floats, *, confidence: float = 0.95, minimum: float = MINIMUM_LABELLED
) -> NestedEstimate | None:
    """The mean of the label over all traffic, from summed `nested_terms`.

    With Y_L and F_L the weighted means of label and proxy over the labelled traces L, and F_S that of the proxy over
    its own sample S, of which L is a part,

        theta(lam) = Y_L + lam (F_S - F_L).

    A trace moves it by a_i = w_i (Y_i - Y_L - lam (f_i - F_L)) / sum w + lam v_i (f_i - F_S) / sum v, with w = 0
    outside L; Var = sum a_i^2 = A + 2 B lam + C lam^2 is least at lam = -B / C, clipped to [0, 1]. With lam = 0 it is
    the classical mean. PPI++ has equal weights and S apart from L (Angelopoulos, Duchi, Zrnic, 2311.01453); unequal
    probabilities: Zrnic, Candes, Active statistical inference, 2403.03208; nested samples: Saerndal, Swensson,
    Wretman, Model assisted survey sampling, 1992, ch. 9.

    The interval is Wilson's, all p with (theta - p)^2 <= t^2 p (1 - p) / n*, where n* is how many yes-or-no answers
    would tell as much: theta (1 - theta) / Var (Franco, Little, Louis, Slud: Confidence intervals for proportions in
    complex sample surveys, 2019). t is Student's with n_eff - 2 degrees of freedom (classical: n_eff - 1), by which Var
    is corrected too. For n*, one more labelled trace is thought at each end of the scale: where something is rare, a
    sample that has none of it would else look too sure.

    Returns
    -------
    NestedEstimate or None
        None below `minimum` effective labelled traces.

    Examples
    --------
    >>> labels, proxies = np.tile([1.0, 0.0, 0.0, 0.0, 0.0], 400), np.tile([0.9, 0.2, 0.1, 0.2, 0.1], 400)
    >>> terms = nested_terms(labels, np.repeat([10.0, 0.0], [200, 1800]), proxies, np.ones(2000))
    >>> found = nested_estimate(terms.sum(axis=0))
    >>> round(found.mean, 3), round(found.lam, 2), found.labelled
    (0.2, 1.0, 200)
    >>> round(found.high - found.low, 3), round(found.classical.high - found.classical.low, 3)
    (0.048, 0.111)
    """
    effective = effective_labelled(sums)
    if effective < minimum:
        return None
    labelled, sampled = sums[_LABELLED, _ONE], sums[_SAMPLED, _ONE]
    label, proxy = labelled[_LABEL] / labelled[_ONE], labelled[_PROXY] / labelled[_ONE]
    everywhere = sampled[_PROXY] / sampled[_ONE]
    of_label = np.array([-label, 1.0, 0.0]) / labelled[_ONE]
    of_proxy = np.array([-proxy, 0.0, 1.0]) / labelled[_ONE]
    of_all = np.array([-everywhere, 0.0, 1.0]) / sampled[_ONE]
    constant = of_label @ sums[_SQUARES] @ of_label
    linear = of_label @ sums[_CROSSED] @ of_all - of_label @ sums[_SQUARES] @ of_proxy
    square = (
        of_all @ sums[_SAMPLED_SQUARES] @ of_all
        - 2 * of_all @ sums[_CROSSED] @ of_proxy
        + of_proxy @ sums[_SQUARES] @ of_proxy
    )
    noise = _ROUNDING * sums[_SAMPLED_SQUARES, _PROXY, _PROXY] / sampled[_ONE] ** 2
    lam = float(np.clip(-linear / square, 0.0, 1.0)) if square > noise else 0.0
    count = labelled_in(sums)
    alone = _interval(float(label), float(constant), effective, 1, confidence)
    mean = float(label + lam * (everywhere - proxy))
    variance = float(constant + 2 * lam * linear + lam * lam * square)
    return NestedEstimate(
        *_interval(mean, variance, effective, 2, confidence), effective, count, lam, _correlation(sums[_LABELLED]),
        Estimate(*alone, effective, count),
    )  # fmt: skip


def _interval(
    mean: float, variance: float, effective: float, fitted: int, confidence: float
) -> tuple[float, float, float]:
    """Mean, low and high; `fitted` parameters were estimated from the labelled traces."""
    mean = min(1.0, max(0.0, mean))
    freedom = effective - fitted
    t = float(stdtrit(freedom, (1 + confidence) / 2))
    total = effective + 2 * _ENDS
    centre = (effective * mean + _ENDS) / total
    ends = _ENDS * (centre**2 + (1 - centre) ** 2)
    spread = (effective**2 * max(0.0, variance) * effective / freedom + ends) / total**2
    answers = centre * (1 - centre) / spread
    middle = (answers * mean + t * t / 2) / (answers + t * t)
    half = t * float(np.sqrt(answers * mean * (1 - mean) + t * t / 4)) / (answers + t * t)
    return mean, middle - half, middle + half


def _correlation(sums: Floats) -> float:
    weight = sums[_ONE, _ONE]
    means, powers = sums[_ONE] / weight, sums / weight
    covariance = powers - np.outer(means, means)
    power = covariance[_LABEL, _LABEL] * covariance[_PROXY, _PROXY]
    noise = _ROUNDING * powers[_LABEL, _LABEL] * powers[_PROXY, _PROXY]
    return float(covariance[_LABEL, _PROXY] / np.sqrt(power)) if power > noise else 0.0
