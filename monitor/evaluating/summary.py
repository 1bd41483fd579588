"""The scoreboard in a few lines, for the terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from detectors.labels import FAILURE_KINDS
from detectors.outcomes import LEVELS, RISKS
from monitor.evaluating.results import Scoreboard
from monitor.evaluating.tables import plain, ranged
from monitor.report import line


def print_scoreboard(console: Console, board: Scoreboard, report_file: Path | None) -> None:
    """Means over all recordings, and where the rest is written."""
    group = board.widest
    collections = len({r.collection for r in board.recordings})
    traces = sum(r.traces for r in board.recordings)
    console.print(line("recordings", f"{len(board.recordings)} of {collections} collections, {traces:,} traces"))
    console.print(line("prior", f"fitted on {board.scheme}" if board.held_out else "shipped, nothing held out"))
    console.print(line("scorer", board.scorer))
    table = Table(title="Means (95% interval)", title_justify="left", box=None, padding=(0, 1))
    for column in ("failure", "AUROC", "best baseline", "risk less it", "Brier skill", "level off by"):
        table.add_column(column, justify="left" if column == "failure" else "right")
    for kind in FAILURE_KINDS:
        skills, best = board.skills[group][kind], board.best_baseline[kind]
        gain = board.advantage[group][kind][best] if best else None
        table.add_row(
            f"{kind} ({RISKS[kind]})", ranged(skills.auroc), best or "-", ranged(gain),
            ranged(skills.brier_skill), plain(skills.level.mean_absolute, 3) if skills.level else "-",
        )  # fmt: skip
    console.print(table)
    for kind in LEVELS:
        found = board.emptied[kind]
        said = f"AUROC {ranged(found.auroc[RISKS[kind]])}, above the 90th percentile {ranged(found.above)}"
        console.print(line("emptied", f"{RISKS[kind]} with nothing to find: {said}"))
    console.print(line("took", f"{board.seconds:,.0f} seconds"))
    if report_file is not None:
        console.print(line("written", str(report_file)))
