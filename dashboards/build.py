"""Writes the Grafana dashboards, classic JSON, next to this file: a table of panels, and a function for each kind."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
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
)
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DynamicConfigValue,
    GridPos,
    Threshold,
    VariableOption,
    VariableRefresh,
)

from detectors.estimate import MINIMUM_SAMPLES
from detectors.signals import SIGNALS
from monitor.health import PATIENCE_SECONDS
from monitor.hit_rate import WINDOW_TRACES

FOLDER = Path(__file__).parent
SOURCE = DataSourceRef(type_val="prometheus", uid="${DS_PROMETHEUS}")
PIPELINE = '{pipeline=~"$pipeline"}'
SCORES = ("top_score", "score_gap", "score_z", "score_spread")  # whatever the retriever's scores range over
OWN_SCALE = (*SCORES, "served_length")
HEIGHT = 8
RATIO, SECONDS, BYTES, NUMBER, PER_SECOND = "percentunit", "s", "bytes", "short", "suffix: /s"

Built = stat.Panel | timeseries.Panel


class Query(NamedTuple):
    """One expression and what its series are called."""

    expression: str
    legend: str


class Panel(NamedTuple):
    """One row of the table; `says` is what a reader may conclude from it."""

    kind: Callable[[], Built]
    title: str
    unit: str
    says: str
    queries: tuple[Query, ...]
    width: int = 8


def numbers() -> stat.Panel:
    """Large figures of this moment, without a colour that would judge them."""
    return (
        stat.Panel()
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.NONE)
        .no_value(f"under {MINIMUM_SAMPLES} effective samples")
    )


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


def ages() -> timeseries.Panel:
    """Seconds since, with a dashed line where `/-/ready` loses its patience."""
    steps = [Threshold(value=None, color="green"), Threshold(value=PATIENCE_SECONDS, color="red")]
    dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
    return logarithmic().thresholds(dashboard.ThresholdsConfig().steps(steps)).thresholds_style(dashed)


def band() -> timeseries.Panel:
    """An estimate between `lower` and `upper`, a panel for each pipeline."""
    blue = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "blue"})
    edge = [DynamicConfigValue("custom.lineWidth", 0), blue]
    filled = [DynamicConfigValue("custom.fillBelowTo", "lower"), DynamicConfigValue("custom.fillOpacity", 20)]
    built = lines().repeat("pipeline").repeat_direction("h").max_per_row(3).min(0).max(1)
    return built.override_by_name("lower", edge).override_by_name("upper", edge + filled)


def mean(total: str, number: str, by: str = "") -> str:
    """A ratio of two counters: right over any number of replicas, and NaN, never 0, where nothing was counted."""
    return f"sum{by}(rate({total}{PIPELINE}[$window])) / sum{by}(rate({number}{PIPELINE}[$window]))"


def signals(names: Iterable[str]) -> tuple[Query, ...]:
    """The mean of each signal."""
    return tuple(Query(mean(f"leadline_signal_{name}_sum", f"leadline_signal_{name}_count"), name) for name in names)


def directed(direction: int) -> Iterator[str]:
    """The signals that point in one direction and have the same scale in every stack."""
    return (name for name, spec in SIGNALS.items() if spec.direction == direction and name not in OWN_SCALE)


def risk_quantile(q: float) -> Query:
    """A quantile of the risk of single queries."""
    rate = f"rate(leadline_risk_bucket{PIPELINE}[$window])"
    return Query(f"histogram_quantile({q}, sum by (le) ({rate}))", f"{q:.0%} of the queries are below")


WORST = f"bottomk(1, leadline_hit_at_5_ratio{PIPELINE})"
SAME = "and on (job, instance, pipeline)"
WORST_SCENARIO = f"bottomk(1, leadline_scenario_hit_at_5_ratio{PIPELINE})"
SAME_SCENARIO = "and on (job, instance, pipeline, scenario)"
WEIGHT = f"rate(leadline_risk_weight_total{PIPELINE}[$window])"
EVALUATED = 'sum(rate(leadline_traces_total{decision="evaluated"}[$window]))'

OVERVIEW: dict[str, tuple[Panel, ...]] = {
    "Is retrieval getting worse, and where?": (
        Panel(band, "hit@5 of $pipeline", RATIO,
              "Estimated share of queries with a relevant document in the first five, over the last "
              f"{WINDOW_TRACES} traces of each replica. Act on a change: without labels of yours the level rests on a "
              "prior. The band (95%, the widest of the replicas) includes how far such a level is off. Where traffic "
              "stops the line stays flat.",
              (Query(f"min(leadline_hit_at_5_lower_ratio{PIPELINE})", "lower"),
               Query(f"max(leadline_hit_at_5_upper_ratio{PIPELINE})", "upper"),
               Query(f"leadline_hit_at_5_ratio{PIPELINE}", "hit@5 {{instance}}")), width=24),
        Panel(numbers, "The worst pipeline now", RATIO,
              "The lowest hit@5 of the chosen pipelines, with its 95% interval: where to look first. No colours: what "
              "is good depends on the collection, and the level is prior-based.",
              (Query(f"leadline_hit_at_5_lower_ratio {SAME} {WORST}", "lower"),
               Query(WORST, "{{pipeline}}"),
               Query(f"leadline_hit_at_5_upper_ratio {SAME} {WORST}", "upper"))),
        Panel(lines, "Effective samples", NUMBER,
              "How many equally weighted traces the estimate is worth. The interval narrows with their square root, "
              f"down to the error of the prior; below {MINIMUM_SAMPLES} there is no estimate.",
              (Query(f"leadline_effective_samples{PIPELINE}", "{{pipeline}} {{instance}}"),)),
        Panel(lines, "Risk of single queries", RATIO,
              "Quantiles of the probability that none of the first five documents is relevant, over the assessed "
              "traces, unweighted. Only the upper lines rise: some queries fail, not all; look at the scenarios next.",
              tuple(risk_quantile(q) for q in (0.5, 0.9, 0.99))),
        Panel(numbers, "The worst kind of query now", RATIO,
              "The lowest hit@5 of a scenario, with its 95% interval: what to mend first. The interval of a rare kind "
              "is wide; where those of two kinds overlap, neither is the worse.",
              (Query(f"leadline_scenario_hit_at_5_lower_ratio {SAME_SCENARIO} {WORST_SCENARIO}", "lower"),
               Query(WORST_SCENARIO, "{{scenario}} {{pipeline}}"),
               Query(f"leadline_scenario_hit_at_5_upper_ratio {SAME_SCENARIO} {WORST_SCENARIO}", "upper"))),
        Panel(lines, "hit@5 by scenario", RATIO,
              f"The same estimate for each kind of query, over its last {WINDOW_TRACES} traces; of a rare one they go "
              f"further back. A kind with fewer than {MINIMUM_SAMPLES} effective samples has no line.",
              (Query(f"leadline_scenario_hit_at_5_ratio{PIPELINE}", "{{scenario}} {{pipeline}} {{instance}}"),),
              width=16),
        Panel(lines, "Mean risk by scenario", RATIO,
              "Weighted mean probability of a failed retrieval, for each kind of query. One line rises: that kind "
              "suffers. All rise together: the index or the embedding broke. A gap: no such query came.",
              (Query(mean("leadline_risk_weighted_total", "leadline_risk_weight_total", " by (scenario) "),
                     "{{scenario}}"),), width=12),
        Panel(stacked, "Queries by scenario", PER_SECOND,
              "The mix of the traffic, sampled traces counted by their weight. Where the mix moved and the risks by "
              "scenario did not, users ask other things and retrieval is what it was.",
              (Query(f"sum by (scenario) ({WEIGHT})", "{{scenario}}"),), width=12),
    ),
    "What speaks for it?": (
        Panel(lines, "Signals: higher is worse", NUMBER,
              "Means over the traces that have the signal, unweighted; the legend begins with what moved most. "
              "Uncovered terms and lexical misses rise: documents are missing from the index or the list. Discordance "
              "rises: the order is what suffers. Near-duplicates or hub share rise: the index holds "
              "copies, or documents that are near to everything.",
              signals(directed(+1)), width=12),
        Panel(lines, "Signals: lower is worse", NUMBER,
              "Means over the traces that have the signal, unweighted. Overlaps fall: BM25 and the cross-encoder would "
              "have served others. Best relevance falls: nothing served answers the query.",
              signals(directed(-1)), width=12),
        Panel(logarithmic, "Shape of the scores", NUMBER,
              "Means in the scale of the retriever's own scores; lower is worse. A step in all of them at once is most "
              "often a new embedding model or score, not a failure: compare it with your deployments.",
              signals(SCORES), width=12),
        Panel(lines, "Length of what was served", "suffix: characters",
              "Mean length of the first five documents. A step, up or down: documents are cut into chunks in another "
              "way than before, or truncated on their way into the index.",
              signals(["served_length"]), width=12),
    ),
    "What was looked at?": (
        Panel(stacked, "Traces by decision", PER_SECOND,
              "What became of every trace; the figures above rest on `evaluated`. Nothing evaluated while traffic "
              "comes: the monitor is blind. `unusable` are records that are no query traces.",
              (Query(f"sum by (decision) (rate(leadline_traces_total{PIPELINE}[$__rate_interval]))", "{{decision}}"),),
              width=12),
        Panel(lines, "Share of assessed traces without a signal", RATIO,
              "Abstentions by signal and reason, over all pipelines. `not_sampled` and `over_budget` are chosen; a "
              "signal at 100% for any other reason says nothing at all, and the reason is what to repair.",
              (Query("sum by (signal, reason) (rate(leadline_abstentions_total[$window])) "
                     f"/ ignoring (signal, reason) group_left () {EVALUATED}", "{{signal}}: {{reason}}"),), width=12),
    ),
    "Is the monitor itself well?": (
        Panel(ages, "Age of each component's last success", SECONDS,
              "A source tries several times a second: beyond the dashed line "
              f"({PATIENCE_SECONDS:.0f} s) it fails, and /-/ready says so. Measures, scorer and sinks age where no "
              "traffic comes; where it does, they have stopped.",
              (Query("time() - leadline_component_last_success_timestamp_seconds", "{{component}} {{instance}}"),)),
        Panel(stacked, "Failures by component", PER_SECOND,
              "Failures of sources, measures and sinks. Their traces abstain or are tried again, so that the quality "
              "figures stay right and rest on less. Empty where nothing ever failed.",
              (Query("sum by (component) (rate(leadline_component_failures_total[$window]))", "{{component}}"),)),
        Panel(lines, "Waiting", NUMBER,
              "Traces read and not assessed yet, and records that a source still holds. They keep rising: the machine "
              "is too small for the sampling rates. The source is slowed down, then told to come again.",
              (Query("leadline_queue_traces", "queue {{instance}}"),
               Query("leadline_source_lag_records", "{{source}} {{instance}}"))),
        Panel(lines, "Lag of followed files", BYTES,
              "Bytes of a followed file that were not read yet. They keep rising: assessment is slower than what "
              "writes the file. Empty without a `jsonl` source.",
              (Query("leadline_source_lag_bytes", "{{source}} {{instance}}"),)),
        Panel(lines, "Cross-encoder", PER_SECOND,
              "Query-passage pairs scored, where the processor's time goes; `scorer.pairs_per_second` bounds them. "
              "Zero with traffic: the scorer's signals abstain, and the abstentions say why.",
              (Query("sum by (instance) (rate(leadline_scorer_pairs_total[$__rate_interval]))", "{{instance}}"),)),
        Panel(lines, "Share of the scorer's sampling rate", RATIO,
              "What the budget allows of the configured rate. Below 100% fewer traces are scored, each with a larger "
              "weight: means stay right and rest on less.",
              (Query("leadline_scorer_share_ratio", "{{instance}}"),)),
    ),
}  # fmt: skip


def drawn(panel: Panel, number: int) -> Built:
    """A panel with all that the kinds have in common."""
    built = panel.kind().id(number).title(panel.title).description(panel.says).unit(panel.unit).datasource(SOURCE)
    for query, ref_id in zip(panel.queries, map(chr, count(ord("A"))), strict=False):
        target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(ref_id)
        built = built.with_target(target.instant() if panel.kind is numbers else target.range())
    return built.grid_pos(GridPos(h=HEIGHT, w=panel.width))


def overview() -> Dashboard:
    """The first dashboard to look at."""
    built = (
        dashboard.Dashboard("leadline: overview")
        .uid("leadline-overview")
        .description("Retrieval quality without labels: is it getting worse, for which queries, by what evidence.")
        .tags(["leadline", "retrieval"])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .refresh("30s")
        .with_variable(dashboard.DatasourceVariable("DS_PROMETHEUS").label("Data source").type("prometheus"))
        .with_variable(pipelines())
        .with_variable(dashboard.IntervalVariable("window").label("Means over").values("5m,15m,1h,6h,1d").current(
            VariableOption(selected=True, text="15m", value="15m")))
    )  # fmt: skip
    numbered = count(1)
    for title, panels in OVERVIEW.items():
        built = built.with_row(dashboard.Row(title).id(next(numbered)))
        for panel in panels:
            built = built.with_panel(drawn(panel, next(numbered)))
    return built.build()


def pipelines() -> dashboard.QueryVariable:
    """The choice of pipelines that have traces."""
    everything = VariableOption(selected=True, text="All", value="$__all")
    return (
        dashboard.QueryVariable("pipeline")
        .label("Pipeline")
        .datasource(SOURCE)
        .query("label_values(leadline_traces_total, pipeline)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(everything)
    )


DASHBOARDS = {"overview.json": overview}


def render(built: Dashboard) -> str:
    """Classic JSON, the same for the same table."""
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, build in DASHBOARDS.items():
        (FOLDER / name).write_text(render(build()), encoding="utf-8")
