"""Agreement of two gradings: against known figures, and intervals that hold what they say."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from detectors.judging.agreement import agreement, mean_shift, weighted_kappa

Floats = NDArray[np.float64]


def graded_twice(n: int, seed: int, flips: float = 0.3) -> tuple[Floats, Floats]:
    """A skewed grading, and another in which some moved by a grade."""
    rng = np.random.default_rng(seed)
    first = rng.choice(4, size=n, p=[0.4, 0.3, 0.2, 0.1])
    moved = rng.choice([-1, 0, 1], size=n, p=[flips / 2, 1 - flips, flips / 2])
    return first.astype(float), np.clip(first + moved, 0, 3).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns(seed: int) -> None:
    first, second = graded_twice(150, seed)
    found = weighted_kappa(first, second)
    assert found is not None
    assert found.value == pytest.approx(cohen_kappa_score(first.astype(int), second.astype(int), weights="quadratic"))


def test_kappa_of_fractions_worked_by_hand() -> None:
    """X = 0, 3; y = .5, 2.5: seen .25, by chance mean of .25, 6.25, 6.25, .25 = 3.25."""
    found = weighted_kappa(np.array([0.0, 3.0]), np.array([0.5, 2.5]))
    assert found is not None
    assert found.value == pytest.approx(1 - 0.25 / 3.25)


def test_kappa_abstains_where_nothing_could_disagree() -> None:
    found = agreement([2.0] * 50, [2.0] * 50)
    assert found is not None
    assert found.kappa is None
    assert found.exact.value == 1
    other = agreement([1.0] * 50, [2.0] * 50)  # constant, but not the same: no better than chance
    assert other is not None
    assert other.kappa is not None
    assert other.kappa.value == 0


def test_it_abstains_below_the_least_sample() -> None:
    assert agreement([1.0] * 29, [1.0] * 29) is None


def test_exact_agreement_has_wilsons_interval() -> None:
    """Expected grades count by the grade that they round to."""
    found = agreement([0.0] * 50 + [2.0] * 50, [0.4] * 50 + [1.4] * 25 + [2.2] * 25)
    assert found is not None
    interval = binomtest(75, 100).proportion_ci(method="wilson")
    assert tuple(found.exact) == pytest.approx((0.75, interval.low, interval.high))


def test_shift_worked_by_hand() -> None:
    """50 of 100 down by one: mean -.5; squares 25 and the two that are added; Student's .975 of 101 is 1.98373."""
    found = mean_shift(np.array([-1.0, 0.0] * 50))
    half = 1.98373 * np.sqrt(27 / 101 / 100)
    assert tuple(found) == pytest.approx((-0.5, -0.5 - half, -0.5 + half), abs=1e-5)


@pytest.mark.parametrize("wrong", [-0.1, 3.1, float("nan")])
def test_what_is_no_grade_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 3"):
        agreement([1.0] * 30, [1.0] * 29 + [wrong])


def test_as_many_of_the_one_as_of_the_other() -> None:
    with pytest.raises(ValueError, match="expected 30 grades"):
        agreement([1.0] * 30, [1.0] * 31)


@pytest.mark.parametrize("flips", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("n", [30, 100])
def test_the_interval_of_the_shift_holds_the_truth(n: int, flips: float) -> None:
    """95% of 2,000 seeded repetitions, less what chance takes; also where hardly a pair moves."""
    rng = np.random.default_rng(n)
    down = rng.random((2000, n)) < flips
    held = [figure.low <= -flips <= figure.high for figure in map(mean_shift, -down.astype(float))]
    assert np.mean(held) >= 0.94


def test_the_interval_of_kappa_holds_the_truth() -> None:
    """About nine in ten and better: the jackknife is a little short at a hundred pairs."""
    truth = weighted_kappa(*graded_twice(1_000_000, 0))
    assert truth is not None
    found = [weighted_kappa(*graded_twice(100, seed)) for seed in range(1, 1001)]
    held = [one.low <= truth.value <= one.high for one in found if one is not None]
    assert np.mean(held) >= 0.92
