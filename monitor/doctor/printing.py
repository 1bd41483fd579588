"""The report for people."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.doctor.examination import Report
from monitor.report import line, printable

EXAMPLES = 3
STYLES = {"full": "green", "degraded": "yellow", "impossible": "red"}


def print_report(console: Console, report: Report) -> None:
    """Where it comes from, what it carries, what each measure can do with it, what would help."""
    _print_origin(console, report)
    if report.retrievals:
        console.print(_carries(report))
    console.print(_measures(report))
    _print_advice(console, report)


def _print_origin(console: Console, report: Report) -> None:
    usable = f"{report.retrievals:,} usable" + (f", {_listed(report.unusable)}" if report.unusable else "")
    rows = {
        "source": f"{report.source}: records {_listed(report.encodings)}",
        "spans": _listed(report.spans),
        "made by": _listed(report.instrumentations),
        "retrievals": usable,
        "pipelines": _listed(report.pipelines),
        "time": f"{report.begin:%Y-%m-%d %H:%M:%S} to {report.end:%Y-%m-%d %H:%M:%S}" if report.begin else "",
        "malformed": f"{report.malformed:,}" if report.malformed else "",
    }
    for name, value in rows.items():
        if value:
            console.print(line(name, printable(value)), soft_wrap=True)
    for example in report.examples[:EXAMPLES]:
        console.print(Text(f"  {printable(example)}"), soft_wrap=True)
    if report.emitters:
        console.print(_emitters(report))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _emitters(report: Report) -> Table:
    table = _table("Emitters", "dialect", "instrumentation", right=("usable", "unusable"))
    for one in report.emitters:
        table.add_row(one.dialect, Text(printable(one.instrumentation or "-")), f"{one.usable:,}", f"{one.unusable:,}")
    return table


def _table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    for name in columns:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table


def _carries(report: Report) -> Table:
    table = _table("What the traces carry", "", "share", "of", "")
    for one in report.carries:
        share = f"{one.share:.0%}" if one.share is not None else ""
        table.add_row(one.name, share, one.of if share else "", Text(printable(one.note)))
    return table


def _measures(report: Report) -> Table:
    table = _table("What each measure can do", "measure", "", "share", "missing in")
    for one in report.measures:
        verdict = Text(one.verdict, style=STYLES[one.verdict])
        table.add_row(one.measure, verdict, f"{one.share:.0%}", _listed(one.reasons))
    return table


def _print_advice(console: Console, report: Report) -> None:
    """One line for each advice, with the measures that it would help; the best one first."""
    helped: dict[str, list[str]] = {report.advice: []} if report.advice is not None else {}
    for one in report.measures:
        if one.advice is not None:
            helped.setdefault(one.advice, []).append(one.measure)
    if all(one.verdict == "full" for one in report.measures):
        console.print("Nothing to set: every measure works on these traces.")
    for number, (advice, measures) in enumerate(helped.items(), start=1):
        console.print(Text(f"{number}. {printable(advice)}", style="bold" if number == 1 else ""), soft_wrap=True)
        console.print(Text(f"   for: {'; '.join(measures)}"), soft_wrap=True)
    for hint in report.hints:
        console.print(Text(f"- {printable(hint)}"), soft_wrap=True)
