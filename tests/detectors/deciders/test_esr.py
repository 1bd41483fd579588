from collections.abc import Callable
from math import log1p

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.deciders import ESR, EsrConfig, EsrState
from detectors.deciders.esr import first_alarms

LIMIT = 40.0
STREAMS, VALUES = 3000, 160


def test_two_steps_worked_by_hand() -> None:
    """One bet, 1 / (.5 + .1): (0 + 1)(1 - (-.5 + .1) / .6) = 5/3, then (5/3 + 1)(1 - (.2 + .1) / .6) = 4/3."""
    decider = ESR(EsrConfig(average_run_length=100, tolerance=0.1, highest=0.5, bets=1))
    decider.update(-0.5)
    assert decider.state.statistics == pytest.approx((5 / 3,))
    verdict = decider.update(0.2)
    assert decider.state.statistics == pytest.approx((4 / 3,))
    assert verdict.evidence == pytest.approx(log1p(4 / 3) / log1p(100))


def test_it_is_the_e_sr_recursion_of_the_paper_on_the_unit_interval() -> None:
    """X = (r + 1) / 2, m0 = (1 - tolerance) / 2, lam = 1 / (1 - m0) and its halves."""
    config = EsrConfig(average_run_length=1e9, tolerance=0.02, bets=5)
    residuals = np.random.default_rng(1).uniform(-1, 1, 60)
    m0 = (1 - config.tolerance) / 2
    lam = 0.5 ** np.arange(5) / (1 - m0)
    statistic = np.zeros(5)
    for x in (residuals + 1) / 2:
        statistic = (statistic + 1) * (1 + lam * (m0 - x))
    decider = ESR(config)
    decider.update(residuals)
    assert decider.state.statistics == pytest.approx(statistic, rel=1e-6)


def test_the_mean_over_bets_alarms_at_the_limit_and_starts_anew_once_it_is_over() -> None:
    decider = ESR(EsrConfig(average_run_length=3, tolerance=0.0, bets=1))
    assert decider.update([-1.0, -1.0]).raised == (1,)  # 2, then 6
    assert decider.state.statistics == pytest.approx((3.0,))  # held at the limit
    assert not decider.update(1.0).alarm  # a billionth, and so from 0
    assert decider.state == EsrState((0.0,), alarm=False, values=3)


def iid(rng: np.random.Generator) -> NDArray[np.float64]:
    """Two points with mean 0, far apart: the worst for a bound."""
    return np.where(rng.random((STREAMS, VALUES)) < 0.25 / 0.65, -0.4, 0.25)


def skewed(rng: np.random.Generator) -> NDArray[np.float64]:
    """Rare disasters: mean 0."""
    return np.where(rng.random((STREAMS, VALUES)) < 0.2, -1.0, 0.25)


def adversarial(rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean 0 given the past, by one who sees the past: bold while the last values were low, quiet else."""
    residuals = np.zeros((STREAMS, VALUES))
    bold = np.ones(STREAMS, dtype=bool)
    for column in residuals.T:
        size = np.where(bold, 0.25, 0.05)
        column[:] = np.where(rng.random(STREAMS) < 0.5, size, -size)
        bold = column < 0
    return residuals


@pytest.mark.parametrize("null", [iid, skewed, adversarial])
def test_the_average_run_length_is_at_least_what_was_asked_for_at_the_edge_of_the_null(
    null: Callable[[np.random.Generator], NDArray[np.float64]],
) -> None:
    """Each residual's mean given the past is exactly -tolerance. Runs are cut at 160 values: their mean is longer."""
    config = EsrConfig(average_run_length=LIMIT, tolerance=0.02, highest=0.25)
    residuals = null(np.random.default_rng(11)) - 0.02
    run = first_alarms(config, np.maximum(residuals, -1))
    lengths = np.where(run > 0, run, VALUES)
    error = lengths.std() / np.sqrt(STREAMS)
    assert lengths.mean() >= LIMIT - 3 * error
    for values in (10, 20, 40):
        assert ((run > 0) & (run <= values)).mean() <= values / LIMIT + 3 * np.sqrt(0.25 / STREAMS)


def test_expected_alarms_in_n_values_are_at_most_n_over_the_run_length_across_restarts() -> None:
    config = EsrConfig(average_run_length=LIMIT, tolerance=0.02, highest=0.25)
    streams = iid(np.random.default_rng(12))[:600] - 0.02
    counts = np.array([len(ESR(config).update(stream).raised) for stream in streams])
    assert counts.sum() > 0
    assert counts.mean() <= VALUES / LIMIT + 3 * counts.std() / np.sqrt(len(counts))


def test_many_streams_at_once_alarm_where_the_detector_does() -> None:
    config = EsrConfig(average_run_length=300, tolerance=0.01, highest=0.5)
    residuals = np.random.default_rng(3).uniform(-0.6, 0.45, (30, 200))
    lasts = [200 - 3 * i for i in range(30)]
    for row, last in zip(residuals, lasts, strict=True):
        row[last:] = np.nan
    raised = [ESR(config).update(row[:last]).raised for row, last in zip(residuals, lasts, strict=True)]
    expected = [one[0] + 1 if one else 0 for one in raised]
    assert first_alarms(config, residuals).tolist() == expected
    assert sum(found > 0 for found in expected) > 0


@pytest.mark.parametrize("highest", [0.3, 1.0])
@pytest.mark.parametrize("run_length", [1e5, 1e7])
def test_an_alarm_ends_once_all_is_well_and_is_not_raised_again(run_length: float, highest: float) -> None:
    """At traffic of about 20 and of 2,000 traces a day, and one false alarm in twelve years."""
    noise = np.random.default_rng(8).uniform(-0.25, 0.25, 8000)
    decider = ESR(EsrConfig(average_run_length=run_length, tolerance=0.006, highest=highest))
    assert len(decider.update(noise[:3000] - np.where(np.arange(3000) < 1000, 0, 0.05)).raised) == 1
    assert decider.state.alarm
    after = decider.update(noise[3000:])
    assert (after.alarm, after.raised) == (False, ())


def test_a_drop_within_the_tolerance_is_healthy_and_a_larger_one_is_found() -> None:
    rng = np.random.default_rng(9)
    residuals = rng.uniform(-0.2, 0.2, 20_000)
    config = EsrConfig(average_run_length=1e6, tolerance=0.03, highest=0.25)
    assert ESR(config).update(residuals - 0.02).raised == ()
    assert ESR(config).update(residuals - 0.05).raised != ()


@pytest.mark.parametrize("outside", [0.51, -1.01])
def test_a_residual_out_of_its_range_is_refused(outside: float) -> None:
    with pytest.raises(ValueError, match=r"value 2: expected a number from -1 to 0\.5"):
        ESR(EsrConfig(average_run_length=10, tolerance=0.0, highest=0.5)).update([0.5, -1.0, outside])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"average_run_length": 1}, "average_run_length"),
        ({"average_run_length": float("inf")}, "average_run_length"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"highest": 0}, "highest"),
        ({"bets": 0}, "bets"),
    ],
)
def test_a_wrong_configuration_names_its_key(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=f"{says}: expected"):
        EsrConfig(**{"average_run_length": 100, "tolerance": 0.01, **wrong})  # type: ignore[arg-type]


def test_a_state_of_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="statistics: expected 8"):
        ESR(EsrConfig(average_run_length=10, tolerance=0.0), EsrState((0.0, 1.0)))
