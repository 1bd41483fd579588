from math import sqrt

import numpy as np
import pytest
from scipy.stats import ttest_ind

from detectors.estimate import MINIMUM_SAMPLES, difference, weighted_mean

Z = 1.959963984540054  # the normal distribution's .975 quantile


def test_equal_weights_worked_by_hand() -> None:
    """50 zeros and 50 ones: mean .5, variance 100 * .25 / 100^2 * 100 / 99."""
    estimate = weighted_mean([0.0, 1.0] * 50, [1.0] * 100)
    assert estimate is not None
    half = Z * sqrt(0.0025 * 100 / 99)
    assert (estimate.mean, estimate.effective_samples, estimate.samples) == pytest.approx((0.5, 100, 100))
    assert (estimate.low, estimate.high) == pytest.approx((0.5 - half, 0.5 + half))


def test_unequal_weights_and_level_error_worked_by_hand() -> None:
    """20 of .2 at weight 1 and 20 of .6 at weight 3: mean (4 + 36) / 80 = .5, effective 80^2 / (20 + 180) = 32;
    variance (20 * .3^2 + 20 * 9 * .1^2) / 80^2 * 40 / 39, plus the level's .1^2.
    """
    estimate = weighted_mean([0.2] * 20 + [0.6] * 20, [1.0] * 20 + [3.0] * 20, level_error=0.1)
    assert estimate is not None
    half = Z * sqrt(3.6 / 6400 * 40 / 39 + 0.01)
    assert (estimate.mean, estimate.effective_samples, estimate.samples) == pytest.approx((0.5, 32, 40))
    assert (estimate.low, estimate.high) == pytest.approx((0.5 - half, 0.5 + half))


def test_level_errors_of_values_count_with_their_weights() -> None:
    """.1 of weight 20 and .2 of weight 60: as .175 for all of them."""
    values, weights = [0.2] * 20 + [0.6] * 20, [1.0] * 20 + [3.0] * 20
    each = weighted_mean(values, weights, level_error=[0.1] * 20 + [0.2] * 20)
    of_all = weighted_mean(values, weights, level_error=0.175)
    assert each is not None
    assert of_all is not None
    assert (each.low, each.high) == pytest.approx((of_all.low, of_all.high))


def test_no_number_of_samples_narrows_the_interval_below_the_level_error() -> None:
    estimate = weighted_mean([0.2, 0.4] * 50_000, [1.0] * 100_000, level_error=0.05)
    assert estimate is not None
    assert estimate.high - estimate.low >= 2 * Z * 0.05


def test_the_scale_of_the_weights_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    values, weights = rng.random(200).tolist(), rng.uniform(1, 9, 200)
    one, other = weighted_mean(values, weights.tolist()), weighted_mean(values, (1000 * weights).tolist())
    assert one is not None
    assert other is not None
    for name in ("mean", "low", "high", "effective_samples"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))


def test_more_confidence_takes_a_wider_interval() -> None:
    """The normal distribution's .95 quantile is 1.644854."""
    estimate = weighted_mean([0.0, 1.0] * 50, [1.0] * 100, confidence=0.9)
    assert estimate is not None
    assert estimate.high == pytest.approx(0.5 + 1.6448536269514722 * sqrt(0.0025 * 100 / 99))


def test_an_interval_stays_within_zero_and_one() -> None:
    estimate = weighted_mean([0.0, 1.0] * 20, [1.0] * 40, level_error=0.9)
    assert estimate is not None
    assert (estimate.low, estimate.high) == (0, 1)


def test_too_few_effective_samples_give_no_estimate() -> None:
    """One heavy weight can make 1,000 samples worth one."""
    assert weighted_mean([], []) is None
    assert weighted_mean([0.5] * (MINIMUM_SAMPLES - 1), [1.0] * (MINIMUM_SAMPLES - 1)) is None
    assert weighted_mean([0.5] * 1000, [1e6] + [1.0] * 999) is None
    assert weighted_mean([0.4, 0.6] * (MINIMUM_SAMPLES // 2), [1.0] * MINIMUM_SAMPLES) is not None


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Risky queries sampled at .5, others at .1: the plain mean of the sample would be far off."""
    rng = np.random.default_rng(6)
    population = rng.beta(1, 3, size=4000)
    probability = np.where(population > 0.3, 0.5, 0.1)
    held = 0
    for _ in range(400):
        taken = rng.random(len(population)) < probability
        estimate = weighted_mean(population[taken].tolist(), (1 / probability[taken]).tolist())
        assert estimate is not None
        held += estimate.low <= population.mean() <= estimate.high
    assert held / 400 > 0.92


def test_a_difference_has_welchs_standard_error() -> None:
    """At n = 400 Welch's t interval of scipy and the normal one differ by under a percent of their width."""
    rng = np.random.default_rng(3)
    before, after = rng.normal(0.6, 0.2, 400), rng.normal(0.55, 0.3, 500)
    change = difference(before.tolist(), after.tolist())
    assert change is not None
    peer = ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
    assert (change.low, change.high) == pytest.approx((peer.low, peer.high), rel=0.01)
    assert change.standardised == pytest.approx((after.mean() - before.mean()) / before.std(ddof=1))


def test_a_difference_is_shown_where_its_interval_leaves_out_zero() -> None:
    flat = [0.0, 1.0] * 40
    same, worse = difference(flat, flat), difference(flat, [0.0] * 80)
    assert same is not None
    assert worse is not None
    assert (same.shown, worse.shown, worse.high < 0) == (False, True, True)


def test_too_few_values_on_either_side_give_no_difference() -> None:
    few, enough = [0.5] * (MINIMUM_SAMPLES - 1), [0.5] * MINIMUM_SAMPLES
    assert difference(few, enough) is None
    assert difference(enough, few) is None
    assert difference(enough, enough) is not None
