"""What `leadline check` and `leadline baseline` print."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from detectors.baseline import Baseline
from detectors.deciders import ThresholdConfig
from detectors.records import ALL
from monitor.config_alerts import Alert
from monitor.deciding.baselines import rises
from monitor.deciding.observation import scenario_of
from monitor.planning.coverage import HARDLY, hardly_seen
from monitor.planning.freezing import Frozen
from monitor.planning.outlook import WITHIN_HOURS, Outlook, Sight

_LONG_HOURS = 72


def print_outlooks(console: Console, outlooks: Sequence[Outlook]) -> None:
    """A table for each pipeline that an alert watches."""
    for outlook in outlooks:
        console.print()
        console.print(_headline(outlook), markup=False)
        for view in outlook.views:
            console.print(f"{view.pipeline or 'any pipeline'}: {view.by}", markup=False)
            seen = [sight for sight in view.sights if not sight.why_not]
            if seen:
                console.print(_sights(outlook.alert, seen))
            for blind in (sight for sight in view.sights if sight.why_not):
                console.print(f" {_name(blind)} ({blind.traces_a_day:,.0f} a day): {blind.why_not}", markup=False)


def _headline(outlook: Outlook) -> str:
    alert = outlook.alert
    if alert.limit is not None:
        config = ThresholdConfig(limit=alert.limit)
        return (
            f"alert {alert.called}: threshold, while the mean {alert.signal} of the last {config.window_values:,} "
            f"values is surely below {alert.limit:g}; it promises no number of false pages"
        )
    what = f"{'rises' if rises(alert.signal) else 'drops'} of {alert.smallest_drop:g} in {alert.signal}"
    if alert.decider == "cusum":
        return f"alert {alert.called}: cusum, {what}; keeps its false pages for normal values only, so it promises none"
    return (
        f"alert {alert.called}: e_detector, {what}; at most {alert.false_pages_per_year:g} false pages a year over "
        f"{outlook.streams} stream{'s' if outlook.streams != 1 else ''}"
    )


def _sights(alert: Alert, sights: Sequence[Sight]) -> Table:
    table = Table(box=None, padding=(0, 1))
    of = f"{alert.smallest_drop:g}"
    columns = ("stream", "traces a day", "tolerance", f"found in {WITHIN_HOURS:.0f} h", f"{of} takes, traces", "hours")
    for column in (*columns, "false pages a year"):
        table.add_column(column, justify="left" if column == "stream" else "right")
    for sight in sights:
        table.add_row(_name(sight), f"{sight.traces_a_day:,.0f}", *_seen(sight))
    return table


def _name(sight: Sight) -> str:
    return "all traffic" if sight.stream == ALL else sight.stream


def _seen(sight: Sight) -> tuple[str, ...]:
    hours = f"{sight.delay_hours:,.1f}" if sight.delay_hours < _LONG_HOURS else f"{sight.delay_hours / 24:,.0f} days"
    return (
        f"{sight.tolerance:.3f}",
        f"{sight.found:.3f}" if sight.found < 1 else "none",
        f"{sight.delay_traces:,.0f}",
        hours,
        f"{sight.pages:.2f}" if sight.pages is not None else "no promise",
    )


def print_frozen(console: Console, frozen: Frozen, pipeline: str, out: Path) -> None:
    """What the baselines say, and what to do with them."""
    first = frozen.baselines[0]
    left_out = "".join(
        f", {count:,} {reason.replace('_', ' ')} left out" for reason, count in frozen.left_out.items() if count
    )
    rows = (
        ("pipeline", pipeline),
        ("range", f"{first.since:%Y-%m-%d %H:%M} to {first.until:%Y-%m-%d %H:%M} UTC, {first.days:.1f} days"),
        ("traces", f"{frozen.traces:,}{left_out}"),
        ("made by", first.scale),
    )
    for name, value in rows:
        console.print(f"{name:>9}  {value}", markup=False)
    for baseline in frozen.baselines:
        _print_baseline(console, baseline)
    console.print(
        f"written  {out}: set pipelines.{pipeline}.baseline to it, see `leadline check`, send SIGHUP", markup=False
    )


def _print_baseline(console: Console, baseline: Baseline) -> None:
    console.print()
    watched = f"1 - {baseline.measure}" if rises(baseline.measure) else baseline.measure
    console.print(f"{watched}, version {baseline.version}", markup=False)
    table = Table(box=None, padding=(0, 1))
    for column in ("", "values", "level", "95% interval"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("all traffic", *_level(baseline, list(baseline.strata)))
    for scenario in sorted({scenario_of(name) for name in baseline.strata}):
        table.add_row(scenario, *_level(baseline, [name for name in baseline.strata if scenario_of(name) == scenario]))
    console.print(table)
    if few := hardly_seen(np.sum([one.values for one in baseline.strata.values()], axis=0)):
        console.print(f"under {HARDLY} values an hour, UTC: {few}", markup=False)


def _level(baseline: Baseline, strata: Sequence[str]) -> tuple[str, str, str]:
    chosen = [baseline.strata[name] for name in strata]
    weight = np.array([sum(one.weight) for one in chosen])
    level = float(weight @ [one.level for one in chosen] / weight.sum())
    error = float(np.sqrt(weight**2 @ np.square([one.level_error for one in chosen])) / weight.sum())
    half = 1.96 * error
    return f"{sum(sum(one.values) for one in chosen):,}", f"{level:.3f}", f"{level - half:.3f} to {level + half:.3f}"
