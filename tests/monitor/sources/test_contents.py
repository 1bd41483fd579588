"""Spans in the records of a partitioned log: joined over records, and committed only once what they became is done."""

from collections.abc import Sequence
from typing import Any

import pytest

from monitor.config_kafka import KafkaSource as KafkaConfig
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler
from monitor.otlp.join import WINDOW_SECONDS, Join
from monitor.sources.base import Batch
from monitor.sources.contents import JoinedSpans
from monitor.sources.kafka import KafkaSource
from tests.monitor import kit
from tests.monitor.otlp.kit import as_json, as_protobuf, new_id, request, retriever, wire
from tests.monitor.sources.test_kafka import NOON, A, B, Consumer, record

CONFIG = KafkaConfig(
    kind="kafka", bootstrap_servers=("here:9092",), topics=("traces",), encoding="otlp_proto", dead_letter_topic="dead"
)


class Letters:
    """Dead letters that arrive at once."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []

    def send(self, sent: Any, reason: str) -> None:
        self.sent.append((sent.offset, reason))

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to let go of."""


class Reader:
    """A source of spans in one assignment, with a clock that the test moves."""

    def __init__(self, *polls: Sequence[Any], answers: bool = False) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.letters = Letters()
        self.consumer = Consumer()
        self.feed(*polls)
        assembler = Assembler("kafka", Join(lambda: self.now), self.metrics, Recorder(self.metrics))
        contents = JoinedSpans("kafka", "protobuf", assembler, self.metrics, answers=answers)
        self.source = KafkaSource(
            CONFIG, lambda: self.consumer, self.metrics, contents=contents, dead_letters=self.letters,  # type: ignore[arg-type]
            clock=NOON.timestamp, look_seconds=0.0,
        )  # fmt: skip
        self.source.open(None)
        self.consumer.assign(A, B)

    def feed(self, *polls: Sequence[Any]) -> None:
        """What the next polls of the client bring."""
        for records in polls:
            by_partition: dict[Any, list[Any]] = {}
            for one in records:
                by_partition.setdefault((A, B)[one.partition], []).append(one)
            self.consumer.script.append(by_partition)

    def poll(self, limit: int = 100) -> Batch:
        return self.source.poll(limit, 0.0)

    def after_the_window(self) -> Batch:
        self.now += WINDOW_SECONDS
        return self.poll()

    def accept(self, batch: Batch) -> None:
        """As the pipeline does once the sinks have."""
        assert batch.position is not None
        self.source.commit(batch.position)

    @property
    def committed(self) -> dict[Any, int]:
        """Where each partition stands with the brokers."""
        return {partition: offset for commit in self.consumer.commits for partition, offset in commit.items()}

    def spans(self, result: str) -> float:
        return self.metrics.value("otlp_retrieval_spans_total", "kafka", result)


def spans(offset: int, *found: dict[str, Any], partition: Any = A) -> Any:
    return record(offset, as_protobuf(request(*found)), partition)


def family() -> tuple[dict[str, Any], dict[str, Any]]:
    """A reranking retriever, and the retriever inside it: one retrieval."""
    trace_id, parent = new_id(32), new_id()
    inner = retriever(ids=("kb-2", "kb-1"), traceId=trace_id, parentSpanId=parent)
    return retriever(ids=("kb-1", "kb-2"), traceId=trace_id, spanId=parent), inner


def test_a_child_and_its_parent_in_different_records_are_one_retrieval() -> None:
    outer, inner = family()
    reader = Reader([spans(0, inner)], [spans(1, outer)])
    assert [reader.poll().traces for _ in range(2)] == [(), ()]
    (trace,) = reader.after_the_window().traces
    assert (trace.trace_id, trace.span_id) == (outer["traceId"], outer["spanId"])
    assert [one.id for one in trace.documents] == ["kb-1", "kb-2"]
    assert [one.id for one in trace.candidates or ()] == ["kb-2", "kb-1"]


@pytest.mark.parametrize("answers", [True, False])
def test_an_answer_in_a_record_of_its_own_is_that_of_the_retrieval(answers: bool) -> None:
    """Where answers are wanted; the record holds the commit no longer than the retrieval does."""
    trace_id = new_id(32)
    message = {"openinference.span.kind": "LLM", "llm.output_messages.0.message.content": "five days"}
    model = wire(message, traceId=trace_id, startTimeUnixNano="1795574765879137319")
    reader = Reader([spans(0, retriever(traceId=trace_id))], [spans(1, model)], answers=answers)
    assert [reader.poll().traces for _ in range(2)] == [(), ()]
    batch = reader.after_the_window()
    assert [trace.answer for trace in batch.traces] == ["five days" if answers else None]
    reader.accept(batch)
    assert reader.committed == {A: 2}


def test_the_oldest_open_record_is_what_is_committed() -> None:
    """Of its own partition; the other one goes on. And nothing is, before the sinks have accepted."""
    first, second, third = retriever(), retriever(), retriever()
    reader = Reader([spans(4, wire({})), spans(5, first)], [spans(9, wire({}), partition=B)])
    reader.accept(reader.poll())
    reader.accept(reader.poll())
    assert reader.committed == {A: 5, B: 10}
    reader.now += WINDOW_SECONDS / 2
    reader.feed([spans(6, second), spans(7, third)])
    reader.accept(reader.poll())
    assert reader.committed[A] == 5
    reader.now += WINDOW_SECONDS / 2
    whole = reader.poll()
    assert [trace.trace_id for trace in whole.traces] == [first["traceId"]]
    assert reader.committed[A] == 5
    reader.accept(whole)
    assert reader.committed[A] == 6
    reader.accept(reader.after_the_window())
    assert reader.committed[A] == 8


def test_more_than_fits_into_a_batch_waits_and_is_not_committed() -> None:
    reader = Reader([spans(0, *(retriever() for _ in range(5)))])
    reader.poll()
    reader.now += WINDOW_SECONDS
    two, rest = reader.poll(2), reader.poll()
    assert (len(two.traces), len(rest.traces)) == (2, 3)
    reader.accept(two)
    assert reader.committed == {}
    reader.accept(rest)
    assert reader.committed == {A: 1}


def test_what_is_open_when_a_partition_goes_is_let_go_and_read_again() -> None:
    """By the next owner; here the partition comes back."""
    kept, gone = retriever(), retriever()
    reader = Reader([spans(0, gone)], [spans(0, kept, partition=B)])
    reader.poll()
    reader.poll()
    reader.consumer.revoke(A)
    whole = reader.after_the_window()
    assert [trace.trace_id for trace in whole.traces] == [kept["traceId"]]
    reader.accept(whole)
    assert reader.committed == {B: 1}
    reader.consumer.assign(A)
    reader.feed([spans(0, gone)])
    reader.poll()
    again = reader.after_the_window()
    assert [trace.trace_id for trace in again.traces] == [gone["traceId"]]
    reader.accept(again)
    assert reader.committed == {A: 1, B: 1}


def test_a_log_that_begins_anew_forgets_what_was_open() -> None:
    old, new = retriever(), retriever()
    reader = Reader([spans(7, old)], [spans(0, new)])
    reader.poll()
    reader.poll()
    whole = reader.after_the_window()
    assert [trace.trace_id for trace in whole.traces] == [new["traceId"]]
    reader.accept(whole)
    assert reader.committed == {A: 1}


def test_a_span_that_comes_too_late_is_counted_and_never_assessed() -> None:
    outer, inner = family()
    reader = Reader([spans(0, outer)])
    reader.poll()
    assert len(reader.after_the_window().traces) == 1
    reader.feed([spans(1, inner)])
    reader.poll()
    after = reader.after_the_window()
    assert after.traces == ()
    assert after.absorbed == (("default", inner["traceId"], inner["spanId"]),)
    assert reader.spans("late") == 1
    reader.accept(after)
    assert reader.committed == {A: 2}


def test_a_span_that_cannot_be_taken_does_not_cost_the_others() -> None:
    """Its record is a dead letter, with the reason; the record's other spans are read."""
    sound, bad = retriever(), retriever()
    value = as_protobuf(request(sound, {**bad, "traceId": "00" * 16}))
    reader = Reader([record(3, value)])
    found = reader.poll()
    assert [(one.reason, one.where["offset"], one.dead_lettered) for one in found.malformed] == [
        ("traceId: expected an id, got zeros only", 3, True)
    ]
    assert reader.letters.sent == [(3, "traceId: expected an id, got zeros only")]
    assert [trace.trace_id for trace in reader.after_the_window().traces] == [sound["traceId"]]
    assert reader.metrics.value("otlp_spans_total", "kafka", "none", "rejected") == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (kit.lines([kit.trace("t")]), "expected a protobuf ExportTraceServiceRequest"),
        (b"", "expected spans, got none (if these are query traces: encoding json)"),
        (None, "expected a value, got null"),
    ],
)
def test_a_record_that_holds_no_spans_is_set_aside(value: bytes | None, reason: str) -> None:
    one = record(0)
    one.value = value
    reader = Reader([one])
    batch = reader.poll()
    assert batch.malformed[0].reason.startswith(reason)
    assert reader.letters.sent[0][0] == 0
    reader.accept(batch)
    assert reader.committed == {A: 1}


def test_spans_where_query_traces_are_expected_are_called_so() -> None:
    consumer = Consumer([{A: [record(0, as_json(request(retriever())))]}])
    config = KafkaConfig(kind="kafka", bootstrap_servers=("here:9092",), topics=("traces",))
    source = KafkaSource(config, lambda: consumer, Metrics(), clock=NOON.timestamp, look_seconds=0.0)
    source.open(None)
    consumer.assign(A)
    (bad,) = source.poll(10, 0.0).malformed
    assert bad.reason.endswith("(these are spans: expected encoding otlp_json)")
