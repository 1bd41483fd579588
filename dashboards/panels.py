"""The kinds of panels, and the rows that the tables of the dashboards are made of."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    GridPos,
    MatcherConfig,
    Threshold,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${DS_PROMETHEUS}")
HEIGHT = 8
RATIO, SECONDS, BYTES, NUMBER = "percentunit", "s", "bytes", "short"
PER_SECOND, DATE, STATE, DOLLARS = "suffix: /s", "dateTimeFromNow", "bool_on_off", "currencyUSD"

Built = stat.Panel | timeseries.Panel | table.Panel | heatmap.Panel | statetimeline.Panel
Steps = tuple[tuple[float | None, str], ...]

UNJUDGED: Steps = ((None, "text"),)

SUMMED = "Counters, added up over replicas."
EACH = "Of each replica by itself: it saw its own share of the traffic, and gauges of replicas are never averaged."
WORST = "Of several replicas the one that is worst off: each sees its own share of the traffic, and none is averaged."


def above(limit: float) -> Steps:
    """Red from a limit on."""
    return (None, "green"), (limit, "red")


def below(limit: float) -> Steps:
    """Red under a limit."""
    return (None, "red"), (limit, "green")


class Query(NamedTuple):
    """One expression and what its series, or the column of a table, are called."""

    expression: str
    legend: str


class Panel(NamedTuple):
    """One row of a table; `says` is what a reader may conclude from it, `over` how replicas come together."""

    kind: Callable[[], Built]
    title: str
    unit: str
    says: str
    over: str
    queries: tuple[Query, ...]
    width: int = 8
    steps: Steps = UNJUDGED

    def drawn(self, number: int) -> Built:
        """With all that the kinds have in common."""
        built = self.kind().id(number).title(self.title).unit(self.unit).datasource(SOURCE)
        steps = [Threshold(value=value, color=color) for value, color in self.steps]
        built = built.description(f"{self.says} {self.over}").thresholds(dashboard.ThresholdsConfig().steps(steps))
        if self.steps != UNJUDGED and isinstance(built, timeseries.Panel):
            built = built.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
        if any(map(has_exemplars, self.queries)):
            built = built.data_links([_TRACES])
        for place, query in enumerate(self.queries):
            built = built.with_target(self._target(query).ref_id(_ref_id(place)))
        if self.kind is rows:
            built = built.with_transformation(_columns([query.legend for query in self.queries]))
        return built.grid_pos(GridPos(h=HEIGHT, w=self.width))

    def _target(self, query: Query) -> prometheus.Dataquery:
        target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend)
        if self.kind is numbers:
            return target.instant()
        if self.kind is rows:
            return target.instant().format(PromQueryFormat.TABLE)
        target = target.range().exemplar(has_exemplars(query))
        return target.format(PromQueryFormat.HEATMAP) if self.kind is distribution else target


def has_exemplars(query: Query) -> bool:
    """Whether its samples may carry the id of a trace."""
    return "leadline_risk_bucket" in query.expression


_TRACES = (
    dashboard.DashboardLink("Traces of this time in the trace store")
    .type(DashboardLinkType.LINK)
    .url("${trace_store:raw}?from=${__from}&to=${__to}")
    .target_blank(True)
)


def _ref_id(place: int) -> str:
    return chr(ord("A") + place)


def _columns(names: list[str]) -> DataTransformerConfig:
    """Names for the columns of numbers; what else a sample has is left out."""
    renamed = {f"Value #{_ref_id(place)}": name for place, name in enumerate(names)}
    return DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}, "renameByName": renamed})


def numbers() -> stat.Panel:
    """Large figures of this moment; coloured where there is a limit to judge them by."""
    return (
        stat.Panel()
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .no_value("not known yet")
    )


def rows() -> table.Panel:
    """A table of this moment: a row for each set of labels, a column for each query."""
    return table.Panel().with_transformation(DataTransformerConfig(id_val="merge", options={}))


def distribution() -> heatmap.Panel:
    """How the values are spread, over time, by the buckets of a histogram."""
    return heatmap.Panel().cell_gap(0).color(heatmap.HeatmapColorOptions().scheme("Blues").steps(32))


def states() -> statetimeline.Panel:
    """Whether something stands, over time."""
    return statetimeline.Panel().merge_values(True).show_value(VisibilityMode.NEVER).row_height(0.8)


def _chart() -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "range"])
        .sort_by("Range")
        .sort_desc(True)
    )
    return timeseries.Panel().legend(legend).tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))


def lines() -> timeseries.Panel:
    """Lines over time; the legend begins with the one that moved most."""
    return _chart().axis_soft_min(0)


def logarithmic() -> timeseries.Panel:
    """Lines of unlike size: the same relative change is the same height."""
    return _chart().scale_distribution(common.ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10))


def stacked() -> timeseries.Panel:
    """Parts of a whole."""
    return lines().fill_opacity(40).stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))


def bounded() -> timeseries.Panel:
    """Lines with the ends of their intervals dashed; those are called `lower` or `upper` first."""
    dashed = DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [4, 6]})
    return _chart().with_override(MatcherConfig(id_val="byRegexp", options="/^(lower|upper) /"), [dashed])


def band() -> timeseries.Panel:
    """An estimate between `lower` and `upper`, a panel for each pipeline."""
    return _per_pipeline(lines().min(0).max(1), {"": "blue"})


def changes() -> timeseries.Panel:
    """Two changes, each between its ends, a panel for each pipeline."""
    return _per_pipeline(_chart(), {"quality ": "blue", "mix ": "orange"})


def _per_pipeline(built: timeseries.Panel, parts: Mapping[str, str]) -> timeseries.Panel:
    for name, color in parts.items():
        fixed = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})
        edge: list[Any] = [DynamicConfigValue("custom.lineWidth", 0), fixed]
        below = [DynamicConfigValue("custom.fillBelowTo", f"{name}lower"), DynamicConfigValue("custom.fillOpacity", 20)]
        built = built.override_by_name(f"{name}lower", edge).override_by_name(f"{name}upper", edge + below)
    return built.repeat("pipeline").repeat_direction("h").max_per_row(3)
