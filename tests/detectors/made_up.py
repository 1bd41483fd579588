"""Pools of traces for the tests of the backtest."""

import numpy as np

from detectors.simulated_stack import Pool


def pool(count: int = 400) -> Pool:
    """Two scenarios, nine traces in ten of the frequent one, which is better; nobody knows the truth."""
    rng = np.random.default_rng(7)
    scenarios = np.where(np.arange(count) % 10 == 0, "rare", "usual")
    hits = np.where(scenarios == "rare", rng.beta(4, 4, count), rng.beta(6, 2, count))
    return Pool(hits, scenarios, np.full(count, np.nan))
