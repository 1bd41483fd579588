"""What traces carry, as shares: the properties on which every measure depends."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from detectors.records import QueryTrace, RetrievedDocument
from monitor.config import Config
from monitor.doctor.gathering import Sample
from monitor.doctor.measuring import share_of
from monitor.doctor.scores import run_of
from monitor.providers.corpus import Corpus

NAMED = 5


class Carried(msgspec.Struct):
    """One property: the share of retrievals, or of documents, that have it (None: not a share), and details."""

    name: str
    share: float | None
    of: str
    note: str = ""


def carried(sample: Sample, corpus: Corpus | None, config: Config) -> list[Carried]:
    """A row for each property, in the order in which they are looked for."""
    traces = [one.trace for one in sample.retrieved]
    served = [document for trace in traces for document in _served(trace, config)]
    rows = [
        Carried("ids", share_of(served, lambda document: document.id is not None), "documents"),
        _scores(traces, config),
        Carried("texts", share_of(served, lambda document: bool(document.text)), "documents"),
    ]
    if corpus is not None:
        known = share_of(served, lambda document: corpus.find(document) is not None)
        rows.append(Carried("found in the corpus", known, "documents", strangers(served, corpus)))
    return [
        *rows,
        _lengths(traces, config),
        Carried("candidates (reranking)", share_of(traces, lambda trace: trace.candidates is not None), "retrievals"),
        Carried(
            "answers",
            share_of(traces, lambda trace: bool((trace.answer or "").strip())),
            "retrievals",
            "what an LLM judge needs for groundedness and answer relevance",
        ),
        Carried("top_k", share_of(traces, lambda trace: trace.top_k is not None), "retrievals"),
        _filters(traces, corpus),
        Carried("own timestamps", share_of(sample.retrieved, lambda one: one.timed), "retrievals"),
        _scripts(traces),
    ]


def _served(trace: QueryTrace, config: Config) -> Sequence[RetrievedDocument]:
    return trace.documents[: config.pipeline(trace.pipeline).depth]


def _scores(traces: Sequence[QueryTrace], config: Config) -> Carried:
    lists = [documents for trace in traces if (documents := _served(trace, config))]
    runs = Counter(run for trace in traces if (run := run_of(trace, config)) is not None)
    note = ", ".join(f"{count / runs.total():.0%} {run}" for run, count in runs.most_common())
    complete = share_of(lists, lambda documents: all(document.score is not None for document in documents))
    return Carried("scores", complete, "retrievals", f"along the list {note}" if note else "")


def strangers(served: Iterable[RetrievedDocument], corpus: Corpus) -> str:
    """Examples of ids on both sides, where some are not found: one look often tells why."""
    unknown = next((document.id for document in served if document.id and corpus.find(document) is None), None)
    return f"served: {unknown}, in the corpus: {corpus.documents[0].id}" if unknown is not None else ""


def _lengths(traces: Sequence[QueryTrace], config: Config) -> Carried:
    lengths = [len(trace.documents) for trace in traces]
    if not lengths:
        return Carried("list length", None, "retrievals")
    depths = sorted({config.pipeline(trace.pipeline).depth for trace in traces})
    note = f"{min(lengths)} to {max(lengths)}, median {median(lengths):g}; read to depth {', '.join(map(str, depths))}"
    return Carried("list length", None, "retrievals", f"{note}; {lengths.count(0)} empty" if 0 in lengths else note)


def _filters(traces: Sequence[QueryTrace], corpus: Corpus | None) -> Carried:
    keys = Counter(key for trace in traces for key in trace.filters or {})
    known = corpus.metadata_keys if corpus is not None else frozenset()
    named = [key if key in known else f"{key} (not in corpus.metadata)" for key, _ in keys.most_common(NAMED)]
    return Carried("filters", share_of(traces, lambda trace: bool(trace.filters)), "retrievals", ", ".join(named))


def _scripts(traces: Sequence[QueryTrace]) -> Carried:
    scripts = Counter(script_of(trace.query) for trace in traces)
    note = ", ".join(f"{name} {count / len(traces):.0%}" for name, count in scripts.most_common(NAMED))
    return Carried("scripts of the queries", None, "retrievals", note)


def script_of(text: str) -> str:
    """The script of most letters of a text, by their Unicode names: `latin`, `cjk`, `cyrillic`; `none` without letters.

    >>> script_of("退款政策 A4"), script_of("refund"), script_of("42")
    ('cjk', 'latin', 'none')
    """
    names = Counter(unicodedata.name(c, "UNKNOWN").split()[0].lower() for c in text if c.isalpha())
    return names.most_common(1)[0][0] if names else "none"
