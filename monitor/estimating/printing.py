"""The estimates for people, on stdout."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from detectors.ppi import MINIMUM_LABELLED, NestedEstimate
from detectors.records import ALL
from monitor.estimating.estimating import Estimated, Estimates
from monitor.report import printable

WITHOUT = f"under {MINIMUM_LABELLED} effective"


def print_estimates(console: Console, found: Estimates, *, labels: bool) -> None:
    """A table for each pipeline and version of the judge; with labels, one of what people make of it."""
    for pipeline, judge in dict.fromkeys((row.pipeline, row.judge) for row in found.rows):
        rows = [row for row in found.rows if (row.pipeline, row.judge) == (pipeline, judge)]
        console.print(f"{printable(pipeline)}, judged by {printable(judge)}", markup=False)
        console.print(_table("judge_context_relevance", "judged", "classical", [_said(row) for row in rows]))
        if labels:
            console.print(_table("context_relevance", "people", "people alone", [_corrected(row) for row in rows]))
            if any(row.agreement is not None for row in rows):
                console.print(_agreement(rows))
        console.print()
    if labels:
        of = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found.labelled_traces.items())
        console.print(f"traces with labels: {of}", markup=False)


def _said(row: Estimated) -> tuple[str, ...]:
    return _name(row), f"{row.judged:,}", *_numbers(row.judge_context_relevance)


def _corrected(row: Estimated) -> tuple[str, ...]:
    return _name(row), f"{row.people:,}", *_numbers(row.context_relevance)


def _name(row: Estimated) -> str:
    return "all traffic" if row.scenario == ALL else row.scenario


def _numbers(one: NestedEstimate | None) -> tuple[str, ...]:
    if one is None:
        return WITHOUT, "", "", "", ""
    alone = one.classical
    return (
        f"{one.mean:.3f}", f"{one.low:.3f} to {one.high:.3f}", f"{alone.low:.3f} to {alone.high:.3f}",
        f"{one.lam:.2f}", f"{one.rho:.2f}",
    )  # fmt: skip


def _table(what: str, count: str, alone: str, rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 1))
    for column in ("", count, what, "95% interval", alone, "lam", "rho"):
        table.add_column(column, justify="right" if column else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _agreement(rows: Sequence[Estimated]) -> Table:
    table = Table(box=None, padding=(0, 1))
    for column in ("", "pairs with both grades", "same grade", "people less judge, of 3", "weighted kappa"):
        table.add_column(column, justify="right" if column else "left")
    for row in rows:
        one = row.agreement
        if one is not None:
            figures = (one.exact, one.shift, one.kappa)
            shown = ("-" if f is None else f"{f.value:.2f} ({f.low:.2f} to {f.high:.2f})" for f in figures)
            table.add_row(_name(row), f"{one.pairs:,}", *shown)
    return table
