"""What the assembler hands over, and what it counts."""

from typing import Any

from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler, count_spans
from monitor.otlp.join import Join
from tests.monitor.otlp.kit import note


def built() -> tuple[Assembler, Metrics, list[float]]:
    metrics, now = Metrics(), [0.0]
    return Assembler("s", Join(lambda: now[0]), metrics, Recorder(metrics)), metrics, now


def result(metrics: Metrics, name: str) -> float:
    return metrics.value("otlp_retrieval_spans_total", "s", name)


def test_traces_come_with_the_identities_of_what_is_inside_them() -> None:
    """Not with those of the traces themselves: they would be duplicates of their own."""
    assembler, metrics, now = built()
    outer = note("retriever", "a", pipeline="p")
    inner = note("retriever", "a", "b", parent_id=outer.span_id, pipeline="p")
    assembler.add([inner, outer, note("link")], 1)
    now[0] += 10
    assembled = assembler.take(10)
    assert [trace.identity for trace in assembled.traces] == [outer.identity]
    assert assembled.absorbed == (inner.identity,)
    assert assembled.size_bytes > 1000
    assert (result(metrics, "served"), result(metrics, "inner")) == (1, 1)


def test_late_and_repeated_spans_are_absorbed_and_counted() -> None:
    """Once each, however often it is asked."""
    assembler, metrics, now = built()
    outer = note("retriever", "a")
    inner = note("retriever", "a", "b", parent_id=outer.span_id)
    for one in (inner, inner, outer):
        assembler.add([one], 1)
        now[0] += 10
        assembler.take(10)
    assembler.add([], 2)
    assembler.take(10)
    assert (result(metrics, "served"), result(metrics, "late"), result(metrics, "duplicate")) == (1, 1, 1)


def test_unusable_retrievals_are_counted_by_pipeline_and_reason() -> None:
    """They are no traces; the limit counts decisions."""
    assembler, metrics, now = built()
    assembler.add([note(pipeline="p"), note("retriever", "a", query=None, pipeline="p", trace_id="e" * 32)], 1)
    now[0] += 10
    assert assembler.take(10).traces == ()
    assert (result(metrics, "no_documents"), result(metrics, "no_query"), result(metrics, "served")) == (1, 1, 0)
    assert metrics.value("traces_total", "p", "unusable") == 2


def test_open_spans_are_a_gauge_and_spans_are_counted_by_dialect() -> None:
    """For those who wonder why nothing comes."""
    assembler, metrics, now = built()
    assembler.add([note("retriever", "a"), note("link")], 1)
    assembler.take(10)
    assert metrics.value("otlp_open_spans", "s") == 2
    now[0] += 10
    assembler.take(10)
    assert metrics.value("otlp_open_spans", "s") == 0
    counts: dict[Any, int] = {("genai", "retriever"): 2, ("none", "ignored"): 5}
    count_spans(metrics, "s", counts)
    assert metrics.value("otlp_spans_total", "s", "genai", "retriever") == 2
    assert metrics.value("otlp_spans_total", "s", "none", "ignored") == 5
