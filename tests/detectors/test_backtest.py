import msgspec
import numpy as np
import pytest

from detectors.backtest import HEALTHY, MIX_SHIFT, Backtest, backtest
from detectors.records import ALL
from detectors.simulated_stack import AlarmSettings, Pool, Simulation
from tests.detectors.made_up import pool

SIMULATION = Simulation(traces_a_day=400, watched_days=30, stacks=6)
USUAL = pool()


def lower(drop: float, only: str | None = None) -> Pool:
    touched = np.ones(len(USUAL.hits), bool) if only is None else USUAL.scenarios == only
    return USUAL._replace(hits=np.where(touched, np.maximum(0, USUAL.hits - drop), USUAL.hits))


FAULTS = {
    "strong": lower(0.15),
    "of one scenario": lower(0.3, "rare"),
    "tolerated": lower(0.008),
    "unknown": USUAL._replace(scenarios=np.full(len(USUAL.hits), "never seen")),
    "unrated": USUAL._replace(hits=np.where(np.arange(len(USUAL.hits)) % 2, np.nan, USUAL.hits)),
}


@pytest.fixture(scope="module")
def found() -> Backtest:
    return backtest(USUAL, FAULTS, AlarmSettings(), SIMULATION)


def test_healthy_traffic_and_another_mix_keep_the_budget(found: Backtest) -> None:
    assert found.healthy.alarms == 0
    assert found.healthy.years == pytest.approx(6 * 30 / 365.25)
    assert found.healthy.upper_a_year == pytest.approx(3.0 / found.healthy.years, rel=0.01)
    assert found.shifted is not None
    assert found.shifted.alarms == 0
    assert found.outcomes[HEALTHY].found == found.outcomes[MIX_SHIFT].found == 0


def test_a_budget_that_nobody_would_ask_for_is_used(found: Backtest) -> None:
    """Zero alarms would say nothing if there could be none."""
    wasteful = AlarmSettings(smallest_drop=0.05, false_pages_a_year=3000.0)
    alarms = backtest(USUAL, {}, wasteful, SIMULATION, shift=False).healthy
    assert alarms.alarms > 0
    assert alarms.a_year < 3000
    assert found.healthy.a_year < 4


def test_a_strong_fault_is_found_by_the_stream_of_all_traces_as_soon_as_planned(found: Backtest) -> None:
    strong = found.outcomes["strong"]
    assert (strong.found, next(iter(strong.first))) == (1.0, ALL)
    assert strong.change == pytest.approx(-0.15, abs=0.002)
    assert strong.delay_traces.median is not None
    assert strong.delay_traces.nine_of_ten is not None
    assert 5 < strong.delay_traces.median <= strong.delay_traces.nine_of_ten < 150
    assert strong.steepest is not None
    assert strong.steepest.fall == pytest.approx(0.15, abs=0.02)


def test_a_fault_of_one_scenario_is_found_by_that_scenario(found: Backtest) -> None:
    outcome = found.outcomes["of one scenario"]
    assert (outcome.found, next(iter(outcome.first))) == (1.0, "rare")
    assert outcome.steepest is not None
    assert outcome.steepest.stream == "rare"
    assert -0.06 < outcome.change < -0.01


def test_what_is_tolerated_is_not_found_and_it_says_by_how_much_it_fell(found: Backtest) -> None:
    outcome = found.outcomes["tolerated"]
    assert outcome.found == 0
    assert outcome.delay_traces.median is None
    assert outcome.steepest is not None
    assert outcome.steepest.fall < outcome.steepest.tolerance


def test_traces_that_no_stream_takes_are_counted(found: Backtest) -> None:
    """A scenario that was never seen is taken by all traffic alone."""
    unknown = found.outcomes["unknown"]
    assert (unknown.unwatched, unknown.found) == (0.0, 1.0)
    assert set(unknown.first) == {ALL}
    assert found.outcomes["unrated"].unwatched == pytest.approx(0.5, abs=0.05)


def test_the_truth_moves_by_the_labels_where_there_are_any() -> None:
    truth = (np.arange(len(USUAL.hits)) % 4 > 0).astype(float)
    labelled = USUAL._replace(truth=truth)
    half = labelled._replace(truth=np.where(np.arange(len(truth)) % 2, truth, 0.0))
    outcomes = backtest(labelled, {"half": half, "unlabelled": USUAL}, AlarmSettings(), SIMULATION).outcomes
    assert outcomes["half"].true_change == pytest.approx(-0.25, abs=0.05)
    assert outcomes["unlabelled"].true_change is None
    assert outcomes[HEALTHY].true_change == 0


def test_the_seed_decides_everything() -> None:
    """A fault is the same whatever else is tried beside it."""
    simulation = msgspec.structs.replace(SIMULATION, stacks=2)
    one = backtest(USUAL, FAULTS, AlarmSettings(), simulation)
    assert backtest(USUAL, FAULTS, AlarmSettings(), simulation) == one
    alone = backtest(USUAL, {"strong": FAULTS["strong"]}, AlarmSettings(), simulation, shift=False)
    assert alone.outcomes["strong"] == one.outcomes["strong"]
    other = backtest(USUAL, FAULTS, AlarmSettings(), msgspec.structs.replace(simulation, seed=1))
    assert other.outcomes["strong"].delay_hours != one.outcomes["strong"].delay_hours
