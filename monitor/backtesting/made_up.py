"""Traces that are made up, so that settings can be tried before there is a recording."""

import numpy as np

from detectors.simulated_stack import Pool
from monitor.backtesting.pools import Pools

DROPS = {"drop_20": 0.2, "drop_10": 0.1, "drop_5": 0.05, "drop_3": 0.03, "drop_2": 0.02}
SCENARIO_DROP = "scenario_drop_20"
_SHARES = {"none": 0.6, "identifier": 0.2, "negation": 0.12, "temporal": 0.08}
_BETAS = {"none": (8.0, 2.0), "identifier": (6.0, 4.0), "negation": (4.0, 4.0), "temporal": (5.0, 3.0)}
TRACES = 1000


def made_up(seed: int) -> Pools:
    """1 - risk of 1,000 traces of four scenarios, from Beta distributions; and the same lower by so much."""
    rng = np.random.default_rng(seed)
    scenarios = np.repeat(list(_SHARES), [round(TRACES * share) for share in _SHARES.values()])
    hits = np.concatenate([rng.beta(*_BETAS[name], size=round(TRACES * share)) for name, share in _SHARES.items()])
    healthy = Pool(hits, scenarios, np.full(len(hits), np.nan))
    lower = {name: np.maximum(0.0, hits - drop) for name, drop in DROPS.items()}
    lower[SCENARIO_DROP] = np.where(scenarios == "negation", np.maximum(0.0, hits - 0.2), hits)
    return Pools(healthy, {name: healthy._replace(hits=low) for name, low in lower.items()}, TRACES)
