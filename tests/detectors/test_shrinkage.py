import numpy as np
import pytest

from detectors.shrinkage import shrunk


def test_shrinking_recovers_the_spread_between_effects() -> None:
    """Effects of sd .05 known to within .05 are halved; where there is nothing but noise, next to nothing is left."""
    rng = np.random.default_rng(4)
    truth, noise = rng.normal(0, 0.05, 4000), rng.normal(0, 0.05, 4000)
    precision = np.full(4000, 400.0)
    mean, variance = shrunk(truth + noise, precision)
    assert np.polyfit(truth + noise, mean, 1)[0] == pytest.approx(0.5, abs=0.04)
    assert variance[0] == pytest.approx(0.00125, rel=0.1)
    assert np.abs(shrunk(noise, precision)[0]).max() < 0.1 * np.abs(noise).max()
