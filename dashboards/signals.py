"""By what evidence? Every signal: its mean with interval, its spread, how much of the traffic has it, and why not."""

from collections.abc import Iterable, Iterator

from dashboards.expressions import EVALUATED, columns, interval, mean, spread, with_ends
from dashboards.panels import (
    EACH,
    NUMBER,
    RATIO,
    SUMMED,
    WORST,
    Panel,
    Query,
    bounded,
    distribution,
    lines,
    logarithmic,
    rows,
    stacked,
)
from detectors.estimate import MINIMUM_SAMPLES
from detectors.signals import SIGNALS

SCORES = ("top_score", "score_gap", "score_z", "score_spread")  # whatever the retriever's scores range over
OWN_SCALE = (*SCORES, "served_length")
ONE = '{pipeline=~"$pipeline", signal=~"$signal"}'
MEAN = "leadline_signal_mean%s"


def means(names: Iterable[str]) -> tuple[Query, ...]:
    """The mean of each signal."""
    return tuple(Query(mean(f"leadline_signal_{name}_sum", f"leadline_signal_{name}_count"), name) for name in names)


def directed(direction: int) -> Iterator[str]:
    """The signals that point in one direction and have the same scale in every stack."""
    return (name for name, spec in SIGNALS.items() if spec.direction == direction and name not in OWN_SCALE)


def abstained(by: str) -> str:
    """Share of the assessed traces."""
    counted = f'sum by ({by}) (rate(leadline_abstentions_total{{signal=~"$signal"}}[$window]))'
    return f"{counted} / ignoring ({by}) group_left () {EVALUATED}"


ROWS: dict[str, tuple[Panel, ...]] = {
    "What moved?": (
        Panel(lines, "Signals: higher is worse", NUMBER,
              "Means over the traces that have the signal, unweighted; the legend begins with what moved most. "
              "Uncovered terms and lexical misses rise: documents are missing from the index or the list. Discordance "
              "rises: the order is what suffers. Near-duplicates or hub share rise: the index holds "
              "copies, or documents that are near to everything.", SUMMED, means(directed(+1)), width=12),
        Panel(lines, "Signals: lower is worse", NUMBER,
              "Means over the traces that have the signal, unweighted. Overlaps fall: BM25 and the cross-encoder would "
              "have served others. Best relevance falls: nothing served answers the query.", SUMMED,
              means(directed(-1)), width=12),
        Panel(logarithmic, "Shape of the scores", NUMBER,
              "Means in the scale of the retriever's own scores; lower is worse. A step in all of them at once is most "
              "often a new embedding model or score, not a failure: compare it with your deployments.", SUMMED,
              means(SCORES), width=12),
        Panel(lines, "Length of what was served", "suffix: characters",
              "Mean length of the first five documents. A step, up or down: documents are cut into chunks in another "
              "way than before, or truncated on their way into the index.", SUMMED, means(["served_length"]), width=12),
        Panel(rows, "Every signal, over the last day", NUMBER,
              "Weighted mean with its 95% interval, the share of the traffic that has it, and how many equally "
              f"weighted traces that is worth. No mean below {MINIMUM_SAMPLES}.", EACH,
              columns("pipeline, signal, instance",
                      (*with_ends(MEAN, ONE), ("coverage", f"leadline_signal_coverage_ratio{ONE}"),
                       ("effective samples", f"leadline_signal_effective_samples{ONE}"))), width=12),
        Panel(lines, "Share of assessed traces without a signal", RATIO,
              "Abstentions by signal and reason, over all pipelines. `not_sampled` and `over_budget` are chosen; a "
              "signal at 100% for any other reason says nothing at all, and the reason is what to repair.", SUMMED,
              (Query(abstained("signal, reason"), "{{signal}}: {{reason}}"),), width=12),
    ),
    "$signal": (
        Panel(bounded, "$signal: mean", NUMBER,
              "Weighted mean over the last day between the ends of its 95% interval (dashed). Two levels whose "
              "intervals do not meet are a change. docs/signals.md says what it sees and which way is bad.",
              EACH, interval(MEAN, "{{pipeline}} {{instance}}", ONE)),
        Panel(distribution, "$signal: distribution", NUMBER,
              "How its values are spread, over the chosen pipelines. A second hump is a part of the queries, the whole "
              "moving is the whole index.", SUMMED, (spread("leadline_signal_${signal}"),)),
        Panel(lines, "$signal: coverage", RATIO,
              "Estimated share of the last day's traffic that has it. Some are rare; a fall is lost evidence.",
              WORST, (Query(f"min by (pipeline) (leadline_signal_coverage_ratio{ONE})", "{{pipeline}}"),), width=4),
        Panel(stacked, "$signal: abstentions", RATIO,
              "Why it has no value, as shares of the assessed traces of all pipelines. Empty: it always has one.",
              SUMMED, (Query(abstained("reason"), "{{reason}}"),), width=4),
    ),
}  # fmt: skip
