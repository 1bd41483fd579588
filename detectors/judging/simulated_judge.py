"""Judges made up and seeded: anchors that come round again and again, noise, and what may happen to a judge."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.deciders.base import Abstained
from detectors.deciders.esr import EsrConfig
from detectors.judging.drift import FIRST, DriftBudget, Reference, Side, drift_configs, reference_of, residuals
from detectors.judging.records import BEST_GRADE

Floats = NDArray[np.float64]
Judge = Callable[[Floats, np.random.Generator], Floats]
"""The anchors' true grades, shape (streams, anchors), to one verdict on each."""


def steady(flips: float = 0.0, spread: float = 0.0) -> Judge:
    """A judge that moves a whole grade up or down for a share of its verdicts (temperature), or by normal noise of a
    standard deviation (expected grades); never off the scale.
    """

    def judge(grades: Floats, rng: np.random.Generator) -> Floats:
        flipped = np.where(rng.random(grades.shape) < flips, rng.choice([-1.0, 1.0], grades.shape), 0.0)
        return np.clip(grades + flipped + spread * rng.standard_normal(grades.shape), 0, BEST_GRADE)

    return judge


def moved(judge: Judge, by: float) -> Judge:
    """The same with another mean: as many of the verdicts that can be a grade lower (below 0) or higher as it takes."""

    def other(grades: Floats, rng: np.random.Generator) -> Floats:
        verdicts = judge(grades, rng)
        movable = verdicts >= 1 if by < 0 else verdicts <= BEST_GRADE - 1
        chosen = movable & (rng.random(grades.shape) < abs(by) / movable.mean())
        return np.where(chosen, verdicts + np.sign(by), verdicts)

    return other


def swapped(judge: Judge, share: float) -> Judge:
    """Another model of the same mean: for a share of the anchors, always the same ones, a low grade is one higher and a
    high grade one lower.
    """

    def other(grades: Floats, rng: np.random.Generator) -> Floats:
        places = np.arange(grades.shape[-1]) * 37 % grades.shape[-1]  # 37: so that no grade has them all
        towards = np.where(grades < BEST_GRADE / 2, 1.0, -1.0)
        return judge(np.where(places < share * grades.shape[-1], grades + towards, grades), rng)

    return other


def first_drift_alarms(
    before: Judge, rounds: Sequence[Judge], *, budget: DriftBudget | None = None, anchors: int = 100,
    streams: int = 100, seed: int = 0,
) -> NDArray[np.int64]:  # fmt: skip
    """After how many re-judgements each side of each stream alarms first.

    Parameters
    ----------
    before
        Who gives the first verdicts.
    rounds
        Who re-judges, in each round; the anchors come in another random order in each.
    anchors
        How many, a multiple of 4 and enough for a reference: as many of each grade.

    Returns
    -------
    NDArray
        Shape (sides, streams), in the order of `Side`; 0 where there was no alarm, -1 where a side abstains.
    """
    rng = np.random.default_rng(seed)
    grades = np.tile(np.repeat(np.arange(4.0), anchors // 4), (streams, 1))
    first = np.stack([before(grades, rng) for _ in range(FIRST)], axis=-1)
    references = [one for one in map(reference_of, first) if isinstance(one, Reference)]
    configs = [drift_configs(budget or DriftBudget(), one) for one in references]
    watch = _Detectors([config[side] for side in Side for config in configs])
    normal, level = first.mean(axis=-1), np.array([one.moved for one in references])[:, None]
    for judge in rounds:
        order = rng.permuted(np.tile(np.arange(anchors), (streams, 1)), axis=1)
        new, known = (np.take_along_axis(one, order, axis=1) for one in (judge(grades, rng), normal))
        watch.take(np.concatenate([residuals(side, new, known, level) for side in Side]))  # type: ignore[arg-type]
    return watch.alarms.reshape(len(Side), streams)


class _Detectors:
    """Many e-SR detectors at once, each of its own configuration; rows of residuals in, the place of first alarms out.

    The same as `ESR` says of each row.
    """

    def __init__(self, configs: Sequence[EsrConfig | Abstained]) -> None:
        known = [one for one in configs if isinstance(one, EsrConfig)]
        self._sure = np.array([isinstance(one, EsrConfig) for one in configs])
        self._tolerance = np.array([one.tolerance for one in known])
        self._grid = np.array([one.grid for one in known]).reshape(len(known), -1)
        self._limit = np.array([one.average_run_length * one.bets for one in known])
        self._statistics = np.zeros_like(self._grid)
        self._seen = 0
        self.alarms = np.where(self._sure, 0, -1).astype(np.int64)

    def take(self, rows: Floats) -> None:
        """Shape (detectors, values)."""
        alarms = self.alarms[self._sure]
        for column in rows[self._sure].T:
            self._seen += 1
            self._statistics = (self._statistics + 1) * (1 - (column + self._tolerance)[:, None] * self._grid)
            over = self._statistics.sum(axis=1) >= self._limit
            if over.any():
                alarms[over & (alarms == 0)] = self._seen
                self._statistics[over] = 0
        self.alarms[self._sure] = alarms
