import numpy as np
import pytest

from detectors.baseline import hours_of_week
from detectors.simulated_traffic import BURSTS, MONDAY, Traffic, simulated

SHARES = np.array([0.6, 0.3, 0.1])


def four_weeks(shares: np.ndarray = SHARES, seed: int = 0) -> Traffic:
    return simulated(shares, 28, 0, np.random.default_rng(seed), traces_a_day=1000)


def test_a_day_has_as_many_traces_as_were_asked_for_and_bursts_add_a_quarter() -> None:
    counts = [len(simulated(SHARES, 28, 0, np.random.default_rng(seed), 1000).times) for seed in range(20)]
    assert np.mean(counts) / 28 == pytest.approx(1000 * BURSTS, rel=0.02)


def test_nights_and_weekends_bring_fewer_traces_and_worse_ones() -> None:
    """Their places are in the worse half more often."""
    traffic = four_weeks()
    hours = hours_of_week(traffic.times)
    night, weekend = np.isin(hours % 24, range(6)), hours >= 5 * 24
    assert night.mean() < 0.2
    assert weekend.mean() < 0.75 * 2 / 7
    assert traffic.places[night & ~weekend].mean() < traffic.places[~night & ~weekend].mean() - 0.03
    assert (traffic.places.min(), traffic.places.max()) == pytest.approx((0, 1), abs=0.01)


def test_scenarios_come_by_their_shares_from_the_first_day_on_in_order() -> None:
    traffic = four_weeks()
    assert np.bincount(traffic.scenarios) / len(traffic.scenarios) == pytest.approx(SHARES, abs=0.12)
    assert traffic.times[0] >= MONDAY.timestamp()
    assert (np.diff(traffic.times) >= 0).all()


def test_the_seed_decides_everything() -> None:
    one, same, other = four_weeks(), four_weeks(), four_weeks(seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert len(other.times) != len(one.times)


def test_other_shares_from_an_hour_on_change_nothing_but_the_scenarios_after_it() -> None:
    by_hour = np.tile(SHARES, (24 * 28, 1))
    by_hour[300:] = SHARES[::-1]
    plain, shifted = four_weeks(), four_weeks(by_hour)
    assert np.array_equal(plain.times, shifted.times)
    assert np.array_equal(plain.places, shifted.places)
    before = plain.times < MONDAY.timestamp() + 300 * 3600
    assert np.array_equal(plain.scenarios[before], shifted.scenarios[before])
    assert (shifted.scenarios[~before] == 2).mean() > (plain.scenarios[~before] == 2).mean() + 0.2
