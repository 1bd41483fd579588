"""Fits the calibration of a change on pairs of recordings whose true change of the hit rate is known."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from detectors.change import ChangeScale, Scale
from detectors.risk import bases

TRUTH_FLOOR = 0.02  # standard deviation added to that of a labelled change: one with many queries is not everything


class KnownChange(NamedTuple):
    """One pair of recordings: what each family says, and what the labels say.

    `families` holds the mean differences of those that may speak; `truth` the difference of the labelled hit rate, with
    its standard error.
    """

    collection: str
    families: dict[str, float]
    truth: float
    error: float

    @property
    def moved(self) -> bool:
        """Whether the labelled interval excludes zero."""
        return abs(self.truth) > 1.96 * self.error and self.truth != 0


def fit_change(known: Sequence[KnownChange], evidence: Mapping[str, str], version: str) -> ChangeScale:
    """Factors by weighted least squares, none below 0, and their error, for every set of the families of `evidence`.

    Raises
    ------
    ValueError
        With fewer than two collections: the error is that on one that was left out.
    """
    if len({one.collection for one in known}) < 2:
        raise ValueError("expected known changes of at least two collections")
    scales = {basis: _scale(known, basis.split("+")) for basis in bases(evidence)}
    return ChangeScale(version, dict(evidence), scales)


def estimate(change: KnownChange, scale: ChangeScale) -> float:
    """What is said of a known change."""
    factors = scale.scales["+".join(f for f in scale.evidence if f in change.families)].factors
    return sum(factors[family] * change.families[family] for family in factors)


def _scale(known: Sequence[KnownChange], names: Sequence[str]) -> Scale:
    rows = [one for one in known if set(names) <= one.families.keys()]
    squares = []  # relative errors of collections judged from the others, without the labels' own part
    for left_out in sorted({one.collection for one in rows}):
        rest = _factors([one for one in rows if one.collection != left_out], names)
        for one in rows:
            if one.collection == left_out and one.moved:
                said = float(np.dot(rest, [one.families[name] for name in names]))
                squares.append(((one.truth - said) ** 2 - one.error**2) / one.truth**2)
    error = float(np.sqrt(max(0.0, float(np.mean(squares)))))
    return Scale(dict(zip(names, np.round(_factors(rows, names), 3).tolist(), strict=True)), round(error, 3))


def _factors(rows: Sequence[KnownChange], names: Sequence[str]) -> list[float]:
    weight = 1 / np.sqrt(np.square([one.error for one in rows]) + TRUTH_FLOOR**2)
    said = np.array([[one.families[name] for name in names] for one in rows])
    truth = np.array([one.truth for one in rows])
    found: list[float] = nnls(said * weight[:, None], truth * weight)[0].tolist()
    return found
