"""What of a change is quality, and what is only that other things were asked."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from detectors.estimate import MINIMUM_SAMPLES
from detectors.moments import NONE, Floats, Moments, added

FEWEST = 10  # effective samples of a scenario on either side, below which its quality cannot be said to have changed


class Part(msgspec.Struct, frozen=True):
    """A part of a change, with its interval."""

    change: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.low <= 0 <= self.high


class ScenarioPart(msgspec.Struct, frozen=True):
    """One scenario's part: its shares of the traffic, and what it adds to each of the two parts of the change.

    `quality` is None where a side has under `FEWEST` effective samples; all that it adds counts as mix.
    """

    share_before: float
    share_after: float
    quality: Part | None
    mix: float


class Decomposition(msgspec.Struct, frozen=True):
    """`total` = `quality` + `mix`, and the same by scenario. Quality alarms; mix informs."""

    total: Part
    quality: Part
    mix: Part
    scenarios: dict[str, ScenarioPart]


def decompose(
    before: Mapping[str, Moments], after: Mapping[str, Moments], *, confidence: float = 0.95
) -> Decomposition | None:
    """A change of a weighted mean, as quality within scenarios and as query mix.

    With shares W and levels Y of scenarios, and bars for the average of before and after:

    sum W1 Y1 - sum W0 Y0  =  sum_s Wbar_s (Y1_s - Y0_s)  +  sum_s (W1_s - W0_s) Ybar_s,

    quality first, then mix: with averages on both sides nothing is left over and neither period comes first. What a
    scenario adds to the mix is counted from the average level, (W1_s - W0_s) (Ybar_s - Ybar), which sums to the same:
    more of an ordinary scenario is no change. Intervals by the delta method, n / (n - 1) for small samples: the
    variance of sum w psi / sum w on each side, where a value's influence on quality is
    +-Wbar_s / W_s (x - Y_s) + (dY_s - sum_s W_s dY_s) / 2, minus before and plus after, and on the total +-(x - Y).

    What it cannot see: a change of mix within a scenario looks like quality.

    Parameters
    ----------
    before, after
        Sums over independent samples of values in [0, 1], by scenario, or by whatever cells a level depends on.
    confidence
        Of each interval, by the normal approximation.

    Returns
    -------
    Decomposition or None
        None where either sample is below `estimate.MINIMUM_SAMPLES` effective samples.

    References
    ----------
    Kitagawa: Components of a difference between two rates, JASA 50 (1955). The influences are derived from it.

    Examples
    --------
    >>> from detectors.moments import moments_by
    >>> before = moments_by([0.9, 0.7, 0.5, 0.3] * 25, ["easy", "easy", "hard", "hard"] * 25)
    >>> after = moments_by([0.9, 0.7, 0.9, 0.7, 0.5, 0.3] * 20, (["easy"] * 4 + ["hard"] * 2) * 20)
    >>> parts = decompose(before, after)
    >>> round(parts.total.change, 4), round(abs(parts.quality.change), 4), round(parts.mix.change, 4)
    (0.0667, 0.0, 0.0667)
    """
    if min(float(added(list(side.values())).effective) for side in (before, after)) < MINIMUM_SAMPLES:
        return None
    names = sorted({*before, *after})
    sides = [_Side([side.get(name, NONE) for name in names], sign) for side, sign in ((before, -1.0), (after, 1.0))]
    z = float(ndtri((1 + confidence) / 2))
    told = np.minimum(sides[0].samples, sides[1].samples) >= FEWEST
    share = (sides[0].share + sides[1].share) / 2
    rise = np.where(told, sides[1].level - sides[0].level, 0.0)
    quality = share * rise
    whole = sides[1].share * sides[1].level - sides[0].share * sides[0].level
    average = (sides[0].mean + sides[1].mean) / 2
    mix = whole - quality - (sides[1].share - sides[0].share) * average
    on_total = [_Influence(np.full(len(names), side.sign), side.sign * (side.level - side.mean)) for side in sides]
    on_quality = [side.influence(share, rise, told) for side in sides]
    on_mix = [one.less(other) for one, other in zip(on_total, on_quality, strict=True)]
    alone = np.eye(len(names), dtype=bool) & told
    of_each = ([side.influence(share * only, rise * only, only) for side in sides] for only in alone)
    parts = [_part(sides, change, psi, z) for change, psi in zip(quality, of_each, strict=True)]
    return Decomposition(
        _part(sides, whole.sum(), on_total, z),
        _part(sides, quality.sum(), on_quality, z),
        _part(sides, whole.sum() - quality.sum(), on_mix, z),
        {
            name: ScenarioPart(
                float(sides[0].share[i]), float(sides[1].share[i]), parts[i] if told[i] else None, float(mix[i])
            )
            for i, name in enumerate(names)
        },
    )


def _part(sides: Sequence["_Side"], change: float, influences: Sequence["_Influence"], z: float) -> Part:
    half = z * float(np.sqrt(sum(side.variance(psi) for side, psi in zip(sides, influences, strict=True))))
    return Part(float(change), float(change) - half, float(change) + half)


class _Influence(NamedTuple):
    """Of a value x in scenario s on a sum: slope_s (x - level_s) + shift_s; both of shape (scenarios,)."""

    slope: Floats
    shift: Floats

    def less(self, other: "_Influence") -> "_Influence":
        return _Influence(self.slope - other.slope, self.shift - other.shift)


class _Side:
    """One period: shares, levels and effective samples by scenario, each of shape (scenarios,).

    `sign` is that of its levels in a change: -1 before, 1 after.
    """

    def __init__(self, scenarios: Sequence[Moments], sign: float) -> None:
        self.sign = sign
        self._cells = Moments(*(np.array(part) for part in zip(*scenarios, strict=True)))
        self._weight = float(self._cells.weight.sum())
        self.share = self._cells.weight / self._weight
        self.level = np.nan_to_num(self._cells.mean)
        self.samples = self._cells.effective
        self.mean = float(self.share @ self.level)

    def influence(self, share: Floats, rise: Floats, told: NDArray[np.bool_]) -> _Influence:
        """On the sum over `told` scenarios of share * rise, both averages over the two periods."""
        stretch = np.divide(share, self.share, out=np.zeros(len(share)), where=told)
        return _Influence(self.sign * stretch, (rise - self.share @ rise) / 2)

    def variance(self, influence: _Influence) -> float:
        """Of a weighted mean whose values have this influence."""
        count = float(self._cells.values.sum())
        first, second = self._cells.around(self.level)
        slope, shift = influence
        squares = slope**2 * second + 2 * slope * shift * first + shift**2 * self._cells.squares
        return float(squares.sum()) / self._weight**2 * count / (count - 1)
