import numpy as np
import pytest

from detectors.estimate import weighted_mean
from monitor.deciding.baselines import build_baseline
from monitor.deciding.estimates import change_since, measured, normal_shares, shares
from monitor.deciding.windows import Windows
from tests.monitor.deciding.traffic import DAY, MONDAY, SCALE, hours, observation


def test_means_are_weighted_and_have_intervals() -> None:
    """The same as over the values themselves, the level's error included."""
    traces = hours(MONDAY, 3, 100, seed=1)
    windows = Windows()
    windows.add(traces)
    found = measured(windows.of("search"))
    expected = weighted_mean([one.hit or 0.0 for one in traces], [1.0] * 300, level_error=0.05)
    mean = found["hit_at_5"].mean
    assert mean is not None
    assert expected is not None
    assert (mean.mean, mean.low, mean.high) == pytest.approx((expected.mean, expected.low, expected.high))
    assert mean.samples == 300


def test_quantiles_are_those_of_the_values_to_within_a_bin() -> None:
    traces = hours(MONDAY, 3, 300, seed=2)
    windows = Windows()
    windows.add(traces)
    found = measured(windows.of("search"))
    hits = [one.hit or 0.0 for one in traces]
    for share in (0.1, 0.5, 0.9):
        quantile = found["hit_at_5"].quantiles[f"{share:g}"]
        assert quantile.value == pytest.approx(np.quantile(hits, share), abs=0.03)
        assert quantile.low < quantile.value < quantile.high


def test_below_the_minimum_sample_there_is_no_number() -> None:
    """But how many there were, and for which share of the traffic."""
    windows = Windows()
    windows.add([observation(MONDAY + i, None if i % 2 else 0.5) for i in range(40)])
    found = measured(windows.of("search"))["hit_at_5"]
    assert (found.mean, found.quantiles) == (None, {})
    assert (found.effective_samples, found.coverage) == (20, 0.5)


def test_coverage_counts_traffic_and_not_traces() -> None:
    """One in ten was scored, each with the weight of ten: the scorer's signals are known for all of the traffic."""
    windows = Windows()
    scored = [observation(MONDAY, weights=(1.0, 10.0, 0.0), signals={"regret": 0.1}) for _ in range(40)]
    windows.add([*scored, *(observation(MONDAY, signals={}) for _ in range(360))])
    assert measured(windows.of("search"))["regret"].coverage == pytest.approx(1.0)


def test_a_signal_without_bounds_has_an_interval_that_is_not_cut_at_one() -> None:
    windows = Windows()
    windows.add([observation(MONDAY, weights=(1, 1, 0), signals={"served_length": 300.0 + i}) for i in range(100)])
    mean = measured(windows.of("search"))["served_length"].mean
    assert mean is not None
    assert mean.low < mean.mean < mean.high
    assert mean.mean == pytest.approx(349.5)


def test_a_change_since_the_baseline_is_that_of_the_same_hours() -> None:
    """The nights are ten points worse: one like all nights is no change, and one five points lower is one of five."""
    windows = Windows()
    windows.add(hours(MONDAY, 7 * 24, 200, seed=3))
    baseline = build_baseline(list(windows.of("search")), "search", "hit_at_5", SCALE, MONDAY + 7 * DAY)
    assert not isinstance(baseline, str)
    for lower, seed in ((0.0, 4), (0.05, 5)):
        night = Windows()
        night.add(hours(MONDAY + 8 * DAY, 6, 400, seed=seed, lower=lower))
        change = change_since(baseline, night.of("search"))
        assert change is not None
        assert change.quality.change == pytest.approx(-lower, abs=0.012)
        assert change.quality.low < -lower < change.quality.high
        assert change.total.change == pytest.approx(change.quality.change + change.mix.change)


def test_shares_are_those_of_the_traffic() -> None:
    windows = Windows()
    windows.add(hours(MONDAY, 7 * 24, 200, seed=3))
    rows = list(windows.of("search"))
    baseline = build_baseline(rows, "search", "hit_at_5", SCALE, MONDAY + 7 * DAY)
    assert not isinstance(baseline, str)
    assert shares(rows)["negation"] == pytest.approx(0.3, abs=0.01)
    assert normal_shares(baseline) == pytest.approx(shares(rows))
    assert shares([]) == {}
