"""What the right half shows in `/metrics`, read off it at each collection."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from detectors.mix import Part
from monitor.config_alerts import HIT
from monitor.deciding.deciding import Deciding
from monitor.deciding.estimates import (
    Measured,
    by_scenario,
    change_since,
    judge_context_relevance,
    measured,
    normal_shares,
    shares,
)
from monitor.deciding.judge_trust import judge_samples
from monitor.deciding.pipeline_state import PipelineState
from monitor.deciding.windows import DAY_HOURS, Row
from monitor.metrics import Labels, Metrics

_MINE = (
    "alarm_active", "alarm_evidence_ratio", "alarm_abstained", "watched_traces_total", "untimely_traces_total",
    "baseline_built_timestamp_seconds", "release_begun_timestamp_seconds",
    "scenario_share_ratio", "scenario_baseline_share_ratio", "signal_mean",
    "signal_mean_lower", "signal_mean_upper", "signal_effective_samples", "signal_coverage_ratio",
    *(f"judge_context_relevance_{end}" for end in ("ratio", "lower_ratio", "upper_ratio", "effective_samples")),
    *(f"{kind}_change{end}_ratio" for kind in ("quality", "mix", "release") for end in ("", "_lower", "_upper")),
    "judge_anchors", "judge_reference_begun_timestamp_seconds",
    *(f"judge_{who}_agreement{end}_ratio" for who in ("anchor", "human") for end in ("", "_lower", "_upper")),
    *(f"judge_{who}_{what}{end}" for who in ("anchor", "human") for what in ("shift", "kappa")
      for end in ("", "_lower", "_upper")),
)  # fmt: skip

Sample = tuple[str, Labels, float]


def report(deciding: Deciding, metrics: Metrics) -> None:
    """Set every gauge of the right half, and unset those that are not known any more."""
    found: dict[str, dict[Labels, float]] = defaultdict(dict)
    with deciding.lock:
        for name, labels, value in _samples(deciding):
            found[name][labels] = value
    for name in _MINE:
        metrics.replace(name, found[name])


def _samples(deciding: Deciding) -> Iterator[Sample]:
    yield from judge_samples(deciding)
    for (kind, *labels), count in deciding.counted.items():
        if kind == "watched":
            yield "watched_traces_total", tuple(labels), count
        elif count:
            yield "untimely_traces_total", (*labels, kind), count
    for state in deciding.pipelines.values():
        yield from _streams(state)
        yield from _estimates(deciding, state)
        comparison = state.releases.comparison
        if comparison is not None:
            yield "release_begun_timestamp_seconds", (state.name,), comparison.since
        if comparison and comparison.verdict and comparison.verdict.change:
            yield from _part("release_change", state.name, comparison.verdict.change.quality)


def _streams(state: PipelineState) -> Iterator[Sample]:
    for alert, streams in state.streams.items():
        for scenario, stream in streams.streams.items():
            labels = alert, state.name, scenario
            if stream.abstained is not None:
                yield "alarm_abstained", (*labels, stream.abstained.value), 1.0
            if stream.decider is not None:
                yield "alarm_active", labels, float(stream.raised is not None)
            if stream.evidence is not None:
                yield "alarm_evidence_ratio", labels, stream.evidence
        if streams.baseline is not None:
            built = streams.baseline.built.timestamp()
            yield "baseline_built_timestamp_seconds", (state.name, streams.alert.signal), built


def _estimates(deciding: Deciding, state: PipelineState) -> Iterator[Sample]:
    rows = last_hours(deciding, state, DAY_HOURS)
    for scenario, share in shares(rows).items():
        yield "scenario_share_ratio", (state.name, scenario), share
    for signal, one in measured(rows, state.judge, quantiles=()).items():
        if signal != HIT:
            yield from _signal((state.name, signal), one)
    yield from _judge(state, rows)
    baseline = next((s.baseline for s in state.streams.values() if s.alert.signal == HIT and s.baseline), None)
    if baseline is None:
        return
    for scenario, share in normal_shares(baseline).items():
        yield "scenario_baseline_share_ratio", (state.name, scenario), share
    change = change_since(baseline, [row for row in rows if row[0].scale == state.scale])
    if change is not None:
        yield from _part("quality_change", state.name, change.quality)
        yield from _part("mix_change", state.name, change.mix)


def _judge(state: PipelineState, rows: Sequence[Row]) -> Iterator[Sample]:
    for scenario, own in by_scenario(rows).items() if state.judge else ():
        one = judge_context_relevance(own, state.judge)
        if one is None:
            continue
        labels = state.name, scenario
        yield "judge_context_relevance_effective_samples", labels, one.effective_samples
        if one.estimate is not None:
            yield "judge_context_relevance_ratio", labels, one.estimate.mean
            yield "judge_context_relevance_lower_ratio", labels, one.estimate.low
            yield "judge_context_relevance_upper_ratio", labels, one.estimate.high


def last_hours(deciding: Deciding, state: PipelineState, hours: int) -> Sequence[Row]:
    """The windows of a pipeline over its last hours, the one that is not over yet among them."""
    return list(deciding.windows.of(state.name, state.hour - hours + 1))


def _signal(labels: Labels, one: Measured) -> Iterator[Sample]:
    yield "signal_effective_samples", labels, one.effective_samples
    yield "signal_coverage_ratio", labels, one.coverage
    if one.mean is not None:
        yield "signal_mean", labels, one.mean.mean
        yield "signal_mean_lower", labels, one.mean.low
        yield "signal_mean_upper", labels, one.mean.high


def _part(name: str, pipeline: str, part: Part) -> Iterator[Sample]:
    for end, value in (("", part.change), ("_lower", part.low), ("_upper", part.high)):
        yield f"{name}{end}_ratio", (pipeline,), value
