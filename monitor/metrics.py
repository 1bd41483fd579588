"""The store behind `/metrics`, and what assessments become there."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import chain, repeat
from threading import Lock
from typing import Literal

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from detectors.estimate import Estimate
from detectors.records import Assessment
from monitor.catalogue import CATALOGUE, COUNTED_TO, MAX_PIPELINES, OTHER, PREFIX, MetricSpec
from monitor.hit_rate import HitWindows, RatedTrace
from monitor.providers.corpus import TextSource

MAX_EXEMPLAR_ID = 128 - len("trace_id")  # OpenMetrics bounds an exemplar's labels, names and values together

Decision = Literal["evaluated", "not_sampled", "throttled", "over_budget", "unusable", "duplicate"]
Labels = tuple[str, ...]


class _Histogram:
    """Counts by bucket, and the last trace in each: value, trace id, time."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = np.array(bounds, dtype=np.float64)
        self._counts = np.zeros(len(bounds) + 1, dtype=np.int64)
        self._last: dict[int, tuple[float, str, float]] = {}
        self.total = 0.0

    def observe(self, values: Sequence[float], traces: Sequence[str], now: float) -> None:
        places = self._bounds.searchsorted(values)
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._last.update(zip(places.tolist(), zip(values, traces, repeat(now)), strict=False))
        self.total += sum(values)

    def cumulative(self) -> Iterator[tuple[str, float] | tuple[str, float, Exemplar]]:
        bounds = [*map(str, self._bounds.tolist()), "+Inf"]
        for i, (bound, count) in enumerate(zip(bounds, self._counts.cumsum().tolist(), strict=True)):
            value, trace_id, at = self._last.get(i, (0.0, "", 0.0))
            if 0 < len(trace_id) <= MAX_EXEMPLAR_ID:
                yield bound, count, Exemplar({"trace_id": trace_id}, value, at)
            else:
                yield bound, count


class _Distinct:
    """How many different things there were: exact up to a bound, and that bound beyond."""

    def __init__(self, things: Iterable[object] = ()) -> None:
        self._hashes: set[int] = set()
        for thing in things:
            self.add(thing)

    def add(self, thing: object) -> None:
        if len(self._hashes) < COUNTED_TO:
            self._hashes.add(hash(thing))

    def __len__(self) -> int:
        return len(self._hashes)


class Metrics(Collector):
    """Counts and levels by catalogue name and label values; one Prometheus collector over all of them.

    A metric has at most `MAX_SERIES` series. Beyond, what is counted goes to `_other` and gauges are left out;
    `metric_series` says how many there would be.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._numbers: dict[str, dict[Labels, float]] = defaultdict(dict)
        self._histograms: dict[str, dict[Labels, _Histogram]] = defaultdict(dict)
        self._beyond: dict[str, _Distinct] = defaultdict(_Distinct)
        self._collect_hooks: list[Callable[[], None]] = []
        self.set("start_timestamp_seconds", clock())

    def inc(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""
        with self._lock:
            row = self._numbers[name]
            place = labels if self._fits(name, row, labels) else _others(labels)
            row[place] = row.get(place, 0.0) + by

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            row = self._numbers[name]
            if self._fits(name, row, labels):
                row[labels] = value

    def unset(self, name: str, *labels: str) -> None:
        """Have no such gauge: it is not known now."""
        with self._lock:
            self._numbers[name].pop(labels, None)

    def replace(self, name: str, numbers: Mapping[Labels, float]) -> None:
        """Let a metric have these samples and no others. Of too many gauges the largest stay: the alarms that stand."""
        spec = CATALOGUE[name]
        order = list(numbers)
        if spec.kind == "gauge" and len(order) > spec.max_label_sets:
            order.sort(key=lambda labels: -numbers[labels])
        kept, beyond = order[: spec.max_label_sets], order[spec.max_label_sets :]
        row = {labels: numbers[labels] for labels in kept}
        if beyond and spec.kind == "counter":
            row[_others(beyond[0])] = sum(numbers[labels] for labels in beyond)
        with self._lock:
            self._numbers[name], self._beyond[name] = row, _Distinct(beyond)

    def observe(self, name: str, values: Sequence[float], *labels: str, traces: Sequence[str] = ()) -> None:
        """Add values to a histogram; `traces`, the id of each one's trace, are its exemplars."""
        with self._lock:
            row = self._histograms[name]
            place = labels if self._fits(name, row, labels) else _others(labels)
            if place not in row:
                row[place] = _Histogram(CATALOGUE[name].buckets)
            row[place].observe(values, traces, self._clock())

    def _fits(self, name: str, row: Mapping[Labels, object], labels: Labels) -> bool:
        """Whether a set of label values may have series of its own; counted where not."""
        if labels in row or len(row) < CATALOGUE[name].max_label_sets:
            return True
        self._beyond[name].add(labels)
        return False

    def succeeded(self, component: str) -> None:
        """A component did its work just now."""
        self.set("component_last_success_timestamp_seconds", self._clock(), component)

    def failed(self, component: str) -> None:
        """A component failed; what became of its traces is counted where they are."""
        self.inc("component_failures_total", component)
        self.set("component_last_failure_timestamp_seconds", self._clock(), component)

    def forget(self, component: str) -> None:
        """A component is not there any more."""
        for turn in ("success", "failure"):
            self.unset(f"component_last_{turn}_timestamp_seconds", component)

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
            self._numbers["metric_series"] = dict(self._series())
            return [family for spec in CATALOGUE.values() if (family := self._family(spec)) is not None]

    def _series(self) -> Iterator[tuple[Labels, float]]:
        for spec in CATALOGUE.values():
            row = (self._histograms if spec.kind == "histogram" else self._numbers)[spec.name]
            if spec.labels and row and spec.name != "metric_series":
                others = _others(spec.labels) in row and len(self._beyond[spec.name]) > 0
                sets = len(row) - others + len(self._beyond[spec.name])
                yield (PREFIX + spec.name,), sets * spec.series_each

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

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """What `/metrics` answers to an Accept header, and its content type: OpenMetrics, with exemplars, or text."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type


def _others(labels: Labels) -> Labels:
    return (OTHER,) * len(labels)


class Recorder:
    """Turns assessments into metrics, and keeps the window behind `hit_at_5`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._windows: dict[str, HitWindows] = {}
        self._beyond = _Distinct()
        metrics.on_collect(self._estimate_all)

    def pipeline(self, name: str) -> str:
        """The label of a pipeline: names come with the traffic, so they are bounded."""
        if name not in self._windows:
            if len(self._windows) >= MAX_PIPELINES:
                self._beyond.add(name)
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
        everyone = [assessment.trace_id for assessment in assessments]
        for name, values in columns.items():
            whole = len(values) == len(everyone)
            traces = everyone if whole else [one.trace_id for one in assessments if name in one.signals]
            self._metrics.observe(f"signal_{name}", values, pipeline, traces=traces)

    def _rated(self, pipeline: str, assessments: Sequence[Assessment]) -> None:
        scenarios: dict[str, list[tuple[RatedTrace, str]]] = defaultdict(list)
        for assessment in assessments:
            rated = RatedTrace.of(assessment)
            if rated is not None:
                scenarios[assessment.scenario].append((rated, assessment.trace_id))
                if pipeline != OTHER:
                    self._windows[pipeline].add(assessment.scenario, rated)
        for scenario, group in scenarios.items():
            labels, traces = (pipeline, scenario), [trace_id for _, trace_id in group]
            self._metrics.observe("risk", [one.risk for one, _ in group], *labels, traces=traces)
            self._metrics.inc("risk_weighted_total", *labels, by=sum(one.risk * one.weight for one, _ in group))
            self._metrics.inc("risk_weight_total", *labels, by=sum(one.weight for one, _ in group))

    def hit_at_5(self, pipeline: str) -> Estimate | None:
        """The estimate over the window of a pipeline; None below the minimum sample."""
        return self._windows[pipeline].estimate() if pipeline in self._windows else None

    def _estimate_all(self) -> None:
        self._metrics.set("pipelines", len(self._windows) + len(self._beyond))
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
