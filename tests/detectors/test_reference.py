import msgspec
import numpy as np
import pytest
from scipy.stats import percentileofscore

from detectors.reference import KNOTS, MINIMUM_VALUES, Normalisation, QuantileSketch


def _samples() -> list[np.ndarray]:
    rng = np.random.default_rng(11)
    return [rng.lognormal(size=5000), rng.integers(0, 5, size=3000) / 4, np.r_[np.zeros(4000), rng.random(1000)]]


@pytest.mark.parametrize("values", _samples(), ids=["smooth", "five levels", "mostly zero"])
def test_a_percentile_is_the_mean_rank_to_within_one_knot(values: np.ndarray) -> None:
    sketch = QuantileSketch.of(values.tolist())
    assert len(sketch.knots) == KNOTS
    for value in np.unique(np.quantile(values, np.linspace(0, 1, 57), method="nearest")):
        truth = percentileofscore(values, value, kind="mean") / 100
        assert sketch.percentile(float(value)) == pytest.approx(truth, abs=1.01 / (KNOTS - 1))


def test_a_percentile_between_two_knots_is_linear_and_outside_flat() -> None:
    sketch = QuantileSketch((1.0, 2.0, 4.0))
    assert [sketch.percentile(value) for value in (0.0, 1.0, 1.5, 2.0, 2.5, 4.0, 9.0)] == [0, 0, 0.25, 0.5, 0.625, 1, 1]


def test_a_value_that_makes_up_a_stretch_of_the_reference_counts_half_of_it() -> None:
    """Two thirds of this reference are 5, from 1/3 to 1: its percentile is their middle."""
    assert QuantileSketch((0.0, 5.0, 5.0, 5.0)).percentile(5.0) == pytest.approx((1 / 3 + 1) / 2)


def test_a_constant_reference_knows_only_below_same_and_above() -> None:
    sketch = QuantileSketch.of([3.0] * 50)
    assert [sketch.percentile(value) for value in (2.9, 3.0, 3.1)] == [0, 0.5, 1]


def test_a_sketch_of_one_value() -> None:
    assert QuantileSketch.of([3.0]).percentile(3.0) == 0.5


def test_a_percentile_never_falls_as_the_value_rises() -> None:
    sketch = QuantileSketch.of(_samples()[2].tolist())
    percentiles = [sketch.percentile(value) for value in np.linspace(-0.2, 1.2, 500).tolist()]
    assert percentiles == sorted(percentiles)
    assert (percentiles[0], percentiles[-1]) == (0, 1)


def test_a_signal_with_too_few_values_has_no_sketch() -> None:
    traces = [
        {"score_gap": float(i)} | ({"regret": 0.1} if i < MINIMUM_VALUES - 1 else {}) for i in range(MINIMUM_VALUES)
    ]
    reference = Normalisation.of(traces, version="v", depth=10, scorer="none")
    assert set(reference.sketches) == {"score_gap"}
    assert reference.traces == MINIMUM_VALUES


def test_a_reference_survives_json() -> None:
    reference = Normalisation.of([{"score_gap": i / 7} for i in range(40)], version="v", depth=5, scorer="s")
    assert msgspec.json.decode(msgspec.json.encode(reference), type=Normalisation) == reference
