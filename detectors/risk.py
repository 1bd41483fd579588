"""The risk that a retrieval failed: the shipped prior over signals seen as percentiles of a normalisation reference.

One place to go for whatever combines signals: `Prior` is data (detectors/data/prior.json, made by tools/fit_prior.py
with detectors/prior_fit.py), `assess_risk` applies it.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations

import msgspec

from detectors.records import Rated, Risk
from detectors.reference import Normalisation
from detectors.signals import SIGNALS

SPEAKS_AGAINST = 0.75  # percentile, turned so that high is bad, from which a signal is named as a driver
DRIVERS = 4
RISING = frozenset(name for name, spec in SIGNALS.items() if spec.direction > 0)
UNTRUSTED = {"negation": "scorer"}  # the family of evidence that is worth nothing on the queries of a scenario
_JOINED = "+"


class Curve(msgspec.Struct, frozen=True):
    """The rising curve from evidence to the probability of failure: logit(p) = slope (evidence - .5) + intercept.

    `level_error` is the standard deviation, between collections that the curve was not fitted on, of estimated less
    true failure rate: no interval around a level may be narrower.
    """

    slope: float
    intercept: float
    level_error: float

    def __post_init__(self) -> None:
        if not 0 <= self.slope < math.inf:
            raise ValueError("slope: expected 0 or more, so that the curve does not fall")

    def at(self, evidence: float) -> float:
        """The probability at one point.

        >>> Curve(slope=4.0, intercept=0.0, level_error=0.1).at(0.5)
        0.5
        """
        return (1 + math.tanh((self.slope * (evidence - 0.5) + self.intercept) / 2)) / 2  # expit, and no overflow


class Target(msgspec.Struct, frozen=True):
    """How one kind of failure is predicted: a rank sum of signals, and a curve for each set of families at hand.

    Parameters
    ----------
    weights
        The signals' shares of the rank sum.
    curves
        By the names of the families at hand, in the prior's order, joined with `+`.
    """

    weights: dict[str, float]
    curves: dict[str, Curve]

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) <= 0:
            raise ValueError("weights: expected at least one signal, and weights above 0")


class Prior(msgspec.Struct, frozen=True):
    """A monotone model of failure, fitted on public collections: for none of five relevant, and for the first not.

    Signals come in `families` that are missing together: the retriever's own scores, what the corpus says, what the
    cross-encoder says. Where one is missing, the rest makes the rank sum and has a curve of its own, fitted on that
    much evidence: flatter, and with the larger error of its level. So the risk is drawn to the average by as much as
    the missing evidence was worth, and nothing is imputed.

    Percentiles within one's own traffic order its queries and cannot tell how good it is as a whole: a pipeline that
    was bad from the first day looks average. So of signals whose values mean the same everywhere, a `common_share` is
    the percentile within the `common` reference, pooled from the collections of the fit: it carries the level. The
    retriever's own scores have no scale in common.
    """

    version: str
    families: dict[str, tuple[str, ...]]
    common_share: dict[str, float]
    at_5: Target
    at_1: Target
    common: Normalisation

    def __post_init__(self) -> None:
        if not all(0 < share <= 1 for share in self.common_share.values()):
            raise ValueError("common_share: expected shares above 0 and up to 1")
        for name, target in (("at_5", self.at_5), ("at_1", self.at_1)):
            for family, members in self.families.items():
                if target.weights.keys().isdisjoint(members):
                    raise ValueError(f"{name}.weights: expected a signal of the family {family}")
            missing = set(bases(self.families)).difference(target.curves)
            if missing:
                raise ValueError(f"{name}.curves: expected one for {min(missing)}")

    def basis(self, bad: Mapping[str, float]) -> str:
        """The families at hand, joined as curves are keyed: those of which at least a quarter of the signals are known.

        Less is what remains of a family that is missing, the answer type without a corpus: not evidence of its kind.
        """
        return _JOINED.join(
            family
            for family, members in self.families.items()
            if 4 * sum(name in bad for name in members) >= len(members)
        )

    def rated(self, target: Target, bad: Mapping[str, float], basis: str) -> Rated:
        """The probability of one kind of failure, by the families of `basis`."""
        curve = target.curves[basis]
        return Rated(curve.at(rank_sum(bad, target.weights, self.families, basis)), curve.level_error)


def rank_sum(
    bad: Mapping[str, float], weights: Mapping[str, float], families: Mapping[str, Iterable[str]], basis: str
) -> float:
    """The evidence that a retrieval failed: the weighted mean badness over the families of `basis`.

    A signal that abstained is undecided, .5.
    """
    total = weighed = 0.0
    for family in basis.split(_JOINED):
        for name in families[family]:
            weight = weights.get(name, 0.0)
            total += weight
            weighed += weight * bad.get(name, 0.5)
    return weighed / total


def bases(families: Iterable[str]) -> list[str]:
    """Every combination of families, as curves are keyed.

    >>> bases(["score", "lexical"])
    ['score', 'lexical', 'score+lexical']
    """
    names = list(families)
    return [_JOINED.join(some) for size in range(1, len(names) + 1) for some in combinations(names, size)]


@cache
def shipped_prior() -> Prior:
    """The prior that comes with the package."""
    return msgspec.json.decode(files("detectors").joinpath("data/prior.json").read_bytes(), type=Prior)


def shipped_normalisation() -> Normalisation:
    """The reference for a pipeline that has none of its own yet."""
    return shipped_prior().common


def badness(signals: Mapping[str, float], reference: Normalisation) -> dict[str, float]:
    """Each signal as a percentile of the reference, turned so that 1 is the worst seen there and 0 the best."""
    found = ((name, _badness(name, value, reference)) for name, value in signals.items())
    return {name: bad for name, bad in found if bad is not None}


def with_level(
    bad: Mapping[str, float], signals: Mapping[str, float], common: Normalisation, share: Mapping[str, float]
) -> dict[str, float]:
    """Badness within one's own traffic, mixed by `share` with badness within the common reference."""
    mixed = dict(bad)
    for name, part in share.items():
        everywhere = _badness(name, signals[name], common) if name in bad else None
        if everywhere is not None:
            mixed[name] = (1 - part) * bad[name] + part * everywhere
    return mixed


def _badness(name: str, value: float, reference: Normalisation) -> float | None:
    sketch = reference.sketches.get(name)
    if sketch is None:
        return None
    percentile = sketch.percentile(value)
    return percentile if name in RISING else 1 - percentile


def assess_risk(
    signals: Mapping[str, float], reference: Normalisation, prior: Prior, scenarios: Collection[str] = ()
) -> Risk | None:
    """The two risks of one retrieval, with the families of evidence that they rest on and the signals that drove them.

    What it cannot see: a failure that looks like the reference's ordinary traffic, and how good that traffic was.
    None where no family of evidence is at hand. On the queries of some scenarios a family is left out:
    small cross-encoders do not understand negation (Weller et al.: NevIR, EACL 2024).
    """
    untrusted = {name for s in scenarios for name in prior.families.get(UNTRUSTED.get(s, ""), ())}
    bad = {name: value for name, value in badness(signals, reference).items() if name not in untrusted}
    evidence = with_level(bad, signals, prior.common, prior.common_share)
    basis = prior.basis(evidence)
    if not basis:
        return None
    against = sorted(((value, name) for name, value in bad.items() if value >= SPEAKS_AGAINST), reverse=True)
    drivers = tuple(name for _, name in against[:DRIVERS])
    return Risk(prior.rated(prior.at_5, evidence, basis), prior.rated(prior.at_1, evidence, basis), basis, drivers)


EMPTY_RESULT = Risk(Rated(1.0, 0.0), Rated(1.0, 0.0), "empty_result", ("empty_result",))
