"""Judged traffic whose truth is known, to try intervals on: grades, a proxy, and which traces are judged."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

DOCUMENTS = 5
_CUTS = (-0.8, 0.0, 0.8)  # of a document's latent relevance, between the grades 0, 1/3, 2/3 and 1


class Shape(NamedTuple):
    """How relevant documents are: normal, `level` on average, spread between queries and within one."""

    level: float
    between: float
    within: float


SHAPES = {
    "in the middle": Shape(0.0, 1.0, 1.0),
    "mostly good": Shape(1.0, 1.0, 1.0),
    "mostly bad": Shape(-1.3, 1.0, 1.0),
    "all or nothing": Shape(0.0, 3.0, 0.5),
    "hardly ever good": Shape(-2.2, 1.2, 0.6),
    "hardly ever bad": Shape(2.2, 1.2, 0.6),
    "once in thirty": Shape(-3.2, 1.3, 0.5),
}
"""Means of about .50, .74, .20, .50, .07, .93 and .02; of the last, 93% of traces have nothing but zeros."""


class Judged(NamedTuple):
    """Traces: the mean grade of five documents, the proxy, and the label's inverse probability, 0 for no label."""

    labels: Floats
    proxies: Floats
    weights: Floats


def simulated_judging(
    shape: Shape, rho: float, traces: int, labelled: int, preferring: float, rng: np.random.Generator
) -> Judged:
    """So many traces, of which about `labelled` are judged.

    `rho` is the correlation of the proxy with the label, about. A share `preferring` of the judging goes to traces
    whose proxy is uncertain, in proportion to p (1 - p), and the rest to all alike: no probability is below
    1 - `preferring` of the uniform one.
    """
    labels = _labels(shape, traces, rng)
    standard = (labels - labels.mean()) / max(1e-9, labels.std())
    noise = rng.normal(size=traces)
    proxies = expit(1.5 * (rho * standard + np.sqrt(1 - rho * rho) * noise) + shape.level / 2)
    uncertain = proxies * (1 - proxies)
    probability = labelled / traces * (1 - preferring + preferring * uncertain / uncertain.mean())
    drawn = rng.random(traces) < probability
    return Judged(labels, proxies, np.where(drawn, 1 / probability, 0.0))


def true_mean(shape: Shape, rng: np.random.Generator, traces: int = 2_000_000) -> float:
    """Of the labels, to about .0003."""
    return float(_labels(shape, traces, rng).mean())


def _labels(shape: Shape, traces: int, rng: np.random.Generator) -> Floats:
    query = rng.normal(shape.level, shape.between, (traces, 1))
    latent = query + rng.normal(0, shape.within, (traces, DOCUMENTS))
    return np.asarray(np.searchsorted(_CUTS, latent).mean(axis=1) / len(_CUTS))
