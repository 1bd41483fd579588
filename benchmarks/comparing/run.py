"""What `leadline compare` says without labels beside what the labels say, as a table in Markdown.

    python benchmarks/comparing/run.py ../shared/collections --kept /tmp/kept > table.md

Changes with a known truth are made from the recordings of every labelled collection under a folder; the calibration
of the change is fitted on the other collections. `--kept` holds scores and assessments, which cost an hour to make.
Says so and ends where there are no collections.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.change import shipped_scale
from detectors.change_fit import KnownChange, fit_change
from detectors.risk import shipped_prior
from monitor.comparing.comparing import compare
from monitor.comparing.results import HEADLINE, NOT_SHOWN, Comparison

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.comparing.known import DEPTH, known_changes

NOTHING = 0.02  # a labelled interval within so much of zero: nothing that matters changed
SIGNS = {"better": 1, "worse": -1, NOT_SHOWN: 0}


class Row(NamedTuple):
    """One change: the truth and its 95% half width, and what is said."""

    collection: str
    retriever: str
    change: str
    truth: float
    half: float
    seen: KnownChange
    said: Comparison

    @property
    def moved(self) -> bool:
        return self.truth != 0 and abs(self.truth) > self.half

    @property
    def nothing(self) -> bool:
        return not self.moved and abs(self.truth) + self.half <= NOTHING

    @property
    def verdict(self) -> int:
        return SIGNS[self.said.verdict]

    @property
    def right(self) -> bool:
        return self.verdict == (np.sign(self.truth) if self.moved else 0)

    @property
    def wrong_sign(self) -> bool:
        return self.verdict * self.truth < 0

    @property
    def size(self) -> float:
        return self.said.change[HEADLINE].difference if HEADLINE in self.said.change else 0.0


def rows(collections: Sequence[Path], kept: Path) -> list[Row]:
    """Every change of every collection, judged by what was fitted on the others."""
    known = [one for directory in collections for one in known_changes(directory, kept)]
    seen = [one.seen() for one in known]
    found = []
    for name in sorted({one.collection for one in known}):
        scale = fit_change([s for s in seen if s.collection != name], shipped_scale().evidence, f"without {name}")
        for one, what in zip(known, seen, strict=True):
            if one.collection == name:
                said = compare(one.before, one.after, prior=shipped_prior(), scale=scale, depth=DEPTH)
                found.append(
                    Row(name, one.retriever, one.change, float(one.truth.mean()), 1.96 * one.error, what, said)
                )
    return found


def markdown(found: Sequence[Row]) -> str:
    """A line for each, by change."""
    lines = [
        "| change | collection | retriever | true change (95%) | said (95%) | verdict | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(found, key=lambda row: row.change):
        c = row.said.change.get(HEADLINE)
        size = f"{c.difference:+.3f} ({c.low:+.3f} to {c.high:+.3f})" if c is not None else "-"
        true = f"{row.truth:+.3f} ({row.truth - row.half:+.3f} to {row.truth + row.half:+.3f})"
        cells = (row.change, row.collection, row.retriever, true, size, row.said.verdict, _mark(row))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def by_change(found: Sequence[Row]) -> str:
    """Over collections and retrievers: how it went with each kind of change."""
    lines = [
        "| change | moved | told right | wrong sign | nothing moved | said so | mean true change | mean said | off |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row.change for row in found):
        these = [row for row in found if row.change == name]
        moved, nothing = [r for r in these if r.moved], [r for r in these if r.nothing]
        counts = (len(moved), sum(r.right for r in moved), sum(r.wrong_sign for r in moved), len(nothing))
        sizes = (np.mean([r.truth for r in these]), np.mean([r.size for r in these]))
        off = f"{np.mean([abs(r.size - r.truth) for r in moved]):.3f}" if moved else "-"
        cells = (name, *counts, sum(r.right for r in nothing), *(f"{size:+.3f}" for size in sizes), off)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _mark(row: Row) -> str:
    if not row.moved and not row.nothing:
        return ""
    return "right" if row.right else "**wrong sign**" if row.wrong_sign and row.moved else "missed"


def summary(found: Sequence[Row]) -> str:
    """How many were told right, and how far off the sizes are."""
    moved, nothing = [r for r in found if r.moved], [r for r in found if r.nothing]
    rest = [r for r in found if not r.moved and not r.nothing]
    told = sum(r.right for r in moved + nothing)
    off = np.array([abs(r.size - r.truth) for r in moved])
    bare = np.mean([abs(_plain(r) - r.truth) for r in moved])
    held = np.mean([c.low - r.half <= r.truth <= c.high + r.half for r in found if (c := r.said.change.get(HEADLINE))])
    return f"""\
* {len(moved)} changes whose labelled interval excludes zero: {sum(r.right for r in moved)} told right, \
{sum(r.wrong_sign for r in moved)} with the wrong sign.
* {len(nothing)} whose interval lies within two points of zero: {sum(r.right for r in nothing)} times `{NOT_SHOWN}`.
* Together {told} of {len(moved + nothing)} right ({told / max(1, len(moved + nothing)):.0%}).
* Of the {len(rest)} that the labels cannot tell, {sum(r.verdict != 0 for r in rest)} had a verdict, \
{sum(r.wrong_sign for r in rest)} against the sign of the labels' mean.
* Size, over those that moved: off by {off.mean():.3f} on average (median {np.median(off):.3f}); bare differences of \
percentiles are off by {bare:.3f}. By the true change: {_by_size(moved)}.
* The said interval, widened by the labels' own, holds the true change {held:.0%} of the time."""


def _plain(row: Row) -> float:
    return float(np.mean(list(row.seen.families.values()))) if row.seen.families else 0.0


def _by_size(moved: Sequence[Row]) -> str:
    parts = []
    for low, high in ((0, 0.05), (0.05, 0.15), (0.15, 1)):
        off = [abs(r.size - r.truth) for r in moved if low <= abs(r.truth) < high]
        parts.append(f"{np.mean(off) if off else float('nan'):.3f} from {low} to {high} ({len(off)})")
    return ", ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--kept", type=Path, required=True, help="folder that keeps scores and assessments")
    arguments = parser.parse_args()
    directories = sorted(path.parents[1] for path in arguments.collections.glob("*/qrels/test.tsv"))
    if not directories:
        print(f"skipped: no labelled collections under {arguments.collections}")
        return
    found = rows(directories, arguments.kept)
    print(summary(found), by_change(found), markdown(found), sep="\n\n")


if __name__ == "__main__":
    main()
