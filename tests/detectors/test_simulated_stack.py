import numpy as np
import pytest

from detectors.deciders import ESR, EsrConfig
from detectors.records import ALL
from detectors.simulated_stack import AlarmSettings, NotWatchedError, Pool, Simulation, Source, Stack, alarms_of
from tests.detectors.made_up import pool

QUICK = Simulation(traces_a_day=300, watched_days=20, stacks=1)


def test_traces_without_a_risk_are_never_drawn_and_places_go_from_worst_to_best() -> None:
    healthy = Pool(np.array([0.9, np.nan, 0.1, 0.5]), np.array(["a", "a", "a", "b"]), np.full(4, np.nan))
    source = Source.of(healthy)
    assert [own.tolist() for own in source.items] == [[2, 0], [3]]
    assert source.shares == pytest.approx([2 / 3, 1 / 3])


def test_alarms_come_in_order_and_are_those_of_each_detector_alone() -> None:
    """However traffic is cut into batches, and whatever comes between the traces of a stream."""
    rng = np.random.default_rng(0)
    residuals = rng.uniform(-0.5, 0.3, 3000)
    residuals[::7] = np.nan
    scenarios = rng.choice(["a", "b"], 3000)
    config = EsrConfig(average_run_length=1e4, tolerance=0.01)
    found = list(alarms_of({ALL: ESR(config), "a": ESR(config)}, scenarios, residuals))
    expected = []
    for name, own in ((ALL, ~np.isnan(residuals)), ("a", ~np.isnan(residuals) & (scenarios == "a"))):
        at = np.flatnonzero(own)
        expected += [(int(at[i]), name) for i in ESR(config).update(residuals[at]).raised]
    assert found == sorted(expected)
    assert {name for _, name in found} == {ALL, "a"}


def test_a_fault_meets_detectors_that_have_watched_the_healthy_days_before_it() -> None:
    """Each time anew: one fault leaves nothing to the next."""
    healthy = pool()
    stack = Stack(Source.of(healthy), AlarmSettings(), QUICK, 0)
    days = QUICK.watched_days - stack.days_after
    states = [detector.state for detector in stack.detectors().values()]
    assert states[0].values == pytest.approx(days * QUICK.traces_a_day, rel=0.3)
    assert states[0].values == sum(state.values for state in states[1:])
    worse = healthy._replace(hits=np.zeros(len(healthy.hits)))
    assert stack.seen(worse, stack.items).traces == stack.seen(worse, stack.items).traces < 100
    assert [detector.state for detector in stack.detectors().values()] == states


def test_a_shift_of_mix_moves_halfway_to_equal_shares_and_leaves_the_times() -> None:
    healthy = pool()
    stack = Stack(Source.of(healthy), AlarmSettings(), QUICK, 0)
    shifted = stack.shifted()
    assert len(shifted) == len(stack.items)
    rare = healthy.scenarios == "rare"
    assert rare[shifted].mean() > 1.5 * rare[stack.items].mean()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reference_days": 6}, "week_not_covered"),
        ({"traces_a_day": 5.0}, "too_few_values"),
        ({"traces_a_day": 20.0}, "reference_too_thin"),
    ],
)
def test_where_nothing_can_be_watched_it_says_why(changes: dict[str, float], reason: str) -> None:
    simulation = Simulation(**{"watched_days": 20, "stacks": 1, **changes})  # type: ignore[arg-type]
    with pytest.raises(NotWatchedError, match=reason):
        Stack(Source.of(pool()), AlarmSettings(smallest_drop=0.02), simulation, 0)
