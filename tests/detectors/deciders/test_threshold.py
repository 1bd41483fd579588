import pytest

from detectors.deciders import Abstained, Threshold, ThresholdConfig

CONFIG = ThresholdConfig(limit=0.5, hysteresis=0.1, window_values=100, minimum_samples=50)


def test_an_alarm_takes_the_whole_interval_below_the_limit() -> None:
    """100 values, 45 ones: mean .45, upper end .45 + 1.96 sqrt(.45 * .55 / 99) = .548; with 30: .3 + .090."""
    assert not Threshold(CONFIG).update([1.0] * 45 + [0.0] * 55).alarm
    verdict = Threshold(CONFIG).update([1.0] * 30 + [0.0] * 70)
    assert verdict.raised == (99,)
    assert verdict.evidence == pytest.approx((1 - 0.3 - 1.959964 * (0.3 * 0.7 / 99) ** 0.5) / 0.5)


def test_it_goes_on_until_the_mean_is_back_above_limit_and_hysteresis() -> None:
    decider = Threshold(CONFIG)
    decider.update([0.0] * 100)
    for mean, stands in ((0.55, True), (0.59, True), (0.61, False), (0.55, False)):
        assert decider.update([mean] * 100).alarm is stands


def test_weights_count_and_only_effective_samples_do() -> None:
    half = [0.0, 1.0] * 40
    assert not Threshold(CONFIG).update(half).alarm
    assert Threshold(CONFIG).update(half, [3.0, 1.0] * 40).alarm
    heavy = Threshold(CONFIG).update(half, [100.0] + [1.0] * 79)
    assert (heavy.evidence, heavy.abstained) == (None, Abstained.TOO_FEW_VALUES)


def test_an_alarm_stands_while_it_abstains() -> None:
    decider = Threshold(CONFIG)
    decider.update([0.0] * 100)
    verdict = decider.update(1.0, 1e6)
    assert (verdict.evidence, verdict.alarm) == (None, True)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="value 0: expected a number"):
        Threshold(CONFIG).update(0.5, weight)


@pytest.mark.parametrize(
    ("key", "value"),
    [("limit", 1.0), ("hysteresis", 0.6), ("minimum_samples", 10), ("minimum_samples", 2000), ("confidence", 1.0)],
)
def test_a_wrong_configuration_names_its_key(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{key}: expected"):
        ThresholdConfig(**{"limit": 0.5, key: value})  # type: ignore[arg-type]
