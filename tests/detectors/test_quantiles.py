import numpy as np
import pytest

from detectors.quantiles import binned_quantile, read_quantiles

BOUNDS = [i / 20 for i in range(1, 21)]


def binned(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return np.bincount(np.searchsorted(BOUNDS, values), minlength=21).astype(float)


def test_quantiles_of_many_values_are_theirs_to_within_a_bin() -> None:
    values = np.random.default_rng(1).beta(5, 2, 20_000)
    for share in (0.05, 0.25, 0.5, 0.9):
        found = binned_quantile(BOUNDS, binned(values), share, 20_000)
        assert found is not None
        assert found.value == pytest.approx(np.quantile(values, share), abs=0.01)
        assert found.low < found.value < found.high


def test_the_interval_holds_the_true_quantile_about_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(2), 0
    for _ in range(400):
        found = binned_quantile(BOUNDS, binned(rng.random(300)), 0.5, 300)
        assert found is not None
        held += found.low <= 0.5 <= found.high
    assert 0.92 < held / 400 < 0.985


def test_worked_by_hand() -> None:
    """A quarter of the weight in (0, .5], the rest in (.5, 1]: the median is a third into the second bin."""
    assert read_quantiles([0.5, 1.0], np.array([1.0, 3.0, 0.0]), [0.25, 0.5, 1.0, 2.0]) == pytest.approx(
        [0.5, 0.5 + 0.5 / 3, 1.0, 1.0]
    )


def test_an_empty_bin_is_jumped_over() -> None:
    weight = np.array([2.0, 0.0, 2.0, 0.0])
    assert read_quantiles([0.2, 0.6, 1.0], weight, [0.5]).tolist() in ([0.2], [0.6])
    assert read_quantiles([0.2, 0.6, 1.0], weight, [0.75]) == pytest.approx([0.8])


def test_what_lies_above_the_last_bound_is_taken_to_lie_at_it() -> None:
    assert read_quantiles([0.5, 1.0], np.array([0.0, 1.0, 3.0]), [1.0]) == pytest.approx([1.0])


def test_too_few_samples_give_none() -> None:
    assert binned_quantile(BOUNDS, binned(np.random.default_rng(3).random(300)), 0.5, 20) is None
