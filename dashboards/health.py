"""Is the monitor itself well? A silent monitor looks like a healthy retriever."""

from dashboards.expressions import PIPELINE, interval
from dashboards.panels import (
    BYTES,
    DATE,
    DOLLARS,
    EACH,
    NUMBER,
    PER_SECOND,
    RATIO,
    SECONDS,
    STATE,
    SUMMED,
    WORST,
    Panel,
    Query,
    above,
    below,
    bounded,
    lines,
    logarithmic,
    numbers,
    stacked,
    states,
)
from monitor.catalogue import MAX_SERIES
from monitor.health import PATIENCE_SECONDS

UNSAID = "judge_failed|over_budget|not_applicable"  # results of questions to which the judge said nothing
VERDICTS = "leadline_judge_verdicts_total"
CACHE = "leadline_judge_cache_total"
DOUBTED = (
    f'sum by (result) (rate({VERDICTS}{{result!~"believed|{UNSAID}"}}[$window])) / on () group_left () '
    f'sum(rate({VERDICTS}{{result!~"{UNSAID}"}}[$window]))'
)
KNOWN = f'sum(rate({CACHE}{{result="hit"}}[$window])) / sum(rate({CACHE}[$window]))'


def rate(by: str, counter: str, legend: str, window: str = "$window") -> tuple[Query, ...]:
    """Something counted, a second."""
    return (Query(f"sum by ({by}) (rate({counter}[{window}]))", legend),)


ROWS: dict[str, tuple[Panel, ...]] = {
    "Does traffic come, and is it assessed?": (
        Panel(stacked, "Traces by decision", PER_SECOND,
              "What became of every trace. Nothing evaluated while traffic comes: the monitor is blind. `throttled` "
              "and `over_budget`: more comes than the configuration or the machine allows.", SUMMED,
              rate("decision", f"leadline_traces_total{PIPELINE}", "{{decision}}", "$__rate_interval")),
        Panel(lines, "Waiting", NUMBER,
              "Traces read and not assessed yet, and records that a source still holds. They keep rising: the machine "
              "is too small for the sampling rates. The source is slowed down, then told to come again.", EACH,
              (Query("leadline_queue_traces", "queue {{instance}}"),
               Query("leadline_source_lag_records", "{{source}} {{instance}}"))),
        Panel(lines, "Lag of followed files", BYTES,
              "Bytes of a followed file that were not read yet. They keep rising: assessment is slower than what "
              "writes the file. Empty without a `jsonl` source.", EACH,
              (Query("leadline_source_lag_bytes", "{{source}} {{instance}}"),)),
        Panel(lines, "Lag behind Phoenix", SECONDS,
              "How old the last span was that was read, while there are more. Beyond an hour, alarms come late and "
              "releases are told apart late. Empty without a `phoenix` source.", EACH,
              (Query("leadline_source_lag_seconds", "{{source}} {{instance}}"),), steps=above(3600)),
        Panel(lines, "Traces that came late, or ahead of time", PER_SECOND,
              "`late` ones are not watched, `too_late` ones are in no estimate; `ahead` means a clock is wrong. Empty "
              "where all came in time.", SUMMED,
              rate("pipeline, treatment", f"leadline_untimely_traces_total{PIPELINE}", "{{pipeline}}: {{treatment}}")),
        Panel(lines, "Records that were no query traces", PER_SECOND,
              "Put into quarantine, or the dead-letter topic. A new one at each deploy of the application: its logging "
              "changed. Empty where there was none.", SUMMED,
              rate("source", "leadline_quarantined_records_total", "{{source}}")),
        Panel(lines, "Answers to those who post traces", PER_SECOND,
              "By status. 429 and 503: told to come again, nothing is lost; 4xx else: what they send cannot be read. "
              "Empty without an `http` source.", SUMMED,
              rate("path, code", "leadline_ingest_requests_total", "{{path}} {{code}}")),
        Panel(stacked, "Retrievals in OpenTelemetry spans", PER_SECOND,
              "Retriever and reranker spans by what became of them. `no_query`, `no_documents`, `redacted`: content "
              "capture is off in the instrumentation; `late`: wait longer (`join_seconds`). Empty without spans.",
              SUMMED, rate("result", "leadline_otlp_retrieval_spans_total", "{{result}}")),
        Panel(lines, "Where the texts of documents came from", PER_SECOND,
              "`missing`: the lexical check and the cross-encoder cannot see these documents; the corpus is not the "
              "one that was indexed, or its ids are others.", SUMMED,
              rate("text", f"leadline_documents_total{PIPELINE}", "{{text}}")),
    ),
    "Do its parts work?": (
        Panel(logarithmic, "Age of each component's last success", SECONDS,
              "A source tries several times a second: beyond the dashed line "
              f"({PATIENCE_SECONDS:.0f} s) it fails, and /-/ready says so. Measures and sinks age where no "
              "traffic comes; where it does, they have stopped.", EACH,
              (Query('time() - leadline_component_last_success_timestamp_seconds{component!~"corpus|scorer"}',
                     "{{component}} {{instance}}"),),
              steps=above(PATIENCE_SECONDS)),
        Panel(stacked, "Failures by component", PER_SECOND,
              "Failures of sources, measures and sinks. Their traces abstain or are tried again, so that the quality "
              "figures stay right and rest on less. Empty where nothing ever failed.", SUMMED,
              rate("component", "leadline_component_failures_total", "{{component}}")),
        Panel(lines, "Cross-encoder", PER_SECOND,
              "Query-passage pairs scored, where the processor's time goes; those that were known already cost "
              "nothing, of those too long the end was not read. Zero with traffic: the scorer's signals abstain.",
              SUMMED,
              tuple(Query(f"sum(rate(leadline_scorer_{name}pairs_total[$window]))", says)
                    for name, says in (("", "given"), ("known_", "known already"), ("truncated_", "too long")))),
        Panel(lines, "Share of the scorer's sampling rate", RATIO,
              "What the budget (`scorer.pairs_per_second`) allows of the configured rate. Below 100% fewer traces are "
              "scored, each with a larger weight: means stay right and rest on less.", EACH,
              (Query("leadline_scorer_share_ratio", "{{instance}}"),), steps=below(0.1)),
        Panel(stacked, "Alarms told", PER_SECOND,
              "Turns of alarms by destination. `failed` is tried again; `refused` and `dropped` were not told, and "
              "somebody has to look. Empty before the first alarm, or without `notify`.", SUMMED,
              rate("destination, result", "leadline_notifications_total", "{{destination}}: {{result}}")),
        Panel(lines, "Alarms that wait to be told", NUMBER,
              "On disk until the destination answers; an Alertmanager is told again of those that stand, so there they "
              "stay. They keep rising: the destination is down.", EACH,
              (Query("leadline_notification_queue_events", "{{destination}} {{instance}}"),)),
        Panel(states, "Streams that are not watched", STATE,
              "Why an alarm cannot watch a stream. `week_not_covered` ends by itself; `reference_too_thin` is a kind "
              "too rare to be watched alone. Empty: all are watched.", WORST,
              (Query(f"max by (alarm, pipeline, scenario, reason) (leadline_alarm_abstained{PIPELINE})",
                     "{{alarm}} {{pipeline}} {{scenario}}: {{reason}}"),), width=16, steps=above(1)),
        Panel(lines, "Assessments that a sink left out", PER_SECOND,
              "It went on without them: `no_otlp_ids` and `unknown_...` are of traces that the trace store does not "
              "have; `refused` and `too_large` are for its operator. Empty where all were written.", SUMMED,
              rate("sink, reason", "leadline_sink_skipped_assessments_total", "{{sink}}: {{reason}}")),
    ),
    "Does the LLM judge work?": (
        Panel(stacked, "Calls of the judge", PER_SECOND,
              "Each attempt, by what became of it. `over_budget`, `breaker_open` and `too_late` were not sent. Little "
              "`answered` among them: most traces that were chosen for it abstain. Empty without a judge.", SUMMED,
              rate("outcome", "leadline_judge_calls_total", "{{outcome}}")),
        Panel(lines, "How long its calls take", SECONDS,
              "Quantiles over single attempts. They rise: the endpoint is busy, and fewer traces are judged, since "
              "calls at a time are limited (`judge.concurrency`). Empty without a judge.", SUMMED,
              tuple(Query(f"histogram_quantile({q}, sum by (le) (rate(leadline_judge_call_seconds_bucket[$window])))",
                          f"{q:.0%} are below") for q in (0.5, 0.9, 0.99))),
        Panel(lines, "Share of the judge's sampling rate", RATIO,
              "What budgets, rate and calls at a time allow of `sample.judge`. Below 100% fewer traces are judged, "
              "each with a larger weight: estimates stay right and get wider. Empty without a judge.", EACH,
              (Query("leadline_judge_share_ratio", "{{instance}}"),), steps=below(0.1)),
        Panel(lines, "Budget that is left", RATIO,
              "Of the scarcer budget of this hour and this day, UTC. It is spread over the whole of it; at 0 the rest "
              "of the traces abstain with `over_budget`. Empty without a judge or a budget.", EACH,
              (Query("leadline_judge_budget_remaining_ratio", "{{period}} {{instance}}"),), steps=below(0.01)),
        Panel(lines, "Cost of the last day", DOLLARS,
              "What the calls of the 24 hours before each moment cost, by the prices in the configuration: without "
              "`judge.prices` it is 0, whatever the bill says. Empty without a judge.", SUMMED,
              (Query("sum(increase(leadline_judge_cost_dollars_total[1d]))", "a day"),)),
        Panel(stacked, "Verdicts that are not believed", RATIO,
              "As a share of its replies, by why. `malformed`, `wrong_nonce`: it does not follow the format; "
              "`no_quote`, `quote_not_found`, `quote_no_evidence`: it does not prove what it says; `fooled`: passages "
              "steer it. One is enough for a trace to abstain. Empty where all are believed.", SUMMED,
              (Query(DOUBTED, "{{result}}"),)),
        Panel(lines, "Verdicts known already", RATIO,
              "Share of the questions that were answered from memory and cost nothing. It falls after a change of "
              "model or prompt, and where nothing is asked or served twice. Empty without a judge.", SUMMED,
              (Query(KNOWN, "from memory"),)),
        Panel(states, "The judge's endpoint is left alone", STATE,
              "After failures, but for a single call now and then. On for long: it is down, or refuses the key; its "
              "signals abstain with `judge_failed`. Empty without a judge.", EACH,
              (Query("leadline_judge_breaker_open", "{{instance}}"),), steps=above(1)),
        Panel(bounded, "Is it still the same? Shift of its anchors", NUMBER,
              "Mean of its last verdicts on the same questions less its first ones, in grades of 3, between the ends "
              "of the 95% interval (dashed). Below 0 it grew stricter: what it says of retrieval fell with it. A new "
              "version begins anew. Empty without a judge, and before 30 anchors.", EACH,
              interval("leadline_judge_anchor_shift%s", "{{version}} {{instance}}", "")),
        Panel(bounded, "Does it know what is known? Canaries passed", RATIO,
              "Of its last 100 questions with a known answer, by kind, between the ends of the 95% interval (dashed). "
              "Low from the first day: the model is too weak. From one day on: it moved. Empty without a judge, and "
              "before 30 of a kind.", EACH,
              interval("leadline_judge_canary_passed%s_ratio", "{{kind}} {{instance}}", "")),
        Panel(numbers, "Judge in use", NUMBER,
              "How many sidecars use each judge: model, prompts and checks. Verdicts of two are never mixed, so where "
              "there are two, estimates and anchors of each are its own. Empty without a judge.", EACH,
              (Query("count by (version) (leadline_judge_info)", "{{version}}"),)),
    ),
    "What runs here?": (
        Panel(numbers, "Started", DATE,
              "When each sidecar started. Shortly ago, and nobody did that: look at its log.", EACH,
              (Query("leadline_start_timestamp_seconds * 1000", "{{instance}}"),), width=6),
        Panel(numbers, "Loaded", DATE,
              "When each sidecar last loaded its corpus and its cross-encoder. The corpus longer ago than your last "
              "ingest: missed documents are looked for among old ones.", EACH,
              tuple(Query(f'leadline_component_last_success_timestamp_seconds{{component="{name}"}} * 1000',
                          f"{name} {{{{instance}}}}") for name in ("corpus", "scorer")), width=6),
        Panel(numbers, "Pipelines and corpus", NUMBER,
              "Pipelines seen, and documents in the corpus in use: 0 without one, and then there is no lexical check. "
              "Of several replicas the largest number of pipelines and the smallest corpus.", WORST,
              (Query("max(leadline_pipelines)", "pipelines"), Query("min(leadline_corpus_documents)", "documents")),
              width=6),
        Panel(numbers, "Version", NUMBER,
              "How many sidecars run each version. More than one version: a rollout that did not end.", EACH,
              (Query("count by (version) (leadline_build_info)", "{{version}}"),), width=6),
        Panel(lines, "Kafka partitions", NUMBER,
              "Read by each sidecar of the group. Their sum is the topics' number; none for a sidecar: it only waits "
              "for another one to fail. Empty without a `kafka` source.", EACH,
              (Query("leadline_source_assigned_partitions", "{{source}} {{instance}}"),)),
        Panel(lines, "Rebalances of Kafka partitions", PER_SECOND,
              "`lost` again and again: a sidecar does not poll in time, or its network is bad. Empty without Kafka.",
              SUMMED, rate("instance, change", "leadline_source_rebalances_total", "{{instance}}: {{change}}")),
        Panel(lines, "Traces that a crash would lose", PER_SECOND,
              "Taken in with the journal off. Empty where it is on, which is the default.", SUMMED,
              rate("source", "leadline_unjournaled_traces_total", "{{source}}")),
        Panel(lines, "Reloads of the configuration", PER_SECOND,
              "`failed`: the file on disk is not what runs; the one before stays in use. Empty before the first.",
              SUMMED, rate("instance, result", "leadline_config_reloads_total", "{{instance}}: {{result}}")),
        Panel(numbers, "The file on disk is what runs", STATE,
              "Off: the last reload failed, and the configuration before it stays in use; the log says why.", EACH,
              (Query("leadline_config_last_reload_success", "{{instance}}"),), steps=below(1)),
        Panel(lines, "Series of metrics", NUMBER,
              f"What each metric would have. Beyond {MAX_SERIES:,} the rest is counted under `_other` or left out: too "
              "many pipelines or scenarios for labels.", WORST,
              (Query("topk(10, max by (metric) (leadline_metric_series))", "{{metric}}"),), steps=above(MAX_SERIES)),
    ),
}  # fmt: skip
