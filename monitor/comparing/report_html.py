"""The comparison as one HTML file: no script, no link, its pictures inside."""

from collections.abc import Iterable, Sequence
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from detectors.change import Difference
from monitor.comparing.printing import facts, named
from monitor.comparing.results import HEADLINE, Comparison, QueryChange
from monitor.errors import LeadlineError
from monitor.pictures import load_pyplot

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ddd;
vertical-align:top}svg{max-width:100%;height:auto}.better{color:#17632a}.worse{color:#a31515}"""
COLOURS = {"better": "tab:green", "worse": "tab:red", "no difference shown": "0.45"}


def write_report(file: Path, found: Comparison, before: Path, after: Path) -> None:
    """Write it.

    Raises
    ------
    LeadlineError
        Where matplotlib is missing, or the file cannot be written.
    """
    try:
        file.write_text(_page(found, before.name, after.name), encoding="utf-8")
    except OSError as error:
        raise LeadlineError(f"{file}: cannot be written: {error.strerror}") from error


def _page(found: Comparison, before: str, after: str) -> str:
    title = f"{before} against {after}"
    parts = [
        f"<h1>{escape(title)}: <span class={found.verdict.split()[0]}>{escape(found.verdict)}</span></h1>",
        _table(["", ""], facts(found)),
        "<h2>Hit rate, overall and by kind of query</h2>",
        _svg(_forest(found)),
        "<h2>Changes by query, percentiles of BEFORE</h2>",
        _svg(_by_query(found)) if found.changes_by_query else "<p>The queries are not the same on both sides.</p>",
        *_queries("Got worse most", found.worsened),
        *_queries("Improved most", found.improved),
        "<h2>Signals that mean the same on both sides</h2>",
        _table(["signal", "before", "after", "change", "95% interval"], _signals(found)),
        f"<p>Reference: {escape(found.reference)}; calibration of the change: {escape(found.calibration)}.</p>",
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return head + "\n".join(parts) + "</html>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _queries(title: str, rows: Sequence[QueryChange]) -> list[str]:
    cells = [(f"{row.change:+.2f}", row.query, row.scenario, named(row.gained), named(row.lost)) for row in rows]
    heads = ["change", "query", "scenario", "gained (relevance)", "lost (relevance)"]
    return [f"<h3>{title}</h3>", _table(heads, cells)] if rows else []


def _signals(found: Comparison) -> list[tuple[str, ...]]:
    return [
        (name, f"{c.before:.3f}", f"{c.after:.3f}", f"{c.difference:+.3f}", f"{c.low:+.3f} to {c.high:+.3f}")
        for name, c in found.change.items()
        if name != HEADLINE
    ]


def _forest(found: Comparison) -> Any:
    """The headline and each scenario, with their intervals."""
    rows: list[tuple[str, Difference, str]] = [
        (f"{name} ({part.queries:,})", part.hit_at_5, part.verdict)
        for name, part in found.scenarios.items()
        if part.hit_at_5 is not None
    ]
    if HEADLINE in found.change:
        rows.insert(0, ("all queries", found.change[HEADLINE], found.verdict))
    figure, axes = load_pyplot().subplots(figsize=(8, 1.2 + 0.35 * len(rows)), layout="constrained")
    for row, (_, change, verdict) in enumerate(rows):
        axes.plot([change.low, change.high], [row, row], color=COLOURS[verdict], linewidth=2)
        axes.plot(change.difference, row, "o", color=COLOURS[verdict])
    axes.axvline(0, color="0.6", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set(xlabel="change of hit@5, estimated without labels")
    axes.invert_yaxis()
    return figure


def _by_query(found: Comparison) -> Any:
    """Every query's change, from the worst to the best."""
    changes = sorted(found.changes_by_query)
    figure, axes = load_pyplot().subplots(figsize=(8, 3), layout="constrained")
    for colour, sign in (("tab:red", -1), ("tab:green", 1)):
        axes.fill_between(range(len(changes)), [c if c * sign > 0 else 0 for c in changes], color=colour, step="mid")
    axes.axhline(0, color="0.6", linewidth=1)
    axes.set(xlabel="queries, from the worst change to the best", ylabel="change of the percentile")
    return figure


def _svg(figure: Any) -> str:
    text = StringIO()
    figure.savefig(text, format="svg")
    load_pyplot().close(figure)
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]
