"""Paints what a dashboard shows, much as Grafana would lay it out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image

from dashboards.asking import Found, Prometheus, Span, filled, named

EVERYTHING = {"pipeline": ".*", "scenario": ".*", "signal": ".*"}
BUILT_IN = {"window": "6h", "__rate_interval": "15m", "__range": "1d"}
COLUMNS, INCHES, UNIT_INCHES = 24, 16.0, 0.29
MOST_NAMES = 6
PALETTE = 96  # of a file: a third of its size
COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown", "tab:pink", "tab:olive")

Series = tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]


Marks = Sequence[tuple[float, str]]


class Shown(NamedTuple):
    """Whom to ask, for which time, and which values of variables that something repeats for."""

    server: Prometheus
    span: Span
    values: Mapping[str, Sequence[str]]


class Place(NamedTuple):
    """Where a panel is drawn, in Grafana's units, and what is chosen there; a row's title has no panel."""

    x: float
    y: float
    width: float
    height: float
    title: str
    panel: dict[str, Any] | None = None
    chosen: Mapping[str, str] = {}


def places(board: Mapping[str, Any], values: Mapping[str, Sequence[str]]) -> Iterator[Place]:
    """Every panel; what repeats for a pipeline side by side, rows that repeat one below the other."""
    below = 0.0
    for panel in board["panels"]:
        at = panel["gridPos"]
        if panel["type"] == "row" and panel.get("repeat"):
            height = 1 + max(inner["gridPos"]["h"] for inner in panel["panels"])
            for value in values[panel["repeat"]]:
                yield Place(0, at["y"] + below, COLUMNS, 1, value)
                for inner in panel["panels"]:
                    yield _placed(inner, below, {panel["repeat"]: value})
                below += height
            below -= height
        elif panel["type"] == "row":
            yield Place(0, at["y"] + below, COLUMNS, 1, panel["title"])
        elif panel.get("repeat"):
            several = values[panel["repeat"]]
            for i, value in enumerate(several):
                whole = _placed(panel, below, {panel["repeat"]: value})
                width = whole.width / len(several)
                yield whole._replace(x=whole.x + i * width, width=width)
        else:
            yield _placed(panel, below, {})


def _placed(panel: dict[str, Any], below: float, chosen: Mapping[str, str]) -> Place:
    at = panel["gridPos"]
    return Place(at["x"], at["y"] + below, at["w"], at["h"], filled(panel["title"], chosen), panel, chosen)


def picture(board: Mapping[str, Any], shown: Shown, path: Path) -> None:
    """Draw all panels of a dashboard into a PNG file."""
    every = list(places(board, shown.values))
    bottom = max(place.y + place.height for place in every)
    mpl.rcParams.update({"font.size": 7, "axes.titlesize": 8, "axes.titleweight": "bold", "axes.titlelocation": "left"})
    figure = Figure(figsize=(INCHES, bottom * UNIT_INCHES))
    marks = _marks(board, shown)
    for place in every:
        if place.panel is None:
            figure.text(0.006, 1 - (place.y + 0.8) / bottom, place.title, fontsize=11, weight="bold")
            continue
        box = (
            (place.x + 0.9) / COLUMNS,
            1 - (place.y + place.height - 1.9) / bottom,
            (place.width - 1.2) / COLUMNS,
            (place.height - 2.9) / bottom,
        )
        axes = figure.add_axes(box)
        axes.set_title(place.title)
        axes.spines[["top", "right"]].set_visible(False)
        _draw(axes, place.panel, place.chosen, shown, marks)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=80)
    Image.open(drawn).convert("RGB").quantize(PALETTE).save(path, optimize=True)


def _marks(board: Mapping[str, Any], shown: Shown) -> Marks:
    """When each annotation begins, and its colour."""
    found = []
    for marks in board["annotations"]["list"]:
        target = {"expr": marks["expr"], "instant": False}
        for series in shown.server.answer(target, {**EVERYTHING, **BUILT_IN}, shown.span):
            at, value = series["values"][0]
            found.append((float(value) / 1000 if marks["useValueForTime"] else at, marks["iconColor"]))
    return [(at, color) for at, color in found if at > shown.span.start]


def _draw(axes: Axes, panel: dict[str, Any], chosen: Mapping[str, str], shown: Shown, marks: Marks) -> None:
    full = {**EVERYTHING, **BUILT_IN, **chosen}
    found = [(t, shown.server.answer(t, full, shown.span)) for t in panel["targets"]]
    if not any(series for _, series in found):
        axes.set_axis_off()
        axes.text(0.5, 0.5, "No data", ha="center", va="center", color="gray", fontsize=10, transform=axes.transAxes)
        return
    _KINDS[panel["type"]](axes, panel, found, shown.span)
    if panel["type"] in {"timeseries", "heatmap", "state-timeline"}:
        axes.set_xlim(*(_days(at) for at in shown.span[:2]))
        hours = next(hours for width, hours in ((12, 6), (9, 12), (0, 24)) if panel["gridPos"]["w"] >= width)
        ticks = np.arange(shown.span.start, shown.span.end + 1, hours * 3600)
        axes.set_xticks([_days(at) for at in ticks], [f"{datetime.fromtimestamp(at, UTC):%d %b %H:%M}" for at in ticks])
    if panel["type"] == "timeseries":
        for at, color in marks:
            axes.axvline(_days(at), color=color, lw=0.8, ls=":")


def _days(seconds: float) -> float:
    """As matplotlib counts, from 1970."""
    return seconds / 86400


Answers = Sequence[tuple[dict[str, Any], Found]]


def _series(found: Answers) -> list[Series]:
    return [
        (
            named(target["legendFormat"], one["metric"]),
            np.array([_days(at) for at, _ in one["values"]]),
            np.array([float(value) for _, value in one["values"]]),
        )
        for target, series in found
        for one in series
    ]


def _lines(axes: Axes, panel: dict[str, Any], found: Answers, _span: Span) -> None:
    series = _series(found)
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    if "stacking" in custom:
        _stack(axes, series)
    else:
        _overlay(axes, series, _bands(panel))
    for step in defaults["thresholds"]["steps"][1:]:
        axes.axhline(step["value"], color={"text": "gray"}.get(step["color"], step["color"]), lw=0.8, ls="--")
    if custom.get("scaleDistribution", {}).get("type") == "log":
        axes.set_yscale("log")
    elif "axisSoftMin" in custom and "stacking" not in custom:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if any(values.any() for _, _, values in series) else 0.0)
    if "min" in defaults:
        axes.set_ylim(defaults["min"], defaults["max"])
    if defaults["unit"] == "percentunit":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    elif defaults["unit"] != "short":
        axes.set_ylabel(defaults["unit"].removeprefix("suffix: "))
    axes.grid(alpha=0.2)
    handles, names = axes.get_legend_handles_labels()
    wide = panel["gridPos"]["w"] > 8
    most = MOST_NAMES if wide else MOST_NAMES - 2
    columns, under = (3 if wide else 2), (-0.02, -0.12)
    axes.legend(
        handles[:most], names[:most], fontsize=6, frameon=False, ncols=columns, loc="upper left", bbox_to_anchor=under
    )


def _bands(panel: dict[str, Any]) -> dict[str, str]:
    """What is filled below which line: the name of the upper one, and of the lower one."""
    return {
        override["matcher"]["options"]: str(one["value"])
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "custom.fillBelowTo"
    }


def _overlay(axes: Axes, series: Sequence[Series], bands: Mapping[str, str]) -> None:
    by_name = {name: (times, values) for name, times, values in series}
    for (upper, lower), color in zip(bands.items(), COLORS, strict=False):
        (times, high), (_, low) = by_name[upper], by_name[lower]
        axes.fill_between(times, low[-len(times) :], high, alpha=0.2, color=color, lw=0)
    plain = [one for one in series if one[0] not in {*bands, *bands.values()}]
    dashed = [one for one in plain if one[0].startswith(("lower ", "upper "))]
    moved = sorted(
        (one for one in plain if one not in dashed), key=lambda one: -float(np.ptp(one[2][np.isfinite(one[2])]))
    )
    colors = dict(zip((name for name, _, _ in moved), cycle(COLORS), strict=False))
    for name, times, values in moved:
        axes.plot(times, values, lw=1.1, color=colors[name], label=name)
    for name, times, values in dashed:
        axes.plot(times, values, lw=0.8, ls="--", color=colors[name.split(" ", 1)[1]])


def _stack(axes: Axes, series: Sequence[Series]) -> None:
    times = np.unique(np.concatenate([times for _, times, _ in series]))
    filled_in = [np.interp(times, at, values, left=0, right=0) for _, at, values in series]
    axes.stackplot(times, filled_in, labels=[name for name, _, _ in series], alpha=0.6)


def _heat(axes: Axes, _panel: dict[str, Any], found: Answers, _span: Span) -> None:
    ((_, series),) = found
    ordered = sorted(series, key=lambda one: float(one["metric"]["le"]))
    counts = np.array([[float(value) for _, value in one["values"]] for one in ordered])
    times = [_days(at) for at, _ in ordered[0]["values"]]
    axes.pcolormesh(times, np.arange(len(ordered)), np.diff(counts, axis=0, prepend=0), cmap="Blues", shading="nearest")
    axes.set_yticks(range(len(ordered)), [one["metric"]["le"] for one in ordered], fontsize=6)


def _states(axes: Axes, _panel: dict[str, Any], found: Answers, span: Span) -> None:
    series = _series(found)
    day = span.step / 86400
    for place, (name, times, values) in enumerate(series):
        for state, color in ((0.0, "lightgreen"), (1.0, "tomato")):
            axes.broken_barh([(at, day) for at in times[values == state]], (place - 0.4, 0.8), color=color, lw=0)
        axes.text(0.01, place, name, fontsize=5.5, va="center", transform=axes.get_yaxis_transform())
    axes.set_yticks([])


def _figures(axes: Axes, panel: dict[str, Any], found: Answers, span: Span) -> None:
    axes.set_axis_off()
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults["thresholds"]["steps"][::-1]
    series = _series(found)
    for place, (name, _, values) in enumerate(series):
        color = next(step["color"] for step in steps if step["value"] is None or step["value"] <= values[-1])
        x = (place + 0.5) / len(series)
        said = _said(float(values[-1]), defaults["unit"], span.end)
        axes.text(x, 0.5, said, fontsize=18, ha="center", color={"text": "black"}.get(color, color))
        axes.text(x, 0.3, name, fontsize=7, ha="center", color="gray")


def _said(value: float, unit: str, now: float) -> str:
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "bool_on_off":
        return "On" if value else "Off"
    if unit == "dateTimeFromNow":
        return f"{(now - value / 1000) / 3600:.0f} h ago"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _table(axes: Axes, panel: dict[str, Any], found: Answers, span: Span) -> None:
    axes.set_axis_off()
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for target, series in found:
        for one in series:
            labels = tuple(value for name, value in one["metric"].items() if name != "instance")
            cells.setdefault(labels, {})[target["legendFormat"]] = _said(float(one["values"][0][1]), unit, span.end)
    titles = [target["legendFormat"] for target, _ in found]
    names = [name for name in found[0][1][0]["metric"] if name != "instance"]
    most = int(panel["gridPos"]["h"] * 1.3)
    texts = [[*labels, *(row.get(title, "") for title in titles)] for labels, row in sorted(cells.items())[:most]]
    drawn = axes.table(texts, colLabels=[*names, *titles], loc="upper left", edges="horizontal", cellLoc="left")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(6)
    for cell in drawn.get_celld().values():
        cell.set_linewidth(0.3)


_KINDS: dict[str, Callable[[Axes, dict[str, Any], Answers, Span], None]] = {
    "timeseries": _lines,
    "heatmap": _heat,
    "state-timeline": _states,
    "stat": _figures,
    "table": _table,
}
