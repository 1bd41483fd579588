"""PromQL that several dashboards share."""

from collections.abc import Iterable

from dashboards.panels import Query

PIPELINE = '{pipeline=~"$pipeline"}'
SCENARIO = '{pipeline=~"$pipeline", scenario=~"$scenario"}'
STREAM = '{pipeline=~"$pipeline", scenario=~"_all|$scenario"}'
EVALUATED = 'sum(rate(leadline_traces_total{decision="evaluated"}[$window]))'
ENDS = {"lower": "_lower", "": "", "upper": "_upper"}  # of an interval, and what they are in names of metrics


def mean(total: str, number: str, by: str = "", chosen: str = PIPELINE) -> str:
    """A ratio of two counters: right over any number of replicas, and NaN, never 0, where nothing was counted."""
    return f"sum{by}(rate({total}{chosen}[$window])) / sum{by}(rate({number}{chosen}[$window]))"


def spread(histogram: str, chosen: str = PIPELINE) -> Query:
    """What a heat map shows of a histogram."""
    return Query(f"sum by (le) (increase({histogram}_bucket{chosen}[$window]))", "{{le}}")


def interval(name: str, legend: str, chosen: str = PIPELINE) -> tuple[Query, ...]:
    """A gauge and the ends of its interval, for each replica; `name` has its `%s` where the ends are named."""
    return tuple(Query(name % end + chosen, f"{word} {legend}".strip()) for word, end in ENDS.items())


def envelope(name: str, part: str = "") -> tuple[Query, ...]:
    """A gauge of each replica, and the widest interval that one of them has, of one pipeline."""
    return (
        Query(f"min({name % '_lower'}{PIPELINE})", f"{part}lower"),
        Query(f"max({name % '_upper'}{PIPELINE})", f"{part}upper"),
        Query(f"{name % ''}{PIPELINE}", f"{part or 'hit@5 '}{{{{instance}}}}"),
    )


def columns(by: str, named: Iterable[tuple[str, str]]) -> tuple[Query, ...]:
    """Columns of a table with a row for each of some labels; of the same labels the largest, without its name."""
    return tuple(Query(f"max by ({by}) ({expression})", name) for name, expression in named)


def with_ends(name: str, chosen: str = PIPELINE) -> tuple[tuple[str, str], ...]:
    """Three columns: an estimate between the ends of its interval."""
    return tuple((word or "estimate", name % end + chosen) for word, end in ENDS.items())
