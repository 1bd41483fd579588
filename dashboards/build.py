"""Writes the Grafana dashboards, classic JSON, next to this file: `python -m dashboards.build`."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableModel,
    VariableOption,
    VariableRefresh,
)

from dashboards import health, overview, scenarios, signals
from dashboards.expressions import PIPELINE
from dashboards.panels import SOURCE, Panel, has_exemplars

FOLDER = Path(__file__).parent
TAG = "leadline"


class Board(NamedTuple):
    """A dashboard: what it answers, its rows by title, and the variables that it has besides those of all.

    A row whose title is a variable is repeated for each of its values, closed.
    """

    says: str
    rows: Mapping[str, tuple[Panel, ...]]
    chosen: Mapping[str, str] = {}


SCENARIO = {"scenario": f"label_values(leadline_risk_weight_total{PIPELINE}, scenario)"}
SIGNAL = {"signal": f"label_values(leadline_signal_coverage_ratio{PIPELINE}, signal)"}
BOARDS = {
    "overview": Board("Retrieval quality without labels: is it getting worse, and where?", overview.ROWS, SCENARIO),
    "signals": Board("By what evidence: every signal with its interval, spread and coverage.", signals.ROWS, SIGNAL),
    "scenarios": Board("Which kinds of query suffer, and are other things asked?", scenarios.ROWS, SCENARIO),
    "health": Board("Is the monitor itself well?", health.ROWS),
}


class Marks(NamedTuple):
    """An annotation: `expression` is 1 where it stands, or a time in milliseconds."""

    name: str
    color: str
    expression: str
    title: str
    text: str
    is_time: bool = False


MARKS = (
    Marks("Alarms", "red", f"max by (alarm, pipeline, scenario) (leadline_alarm_active{PIPELINE}) == 1",
          "Alarm {{alarm}} of {{pipeline}}", "over {{scenario}}"),
    Marks("Releases", "blue", f"max by (pipeline) (leadline_release_begun_timestamp_seconds{PIPELINE}) * 1000",
          "A new release of {{pipeline}}", "what the comparison says: GET /v1/events", is_time=True),
    Marks("Baselines", "green",
          f"max by (pipeline, signal) (leadline_baseline_built_timestamp_seconds{PIPELINE}) * 1000",
          "Baseline of {{pipeline}} frozen", "{{signal}}", is_time=True),
    Marks("Starts", "gray", "leadline_start_timestamp_seconds * 1000", "A sidecar started", "{{instance}}",
          is_time=True),
)  # fmt: skip


def build(name: str) -> Dashboard:
    """One of them."""
    board = BOARDS[name]
    built = (
        dashboard.Dashboard(f"leadline: {name}")
        .uid(f"leadline-{name}")
        .description(board.says)
        .tags([TAG, "retrieval"])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .refresh("30s")
        .links([_others()])
        .annotations([_annotation(marks) for marks in MARKS])
        .variables(_variables(board))
    )
    numbered = count(1)
    for title, panels in board.rows.items():
        row = dashboard.Row(title).id(next(numbered))
        drawn = [panel.drawn(next(numbered)) for panel in panels]
        if title.startswith("$"):
            for panel in drawn:
                row = row.with_panel(panel)
            built = built.with_row(row.repeat(title[1:]))
        else:
            built = built.with_row(row)
            for panel in drawn:
                built = built.with_panel(panel)
    made = built.build()
    for link in made.links or ():
        link.placement = None  # type: ignore[assignment]  # in sight, not in a menu
    return made


def _others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("leadline").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.include_vars(True).keep_time(True).icon("external link")


def _annotation(marks: Marks) -> dashboard.AnnotationQuery:
    plain = dashboard.AnnotationQuery().name(marks.name).datasource(SOURCE).icon_color(marks.color).enable(True)
    said = plain.expr(marks.expression).title_format(marks.title).text_format(marks.text)
    return said.use_value_for_time(marks.is_time).step("60s")


def _variables(board: Board) -> list[Builder[VariableModel]]:
    """Data source, pipeline, what else can be chosen, the window of means; the trace store, if one can go there."""
    window = VariableOption(selected=True, text="15m", value="15m")
    store = dashboard.TextBoxVariable("trace_store").label("Trace store").default_value("http://localhost:6006")
    queries = (query for panels in board.rows.values() for panel in panels for query in panel.queries)
    return [
        dashboard.DatasourceVariable("DS_PROMETHEUS").label("Data source").type("prometheus"),
        _choice("pipeline", "label_values(leadline_traces_total, pipeline)"),
        *(_choice(name, query) for name, query in board.chosen.items()),
        dashboard.IntervalVariable("window").label("Means over").values("5m,15m,1h,6h,1d").current(window),
        *([store] if any(map(has_exemplars, queries)) else []),
    ]


def _choice(name: str, query: str) -> dashboard.QueryVariable:
    """Any number of the values that a label has."""
    return (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def render(built: Dashboard) -> str:
    """Classic JSON, the same for the same table."""
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in BOARDS:
        (FOLDER / f"{name}.json").write_text(render(build(name)), encoding="utf-8")
