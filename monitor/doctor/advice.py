"""The one setting that would help, by what is missing and by who told of the retrieval.

The names of variables are those of the packages that tests/emitters/requirements.txt pins.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from monitor.doctor.measuring import BORROWED, Cause, Row
from monitor.doctor.scores import RISING

CAPTURE = {
    "openinference": "content is hidden: OPENINFERENCE_HIDE_INPUTS=false, OPENINFERENCE_HIDE_OUTPUTS=false, "
    "OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS=false, and no hide_... in a TraceConfig",
    "genai": "content capture is off: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY",
    "traceloop": "content capture is off: TRACELOOP_TRACE_CONTENT=true",
}
METADATA_SCORE = (
    "put the score into each document's metadata as `relevance_score` (the framework's documents have none)"
)
SCORES = {
    "native": "send `documents[].score`",
    "openinference": METADATA_SCORE,
    "genai": METADATA_SCORE,
    "traceloop": METADATA_SCORE,
}
WITH_CORPUS = "`corpus: {path: FILE}` (here: --corpus FILE), the texts that were indexed%(textless)s"

# By reason; where a dialect has more to say, it is in BY_DIALECT.
ADVICE = {
    RISING: "scores get better along the list: `pipelines: {%(pipeline)s: {score_kind: %(other)s}}`",
    BORROWED: "the reranker passes on the retriever's scores, which do not follow its order: let it set its own",
    "constant_scores": "scores of whole lists, or of all but the first, are alike: log the retriever's own ones",
    "too_few_documents": "lists of fewer than 3 documents: log what was retrieved, not what was used, or raise top_k",
    "no_corpus": WITH_CORPUS,
    "no_text": WITH_CORPUS,
    "ids_not_in_corpus": "under 80%% of what is served is in the corpus: set `corpus.id` to the key that has the "
    "served ids, or send `parent_id` with chunks%(strangers)s",
    "filter_unknown": "`corpus: {metadata: [%(filters)s]}`, keys that the corpus has",
    "unsupported_language": "a cross-encoder for the language: `scorer: {model: PATH}`, then `leadline calibrate`",
    "scorer_unavailable": "`scorer: {model: bundled}`",
    "no_calibration": "`leadline calibrate`, then `scorer: {calibration: FILE}`",
    "no_query_terms": "queries without words that BM25 could look for: nothing to set",
    "no_parent": "spans above are missing: export whole traces (no sampling or filter below the root; in a collector's "
    "kafka exporter `partition_traces_by_id: true`)",
    "no_query": "no span has the question: instrument the framework above the retriever too",
    "no_content": "documents with neither id nor text: give them ids, or capture their content",
    "truncated": "the SDK cut the list: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=4096",
    "several_queries": "several queries in one call: ask one at a time",
    "measure_failed": "a bug: please report what stderr says",
    "lexical_unavailable": "a bug: please report what stderr says",
}
BY_DIALECT: dict[str, Mapping[str, str]] = {
    "no_scores": SCORES,
    "no_documents": {
        **CAPTURE,
        "openinference": "spans without documents: OPENINFERENCE_HIDE_OUTPUTS=false; of OpenTelemetry's GenAI "
        "instrumentation, which Phoenix translates: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY",
    },
    "redacted": CAPTURE,
    "no_query": {"genai": CAPTURE["genai"]},
}
NO_RETRIEVAL = (
    "no span is a retrieval: instrument the retriever (OpenInference, Traceloop, or OpenTelemetry's GenAI "
    "instrumentation), or post query traces"
)


class Facts(NamedTuple):
    """What an advice may name; texts are ready to be shown."""

    pipeline: str = "default"
    other: str = "distance"
    filters: str = ""
    strangers: str = ""
    textless: str = ""
    has_corpus: bool = False
    retrievals: int = 1


def advise(row: Row, facts: Facts) -> str | None:
    """What would help this measure most; None where it needs nothing."""
    if row.verdict == "full":
        return None
    if not facts.retrievals:
        return NO_RETRIEVAL
    return text_for(max(row.losses, key=lambda cause: row.losses[cause]), facts) if row.losses else None


def text_for(cause: Cause, facts: Facts) -> str:
    """What helps against one cause."""
    reason, dialect = cause
    if reason == "no_text" and facts.has_corpus:
        reason = "ids_not_in_corpus"
    text = BY_DIALECT.get(reason, {}).get(dialect) or ADVICE.get(reason, reason)
    return text % facts._asdict()


def best_advice(rows: list[Row], advice: Mapping[str, str | None]) -> str | None:
    """The advice that would give back most, over all measures."""
    gains: Counter[str] = Counter()
    for row in rows:
        if (text := advice[row.measure]) is not None:
            gains[text] += round(1000 * (1 - row.share))
    return gains.most_common(1)[0][0] if gains else None
