"""Every metric in one table; `leadline metrics` prints it, and docs/metrics.md is made of it."""

from itertools import chain
from typing import Literal, NamedTuple

from detectors.ppi import MINIMUM_LABELLED
from detectors.records import ALL
from detectors.signals import SIGNALS
from monitor.hit_rate import WINDOW_TRACES

PREFIX = "leadline_"
MAX_PIPELINES = 100
MAX_SERIES = 5_000  # of one metric
COUNTED_TO = 10_000  # of what is beyond such a bound
OTHER = "_other"


class MetricSpec(NamedTuple):
    """One row of the catalogue; `name` lacks the prefix."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    unit: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()

    @property
    def series_each(self) -> int:
        """Series that one set of label values costs: a histogram has its buckets, +Inf, sum and count."""
        return len(self.buckets) + 3 if self.kind == "histogram" else 1

    @property
    def max_label_sets(self) -> int:
        """How many sets of label values may have series of their own."""
        return MAX_SERIES // self.series_each


_TRACES = (
    MetricSpec("traces_total", "counter", "traces", ("pipeline", "decision"),
               "Query traces by what became of them; only `evaluated` ones were assessed."),
    MetricSpec("abstentions_total", "counter", "traces", ("signal", "reason"),
               "Assessed traces for which a signal could not be computed, and why."),
    MetricSpec("documents_total", "counter", "documents", ("pipeline", "text"),
               "Served documents of assessed traces by where their text came from: `trace`, `corpus` (by id), `parent` "
               "(the corpus, by parent id), `missing`."),
    MetricSpec("corpus_documents", "gauge", "documents", (), "Documents in the corpus in use; 0 without one."),
    MetricSpec("pipelines", "gauge", "pipelines", (),
               f"Distinct pipelines seen; beyond {MAX_PIPELINES} the label is `{OTHER}`. Counted to {COUNTED_TO}."),
)  # fmt: skip

_RISK_AND_SIGNALS = (
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
)  # fmt: skip

_ALARMS = (
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
               "`degraded`: a part of ours was broken, `no_value`, `not_sampled` by the signal's tier, "
               "`not_uniform`: the judge preferred it, `other_scale`, `out_of_range`). `unseen_stratum`: "
               "fed to the decider of all traffic alone, since the baseline never saw such a query."),
    MetricSpec("untimely_traces_total", "counter", "traces", ("pipeline", "treatment"),
               "`ahead` of our clock by over five minutes: counted as of now. `late` by over a day: not watched. "
               "`too_late` by over two: in no estimate either. `too_many_pipelines`: of a pipeline beyond the first "
               f"{MAX_PIPELINES}, in none either."),
    MetricSpec("baseline_built_timestamp_seconds", "gauge", "seconds", ("pipeline", "signal"),
               "When the baseline in use was frozen; absent until there is one."),
)  # fmt: skip

_CHANGES = (
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
    MetricSpec("judge_context_relevance_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "Mean grade, of 1, that the judge in use would give the first five documents of all traffic of the last "
               "day, by PPI++ with mean_relevance as the proxy. It is what this judge says; only human labels make it "
               f"context relevance (`leadline estimate`). Absent below {MINIMUM_LABELLED} effective judged traces."),
    MetricSpec("judge_context_relevance_lower_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "Lower end of its 95% interval."),
    MetricSpec("judge_context_relevance_upper_ratio", "gauge", "ratio", ("pipeline", "scenario"),
               "Upper end of that interval."),
    MetricSpec("judge_context_relevance_effective_samples", "gauge", "traces", ("pipeline", "scenario"),
               "(sum w)^2 / sum w^2 over the judged traces behind judge_context_relevance_ratio."),
    MetricSpec("release_begun_timestamp_seconds", "gauge", "seconds", ("pipeline",),
               "When the first trace of the last release came; absent while there was but one."),
    MetricSpec("release_change_ratio", "gauge", "ratio", ("pipeline",),
               "Change of quality from the release before to the last one, once compared; GET /v1/events says which."),
    MetricSpec("release_change_lower_ratio", "gauge", "ratio", ("pipeline",), "Lower end of its 95% interval."),
    MetricSpec("release_change_upper_ratio", "gauge", "ratio", ("pipeline",), "Upper end of its 95% interval."),
)  # fmt: skip

_JUDGE_TRUST = (
    MetricSpec("judge_anchors", "gauge", "anchors", ("version",),
               "Anchors that had all of their first verdicts, of the version of the judge (model, prompts, anchors) "
               "that judged last."),
    MetricSpec("judge_reference_begun_timestamp_seconds", "gauge", "seconds", ("version",),
               "When that version gave its first verdict on an anchor: what it is compared with since."),
    MetricSpec("judge_anchor_agreement_ratio", "gauge", "ratio", ("version",),
               "Share of anchors whose last verdict is the grade of their first ones. Absent below 30 anchors."),
    MetricSpec("judge_anchor_agreement_lower_ratio", "gauge", "ratio", ("version",),
               "Lower end of its 95% interval (Wilson)."),
    MetricSpec("judge_anchor_agreement_upper_ratio", "gauge", "ratio", ("version",), "Upper end of that interval."),
    MetricSpec("judge_anchor_kappa", "gauge", "", ("version",),
               "The same as Cohen's kappa with quadratic weights. Absent where all grades are one."),
    MetricSpec("judge_anchor_kappa_lower", "gauge", "", ("version",), "Lower end of its 95% interval (jackknife)."),
    MetricSpec("judge_anchor_kappa_upper", "gauge", "", ("version",), "Upper end of that interval."),
    MetricSpec("judge_anchor_shift", "gauge", "grades", ("version",),
               "Mean of the last verdicts less the first ones, grades 0 to 3: below 0 the judge grew stricter."),
    MetricSpec("judge_anchor_shift_lower", "gauge", "grades", ("version",), "Lower end of its 95% interval."),
    MetricSpec("judge_anchor_shift_upper", "gauge", "grades", ("version",), "Upper end of its 95% interval."),
    MetricSpec("judge_human_agreement_ratio", "gauge", "ratio", ("version",),
               "Share of anchors to which the judge gives the grade that a person gave. Absent below 30 such anchors."),
    MetricSpec("judge_human_agreement_lower_ratio", "gauge", "ratio", ("version",),
               "Lower end of its 95% interval (Wilson)."),
    MetricSpec("judge_human_agreement_upper_ratio", "gauge", "ratio", ("version",), "Upper end of that interval."),
    MetricSpec("judge_human_kappa", "gauge", "", ("version",),
               "The same as Cohen's kappa with quadratic weights. Absent where all grades are one."),
    MetricSpec("judge_human_kappa_lower", "gauge", "", ("version",), "Lower end of its 95% interval (jackknife)."),
    MetricSpec("judge_human_kappa_upper", "gauge", "", ("version",), "Upper end of that interval."),
    MetricSpec("judge_human_shift", "gauge", "grades", ("version",),
               "Mean of the judge's grades less people's: below 0 the judge is the stricter one."),
    MetricSpec("judge_human_shift_lower", "gauge", "grades", ("version",), "Lower end of its 95% interval."),
    MetricSpec("judge_human_shift_upper", "gauge", "grades", ("version",), "Upper end of its 95% interval."),
    MetricSpec("judge_rejudgements_total", "counter", "questions", ("result",),
               "Anchors asked about again: `judged`; `doubted`, a reply that is no verdict; `skipped`, put off "
               "because the budget is gone or the judge does not answer."),
    MetricSpec("judge_canaries_total", "counter", "questions", ("kind", "result"),
               "Questions with a known answer, by kind: `stuffed` (an irrelevant passage that repeats the query), "
               "`flattering` (one that says that it is relevant), `paraphrase` (a relevant one that shares no word "
               "with the query). `passed`, `failed`, `unanswered` (refused or malformed), `skipped`."),
    MetricSpec("judge_canary_passed_ratio", "gauge", "ratio", ("kind",),
               "Share of the last 100 answered canaries of a kind that were passed. Absent below 30."),
    MetricSpec("judge_canary_passed_lower_ratio", "gauge", "ratio", ("kind",),
               "Lower end of its 95% interval (Wilson)."),
    MetricSpec("judge_canary_passed_upper_ratio", "gauge", "ratio", ("kind",), "Upper end of that interval."),
)  # fmt: skip

_CROSS_ENCODER = (
    MetricSpec("scorer_pairs_total", "counter", "pairs", (), "Query-passage pairs that the cross-encoder was given."),
    MetricSpec("scorer_known_pairs_total", "counter", "pairs", (),
               "Of those, pairs that cost nothing: the same query and passage had a score already."),
    MetricSpec("scorer_truncated_pairs_total", "counter", "pairs", (),
               "Pairs too long for the cross-encoder, windows and all: it did not read the end."),
    MetricSpec("scorer_share_ratio", "gauge", "ratio", (),
               "Share of the configured scorer sampling rate that the budget allows now."),
)  # fmt: skip

_JUDGE = (
    MetricSpec("judge_info", "gauge", "", ("version",),
               "1 for the judge in use: the model by the name that its replies bear, and the version of prompts and "
               "checks. Absent before its first reply."),
    MetricSpec("judge_calls_total", "counter", "calls", ("outcome",),
               "Calls to the judge's endpoint, each attempt, by what became of them: `answered`, `throttled`, "
               "`server_error`, `connection`, `timeout`, `not_understood`, `rejected` (this prompt), `denied` (all of "
               "them), `unsupported` (asked again with less). Not sent: `over_budget`, `breaker_open`, `too_late`."),
    MetricSpec("judge_call_seconds", "histogram", "seconds", (), "How long calls took, each attempt.",
               (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)),
    MetricSpec("judge_in_flight_calls", "gauge", "calls", (), "Calls that wait for the judge's endpoint."),
    MetricSpec("judge_tokens_total", "counter", "tokens", ("kind",),
               "Tokens by the endpoint's own count: `input`, those of it that were `cached`, `output`. `estimated`: of "
               "replies that do not say, charged with the most that they can be."),
    MetricSpec("judge_cost_dollars_total", "counter", "dollars", (), "What calls cost by the configured prices."),
    MetricSpec("judge_budget_remaining_ratio", "gauge", "ratio", ("period",),
               "Share that is left of the scarcer budget of this `hour` or `day`, UTC. Absent without one."),
    MetricSpec("judge_share_ratio", "gauge", "ratio", (),
               "Share of the configured judge sampling rate that budgets, rate and calls at a time allow now."),
    MetricSpec("judge_breaker_open", "gauge", "", (),
               "1 while the endpoint is left alone after failures, but for a single call now and then."),
    MetricSpec("judge_unsupported_total", "counter", "calls", ("parameter",),
               "Calls of which the endpoint refused a parameter by name; it is left out or replaced from then on."),
    MetricSpec("judge_verdicts_total", "counter", "verdicts", ("task", "result"),
               "Questions that were not answered from memory, by outcome: `believed`, or why there is no verdict: "
               "`refused`, `malformed`, `wrong_nonce`; its quote was none (`no_quote`), is not in what was read "
               "(`quote_not_found`) or proves nothing (`quote_no_evidence`); `fooled`: it grades a passage as high for "
               "the twin of the question, which nothing answers; `judge_failed`, `over_budget`: there was no reply."),
    MetricSpec("judge_cache_total", "counter", "lookups", ("result",),
               "Lookups of verdicts: `hit`, `miss`, or `expired`, too old."),
)  # fmt: skip

_SOURCES = (
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
    MetricSpec("ingest_requests_total", "counter", "requests", ("path", "code"), "Requests with traces, by answer."),
)  # fmt: skip

_COMPONENTS = (
    MetricSpec("component_last_success_timestamp_seconds", "gauge", "seconds", ("component",),
               "When a source, measure or sink last did its work, or the corpus was last loaded."),
    MetricSpec("component_last_failure_timestamp_seconds", "gauge", "seconds", ("component",),
               "When it last failed: it fails now if that is later than its last success. Absent before the first."),
    MetricSpec("component_failures_total", "counter", "failures", ("component",),
               "Failures of a source, measure or sink; its traces abstained or were retried. "
               "Or of a load of the corpus; the one before stays in use."),
    MetricSpec("sink_skipped_assessments_total", "counter", "assessments", ("sink", "reason"),
               "Assessments that a sink could not write and went on without: `no_otlp_ids` (their trace and span ids "
               "are not OpenTelemetry's), `unknown_span` (Phoenix has no such span yet), `unknown_documents` (only the "
               "judge's grades of documents were left out: Phoenix does not have those), `refused`, `too_large`."),
    MetricSpec("notifications_total", "counter", "notifications", ("destination", "result"),
               "Turns of alarms, raised or resolved, by what became of them: `delivered`, `refused` by an answer that "
               "would be the same again, `dropped` from a full queue. `failed`: attempts that are repeated."),
    MetricSpec("notification_queue_events", "gauge", "events", ("destination",),
               "Turns of alarms that wait for a destination; at an Alertmanager also the alarms that stand."),
)  # fmt: skip

_THIS_PROCESS = (
    MetricSpec("config_reloads_total", "counter", "reloads", ("result",),
               "Reloads of the configuration: `done`, or `failed` and the one before stays in use."),
    MetricSpec("config_last_reload_success", "gauge", "", (),
               "0 where the last reload of the configuration failed, 1 where it worked or there was none."),
    MetricSpec("metric_series", "gauge", "series", ("metric",),
               f"Series that a metric would have. At most {MAX_SERIES} are shown: beyond, what counters and histograms "
               f"count goes to `{OTHER}`, and gauges are left out. Counted to {COUNTED_TO} more sets of labels."),
    MetricSpec("start_timestamp_seconds", "gauge", "seconds", (), "When this process started."),
    MetricSpec("build_info", "info", "", ("version",), "The version of leadline that runs here."),
)  # fmt: skip

SECTIONS: dict[str, tuple[MetricSpec, ...]] = {
    "Traces": _TRACES,
    "Risk and signals": _RISK_AND_SIGNALS,
    "Alarms": _ALARMS,
    "Changes": _CHANGES,
    "Cross-encoder": _CROSS_ENCODER,
    "Judge": (*_JUDGE, *_JUDGE_TRUST),
    "Sources": _SOURCES,
    "Components and destinations": _COMPONENTS,
    "This process": _THIS_PROCESS,
}

CATALOGUE: dict[str, MetricSpec] = {spec.name: spec for spec in chain.from_iterable(SECTIONS.values())}

_INTRODUCTION = f"""# Metrics

Every metric of `/metrics`, by `leadline metrics --markdown`; do not edit. Counters add up over replicas and ranges. A
gauge is one sidecar's: over several replicas take the worst one, never the average. The mean risk of all of them is
`sum(rate({PREFIX}risk_weighted_total[1h])) / sum(rate({PREFIX}risk_weight_total[1h]))`. A gauge that is not known is
absent, never 0.

Where OpenMetrics is asked for (`Accept`; Prometheus with `--enable-feature=exemplar-storage`), histograms carry the
last trace in each bucket as an exemplar, `trace_id`, unless that has more than 120 characters. Rules and alerts:
`config/prometheus/leadline.rules.yml`, with [a runbook](runbook.md).
"""


def catalogue_page() -> str:
    """The catalogue as a page of Markdown."""
    return _INTRODUCTION + "".join(
        f"\n## {title}\n\n| metric | type | unit | labels | says |\n|---|---|---|---|---|\n" + "".join(map(_row, specs))
        for title, specs in SECTIONS.items()
    )


def _row(spec: MetricSpec) -> str:
    labels = ", ".join(f"`{label}`" for label in spec.labels)
    return f"| `{PREFIX}{spec.name}` | {spec.kind} | {spec.unit} | {labels} | {spec.help} |\n"
