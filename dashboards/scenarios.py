"""Which kinds of query suffer, and are more of them asked than before?"""

from dashboards.expressions import SCENARIO, STREAM, columns, interval, mean, spread, with_ends
from dashboards.overview import JUDGED, KIND_HIT
from dashboards.panels import (
    EACH,
    NUMBER,
    PER_SECOND,
    RATIO,
    SUMMED,
    WORST,
    Panel,
    Query,
    above,
    bounded,
    distribution,
    lines,
    rows,
    stacked,
)

WEIGHT = f"sum by (scenario) (rate(leadline_risk_weight_total{SCENARIO}[$window]))"
SHARE, BASELINE = (f"leadline_scenario_{name}share_ratio{SCENARIO}" for name in ("", "baseline_"))
EVIDENCE = f"max by (alarm, pipeline, scenario) (leadline_alarm_evidence_ratio{SCENARIO})"

ROWS: dict[str, tuple[Panel, ...]] = {
    "Which kinds of query suffer?": (
        Panel(rows, "Kinds of query now", RATIO,
              "Share of the last day's traffic and of the baseline's; hit@5 with its 95% interval. Mend first what is "
              "both common and bad. Levels are prior-based: compare kinds with care, a kind with its past freely.",
              EACH, columns("pipeline, scenario, instance",
                      (("share", SHARE), ("share in baseline", BASELINE), *with_ends(KIND_HIT, SCENARIO))), width=14),
        Panel(lines, "Evidence, as a share of its limit", RATIO,
              "How near each kind of query is to an alarm of its own, which is raised at 100%. A kind that is not here "
              "is too rare in the baseline to be watched alone; it is watched within `_all`.", WORST,
              (Query(EVIDENCE, "{{alarm}} {{pipeline}} {{scenario}}"),), width=10, steps=above(1)),
        Panel(lines, "Mean risk by kind of query", RATIO,
              "Weighted mean probability of a failed retrieval. One line rises: that kind suffers. All rise together: "
              "the index or the embedding broke. A gap: no such query came.", SUMMED,
              (Query(mean("leadline_risk_weighted_total", "leadline_risk_weight_total", " by (scenario) ", SCENARIO),
                     "{{scenario}}"),), width=12),
        Panel(lines, "Effective samples", NUMBER,
              "How many equally weighted traces the estimate of each kind is worth: what an interval rests on.", EACH,
              (Query(f"leadline_scenario_effective_samples{SCENARIO}", "{{scenario}} {{pipeline}} {{instance}}"),),
              width=12),
        Panel(rows, "Context relevance by the LLM judge", RATIO,
              "Mean grade, of 1, that the judge would give what was served in the last day, with its 95% interval; "
              "`_all` is every kind together. A kind without a row was judged too seldom for an interval that holds. "
              "Empty without a judge.", EACH,
              columns("pipeline, scenario, instance", with_ends(JUDGED, STREAM)), width=12),
        Panel(bounded, "Context relevance by the LLM judge over time", RATIO,
              "The same. One line falls while risks stand: look at traces of that kind before you believe either. All "
              "fall together and the judge drifts (`leadline: health`): it is the judge. Empty without a judge.", EACH,
              (Query(JUDGED % "" + STREAM, "{{scenario}} {{pipeline}} {{instance}}"),), width=12),
    ),
    "Are other things asked?": (
        Panel(stacked, "Queries by kind", PER_SECOND,
              "The mix of the traffic now, sampled traces counted by their weight. Where the mix moved and the risks "
              "by kind did not, users ask other things and retrieval is what it was.", SUMMED,
              (Query(WEIGHT, "{{scenario}}"),), width=12),
        Panel(lines, "Share of the traffic, less that in the baseline", RATIO,
              "Over the last day. Zero: as many as when the baseline was made. A change here is no fault, and shows as "
              "mix in `leadline: overview`.", EACH,
              (Query(f"{SHARE} - {BASELINE}", "{{scenario}} {{pipeline}} {{instance}}"),), width=12,
              steps=((None, "text"), (0, "text"))),
    ),
    "$scenario": (
        Panel(bounded, "$scenario: hit@5", RATIO,
              "Estimate between the ends of its 95% interval (dashed). Two levels whose intervals do not meet are a "
              "change, whatever the prior.", EACH, interval(KIND_HIT, "{{pipeline}} {{instance}}", SCENARIO)),
        Panel(distribution, "$scenario: risk of single queries", RATIO,
              "How the probability of a failed retrieval is spread. Exemplars are single traces: the diamonds.", SUMMED,
              (spread("leadline_risk", SCENARIO),)),
        Panel(lines, "$scenario: share of the traffic", RATIO,
              "Over the last day, beside that in the baseline.", EACH,
              (Query(SHARE, "now {{pipeline}} {{instance}}"), Query(BASELINE, "baseline {{pipeline}} {{instance}}"))),
    ),
}  # fmt: skip
