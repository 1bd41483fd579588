"""What every decider promises."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from detectors.deciders import (
    ESR,
    Abstained,
    Cusum,
    CusumConfig,
    Decider,
    EsrConfig,
    Threshold,
    ThresholdConfig,
)

Make = Callable[[Any], Decider]
MAKERS: dict[str, Make] = {
    "esr": lambda state: ESR(EsrConfig(average_run_length=1e5, tolerance=0.02, highest=0.6), state),
    "cusum": lambda state: Cusum(CusumConfig(allowance=0.05, limit=1.5), state),
    "threshold": lambda state: Threshold(
        ThresholdConfig(limit=0.45, hysteresis=0.02, window_values=60, minimum_samples=40), state
    ),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    return MAKERS[request.param]


def stream() -> list[float]:
    """Values in [0, .6] that every decider accepts: healthy for none of them at .1 to .3, and again fine after."""
    rng = np.random.default_rng(5)
    return [*rng.uniform(0.3, 0.6, 150), *rng.uniform(0, 0.3, 150), *rng.uniform(0.4, 0.6, 150)]


def falling(make: Make) -> list[float]:
    """The same as residuals for deciders that watch those."""
    values = np.array(stream())
    return values.tolist() if isinstance(make(None), Threshold) else (values - 0.45).tolist()


def restored(decider: Decider, make: Make) -> Decider:
    return make(msgspec.json.decode(msgspec.json.encode(decider.state), type=type(decider.state)))


def test_it_goes_on_from_a_state_saved_as_json_after_each_value_as_if_never_stopped(make: Make) -> None:
    whole, stopped, alarms = make(None), make(None), 0
    for value in falling(make):
        one, other = whole.update(value), stopped.update(value)
        assert one == other
        assert whole.state == stopped.state
        stopped, alarms = restored(stopped, make), alarms + len(one.raised)
    assert alarms > 0


def test_an_alarm_is_raised_and_ends(make: Make) -> None:
    decider = make(None)
    healthy, worse, fine = (decider.update(part) for part in np.array_split(falling(make), 3))
    assert (healthy.alarm, worse.alarm, fine.alarm) == (False, True, False)
    assert len(worse.raised) == 1
    assert healthy.evidence is not None
    assert worse.evidence is not None
    assert healthy.evidence < worse.evidence


def test_it_abstains_before_the_first_value_and_an_empty_batch_changes_nothing(make: Make) -> None:
    decider = make(None)
    asked = decider.update([])
    assert (asked.evidence, asked.alarm, asked.abstained) == (None, False, Abstained.TOO_FEW_VALUES)
    before = decider.update(falling(make)[:200])
    state = decider.state
    again = decider.update([])
    assert (again.evidence, again.alarm, again.raised) == (before.evidence, before.alarm, ())
    assert decider.state == state


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_refused_with_its_place_and_its_batch_not_taken(make: Make, wrong: float) -> None:
    decider = make(None)
    decider.update([0.1] * 50)
    state = decider.state
    with pytest.raises(ValueError, match="value 1: expected a number from"):
        decider.update([0.1, wrong])
    assert decider.state == state


def test_constant_values_at_the_reference_raise_nothing(make: Make) -> None:
    value = 0.5 if isinstance(make(None), Threshold) else 0.0
    assert make(None).update([value] * 20_000).raised == ()


def test_its_state_does_not_grow_and_a_lasting_drop_does_not_overflow(make: Make) -> None:
    decider, low = make(None), 0.0 if isinstance(make(None), Threshold) else -0.4
    decider.update([low] * 1000)
    size = len(msgspec.json.encode(decider.state))
    verdict = decider.update([low] * 50_000)
    assert verdict.alarm
    assert verdict.evidence is not None
    assert np.isfinite(verdict.evidence)
    assert len(msgspec.json.encode(decider.state)) < size + 100


def test_lower_values_never_give_less_evidence(make: Make) -> None:
    rng = np.random.default_rng(7)
    shift = 0.45 if isinstance(make(None), Threshold) else 0.0
    values = rng.uniform(-0.1, 0.15, 80) + shift
    evidence = [make(None).update(values - lower).evidence for lower in (0, 0.01, 0.03, 0.1)]
    assert evidence == sorted(evidence, key=lambda one: -1.0 if one is None else one)


@pytest.mark.parametrize("name", ["esr", "cusum"])
def test_how_a_stream_is_cut_into_batches_makes_no_difference(name: str) -> None:
    make = MAKERS[name]
    whole, cut = make(None), make(None)
    values = falling(make)
    raised = whole.update(values).raised
    found: list[int] = []
    for start, end in ((0, 1), (1, 170), (170, 171), (171, 450)):
        found += [start + at for at in cut.update(values[start:end]).raised]
    assert tuple(found) == raised
    assert whole.state == cut.state
