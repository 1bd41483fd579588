import numpy as np
import pytest

from detectors.simulated_judging import SHAPES, simulated_judging, true_mean


@pytest.mark.parametrize(("shape", "mean"), [*zip(SHAPES, (0.50, 0.74, 0.20, 0.50, 0.07, 0.93, 0.02), strict=True)])
def test_shapes_have_the_means_that_they_say(shape: str, mean: float) -> None:
    assert true_mean(SHAPES[shape], np.random.default_rng(0), 200_000) == pytest.approx(mean, abs=0.006)


def test_labels_are_means_of_five_grades() -> None:
    judged = simulated_judging(SHAPES["mostly good"], 0.5, 1000, 100, 0.0, np.random.default_rng(1))
    assert np.allclose(judged.labels * 15, np.round(judged.labels * 15))
    assert 0 <= judged.labels.min() < judged.labels.max() <= 1


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_proxy_correlates_as_asked(rho: float) -> None:
    judged = simulated_judging(SHAPES["mostly good"], rho, 100_000, 100, 0.0, np.random.default_rng(1))
    assert np.corrcoef(judged.labels, judged.proxies)[0, 1] == pytest.approx(rho, abs=0.02)


def test_a_preference_leaves_every_probability_above_its_floor() -> None:
    """Half of the judging by preference: no trace has under half of the uniform probability, so no weight over twice
    the uniform one; the weights still stand for all traces.
    """
    judged = simulated_judging(SHAPES["mostly good"], 0.9, 100_000, 20_000, 0.5, np.random.default_rng(1))
    drawn = judged.weights[judged.weights > 0]
    assert len(drawn) == pytest.approx(20_000, rel=0.03)
    assert 5 < drawn.max() <= 10
    assert drawn.sum() == pytest.approx(100_000, rel=0.03)
