"""Is retrieval getting worse, and where?"""

from dashboards.expressions import (
    PIPELINE,
    SCENARIO,
    STREAM,
    columns,
    envelope,
    interval,
    mean,
    with_ends,
)
from dashboards.panels import (
    DATE,
    EACH,
    NUMBER,
    PER_SECOND,
    RATIO,
    STATE,
    SUMMED,
    WORST,
    Panel,
    Query,
    above,
    band,
    below,
    bounded,
    changes,
    lines,
    numbers,
    rows,
    stacked,
    states,
)
from detectors.estimate import MINIMUM_SAMPLES
from detectors.ppi import MINIMUM_LABELLED
from monitor.hit_rate import WINDOW_TRACES

HIT, KIND_HIT = "leadline_hit_at_5%s_ratio", "leadline_scenario_hit_at_5%s_ratio"
LOWEST = f"bottomk(1, {HIT % ''}{PIPELINE})"
JUDGED = "leadline_judge_context_relevance%s_ratio"
ALL_TRAFFIC = '{pipeline=~"$pipeline", scenario="_all"}'
LOWEST_KIND = f"bottomk(1, {KIND_HIT % ''}{SCENARIO})"


def lowest(name: str, what: str, labels: str, legend: str) -> tuple[Query, ...]:
    """The smallest of an estimate, between the ends of its own interval."""
    lower, upper = (f"{name % end} and on (job, instance, {labels}) {what}" for end in ("_lower", "_upper"))
    return Query(lower, "lower"), Query(what, legend), Query(upper, "upper")


def risk_quantile(q: float) -> Query:
    """A quantile of the risk of single queries."""
    rate = f"rate(leadline_risk_bucket{SCENARIO}[$window])"
    return Query(f"histogram_quantile({q}, sum by (le) ({rate}))", f"{q:.0%} of the queries are below")


ROWS: dict[str, tuple[Panel, ...]] = {
    "Is retrieval getting worse?": (
        Panel(numbers, "Alarms that stand", NUMBER,
              "Streams over which an alarm stands now; one that several replicas raise counts once. No alarm and "
              "streams that are not watched is no good news: the panel of abstentions in `leadline: health` says why.",
              WORST,
              (Query(f"sum(max by (alarm, pipeline, scenario) (leadline_alarm_active{STREAM}))", "alarms"),),
              width=4, steps=above(1)),
        Panel(states, "Alarms", STATE,
              "When an alarm stood over a stream: all of a pipeline's traffic (`_all`) or one kind of query. False "
              "ones are bounded by `false_pages_per_year`. Absent: the stream is not watched (yet).", WORST,
              (Query(f"max by (alarm, pipeline, scenario) (leadline_alarm_active{STREAM})",
                     "{{alarm}} {{pipeline}} {{scenario}}"),), width=10, steps=above(1)),
        Panel(lines, "Evidence, as a share of its limit", RATIO,
              "How near each stream is to an alarm, which is raised at 100%, on a logarithmic measure. About one half "
              "is usual where all is well; what climbs for hours is worth a look before it pages.", WORST,
              (Query(f"max by (alarm, pipeline, scenario) (leadline_alarm_evidence_ratio{STREAM})",
                     "{{alarm}} {{pipeline}} {{scenario}}"),), width=10, steps=above(1)),
        Panel(changes, "Quality against mix: what changed since the baseline, $pipeline", RATIO,
              "Change of hit@5 over the last day against the same hours of the baseline, in two parts that add up. "
              "Quality, within kinds of query: the retriever. Mix: other things are asked, which is no fault. Real "
              "where the band (95%, the widest of the replicas) leaves zero. Points of the estimate; the true hit rate "
              "moves more. Empty until there is a baseline.", EACH,
              envelope("leadline_quality_change%s_ratio", "quality ")
              + envelope("leadline_mix_change%s_ratio", "mix "), width=24, steps=((None, "text"), (0, "text"))),
        Panel(band, "hit@5 of $pipeline", RATIO,
              "Estimated share of queries with a relevant document in the first five, over the last "
              f"{WINDOW_TRACES} traces of each replica. Act on a change: without labels of yours the level rests on a "
              "prior. The band (95%, the widest of the replicas) includes how far such a level is off. Where traffic "
              "stops the line stays flat.", EACH, envelope(HIT), width=24),
    ),
    "Where?": (
        Panel(numbers, "The worst pipeline now", RATIO,
              "The lowest hit@5 of the chosen pipelines, with its 95% interval: where to look first. No colours: what "
              "is good depends on the collection, and the level is prior-based.", WORST,
              lowest(HIT, LOWEST, "pipeline", "{{pipeline}}")),
        Panel(numbers, "The worst kind of query now", RATIO,
              "The lowest hit@5 of a kind of query, with its 95% interval: what to mend first. The interval of a rare "
              "kind is wide; where those of two overlap, neither is the worse.", WORST,
              lowest(KIND_HIT, LOWEST_KIND, "pipeline, scenario", "{{scenario}} {{pipeline}}")),
        Panel(lines, "Risk of single queries", RATIO,
              "Quantiles of the probability that none of the first five documents is relevant, unweighted. Only the "
              "upper lines rise: some queries fail, not all. Exemplars are single traces: the diamonds.", SUMMED,
              tuple(risk_quantile(q) for q in (0.5, 0.9, 0.99))),
        Panel(rows, "hit@5 by kind of query, now", RATIO,
              f"Estimate and 95% interval over the last {WINDOW_TRACES} traces of each kind; of a rare one they go "
              f"further back. A kind with fewer than {MINIMUM_SAMPLES} effective samples has no row.", EACH,
              columns("pipeline, scenario, instance", with_ends(KIND_HIT, SCENARIO)), width=10),
        Panel(bounded, "hit@5 by kind of query", RATIO,
              "The same over time. One line falls: that kind suffers. All fall together: the index or the embedding "
              "broke.", EACH,
              (Query(f"{KIND_HIT % ''}{SCENARIO}", "{{scenario}} {{pipeline}} {{instance}}"),), width=14),
        Panel(rows, "The last deploy", RATIO,
              "Change of quality from the release before to the last one, with its 95% interval: all below zero, the "
              "new release is worse. Known 1,000 traces or a day after it; GET /v1/events names the releases.", EACH,
              columns("pipeline, instance", with_ends("leadline_release_change%s_ratio")), width=10),
        Panel(lines, "Mean risk by pipeline", RATIO,
              "Weighted mean probability of a failed retrieval, over `Means over`: quicker than hit@5, and without an "
              "interval. A gap: no traffic.", SUMMED,
              (Query(mean("leadline_risk_weighted_total", "leadline_risk_weight_total", " by (pipeline) ", SCENARIO),
                     "{{pipeline}}"),), width=14),
    ),
    "What does the LLM judge say?": (
        Panel(bounded, "Context relevance by the judge", RATIO,
              "Mean grade, of 1, that it would give the first five documents of the last day's traffic, between "
              "the ends of its 95% interval (dashed): an opinion, on evidence that hit@5 has not. Empty without a "
              "judge.", EACH,
              interval(JUDGED, "{{pipeline}} {{instance}}", ALL_TRAFFIC), width=14),
        Panel(lines, "Judged traces behind it", NUMBER,
              "How many equally weighted judged traces it rests on. Below the dashed line no interval would hold, and "
              "there is no estimate: raise `sample.judge`, or the budget. Empty without a judge.", EACH,
              (Query(f"leadline_judge_context_relevance_effective_samples{ALL_TRAFFIC}", "{{pipeline}} {{instance}}"),),
              width=10, steps=below(MINIMUM_LABELLED)),
    ),
    "On what does it rest?": (
        Panel(stacked, "Traces by decision", PER_SECOND,
              "What became of every trace; all figures rest on `evaluated`. Nothing evaluated while traffic comes: the "
              "monitor is blind. `unusable` are records that are no query traces.", SUMMED,
              (Query(f"sum by (decision) (rate(leadline_traces_total{PIPELINE}[$__rate_interval]))", "{{decision}}"),)),
        Panel(lines, "Coverage of the signals", RATIO,
              "Estimated share of the last day's traffic for which a signal can be computed at all. Some are made for "
              "few queries (`missed_identifiers`, `first_answer_type`); what falls has lost its evidence, and "
              "`leadline: signals` has the reasons.", WORST,
              (Query(f"min by (signal) (leadline_signal_coverage_ratio{PIPELINE})", "{{signal}}"),)),
        Panel(lines, "Effective samples", NUMBER,
              "How many equally weighted traces hit@5 is worth. The interval narrows with their square root, down to "
              f"the error of the prior; below {MINIMUM_SAMPLES} there is no estimate.", EACH,
              (Query(f"leadline_effective_samples{PIPELINE}", "{{pipeline}} {{instance}}"),),
              steps=below(MINIMUM_SAMPLES)),
        Panel(stacked, "Traces by what the alarms did with them", PER_SECOND,
              "`fed` is watched; all else is not, and says why. Much of it beside `fed`: the alarms see less than they "
              "were planned for.", SUMMED,
              (Query(f"sum by (alarm, outcome) (rate(leadline_watched_traces_total{PIPELINE}[$window]))",
                     "{{alarm}}: {{outcome}}"),), width=12),
        Panel(numbers, "Baseline frozen", DATE,
              "What the alarms compare with: when it was frozen. It never moves by itself, so an old one is no fault; "
              "`leadline baseline` makes a new one after a change that you wanted. Of several replicas the oldest.",
              WORST,
              (Query(f"min by (pipeline, signal) (leadline_baseline_built_timestamp_seconds{PIPELINE}) * 1000",
                     "{{pipeline}} {{signal}}"),), width=12),
    ),
}  # fmt: skip
