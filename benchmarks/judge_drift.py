"""How often the watch over the judge cries wolf, and how soon it sees that the judge has moved, by simulation.

    python benchmarks/judge_drift.py > table.md

100 anchors, 25 of each grade, that come round in a random order for a year at 30 an hour; everything through the code
that is shipped (detectors/judging/drift.py), seeded. Needs no data. About two minutes on one core.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).parents[1]))
from detectors.backtest import poisson_upper
from detectors.deciders.esr import EsrConfig, first_alarms
from detectors.judging.agreement import HIGHEST_GRADE
from detectors.judging.drift import DriftBudget, Side, round_order
from detectors.judging.simulated_judge import Judge, first_drift_alarms, moved, steady, swapped

ANCHORS, AN_HOUR = 100, 30
YEAR_ROUNDS = round(24 * 365.25 * AN_HOUR / ANCHORS)
YEARS, STREAMS = 100, 400
BEFORE, AFTER = 5, 60  # rounds around a change
TRAFFIC = (0.6, 0.2, 0.13, 0.07)  # shares of grades 0 to 3 in what is served

JUDGES = {
    "never another verdict": steady(),
    "5% of verdicts a grade off": steady(0.05),
    "10%": steady(0.1),
    "20%": steady(0.2),
    "40%": steady(0.4),
    "expected grades, sd .2": steady(spread=0.2),
}


def main() -> None:
    print("| unmoved judge | years watched | alarms (upper 95% bound a year) | a side abstains |\n|---|---|---|---|")
    for name, judge in JUDGES.items():
        print(f"| {name} | {YEARS} | {healthy(judge)} |", flush=True)
    print(f"| 10%, reference: the verdict that chose the anchor | {YEARS} months | {naive()} | |\n")
    print("| judge | .25 stricter | .25 laxer | .5 stricter | 30% of anchors another grade | 50% |")
    print("|---|---|---|---|---|---|")
    for name, judge in JUDGES.items():
        after = moved(judge, -0.25), moved(judge, 0.25), moved(judge, -0.5), swapped(judge, 0.3), swapped(judge, 0.5)
        print(f"| {name} | " + " | ".join(delays(judge, one) for one in after) + " |", flush=True)


def healthy(judge: Judge) -> str:
    """Streams of a year each that alarmed, and how many did not watch a side."""
    found = first_drift_alarms(judge, [judge] * YEAR_ROUNDS, anchors=ANCHORS, streams=YEARS, seed=1)
    alarms = int((found > 0).any(axis=0).sum())
    upper = poisson_upper(alarms) / YEARS
    abstained = [f"{side}: {share:.0%}" for side, share in zip(Side, (found < 0).mean(axis=1), strict=True) if share]
    return f"{alarms} ({upper:.3f}) | {', '.join(abstained) or 'never'}"


def delays(before: Judge, after: Judge) -> str:
    """Re-judgements until the first side alarms: median, and what nine in ten need no more than."""
    rounds = [before] * BEFORE + [after] * AFTER
    found = first_drift_alarms(before, rounds, anchors=ANCHORS, streams=STREAMS, seed=2)
    delay = np.where(found > 0, found - BEFORE * ANCHORS, np.inf).min(axis=0)
    delay = delay[delay > 0]  # a stream that alarmed before the change is left out
    sides = "".join(side[0] for side, seen in zip(Side, (found > 0).mean(axis=1), strict=True) if seen > 0.5)
    figures = [f"{one:.0f}" if np.isfinite(one) else "over 6,000" for one in _quantiles(delay)]
    return f"{figures[0]} ({figures[1]}) {sides}"


def _quantiles(delay: NDArray[np.float64]) -> tuple[float, float]:
    ordered = np.sort(delay)
    return float(ordered[len(ordered) // 2]), float(ordered[len(ordered) * 9 // 10])


def naive() -> str:
    """The same noise, anchors chosen by one noisy verdict so that all grades are there, and D taken from that verdict,
    with the operational tolerance alone: streams of a month that alarm.
    """
    rng, judge = np.random.default_rng(3), JUDGES["10%"]
    true = rng.choice(4, size=(YEARS, 20 * ANCHORS), p=TRAFFIC).astype(float)
    verdicts = judge(true, rng)
    picked = np.concatenate(
        [np.argsort(verdicts != grade, axis=1, kind="stable")[:, : ANCHORS // 4] for grade in range(4)], axis=1
    )
    true, chosen = (np.take_along_axis(one, picked, axis=1) for one in (true, verdicts))
    budget = DriftBudget()
    run_length = 24 * 365.25 * AN_HOUR * 2 / budget.false_alarms_a_year
    config = EsrConfig(average_run_length=run_length, tolerance=0.2 * budget.smallest_shift / HIGHEST_GRADE)
    rows = []
    names = [str(i) for i in range(ANCHORS)]
    for turn in range(YEAR_ROUNDS // 12):
        order = [int(name) for name in round_order(names, turn)]
        rows.append(((judge(true, rng) - chosen) / HIGHEST_GRADE)[:, order])
    found = np.concatenate(rows, axis=1)
    either = (first_alarms(config, found) > 0) | (first_alarms(config, -found) > 0)
    return f"**{int(either.sum())}**"


if __name__ == "__main__":
    main()
