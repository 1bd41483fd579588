"""Observations of a small search, made up and seeded: what the tests of the right half are fed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from monitor.deciding.deciding import Entry
from monitor.deciding.observation import Evidence, Observation

MONDAY = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
SCALE = "scorer - own prior - depth-10"
JUDGE, OTHER = "model-a prompts-1", "model-b prompts-1"
SCORED = 4.0  # every trace is scored, each standing for four


def observation(time: float, hit: float | None = 0.8, **changes: Any) -> Observation:
    """One trace; a scorer's tenth of the traffic has evidence of its own."""
    plain: dict[str, Any] = {
        "pipeline": "search", "time": time, "scenario": "none", "evidence": Evidence.CHEAP, "scale": SCALE,
        "release": "", "weights": (1.0, 0.0, 0.0), "hit": hit, "level_error": 0.05,
        "signals": {"lexical_rbo": 0.5, "best_covered_terms": 0.5},
    }  # fmt: skip
    return Observation(**{**plain, **changes})


def hours(start: float, count: int, an_hour: int, seed: int, lower: float = 0.0, **changes: Any) -> list[Observation]:
    """So many hours with so many traces each: two scenarios, worse at night, and a tenth of them scored."""
    rng = np.random.default_rng(seed)
    times = start + HOUR * np.sort(rng.random(count * an_hour) * count)
    found = []
    for time in times:
        hard, scored = rng.random() < 0.3, rng.random() < 0.1
        level = 0.8 - 0.2 * hard - 0.1 * (time % DAY < 6 * HOUR) + 0.05 * scored - lower
        hit = float(np.clip(rng.normal(level, 0.15), 0, 1))
        signals = {"lexical_rbo": float(np.clip(hit - 0.1, 0, 1)), "best_covered_terms": hit}
        made = {
            "scenario": "negation" if hard else "none", "evidence": Evidence.SCORER if scored else Evidence.CHEAP,
            "weights": (1.0, 10.0 if scored else 0.0, 0.0), "signals": signals, **changes,
        }  # fmt: skip
        found.append(observation(float(time), hit, **made))
    return found


def judged(
    start: float, traces: int, seed: int, judge: str = JUDGE, scale: str = SCALE, level: float = 0.6, share: float = 0.2
) -> list[Observation]:
    """An hour of scored traces, a share of which is judged; half of those by preference, where the proxy is low."""
    rng, found = np.random.default_rng(seed), []
    for time in np.sort(start + HOUR * rng.random(traces)):
        proxy = float(np.clip(rng.normal(level - 0.2, 0.2), 0, 1))
        uniform = rng.random() < share / 2
        preferred = share if proxy < level - 0.2 else 0.0
        taken = uniform or rng.random() < preferred
        signals = {"mean_relevance": proxy}
        if taken:
            signals["context_relevance"] = float(np.clip(rng.normal(proxy + 0.2, 0.1), 0, 1))
        of_judge = SCORED / (1 - (1 - share / 2) * (1 - preferred)) if taken else 0.0
        found.append(observation(
            float(time), 0.8, scenario="negation" if rng.random() < 0.3 else "none", scale=scale, signals=signals,
            weights=(1.0, SCORED, of_judge), judge=judge if taken else "",
            judge_uniform=SCORED / (share / 2) if uniform else 0.0,
        ))  # fmt: skip
    return found


def days(first: int, count: int, seed: int, **changes: Any) -> list[Observation]:
    """Whole days of such hours, counted from a Monday."""
    starts = range(24 * first, 24 * (first + count))
    return [one for i in starts for one in judged(MONDAY + i * HOUR, 60, seed + i, **changes)]


def entries(observations: Sequence[Observation], batch: int = 64) -> Iterator[Entry]:
    """Batches as the pipeline makes them, each told when its last trace came."""
    for start in range(0, len(observations), batch):
        group = tuple(observations[start : start + batch])
        yield Entry(max(one.time for one in group) + 1.0, group)
