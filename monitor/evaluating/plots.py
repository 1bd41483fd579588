"""The pictures of the report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from detectors.labels import FAILURE_KINDS
from detectors.outcomes import LEVELS, RISKS
from monitor.evaluating.results import RecordingFigures, Scoreboard
from monitor.pictures import draw_reliability, load_pyplot, save

COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red")


def draw_all(folder: Path, board: Scoreboard) -> dict[str, Path]:
    """Every picture of the report, by name.

    Raises
    ------
    LeadlineError
        Where matplotlib is missing, or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.png" for name in (*_DRAWN, "reliability")}
    for name, draw in _DRAWN.items():
        save(draw(board), paths[name])
    curves = {f"{RISKS[kind]}: {kind}": board.reliability[kind] for kind in LEVELS}
    draw_reliability(paths["reliability"], "All recordings together", curves, outcome="failed")
    return paths


def _auroc(board: Scoreboard) -> Any:
    figure, panels = load_pyplot().subplots(
        1, len(FAILURE_KINDS), figsize=(12, 1.5 + 0.24 * len(board.recordings)), sharey=True, layout="constrained"
    )
    names = [f"{r.collection}, {r.recording}" for r in board.recordings]
    for axes, kind in zip(panels, FAILURE_KINDS, strict=True):
        for row, r in enumerate(board.recordings):
            _whisker(axes, row, r, kind, board.best_baseline[kind])
        axes.axvline(0.5, color="0.7", linewidth=1, linestyle="--")
        axes.set(xlim=(0.3, 1), title=kind, xlabel=f"AUROC: {RISKS[kind]} (dot), {board.best_baseline[kind]} (cross)")
        axes.set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    return figure


def _whisker(axes: Any, row: int, r: RecordingFigures, kind: str, baseline: str | None) -> None:
    risk = r.auroc[kind][RISKS[kind]]
    other = r.auroc[kind][baseline] if baseline is not None else None
    if risk is not None:
        axes.plot([risk.low, risk.high], [row, row], color=COLOURS[0], linewidth=1.2)
        axes.plot(risk.value, row, "o", color=COLOURS[0], markersize=5)
    if other is not None:
        axes.plot(other.value, row, "x", color="0.4", markersize=5)


def _coverage(board: Scoreboard) -> Any:
    figure, panels = load_pyplot().subplots(1, len(LEVELS), figsize=(9, 4), layout="constrained")
    for axes, kind in zip(panels, LEVELS, strict=True):
        curves = board.curves[kind]
        top = max([curves.constant, *curves.risk]) * 1.3
        axes.plot(curves.coverage, curves.risk, color=COLOURS[0], label=RISKS[kind])
        axes.plot(curves.coverage, curves.oracle, color="0.4", linestyle=":", label="oracle")
        axes.axhline(curves.constant, color="0.6", linestyle="--", linewidth=1, label="constant")
        axes.set(
            xlim=(0, 1), ylim=(0, top), title=kind, xlabel="share of queries kept", ylabel="failure rate among them"
        )
        axes.legend(loc="upper left", frameon=False)
    return figure


def _levels(board: Scoreboard) -> Any:
    figure, panels = load_pyplot().subplots(1, len(LEVELS), figsize=(9.5, 4.8), layout="constrained")
    for axes, kind in zip(panels, LEVELS, strict=True):
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
        for retriever, colour in zip(board.retrievers, COLOURS * len(board.retrievers), strict=False):
            found = [level for r in board.recordings if r.recording == retriever and (level := r.level[kind])]
            middle = [level.estimated for level in found]
            below = [level.estimated - level.low for level in found]
            above = [level.high - level.estimated for level in found]
            axes.errorbar(
                [level.true for level in found], middle, yerr=[below, above], fmt="o", color=colour, markersize=4,
                linewidth=1, capsize=2, label=retriever,
            )  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), title=kind, xlabel="true failure rate", ylabel="estimated")
        axes.legend(loc="upper left", frameon=False)
    return figure


def _emptied(board: Scoreboard) -> Any:
    figure, panels = load_pyplot().subplots(
        1, len(LEVELS), figsize=(10, 1.5 + 0.24 * len(board.recordings)), sharey=True, layout="constrained"
    )
    names = [f"{r.collection}, {r.recording}" for r in board.recordings]
    marks: dict[str, tuple[str, str, Callable[[Any], float | None]]] = {
        "successes": (".", "0.5", lambda r: r.risk_successes),
        "all, intact": ("o", COLOURS[0], lambda r: r.risk_intact),
        "nothing to find": ("D", COLOURS[3], lambda r: r.risk_emptied),
    }
    for axes, kind in zip(panels, LEVELS, strict=True):
        found = board.emptied[kind].recordings
        for label, (marker, colour, value) in marks.items():
            points = [(said, row) for row, r in enumerate(found) if (said := value(r)) is not None]
            axes.plot([x for x, _ in points], [y for _, y in points], marker, color=colour, label=label)
        axes.set(xlim=(0, 1), title=kind, xlabel=f"mean {RISKS[kind]}")
        axes.set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(marks), frameon=False)
    return figure


_DRAWN = {"auroc": _auroc, "coverage": _coverage, "levels": _levels, "emptied": _emptied}
