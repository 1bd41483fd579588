from math import inf

import numpy as np
import pytest

from detectors.budget import (
    Budget,
    Plan,
    Stream,
    average_run_length,
    cusum_limit,
    detectable_drop,
    expected_delay,
    plan,
    simulated_delays,
)
from detectors.deciders import Abstained, Cusum, CusumConfig, EsrConfig

RESIDUALS = tuple(np.random.default_rng(1).uniform(-0.25, 0.25, 2000).tolist())
BUDGET = Budget(smallest_drop=0.05, false_pages_a_year=4, streams=40)
STREAM = Stream(traces_a_day=1000, residuals=RESIDUALS, highest=0.3)
CONFIG = EsrConfig(average_run_length=1e6, tolerance=0.01, highest=0.3)


def planned(budget: Budget = BUDGET, stream: Stream = STREAM) -> Plan:
    made = plan(budget, stream)
    assert isinstance(made, Plan)
    return made


def test_streams_share_the_pages_whatever_their_traffic() -> None:
    """Expected pages a year of a stream: 365.25 traces_a_day / run length; over all of them, those of the budget."""
    traffic = [10, 500, 20_000, 3]
    budget = Budget(smallest_drop=0.05, false_pages_a_year=2, streams=4)
    pages = [365.25 * traces / average_run_length(budget, traces) for traces in traffic]
    assert sum(pages) == pytest.approx(2)
    assert pages == pytest.approx([0.5] * 4)


def test_a_plan_says_what_its_detector_will_see() -> None:
    made = planned()
    assert (made.config.average_run_length, made.config.highest) == (365.25 * 1000 * 10, 0.3)
    assert made.config.tolerance == pytest.approx(0.01)
    assert made.delay_hours == pytest.approx(24 * made.delay_traces / 1000)
    assert expected_delay(made.config, RESIDUALS, made.detectable_drop) == pytest.approx(1000, rel=0.02)


def test_fewer_pages_more_streams_and_smaller_drops_take_longer() -> None:
    delays = [
        planned(Budget(smallest_drop=0.05, false_pages_a_year=pages, streams=streams)).delay_traces
        for pages, streams in ((40, 40), (4, 40), (4, 4000), (0.1, 4000))
    ]
    assert delays == sorted(delays)
    drops = [expected_delay(CONFIG, RESIDUALS, drop) for drop in (0.3, 0.1, 0.05, 0.03, 0.02)]
    assert drops == sorted(drops)
    assert expected_delay(CONFIG, RESIDUALS, 0.005) == inf


def test_a_thin_reference_costs_tolerance_and_in_the_end_the_alarm() -> None:
    known = planned(stream=Stream(traces_a_day=1000, residuals=RESIDUALS, highest=0.3, reference_error=0.01))
    assert known.config.tolerance == pytest.approx(0.02)
    assert known.delay_traces > planned().delay_traces
    thin = Stream(traces_a_day=1000, residuals=RESIDUALS, highest=0.3, reference_error=0.02)
    assert plan(BUDGET, thin) is Abstained.REFERENCE_TOO_THIN


def test_a_few_residuals_stand_for_a_shape_and_not_for_a_level() -> None:
    """2,000 of them may well lie a point below the reference on average, which is no drop."""
    low = [residual - 0.01 for residual in RESIDUALS]
    assert expected_delay(CONFIG, low, 0.05) == pytest.approx(expected_delay(CONFIG, RESIDUALS, 0.05))
    assert detectable_drop(CONFIG, low, 1000) == pytest.approx(detectable_drop(CONFIG, RESIDUALS, 1000), abs=1e-4)
    assert detectable_drop(CONFIG, low, 1e6) > CONFIG.tolerance


@pytest.mark.parametrize("drop", [0.2, 0.1, 0.05, 0.03])
def test_the_formula_is_within_a_fifth_of_the_simulation(drop: float) -> None:
    delays = simulated_delays(CONFIG, RESIDUALS, drop)
    assert np.isfinite(delays).all()
    assert expected_delay(CONFIG, RESIDUALS, drop) == pytest.approx(delays.mean(), rel=0.2)


def test_a_simulation_is_the_same_each_time() -> None:
    one, other = (simulated_delays(CONFIG, RESIDUALS, 0.1, repetitions=20, seed=4) for _ in range(2))
    assert one.tolist() == other.tolist()
    assert one.tolist() != simulated_delays(CONFIG, RESIDUALS, 0.1, repetitions=20, seed=5).tolist()


def test_more_traffic_shows_smaller_drops() -> None:
    found = [detectable_drop(CONFIG, RESIDUALS, values) for values in (3, 100, 1000, 10_000, 1e6)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1
    assert found[-1] > CONFIG.tolerance


@pytest.mark.parametrize(("allowance", "run_length"), [(0.5, 100.0), (0.25, 300.0)])
def test_a_cusum_of_that_limit_has_about_that_run_length_on_normal_values(allowance: float, run_length: float) -> None:
    limit = cusum_limit(run_length, allowance, spread=1.0)
    rng = np.random.default_rng(6)
    values = rng.normal(size=(1500, int(6 * run_length)))
    lengths = [
        (*Cusum(CusumConfig(allowance=allowance, limit=limit)).update(row).raised, len(row))[0] + 1 for row in values
    ]
    assert np.mean(lengths) == pytest.approx(run_length, rel=0.12)


@pytest.mark.parametrize(
    ("key", "value"),
    [("smallest_drop", 0.0), ("false_pages_a_year", 0.0), ("false_pages_a_year", inf), ("streams", 0)],
)
def test_a_wrong_budget_names_its_key(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{key}: expected"):
        Budget(**{"smallest_drop": 0.05, "false_pages_a_year": 4, "streams": 1, key: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [("traces_a_day", 0.0, "traces_a_day"), ("reference_error", -1.0, "reference_error"),
     ("residuals", (), "residuals"), ("residuals", (0.4,), "value 0")],
)  # fmt: skip
def test_a_wrong_stream_names_its_key(key: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=f"{says}: expected"):
        Stream(**{"traces_a_day": 10.0, "residuals": (0.0,), "highest": 0.3, key: value})  # type: ignore[arg-type]
