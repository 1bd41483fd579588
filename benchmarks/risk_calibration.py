"""What a few labels make of the prior's risk, on every labelled collection under a folder: tables in Markdown.

    python benchmarks/risk_calibration.py ../shared/collections --signals /tmp/signals > table.md

Takes the assessments that `tools/fit_prior.py --signals` kept. The prior is fitted on the other collections; labelled
traces are drawn at random, the map is fitted on them and judged on the rest. Says so and ends where there are no
collections. `--choose` besides tries other penalties, and what the rest would have chosen for each collection. No query
is looked at for its scenario: those that negate keep their cross-encoder here.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.prior_fit import DEPTH, KINDS, Recorded, fit_prior
from detectors.reference import Normalisation
from detectors.risk import Prior, assess_risk
from detectors.risk_calibration import SHIFT_SD, SLOPE_SD, Label, fit_map

sys.path.append(str(Path(__file__).parents[1]))
from tools.fit_prior import load

RECORDINGS = {"traces.jsonl": "MiniLM", "traces.e5.jsonl": "e5"}

LABELS = (20, 40, 80, 160)
FEWEST_LEFT = 30  # traces to judge on
DRAWS = 50
SLOPE_SDS, SHIFT_SDS = (0.15, 0.35, 0.75), (0.25, 0.5, 0.75, 1.0)
COLUMNS = ("skill, prior", "skill", "draws better", "level off, prior", "level off", "interval holds it")

Penalties = tuple[float, float]


class Outcomes(NamedTuple):
    """Of one recording and one kind of failure: what the prior of the other collections says, and the truth."""

    risk: NDArray[np.float64]
    failed: NDArray[np.float64]


class Row(NamedTuple):
    """On the traces without a label, in one draw."""

    prior_skill: float
    skill: float
    better: bool
    prior_off: float
    off: float
    held: bool


def outcomes(recorded: Recorded, prior: Prior, kind: str) -> Outcomes:
    reference = Normalisation.of(recorded.signals, version="self", depth=DEPTH, scorer="")
    risks = [assess_risk(signals, reference, prior) for signals in recorded.signals]
    rated = [getattr(risk, kind) if risk is not None else None for risk in risks]
    known = np.array([one is not None for one in rated])
    probability = np.array([one.probability for one in rated if one is not None])
    return Outcomes(probability, recorded.failed[KINDS[kind]][known].astype(float))


def draw(given: Outcomes, order: NDArray[np.intp], labels: int, penalties: Penalties) -> Row:
    labelled, rest = order[:labels], order[labels:]
    learnt = fit_map(
        [Label(float(given.risk[i]), bool(given.failed[i])) for i in labelled],
        slope_sd=penalties[0], shift_sd=penalties[1],
    )  # fmt: skip
    prior, failed = given.risk[rest], given.failed[rest]
    mapped = np.array([learnt.at(float(risk)) for risk in prior])
    constant, before, after = (np.square(p - failed).mean() for p in (failed.mean(), prior, mapped))
    off = abs(mapped.mean() - failed.mean())
    sampling = (mapped * (1 - mapped)).mean() / len(rest)
    return Row(
        1 - before / constant, 1 - after / constant, bool(after < before), abs(prior.mean() - failed.mean()), off,
        bool(off < 1.96 * np.sqrt(learnt.level_error**2 + sampling)),
    )  # fmt: skip


def rows(given: Outcomes, labels: int, penalties: Penalties = (SLOPE_SD, SHIFT_SD)) -> NDArray[np.float64]:
    """Shape (draws, columns); the same draws for all penalties. Nothing where too few traces or failures are left."""
    if len(given.failed) < labels + FEWEST_LEFT:
        return np.empty((0, len(Row._fields)))
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(given.failed)) for _ in range(DRAWS)]
    usable = [order for order in orders if 0 < given.failed[order[labels:]].mean() < 1]
    return np.array([draw(given, order, labels, penalties) for order in usable])


def print_table(title: str, columns: Sequence[str], table: Mapping[str, Sequence[float | str]]) -> None:
    print(f"\n**{title}**\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, cells in table.items():
        shown = [cell if isinstance(cell, str) else f"{cell:.2f}".replace("0.", ".", 1) for cell in cells]
        print(f"| {name} | {' | '.join(shown)} |")


def by_labels(known: Mapping[str, Outcomes]) -> dict[str, list[float | str]]:
    """Means over recordings; more labels leave fewer recordings, so the prior is judged on the same ones."""
    table: dict[str, list[float | str]] = {}
    for labels in LABELS:
        found = [rows(given, labels) for given in known.values()]
        means = np.array([block.mean(axis=0) for block in found if len(block)])
        table[f"{labels} labels, {len(means)} recordings"] = list(means.mean(axis=0))
    return table


def by_collection(known: Mapping[str, Outcomes], labels: int) -> dict[str, list[float | str]]:
    table: dict[str, list[float | str]] = {}
    for name, given in known.items():
        block = rows(given, labels)
        if len(block):
            table[name] = [float(given.failed.mean()), *block.mean(axis=0)]
    table["mean"] = list(np.mean([*table.values()], axis=0))
    return table


def chosen(known: Mapping[str, Outcomes], labels: int) -> None:
    """Mean skill and coverage by penalties, and which the other collections choose for each by the first."""
    grid = list(product(SLOPE_SDS, SHIFT_SDS))
    names = [name for name, given in known.items() if len(given.failed) >= labels + FEWEST_LEFT]
    found = np.array([[rows(known[name], labels, penalties).mean(axis=0) for penalties in grid] for name in names])
    skill, held = (found[:, :, Row._fields.index(name)] for name in ("skill", "held"))
    for title, values in (("Mean Brier skill", skill.mean(axis=0)), ("Worst coverage", held.min(axis=0))):
        table: dict[str, list[float | str]] = {
            f"slope sd {s}": [float(values[grid.index((s, c))]) for c in SHIFT_SDS] for s in SLOPE_SDS
        }
        print_table(f"{title} by penalties, {labels} labels", [f"shift sd {c}" for c in SHIFT_SDS], table)
    collections = np.array([name.split()[0] for name in names])
    shipped = grid.index((SLOPE_SD, SHIFT_SD))
    left_out: dict[str, list[float | str]] = {}
    for collection in dict.fromkeys(collections):
        here = collections == collection
        best = int(skill[~here].mean(axis=0).argmax())
        left_out[collection] = [str(grid[best]), float(skill[here, best].mean()), float(skill[here, shipped].mean())]
    print_table("Chosen without the collection", ["chosen", "skill with it", "with the shipped"], left_out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--signals", type=Path, required=True)
    parser.add_argument("--choose", action="store_true", help="try other penalties, too")
    arguments = parser.parse_args()
    directories = sorted(path.parent for path in arguments.collections.glob("*/corpus.jsonl"))
    if not directories:
        print(f"skipped: no labelled collections in {arguments.collections}")
        return
    data = [load(directory, name, arguments.signals, "bundled") for directory in directories for name in RECORDINGS]
    priors = {
        directory.name: fit_prior([one for one in data if one.collection != directory.name], "left out")
        for directory in directories
    }
    for kind, says in KINDS.items():
        known = {f"{r.collection} {RECORDINGS[r.recording]}": outcomes(r, priors[r.collection], kind) for r in data}
        print_table(f"{says}, mean over recordings", COLUMNS, by_labels(known))
        print_table(f"{says}, 40 labels", ["true rate", *COLUMNS], by_collection(known, 40))
        if arguments.choose:
            chosen(known, 40)


if __name__ == "__main__":
    main()
