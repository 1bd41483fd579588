"""The comparison for people, on stdout."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from detectors.change import Difference
from monitor.comparing.results import HEADLINE, Comparison, Document, QueryChange
from monitor.report import line, printable

DOCUMENTS = 3
QUERY_WIDTH = 44


def print_comparison(console: Console, found: Comparison) -> None:
    """Verdict, headline, scenarios, signals, and the queries that changed most."""
    for name, value in facts(found):
        console.print(line(name, value))
    console.print(_scenarios(found))
    console.print(_signals(found))
    for title, rows in (
        ("Got worse most (percentiles of BEFORE; of the first five, with the cross-encoder's score)", found.worsened),
        ("Improved most (the same)", found.improved),
    ):
        if rows:
            console.print(_queries(title, rows))


def facts(found: Comparison) -> list[tuple[str, str]]:
    """What there is to say of the whole, by name."""
    pairs = f"{found.paired:,} queries in both" if found.paired else "not paired: too few queries are in both"
    alone = f", {found.unmatched['before']:,} and {found.unmatched['after']:,} retrievals in one only"
    rows = [
        ("verdict", f"{found.verdict}: {found.why}"),
        ("traces", f"{found.traces['before']:,} before, {found.traces['after']:,} after; {pairs}{alone}"),
    ]
    if HEADLINE in found.change:
        rows.append(("hit@5", _headline(found.change[HEADLINE])))
    rows += [(f"by {family}", _plain(change)) for family, change in found.families.items()]
    rows += [("left out", f"{family}: {why}") for family, why in found.left_out.items()]
    for side, reasons in found.skipped.items():
        if any(reasons.values()):
            rows.append((f"of {side}", ", ".join(f"{n:,} {reason}" for reason, n in reasons.items() if n)))
    return rows


def _headline(change: Difference) -> str:
    return (
        f"{change.difference:+.3f}, 95% interval {change.low:+.3f} to {change.high:+.3f} "
        f"(from about {change.before:.2f} to {change.after:.2f}, a level by prior: trust the change more)"
    )


def _plain(change: Difference) -> str:
    return f"{change.difference:+.3f} ({change.low:+.3f} to {change.high:+.3f}) in percentiles of BEFORE"


def _scenarios(found: Comparison) -> Table:
    title = f"hit@5 by kind of query ({100 * found.scenario_confidence:.1f}% intervals: all of them together hold 95%)"
    table = _table(title, "scenario", "queries", "before", "after", "change", "interval", "verdict")
    for name, part in found.scenarios.items():
        c = part.hit_at_5
        cells = (
            (f"{c.before:.2f}", f"{c.after:.2f}", f"{c.difference:+.3f}", f"{c.low:+.3f} to {c.high:+.3f}")
            if c is not None
            else ("-",) * 4
        )
        table.add_row(name, f"{part.queries:,}", *cells, part.verdict if c is not None else "too few queries")
    return table


def _signals(found: Comparison) -> Table:
    table = _table("Signals that mean the same on both sides", "signal", "before", "after", "change", "95% interval")
    for name, c in found.change.items():
        if name != HEADLINE:
            table.add_row(
                name, f"{c.before:.3f}", f"{c.after:.3f}", f"{c.difference:+.3f}", f"{c.low:+.3f} to {c.high:+.3f}"
            )
    return table


def _queries(title: str, rows: Sequence[QueryChange]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    table.add_column("change", justify="right")
    table.add_column("query", width=QUERY_WIDTH)
    table.add_column("gained")
    table.add_column("lost")
    for row in rows:
        query = printable(row.query)
        shown = query if len(query) <= QUERY_WIDTH else query[: QUERY_WIDTH - 1] + "…"
        table.add_row(f"{row.change:+.2f}", Text(shown), Text(named(row.gained)), Text(named(row.lost)))
    return table


def named(documents: Sequence[Document]) -> str:
    """The best few, with their relevance."""
    best = sorted(documents, key=lambda one: -(one.relevance or 0.0))[:DOCUMENTS]
    words = [printable(d.id) + (f" ({d.relevance:.2f})" if d.relevance is not None else "") for d in best]
    more = len(documents) - len(best)
    return ", ".join(words) + (f" and {more} more" if more else "")


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    table.add_column(first)
    for column in others:
        table.add_column(column, justify="left" if column == "verdict" else "right")
    return table
