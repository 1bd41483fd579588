"""What a few labels make of the prior's risk, on every labelled collection under a folder: tables in Markdown.

    python benchmarks/risk_calibration.py ../shared/collections --signals /tmp/signals > table.md

Takes the assessments that `tools/fit_prior.py --signals` kept. The prior is fitted on the other collections; labelled
traces are drawn at random, the map is fitted on them and judged on the rest. Says so and ends where there are no
collections. `--more` besides tries other penalties, and what the rest would have chosen for each collection; uses a map
on risks that rest on less than those it was fitted on; and looks at draws in which nothing failed. No query is looked
at for its scenario: those that negate keep their cross-encoder here.
"""

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.prior_fit import DEPTH, FAMILIES, KINDS, NEED_CORPUS, Recorded, fit_prior
from detectors.records import Rated
from detectors.reference import Normalisation
from detectors.risk import Prior, assess_risk
from detectors.risk_calibration import SHIFT_SD, SLOPE_SD, Label, fit_map, level_error_unseen

sys.path.append(str(Path(__file__).parents[1]))
from tools.fit_prior import load

RECORDINGS = {"traces.jsonl": "MiniLM", "traces.e5.jsonl": "e5"}

LABELS = (20, 40, 80, 160)
FEWEST_LEFT = 30  # traces to judge on
DRAWS = 50
LESS = (("scorer",), ("score",), ("lexical",), ("lexical", "scorer"))
SLOPE_SDS, SHIFT_SDS = (0.15, 0.35, 0.75), (0.25, 0.5, 0.75, 1.0)
COLUMNS = ("skill, prior", "skill", "draws better", "level off, prior", "level off", "interval holds it")

Penalties = tuple[float, float]


class Outcomes(NamedTuple):
    """Of one recording and one kind of failure: what the prior of the other collections says, and the truth."""

    risk: NDArray[np.float64]
    failed: NDArray[np.float64]
    level_error: float


class Row(NamedTuple):
    """On the traces without a label, in one draw."""

    prior_skill: float
    skill: float
    better: bool
    prior_off: float
    off: float
    held: bool


def outcomes(recorded: Recorded, prior: Prior, kind: str, without: Collection[str] = ()) -> Outcomes:
    """NaN where nothing of the evidence is at hand."""
    reference = Normalisation.of(recorded.signals, version="self", depth=DEPTH, scorer="")
    kept = [{name: x for name, x in signals.items() if name not in without} for signals in recorded.signals]
    risks = [assess_risk(signals, reference, prior) for signals in kept]
    rated = [getattr(risk, kind) if risk is not None else Rated(np.nan, np.nan) for risk in risks]
    probability, level_error = np.array([(one.probability, one.level_error) for one in rated]).T
    return Outcomes(probability, recorded.failed[KINDS[kind]].astype(float), float(np.nanmean(level_error)))


def draw(given: Outcomes, order: NDArray[np.intp], labels: int, penalties: Penalties, used_on: Outcomes) -> Row:
    labelled, rest = order[:labels], order[labels:]
    learnt = fit_map(
        [Label(float(given.risk[i]), bool(given.failed[i])) for i in labelled],
        slope_sd=penalties[0], shift_sd=penalties[1],
    )  # fmt: skip
    prior, failed = used_on.risk[rest], used_on.failed[rest]
    mapped = np.array([learnt.at(float(risk)) for risk in prior])
    constant, before, after = (np.square(p - failed).mean() for p in (failed.mean(), prior, mapped))
    off = abs(mapped.mean() - failed.mean())
    error = learnt.level_error if used_on is given else level_error_unseen(learnt.level_error, used_on.level_error)
    sampling = (mapped * (1 - mapped)).mean() / len(rest)
    return Row(
        1 - before / constant, 1 - after / constant, bool(after < before), abs(prior.mean() - failed.mean()), off,
        bool(off < 1.96 * np.sqrt(error**2 + sampling)),
    )  # fmt: skip


def rows(
    given: Outcomes, labels: int, penalties: Penalties = (SLOPE_SD, SHIFT_SD), used_on: Outcomes | None = None
) -> NDArray[np.float64]:
    """Shape (draws, columns); the same draws for all penalties. Nothing where too few traces are left to judge on."""
    used_on = used_on or given
    return np.array([draw(given, order, labels, penalties, used_on) for order in orders(given, labels, used_on)])


def orders(given: Outcomes, labels: int, used_on: Outcomes) -> list[NDArray[np.intp]]:
    """Of the traces that have a risk; the first ones are labelled, and among the rest some failed and some did not."""
    known = np.flatnonzero(~np.isnan(given.risk) & ~np.isnan(used_on.risk))
    if len(known) < labels + FEWEST_LEFT:
        return []
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(known) for _ in range(DRAWS)]
    return [order for order in drawn if 0 < given.failed[order[labels:]].mean() < 1]


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


def on_less(
    data: Sequence[Recorded], priors: Mapping[str, Prior], kind: str, labels: int
) -> dict[str, list[float | str]]:
    """A map that was fitted on risks with all evidence, on risks without some of it; and below, one of their own."""
    table: dict[str, list[float | str]] = {}
    for gone in LESS:
        names = {name for family in gone for name in FAMILIES[family]} | (NEED_CORPUS if "lexical" in gone else set())
        found, own = [], []
        for recorded in data:
            whole, less = (outcomes(recorded, priors[recorded.collection], kind, lacking) for lacking in ((), names))
            found.append(rows(whole, labels, used_on=less).mean(axis=0))
            own.append(rows(less, labels).mean(axis=0))
        table[f"without {' and '.join(gone)}"] = list(np.mean(found, axis=0))
        table[f"without {' and '.join(gone)}, its own map"] = list(np.mean(own, axis=0))
    return table


def nothing_failed(known: Mapping[str, Outcomes], labels: int) -> dict[str, list[float | str]]:
    found = []
    for given in known.values():
        clean = [not given.failed[order[:labels]].any() for order in orders(given, labels, given)]
        found.append(rows(given, labels)[clean])
    pooled = np.concatenate(found)
    return {f"{labels} labels": [str(len(pooled)), *pooled.mean(axis=0)]} if len(pooled) else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--signals", type=Path, required=True)
    parser.add_argument("--more", action="store_true", help="what the choices in detectors/risk_calibration.py rest on")
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
        if arguments.more:
            chosen(known, 40)
            print_table("A map on risks that rest on less, 40 labels", COLUMNS, on_less(data, priors, kind, 40))
            if rare := nothing_failed(known, 20):
                print_table("Draws in which nothing failed", ["draws", *COLUMNS], rare)


if __name__ == "__main__":
    main()
