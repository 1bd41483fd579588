"""Which way scores run along the served list."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from detectors.records import QueryTrace
from monitor.config import Config
from monitor.prepare import oriented_scores

Run = Literal["falling", "rising", "constant", "unordered"]
RISING = "scores_rise"  # beside the reasons to abstain: nothing abstains, and all is the wrong way round
MOSTLY = 0.8
SHORTEST = 2


def run_of(trace: QueryTrace, config: Config) -> Run | None:
    """How the scores go, the better side first as configured; None without at least two."""
    pipeline = config.pipeline(trace.pipeline)
    distances = (trace.score_kind or pipeline.score_kind) == "distance"
    scores = oriented_scores(trace.documents[: pipeline.depth], distances)
    if scores is None or len(scores) < SHORTEST:
        return None
    if min(scores) == max(scores):
        return "constant"
    if list(scores) == sorted(scores, reverse=True):
        return "falling"
    return "rising" if list(scores) == sorted(scores) else "unordered"


def rising_pipelines(traces: Iterable[QueryTrace], config: Config) -> frozenset[str]:
    """Pipelines whose scores get better along the list nearly always: their polarity is configured the wrong way."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for trace in traces:
        run = run_of(trace, config)
        if run is not None and run != "constant":
            runs[trace.pipeline].append(run)
    return frozenset(name for name, found in runs.items() if _mostly("rising", found))


def _mostly(run: Run, found: Sequence[Run]) -> bool:
    return found.count(run) >= MOSTLY * len(found)
