"""What the benchmarks share: generated traces, and rounds that take turns so that both sides see the same machine."""

import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def generated_lines(count: int, documents: int = 20, text: str | None = None) -> list[bytes]:
    """Query traces as a stack sends them, with the same text in every document or without texts."""
    dice = random.Random(1)
    lines = []
    for number in range(count):
        scores = sorted((round(dice.uniform(0.2, 0.9), 6) for _ in range(documents)), reverse=True)
        body = {} if text is None else {"text": text}
        served = [{"id": f"kb-{dice.randrange(10_000)}", "score": score, **body} for score in scores]
        trace = {"trace_id": f"{number:032x}", "timestamp": "2026-11-01T00:00:00Z", "pipeline": "bench",
                 "query": f"how do I reset the gateway number {number}", "documents": served}  # fmt: skip
        lines.append(json.dumps(trace).encode())
    return lines


def lines_in(path: Path) -> Callable[[], int]:
    """How many lines a growing file has by now; what was counted once is not read again."""
    lines = offset = 0

    def count() -> int:
        nonlocal lines, offset
        if path.exists():
            with path.open("rb") as file:
                file.seek(offset)
                fresh = file.read()
            lines, offset = lines + fresh.count(b"\n"), offset + len(fresh)
        return lines

    return count


def ratio(name: str, ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> None:
    """Time both in turn and print the median of the rounds' ratios, ours over the peer's."""
    ratios, times = [], []
    for _ in range(rounds):
        spent = [_seconds(side) for side in (ours, peer)]
        ratios.append(spent[0] / spent[1])
        times.append(spent)
    median = [statistics.median(column) for column in zip(*times, strict=True)]
    print(
        f"{name}: time ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f} in {rounds} rounds); "
        f"ours {median[0]:.3f} s, peer {median[1]:.3f} s"
    )


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
