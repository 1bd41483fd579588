"""The risk that a retrieval failed: the shipped prior over signals seen as percentiles of a normalisation reference.

One place to go for whatever combines signals: `Prior` is data (detectors/data/prior.json, fitted by
tools/fit_prior.py), `assess_risk` applies it.
"""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from detectors.records import Risk
from detectors.reference import Normalisation
from detectors.signals import SIGNALS

SPEAKS_AGAINST = 0.75  # percentile, turned so that high is bad, from which a signal is named as a driver
DRIVERS = 4
RISING = frozenset(name for name, spec in SIGNALS.items() if spec.direction > 0)


class Target(msgspec.Struct, frozen=True):
    """How one kind of failure is predicted: a rank sum of signals, and a rising curve from it to a probability.

    `weights` are the signals' shares of the rank sum. `level_error` is the standard deviation, between collections
    that the curve was not fitted on, of estimated less true failure rate: no interval around a level may be narrower.
    """

    weights: dict[str, float]
    evidence: tuple[float, ...]
    probability: tuple[float, ...]
    level_error: float

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) <= 0:
            raise ValueError("weights: expected at least one signal, and weights above 0")
        if len(self.evidence) != len(self.probability):
            raise ValueError("probability: expected as many points as evidence has")
        for name, column in (("evidence", self.evidence), ("probability", self.probability)):
            if list(column) != sorted(column) or not 0 <= column[0] <= column[-1] <= 1:
                raise ValueError(f"{name}: expected to rise within 0 and 1")

    def risk(self, bad: Mapping[str, float]) -> float | None:
        """The probability of this failure; None where every signal of the rank sum abstained."""
        evidence = rank_sum(bad, self.weights)
        return None if evidence is None else self._curve(evidence)

    def _curve(self, evidence: float) -> float:
        """Linear between its points, flat outside of them."""
        after = bisect_right(self.evidence, evidence)
        if after in (0, len(self.evidence)):
            return self.probability[max(0, after - 1)]
        (left, right), (low, high) = self.evidence[after - 1 : after + 1], self.probability[after - 1 : after + 1]
        return low + (high - low) * (evidence - left) / (right - left)


class Prior(msgspec.Struct, frozen=True):
    """A monotone model of failure, fitted on public collections: for none of five relevant, and for the first not."""

    version: str
    at_5: Target
    at_1: Target


@cache
def shipped_prior() -> Prior:
    """The prior that comes with the package."""
    return msgspec.json.decode(files("detectors").joinpath("data/prior.json").read_bytes(), type=Prior)


@cache
def shipped_normalisation() -> Normalisation:
    """The reference for a pipeline that has none of its own yet."""
    return msgspec.json.decode(files("detectors").joinpath("data/normalisation.json").read_bytes(), type=Normalisation)


def badness(signals: Mapping[str, float], reference: Normalisation) -> dict[str, float]:
    """Each signal as a percentile of the reference, turned so that 1 is the worst seen there and 0 the best."""
    found = {}
    for name, value in signals.items():
        sketch = reference.sketches.get(name)
        if sketch is not None:
            percentile = sketch.percentile(value)
            found[name] = percentile if name in RISING else 1 - percentile
    return found


def rank_sum(bad: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    """The weighted mean of badness; a signal that abstained counts as undecided (.5), which draws the risk to the
    average instead of to either side. None where all of them abstained.

    >>> rank_sum({"score_gap": 0.9}, {"score_gap": 1.0, "lexical_rbo": 1.0})
    0.7
    """
    if bad.keys().isdisjoint(weights):
        return None
    total = weighed = 0.0
    for name, weight in weights.items():
        total += weight
        weighed += weight * bad.get(name, 0.5)
    return weighed / total


def assess_risk(signals: Mapping[str, float], reference: Normalisation, prior: Prior) -> Risk:
    """The two risks of one retrieval, with the signals that drove them.

    What it cannot see: a failure that looks like the reference's ordinary traffic, and how good that traffic was.
    Without any signal that the prior knows, a risk is None.
    """
    bad = badness(signals, reference)
    against = sorted(((value, name) for name, value in bad.items() if value >= SPEAKS_AGAINST), reverse=True)
    return Risk(prior.at_5.risk(bad), prior.at_1.risk(bad), tuple(name for _, name in against[:DRIVERS]))


EMPTY_RESULT = Risk(1.0, 1.0, ("empty_result",))
