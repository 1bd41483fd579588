"""A sample examined: the report, as data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from detectors.records import RetrievedDocument
from monitor.assess import Assessor
from monitor.config import Config
from monitor.doctor.advice import Facts, advise, best_advice
from monitor.doctor.carrying import Carried, carried, script_of, strangers
from monitor.doctor.gathering import NATIVE, Sample
from monitor.doctor.measuring import Row, Verdict, by_emitter, measure, share_of
from monitor.doctor.scores import rising_pipelines, run_of
from monitor.providers.corpus import Corpus

SOME = 0.05  # a share from which something is worth a hint
SHOWN = 5


class Source(msgspec.Struct):
    """One emitter: its dialect, its instrumentation as its spans name it, and the retrievals that it told of."""

    dialect: str
    instrumentation: str | None
    usable: int
    unusable: int


class Ability(msgspec.Struct):
    """What one measure can do: `share` of it works; `reasons` counts retrievals for which something is missing."""

    measure: str
    verdict: Verdict
    share: float
    reasons: dict[str, int]
    advice: str | None


class Report(msgspec.Struct):
    """All that the doctor has to say; the form of `--json`."""

    source: str
    encodings: dict[str, int]
    emitters: list[Source]
    pipelines: dict[str, int]
    retrievals: int
    unusable: dict[str, int]
    repeats: int
    spans: dict[str, int]
    instrumentations: dict[str, int]
    begin: datetime | None
    end: datetime | None
    malformed: int
    examples: list[str]
    carries: list[Carried]
    measures: list[Ability]
    advice: str | None
    hints: list[str]


def examine(source: str, sample: Sample, assessor: Assessor, corpus: Corpus | None, config: Config) -> Report:
    """Everything about a sample. `assessor` runs the measures; `corpus` and `config` are those that it has."""
    traces = [one.trace for one in sample.retrieved]
    rows, facts = measure(sample, assessor, corpus, config), _facts(sample, corpus, config)
    advice = {row.measure: advise(row, facts) for row in rows}
    times = sorted(one.trace.timestamp for one in sample.retrieved if one.timed)
    return Report(
        source=source, encodings=_counted(sample.forms),
        emitters=[Source(emitter.dialect, emitter.scope or None, *n) for emitter, n in by_emitter(sample).items()],
        pipelines=_counted(trace.pipeline for trace in traces), retrievals=len(traces),
        unusable=_counted(lost.reason for lost in sample.lost), repeats=sample.repeats,
        spans=_counted(sample.spans), instrumentations=_counted(sample.scopes),
        begin=times[0] if times else None, end=times[-1] if times else None,
        malformed=sample.malformed, examples=sample.examples, carries=carried(sample, corpus, config),
        measures=[_ability(row, advice[row.measure]) for row in rows], advice=best_advice(rows, advice),
        hints=[*_encoding(source, sample), *_hints(sample, config)],
    )  # fmt: skip


def _counted(names: Iterable[str]) -> dict[str, int]:
    """The most frequent first; of a Counter its own counts."""
    return dict(Counter(names).most_common())


def _ability(row: Row, advice: str | None) -> Ability:
    reasons: Counter[str] = Counter()
    for (reason, _), count in row.causes.items():
        reasons[reason] += count
    return Ability(row.measure, row.verdict, round(row.share, 4), dict(reasons.most_common()), advice)


def _facts(sample: Sample, corpus: Corpus | None, config: Config) -> Facts:
    traces = [one.trace for one in sample.retrieved]
    pipeline = next(iter(sorted(rising_pipelines(traces, config))), "default")
    configured = config.pipeline(pipeline).score_kind
    filters = sorted({key for trace in traces for key in trace.filters or {}})
    served = [document for trace in traces for document in trace.documents]
    examples = strangers(served, corpus) if corpus is not None else ""
    return Facts(
        pipeline=pipeline, other="similarity" if configured == "distance" else "distance",
        filters=", ".join(filters[:SHOWN]), strangers=f" ({examples})" if examples else "",
        textless=_textless(served), has_corpus=corpus is not None, retrievals=len(sample.retrieved) + len(sample.lost),
    )  # fmt: skip


def _textless(served: Sequence[RetrievedDocument]) -> str:
    share = share_of(served, lambda document: not document.text)
    return f": {share:.0%} of the served documents have no text" if share else ""


def _hints(sample: Sample, config: Config) -> list[str]:
    """What no single measure depends on."""
    traces = [one.trace for one in sample.retrieved]
    total = len(traces) or 1
    untimed = sum(not one.timed for one in sample.retrieved)
    nameless = sum(one.emitter.dialect != NATIVE and one.trace.pipeline == "default" for one in sample.retrieved)
    empty = sum(not trace.documents for trace in traces)
    unordered = sum(run_of(trace, config) == "unordered" for trace in traces)
    foreign = sum(script_of(trace.query) not in ("latin", "none") for trace in traces)
    found = {
        f"empty lists: {empty:,} (the worst failure, with a risk of 1)": empty > SOME * total,
        f"{untimed:,} traces have no `timestamp`: the time of their arrival counts": untimed > SOME * total,
        "spans have no service name, all is in the pipeline `default`: OTEL_SERVICE_NAME=NAME": nameless > SOME * total,
        f"{sample.repeats:,} repeats of the same pipeline, trace_id and span_id: they are dropped": sample.repeats > 0,
        f"in {unordered:,} lists the scores do not follow the order: another score than the one that ranked them": (
            unordered > SOME * total
        ),
        f"{foreign:,} queries are not in Latin script: see with --cross-encoder bundled whether it reads them": (
            foreign > SOME * total
        ),
        f"{sample.early:,} spans belong to traces of 1000 and more: those are not waited for": sample.early > 0,
    }
    return [hint for hint, holds in found.items() if holds]


def _encoding(source: str, sample: Sample) -> list[str]:
    """A source of a stream has to be told what its records are."""
    if not source.startswith("kafka"):
        return []
    if len(sample.forms) > 1:
        return [f"records of several encodings ({', '.join(sample.forms)}), expected one in a topic"]
    return [f"in the section of the source: `encoding: {form}`" for form in sample.forms]
