"""What a person sees of the demo: a live picture, and a report at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from detectors.estimate import Difference, Estimate
from detectors.records import Assessment
from detectors.signals import SIGNALS
from monitor.demo.faults import Fault
from monitor.demo.stack import Truth
from monitor.demo.verdict import Verdict
from monitor.report import riskiest_table

SAYS = {
    "learning": "learning what normal looks like: the first 500 traces become the frozen reference",
    "healthy": "healthy traffic, compared with that reference",
}
RECENT = 200
AGAINST_WIDTH = 60


@dataclass
class Act:
    """One stretch of traffic: what it is, with which trace it began, and the truth about it."""

    name: str
    first: int
    truth: Truth


@dataclass(frozen=True)
class Scene:
    """The state of the demo at one moment."""

    fault: Fault
    acts: Sequence[Act]
    assessed: Sequence[Assessment]
    queued: int
    estimate: Estimate | None
    riskiest: Sequence[Assessment]
    verdict: Verdict | None
    metrics_url: str

    @property
    def says(self) -> str:
        """What is going on."""
        name = self.acts[-1].name
        return SAYS.get(name, f"{self.fault.broken} (--fault {self.fault.name})")


def live_view(scene: Scene) -> RenderableType:
    """The picture on a terminal."""
    head = Text.assemble((f"{scene.acts[-1].name}: ", "bold"), scene.says)
    body = Group(
        _facts(scene),
        _signals(scene),
        riskiest_table("Riskiest recent queries", scene.riskiest, AGAINST_WIDTH),
        Text(_found(scene), style="bold"),
    )
    return Panel(Group(head, body), title="leadline demo", subtitle="Ctrl-C ends it with a report")


def plain_line(scene: Scene) -> str:
    """The state in one line, where there is no terminal."""
    return f"{scene.acts[-1].name}: {len(scene.assessed):,} traces assessed; hit@5 {_estimate(scene)}; {_found(scene)}"


def print_report(console: Console, scene: Scene) -> None:
    """What was broken and what the monitor saw."""
    console.print(Text.assemble(("What happened  ", "bold"), _happened(scene)))
    for act in scene.acts[1:]:
        console.print(f"  {act.name:<8} {act.truth.queries:,} queries, true hit@5 {act.truth.hit_at_5:.3f} "
                      "(known to the demo, not to the monitor)")  # fmt: skip
    if len(scene.acts) > 2:
        console.print(Text.assemble(("What one should see  ", "bold"), scene.fault.expect))
    console.print(Text.assemble(("What the monitor saw, without labels  ", "bold"), _found(scene)))
    if scene.verdict is not None:
        console.print(_changes(scene.verdict))
    console.print(riskiest_table("Riskiest recent queries", scene.riskiest, AGAINST_WIDTH))


def _happened(scene: Scene) -> str:
    return scene.fault.broken if len(scene.acts) > 2 else "the retriever was healthy throughout"


def _facts(scene: Scene) -> Text:
    return Text(
        f"{len(scene.assessed):,} traces assessed, {scene.queued} waiting   metrics: {scene.metrics_url}\n"
        f"estimated hit@5 {_estimate(scene)}   true, this act: {scene.acts[-1].truth.hit_at_5:.3f}"
    )


def _estimate(scene: Scene) -> str:
    e = scene.estimate
    if e is None:
        return "too few traces yet"
    return f"{e.mean:.3f} ({e.low:.2f} to {e.high:.2f}, {e.effective_samples:.0f} effective samples)"


def _found(scene: Scene) -> str:
    verdict = scene.verdict
    if verdict is None:
        return "nothing to compare yet"
    if not verdict.seen:
        return "no change for the worse shown"
    hits = verdict.hit_at_5
    change = f"estimated hit@5 {hits.after - hits.before:+.3f} ({hits.low:+.3f} to {hits.high:+.3f})" if hits else ""
    worse = ", ".join(f"{name} {d.before:.2f} to {d.after:.2f}" for name, d in list(verdict.worse.items())[:3])
    disagrees = hits is not None and hits.low > 0  # scores on another scale flatter the estimate
    headline = "retrieval changed, and the evidence disagrees on how" if disagrees else "retrieval got worse"
    return "; ".join(filter(None, (f"{headline}: {change}", worse)))


def _signals(scene: Scene) -> Table:
    """Means over the last traces, beside the healthy ones once there are any."""
    table = _comparison("broken" if scene.verdict else f"last {RECENT}")
    changes = scene.verdict.signals if scene.verdict is not None else {}
    for name in SIGNALS:
        if name in changes:
            table.add_row(*_change(name, changes[name]))
        elif values := [a.signals[name] for a in scene.assessed[-RECENT:] if name in a.signals]:
            table.add_row(name, "", f"{np.mean(values):.3f}", "")
    return table


def _comparison(now: str) -> Table:
    """A table of signals, healthy and `now`, without rows."""
    table = Table(box=None, padding=(0, 1))
    for column in ("signal", "healthy", now, "shift in sd"):
        table.add_column(column, justify="left" if column == "signal" else "right")
    return table


def _changes(verdict: Verdict) -> Table:
    table = _comparison("broken")
    if verdict.hit_at_5 is not None:
        table.add_row(*_change("hit@5 (estimated)", verdict.hit_at_5))
    for name, change in verdict.signals.items():
        table.add_row(*_change(name, change))
    return table


def _change(name: str, change: Difference) -> tuple[str, str, str, Text]:
    style = "bold" if change.shown else "dim"
    shift = f"{change.standardised:+.2f}" + ("" if change.shown else " (not shown)")
    return name, f"{change.before:.3f}", f"{change.after:.3f}", Text(shift, style=style)
