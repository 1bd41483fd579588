"""Every metric in one table, and the store behind `/metrics`."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import chain
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from detectors.estimate import Estimate
from detectors.records import ALL, Assessment
from detectors.signals import SIGNALS
from monitor.hit_rate import WINDOW_TRACES, HitWindows, RatedTrace
from monitor.providers.corpus import TextSource

PREFIX = "leadline_"
MAX_PIPELINES = 100
OTHER = "_other"

Decision = Literal["evaluated", "not_sampled", "throttled", "over_budget", "unusable", "duplicate"]


class MetricSpec(NamedTuple):
    """One row of the catalogue; `name` lacks the prefix."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    unit: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


_ROWS = (
    MetricSpec("traces_total", "counter", "traces", ("pipeline", "decision"),
               "Query traces by what became of them; only `evaluated` ones were assessed."),
    MetricSpec("abstentions_total", "counter", "traces", ("signal", "reason"),
               "Assessed traces for which a signal could not be computed, and why."),
    MetricSpec("documents_total", "counter", "documents", ("pipeline", "text"),
               "Served documents of assessed traces by where their text came from: `trace`, `corpus` (by id), `parent` "
               "(the corpus, by parent id), `missing`."),
    MetricSpec("corpus_documents", "gauge", "documents", (), "Documents in the corpus in use; 0 without one."),
    MetricSpec("risk", "histogram", "probability", ("pipeline", "scenario"),
               "Probability that none of the first five served documents is relevant.",
               (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
    *(MetricSpec(f"signal_{spec.name}", "histogram", "value", ("pipeline",), f"Signal: {spec.says}.", spec.buckets)
      for spec in SIGNALS.values()),
    MetricSpec("risk_weighted_total", "counter", "traces", ("pipeline", "scenario"),
               "Sum of weight times risk; over risk_weight_total it is the mean risk, over any replicas and range."),
    MetricSpec("risk_weight_total", "counter", "traces", ("pipeline", "scenario"),
               "Sum of the weights of the traces that have a risk."),
    MetricSpec("hit_at_5_ratio", "gauge", "ratio", ("pipeline",),
               f"Estimated share of queries with a relevant document in the first five, over the last {WINDOW_TRACES} "
               "traces; prior-based until the pipeline has a risk calibration. Absent below 30 effective samples."),
    MetricSpec("hit_at_5_lower_ratio", "gauge", "ratio", ("pipeline",),
               "Lower end of its 95% interval, which includes how far the level of such a risk is off."),
    MetricSpec("hit_at_5_upper_ratio", "gauge", "ratio", ("pipeline",), "Upper end of that interval."),
    MetricSpec("effective_samples", "gauge", "traces", ("pipeline",),
               "(sum w)^2 / sum w^2 over the traces behind hit_at_5_ratio."),
    MetricSpec("scenario_hit_at_5_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               f"The same for one kind of query, over the last {WINDOW_TRACES} such traces. Absent below 30 effective "
               "samples."),
    MetricSpec("scenario_hit_at_5_lower_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "Lower end of its 95% interval, level error included."),
    MetricSpec("scenario_hit_at_5_upper_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "Upper end of that interval."),
    MetricSpec("scenario_effective_samples", "gauge", "traces", ("pipeline", "scenario"),
               "(sum w)^2 / sum w^2 over the traces behind scenario_hit_at_5_ratio."),
    MetricSpec("alarm_active", "gauge", "", ("alarm", "pipeline", "scenario"),
               f"1 while an alarm stands over a stream, 0 while none does; scenario `{ALL}` is all traffic. Absent "
               "where the stream cannot be watched: see alarm_abstained."),
    MetricSpec("alarm_evidence_ratio", "gauge", "ratio", ("alarm", "pipeline", "scenario"),
               "Evidence that the watched mean has fallen, as a share of the limit at which an alarm is raised."),
    MetricSpec("alarm_abstained", "gauge", "", ("alarm", "pipeline", "scenario", "reason"),
               "1 for a stream that cannot be watched, and why: `week_not_covered`, `reference_too_thin`, ..."),
    MetricSpec("alarms_total", "counter", "alarms", ("alarm", "pipeline", "scenario", "state"),
               "Alarms `raised` and `resolved`."),
    MetricSpec("watched_traces_total", "counter", "traces", ("alarm", "pipeline", "outcome"),
               "Assessed traces by what an alert did with them: `fed` to its deciders, or why not (`no_reference`, "
               "`degraded`: a part of ours was broken, `no_value`, `other_scale`, `out_of_range`). `unseen_stratum`: "
               "fed to the decider of all traffic alone, since the baseline never saw such a query."),
    MetricSpec("untimely_traces_total", "counter", "traces", ("pipeline", "treatment"),
               "`ahead` of our clock by over five minutes: counted as of now. `late` by over a day: not watched. "
               "`too_late` by over two: in no estimate either."),
    MetricSpec("baseline_built_timestamp_seconds", "gauge", "seconds", ("pipeline", "signal"),
               "When the baseline in use was frozen; absent until there is one."),
    MetricSpec("quality_change_ratio", "gauge", "ratio", ("pipeline",),
               "Change of hit_at_5 over the last day against the same hours in the baseline that is not a matter of "
               "what was asked: within scenarios. Points of the estimate, which moves less than the true hit rate."),
    MetricSpec("quality_change_lower_ratio", "gauge", "ratio", ("pipeline",), "Lower end of its 95% interval."),
    MetricSpec("quality_change_upper_ratio", "gauge", "ratio", ("pipeline",), "Upper end of its 95% interval."),
    MetricSpec("mix_change_ratio", "gauge", "ratio", ("pipeline",),
               "The rest of that change: other kinds of query were asked. It is no fault and raises no alarm."),
    MetricSpec("mix_change_lower_ratio", "gauge", "ratio", ("pipeline",), "Lower end of its 95% interval."),
    MetricSpec("mix_change_upper_ratio", "gauge", "ratio", ("pipeline",), "Upper end of its 95% interval."),
    MetricSpec("scenario_share_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "Share of the traffic of the last day by primary scenario."),
    MetricSpec("scenario_baseline_share_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "The same in the baseline."),
    MetricSpec("signal_mean", "gauge", "value", ("pipeline", "signal"),
               "Weighted mean of a signal over the last day. Absent below 30 effective samples."),
    MetricSpec("signal_mean_lower", "gauge", "value", ("pipeline", "signal"), "Lower end of its 95% interval."),
    MetricSpec("signal_mean_upper", "gauge", "value", ("pipeline", "signal"), "Upper end of its 95% interval."),
    MetricSpec("signal_effective_samples", "gauge", "traces", ("pipeline", "signal"),
               "(sum w)^2 / sum w^2 over the traces of the last day that have the signal."),
    MetricSpec("signal_coverage_ratio", "gauge", "ratio", ("pipeline", "signal"),
               "Estimated share of the traffic of the last day for which the signal can be computed."),
    MetricSpec("release_change_ratio", "gauge", "ratio", ("pipeline",),
               "Change of quality from the release before to the last one, once compared; GET /v1/events says which."),
    MetricSpec("release_change_lower_ratio", "gauge", "ratio", ("pipeline",), "Lower end of its 95% interval."),
    MetricSpec("release_change_upper_ratio", "gauge", "ratio", ("pipeline",), "Upper end of its 95% interval."),
    MetricSpec("scorer_pairs_total", "counter", "pairs", (), "Query-passage pairs that the cross-encoder was given."),
    MetricSpec("scorer_known_pairs_total", "counter", "pairs", (),
               "Of those, pairs that cost nothing: the same query and passage had a score already."),
    MetricSpec("scorer_truncated_pairs_total", "counter", "pairs", (),
               "Pairs too long for the cross-encoder, windows and all: it did not read the end."),
    MetricSpec("scorer_share_ratio", "gauge", "ratio", (),
               "Share of the configured scorer sampling rate that the budget allows now."),
    MetricSpec("component_last_success_timestamp_seconds", "gauge", "seconds", ("component",),
               "When a source, measure or sink last did its work, or the corpus was last loaded."),
    MetricSpec("component_failures_total", "counter", "failures", ("component",),
               "Failures of a source, measure or sink; its traces abstained or were retried. "
               "Or of a load of the corpus; the one before stays in use."),
    MetricSpec("sink_skipped_assessments_total", "counter", "assessments", ("sink", "reason"),
               "Assessments that a sink could not write and went on without: `no_otlp_ids` (their trace and span ids "
               "are not OpenTelemetry's), `unknown_span` (Phoenix has no such span yet), `refused`, `too_large`."),
    MetricSpec("notifications_total", "counter", "notifications", ("destination", "result"),
               "Turns of alarms, raised or resolved, by what became of them: `delivered`, `refused` by an answer that "
               "would be the same again, `dropped` from a full queue. `failed`: attempts that are repeated."),
    MetricSpec("notification_queue_events", "gauge", "events", ("destination",),
               "Turns of alarms that wait for a destination; at an Alertmanager also the alarms that stand."),
    MetricSpec("quarantined_records_total", "counter", "records", ("source",), "Records that were no query traces."),
    MetricSpec("source_lag_bytes", "gauge", "bytes", ("source",), "Bytes of a followed file that were not read yet."),
    MetricSpec("source_lag_records", "gauge", "records", ("source",), "Records that a source has not handed over yet."),
    MetricSpec("source_lag_seconds", "gauge", "seconds", ("source",),
               "How old the last span was that was read from Phoenix, while it has more; 0 after the last one."),
    MetricSpec("source_in_flight_records", "gauge", "records", ("source",),
               "Records read from Kafka and not accepted by the sinks yet: they would come again after a crash."),
    MetricSpec("source_assigned_partitions", "gauge", "partitions", ("source",),
               "Kafka partitions that this sidecar reads."),
    MetricSpec("source_rebalances_total", "counter", "rebalances", ("source", "change"),
               "Times that Kafka partitions were assigned to this sidecar, were revoked, or were lost without notice."),
    MetricSpec("queue_traces", "gauge", "traces", (), "Traces read and waiting to be assessed."),
    MetricSpec("unjournaled_traces_total", "counter", "traces", ("source",),
               "Traces taken in with the journal off: a crash loses those that were not assessed yet."),
    MetricSpec("otlp_spans_total", "counter", "spans", ("source", "dialect", "kind"),
               "OpenTelemetry spans that came, by the conventions they follow and by what they are: `retriever`, "
               "`reranker`, `ignored` (no retrieval: the normal case), `rejected` (no sound span)."),
    MetricSpec("otlp_retrieval_spans_total", "counter", "spans", ("source", "result"),
               "Retriever and reranker spans by what became of them: `served` (a query trace), `inner` (part of one), "
               "`late`, `duplicate`, or why they are unusable (`no_query`, `no_documents`, `redacted`, ...). "
               "`early`: spans of any kind that were not waited for, because there were too many."),
    MetricSpec("otlp_open_spans", "gauge", "spans", ("source",), "Spans that wait for others of their trace."),
    MetricSpec("config_reloads_total", "counter", "reloads", ("result",),
               "Reloads of the configuration: `done`, or `failed` and the one before stays in use."),
    MetricSpec("ingest_requests_total", "counter", "requests", ("path", "code"), "Requests with traces, by answer."),
    MetricSpec("pipelines", "gauge", "pipelines", (),
               f"Distinct pipelines seen; beyond {MAX_PIPELINES} the label is `{OTHER}`."),
    MetricSpec("start_timestamp_seconds", "gauge", "seconds", (), "When this process started."),
    MetricSpec("build_info", "info", "", ("version",), "The version of leadline that runs here."),
)  # fmt: skip

CATALOGUE: dict[str, MetricSpec] = {spec.name: spec for spec in _ROWS}

Labels = tuple[str, ...]


class _Histogram:
    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, values: Sequence[float]) -> None:
        self.total += sum(values)
        for i, count in Counter(np.searchsorted(self.bounds, values).tolist()).items():
            self.counts[i] += count

    def cumulative(self) -> Iterator[tuple[str, float]]:
        running = 0
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            running += count
            yield bound, running


class Metrics(Collector):
    """Counts and levels by catalogue name and label values; one Prometheus collector over all of them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._numbers: dict[str, dict[Labels, float]] = defaultdict(dict)
        self._histograms: dict[str, dict[Labels, _Histogram]] = defaultdict(dict)
        self._collect_hooks: list[Callable[[], None]] = []
        self.set("start_timestamp_seconds", clock())

    def inc(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""
        with self._lock:
            row = self._numbers[name]
            row[labels] = row.get(labels, 0.0) + by

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._numbers[name][labels] = value

    def unset(self, name: str, *labels: str) -> None:
        """Have no such gauge: it is not known now."""
        with self._lock:
            self._numbers[name].pop(labels, None)

    def replace(self, name: str, numbers: Mapping[Labels, float]) -> None:
        """Let a metric have these samples and no others."""
        with self._lock:
            self._numbers[name] = dict(numbers)

    def observe(self, name: str, values: Sequence[float], *labels: str) -> None:
        """Add values to a histogram."""
        with self._lock:
            row = self._histograms[name]
            if labels not in row:
                row[labels] = _Histogram(CATALOGUE[name].buckets)
            row[labels].observe(values)

    def succeeded(self, component: str) -> None:
        """A component did its work just now."""
        self.set("component_last_success_timestamp_seconds", self._clock(), component)

    def failed(self, component: str) -> None:
        """A component failed; what became of its traces is counted where they are."""
        self.inc("component_failures_total", component)

    def value(self, name: str, *labels: str) -> float:
        """What a counter or gauge stands at; 0 for a counter that never counted."""
        with self._lock:
            return self._numbers[name].get(labels, 0.0)

    def on_collect(self, hook: Callable[[], None]) -> None:
        """Call `hook` before each collection: gauges that are cheaper to read than to keep."""
        self._collect_hooks.append(hook)

    def collect(self) -> Iterable[Metric]:
        """What is there now, in the order of the catalogue; a metric without samples is left out."""
        for hook in self._collect_hooks:
            hook()
        with self._lock:
            return [family for spec in CATALOGUE.values() if (family := self._family(spec)) is not None]

    def _family(self, spec: MetricSpec) -> Metric | None:
        name = PREFIX + spec.name
        if spec.kind == "info":
            return InfoMetricFamily(name.removesuffix("_info"), spec.help, {"version": version("leadline")})
        if spec.kind == "histogram":
            histograms = HistogramMetricFamily(name, spec.help, labels=spec.labels)
            for labels, histogram in self._histograms[spec.name].items():
                histograms.add_metric(labels, list(histogram.cumulative()), sum_value=histogram.total)
            return histograms if histograms.samples else None
        numbers = (CounterMetricFamily if spec.kind == "counter" else GaugeMetricFamily)(
            name, spec.help, labels=spec.labels
        )
        for labels, number in self._numbers[spec.name].items():
            numbers.add_metric(labels, number)
        return numbers if numbers.samples else None

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)


class Recorder:
    """Turns assessments into metrics, and keeps the window behind `hit_at_5`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._windows: dict[str, HitWindows] = {}
        metrics.on_collect(self._estimate_all)

    def pipeline(self, name: str) -> str:
        """The label of a pipeline: names come with the traffic, so they are bounded."""
        if name not in self._windows:
            if len(self._windows) >= MAX_PIPELINES:
                return OTHER
            self._windows[name] = HitWindows()
        return name

    def decided(self, pipeline: str, decision: Decision, count: int = 1) -> None:
        """Count traces by what became of them."""
        self._metrics.inc("traces_total", self.pipeline(pipeline), decision, by=count)

    def served(self, texts: Mapping[tuple[str, TextSource], int]) -> None:
        """Count served documents, by pipeline and by where their text came from."""
        for (pipeline, text), count in texts.items():
            self._metrics.inc("documents_total", self.pipeline(pipeline), text, by=count)

    def assessed(self, assessments: Sequence[Assessment]) -> None:
        """Count assessments and what they say."""
        abstained = Counter(chain.from_iterable(assessment.abstentions.items() for assessment in assessments))
        for (signal, reason), count in abstained.items():
            self._metrics.inc("abstentions_total", signal, reason.value, by=count)
        groups: dict[str, list[Assessment]] = defaultdict(list)
        for assessment in assessments:
            groups[self.pipeline(assessment.pipeline)].append(assessment)
        for pipeline, group in groups.items():
            self._metrics.inc("traces_total", pipeline, "evaluated", by=len(group))
            self._measured(pipeline, group)
            self._rated(pipeline, group)

    def _measured(self, pipeline: str, assessments: Sequence[Assessment]) -> None:
        columns: dict[str, list[float]] = defaultdict(list)
        for assessment in assessments:
            for name, value in assessment.signals.items():
                columns[name].append(value)
        for name, values in columns.items():
            self._metrics.observe(f"signal_{name}", values, pipeline)

    def _rated(self, pipeline: str, assessments: Sequence[Assessment]) -> None:
        scenarios: dict[str, list[RatedTrace]] = defaultdict(list)
        for assessment in assessments:
            rated = RatedTrace.of(assessment)
            if rated is not None:
                scenarios[assessment.scenario].append(rated)
                if pipeline != OTHER:
                    self._windows[pipeline].add(assessment.scenario, rated)
        for scenario, group in scenarios.items():
            self._metrics.observe("risk", [one.risk for one in group], pipeline, scenario)
            self._metrics.inc("risk_weighted_total", pipeline, scenario, by=sum(one.risk * one.weight for one in group))
            self._metrics.inc("risk_weight_total", pipeline, scenario, by=sum(one.weight for one in group))

    def hit_at_5(self, pipeline: str) -> Estimate | None:
        """The estimate over the window of a pipeline; None below the minimum sample."""
        return self._windows[pipeline].estimate() if pipeline in self._windows else None

    def _estimate_all(self) -> None:
        self._metrics.set("pipelines", len(self._windows))
        for pipeline, windows in list(self._windows.items()):
            self._estimated("", windows.estimate(), pipeline)
            for scenario, estimate in windows.by_scenario().items():
                self._estimated("scenario_", estimate, pipeline, scenario)

    def _estimated(self, prefix: str, estimate: Estimate | None, *labels: str) -> None:
        if estimate is None:
            for name in ("hit_at_5_ratio", "hit_at_5_lower_ratio", "hit_at_5_upper_ratio", "effective_samples"):
                self._metrics.unset(prefix + name, *labels)
            return
        self._metrics.set(prefix + "hit_at_5_ratio", estimate.mean, *labels)
        self._metrics.set(prefix + "hit_at_5_lower_ratio", estimate.low, *labels)
        self._metrics.set(prefix + "hit_at_5_upper_ratio", estimate.high, *labels)
        self._metrics.set(prefix + "effective_samples", estimate.effective_samples, *labels)
