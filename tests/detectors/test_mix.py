import numpy as np
import pytest

from detectors.mix import Decomposition, decompose
from detectors.moments import Moments, moments_by

Sample = dict[str, Moments]


def sample(rng: np.random.Generator, count: int, shares: dict[str, float], levels: dict[str, float]) -> Sample:
    """Values of 0 and 1; every other one was sampled at a third."""
    names = rng.choice(list(shares), count, p=list(shares.values()))
    values = rng.random(count) < np.array([levels[name] for name in names])
    return moments_by(values, names.tolist(), np.where(np.arange(count) % 2, 1.0, 3.0))


def decomposed(before: Sample, after: Sample) -> Decomposition:
    found = decompose(before, after)
    assert found is not None
    return found


EVEN, LEVELS = {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 0.9, "b": 0.7, "c": 0.4}


def test_worked_by_hand() -> None:
    """Shares .5 .5 to .75 .25, levels 1 and .5 to 1 and 0: quality .625 * 0 + .375 * -.5, mix .25 * 1 - .25 * .25."""
    before = moments_by([1.0] * 40 + [0.5] * 40, ["a"] * 40 + ["b"] * 40, [1.0] * 80)
    after = moments_by([1.0] * 60 + [0.0] * 20, ["a"] * 60 + ["b"] * 20, [2.0] * 80)
    found = decomposed(before, after)
    assert found.quality.change == pytest.approx(-0.1875)
    assert found.mix.change == pytest.approx(0.1875)
    assert found.total.change == pytest.approx(0.0)
    assert (found.scenarios["a"].share_before, found.scenarios["a"].share_after) == pytest.approx((0.5, 0.75))
    assert found.scenarios["a"].mix == pytest.approx(0.25 * (1 - 0.75))


def test_the_parts_add_up_exactly_overall_and_by_scenario() -> None:
    rng = np.random.default_rng(1)
    shares = {"a": 0.2, "b": 0.39, "c": 0.4, "d": 0.01}
    found = decomposed(
        sample(rng, 500, EVEN, LEVELS), sample(rng, 400, shares, {"a": 0.6, "b": 0.8, "c": 0.4, "d": 0.5})
    )
    assert found.total.change == pytest.approx(found.quality.change + found.mix.change, abs=1e-12)
    known = [part.quality.change for part in found.scenarios.values() if part.quality]
    assert sum(known) == pytest.approx(found.quality.change, abs=1e-12)
    assert sum(part.mix for part in found.scenarios.values()) == pytest.approx(found.mix.change, abs=1e-12)


def test_a_scenario_that_was_not_there_before_is_mix() -> None:
    before = moments_by([0.8] * 100, ["a"] * 100, [1.0] * 100)
    after = moments_by([0.8] * 100 + [0.0] * 25, ["a"] * 100 + ["new"] * 25, [1.0] * 125)
    found = decomposed(before, after)
    assert found.scenarios["new"].quality is None
    assert (found.quality.change, found.mix.change) == pytest.approx((0.0, -0.16))


def test_seen_from_the_other_side_the_change_is_turned_round() -> None:
    rng = np.random.default_rng(2)
    one, other = sample(rng, 300, EVEN, LEVELS), sample(rng, 300, {"a": 0.3, "b": 0.3, "c": 0.4}, LEVELS)
    there, back = decomposed(one, other), decomposed(other, one)
    for name in ("total", "quality", "mix"):
        ahead, behind = getattr(there, name), getattr(back, name)
        assert (ahead.change, ahead.low, ahead.high) == pytest.approx((-behind.change, -behind.high, -behind.low))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """True quality: sum Wbar dY = .4 * -.5 + .3 * 0 + .3 * .4; mix: -.2 * .65 + .2 * .6."""
    rng = np.random.default_rng(3)
    shares, levels = {"a": 0.3, "b": 0.3, "c": 0.4}, {"a": 0.4, "b": 0.7, "c": 0.8}
    truth = {"quality": -0.08, "mix": -0.01, "total": -0.09}
    held = dict.fromkeys(truth, 0)
    for _ in range(600):
        found = decomposed(sample(rng, 400, EVEN, LEVELS), sample(rng, 400, shares, levels))
        for name, value in truth.items():
            part = getattr(found, name)
            held[name] += part.low <= value <= part.high
    assert all(0.925 < count / 600 < 0.975 for count in held.values()), held


def test_quality_is_not_shown_where_only_the_mix_moved() -> None:
    rng = np.random.default_rng(4)
    turned = {"a": 0.2, "b": 0.3, "c": 0.5}
    found = [decomposed(sample(rng, 2000, EVEN, LEVELS), sample(rng, 2000, turned, LEVELS)) for _ in range(60)]
    assert all(one.mix.shown for one in found)
    assert sum(one.quality.shown for one in found) <= 8


def test_too_few_samples_give_none() -> None:
    rng = np.random.default_rng(5)
    enough, few = sample(rng, 200, EVEN, LEVELS), sample(rng, 20, EVEN, LEVELS)
    assert decompose(enough, few) is None
    assert decompose(few, enough) is None
    assert decompose(enough, {}) is None
