import numpy as np
import pytest

from detectors.estimate import mean_of, weighted_mean
from detectors.moments import NONE, Moments, added, moments_by

RNG = np.random.default_rng(5)
VALUES, WEIGHTS = RNG.random(300), RNG.uniform(1, 9, 300)


def test_sums_of_parts_are_the_sums_of_the_whole() -> None:
    parts = [Moments.of(VALUES[i::3], WEIGHTS[i::3], 0.1) for i in range(3)]
    whole = Moments.of(VALUES, WEIGHTS, 0.1)
    for part, one in zip(added(parts), whole, strict=True):
        assert float(part) == pytest.approx(float(one))
    assert mean_of(added(parts)) == mean_of(added([added(parts[:2]), parts[2]]))


def test_worked_by_hand() -> None:
    """.2 of weight 1 and .6 of weight 3: mean 2 / 4; effective 16 / 10; around .5: -.3 + 9 * .1, .09 + 9 * .01."""
    two = Moments.of([0.2, 0.6], [1.0, 3.0])
    assert (float(two.mean), float(two.effective)) == pytest.approx((0.5, 1.6))
    assert [float(part) for part in two.around(0.5)] == pytest.approx([0.6, 0.18])


def test_a_weight_of_zero_is_no_value() -> None:
    """Whatever stands in its place."""
    assert Moments.of([0.2, float("nan"), 0.6], [1.0, 0.0, 1.0]) == Moments.of([0.2, 0.6], [1.0, 1.0])


def test_of_nothing_there_is_no_mean() -> None:
    assert np.isnan(NONE.mean)
    assert float(NONE.effective) == 0
    assert mean_of(added([])) is None


def test_the_mean_of_sums_is_that_of_their_values() -> None:
    assert mean_of(Moments.of(VALUES, WEIGHTS)) == weighted_mean(VALUES, WEIGHTS)
    wide = mean_of(Moments.of(100 * VALUES, WEIGHTS), high=100)
    narrow = mean_of(Moments.of(VALUES, WEIGHTS))
    assert wide is not None
    assert narrow is not None
    assert (wide.mean, wide.low, wide.high) == pytest.approx((100 * narrow.mean, 100 * narrow.low, 100 * narrow.high))


def test_an_array_keeps_them() -> None:
    some = moments_by(VALUES, ["a", "b"] * 150, WEIGHTS)["a"]
    assert Moments.from_array(some.array) == some
    assert float(some.values) == 150


def test_flipped_are_those_of_one_less_each_value() -> None:
    for part, one in zip(Moments.of(VALUES, WEIGHTS).flipped(), Moments.of(1 - VALUES, WEIGHTS), strict=True):
        assert float(part) == pytest.approx(float(one))
