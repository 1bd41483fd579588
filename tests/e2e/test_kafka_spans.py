"""Spans as a collector writes them to a real Kafka: joined over records, whatever happens to the sidecars meanwhile."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.service import Service
from tests.e2e.broker import Broker
from tests.e2e.test_kafka import (
    IN_FLIGHT,
    PARTITIONS,
    PATIENCE,
    UNCOMMITTED,
    Group,
    lines,
    partitions,
    repeating,
    source,
)
from tests.monitor import kit
from tests.monitor.otlp.kit import as_json, as_protobuf, new_id, request, retriever

FAMILIES = 20 * PARTITIONS  # in one batch: so that the two records of a trace are in the same partition
JOIN_SECONDS = 8.0  # longer than a group takes to notice that a member is gone

pytestmark = pytest.mark.timeout(240)


def family() -> tuple[dict[str, Any], dict[str, Any]]:
    """A reranking retriever and the retriever inside it, which ends first."""
    trace_id, parent = new_id(32), new_id()
    inner = retriever(ids=("kb-2", "kb-1"), traceId=trace_id, parentSpanId=parent)
    return inner, retriever(ids=("kb-1", "kb-2"), traceId=trace_id, spanId=parent)


@contextmanager
def writing(broker: Broker, topic: str) -> Iterator[list[str]]:
    """Traces flow until the end of the block, parents a batch behind their children: at any time some are open."""
    outer_ids: list[str] = []
    parents: list[dict[str, Any]] = []

    def write(_: int) -> None:
        families = [family() for _ in range(FAMILIES)]
        broker.produce(topic, [as_protobuf(request(one)) for one in (*(inner for inner, _ in families), *parents)])
        parents[:] = [outer for _, outer in families]
        outer_ids.extend(outer["spanId"] for outer in parents)

    with repeating(write):
        yield outer_ids
    broker.produce(topic, [as_protobuf(request(outer)) for outer in parents])


def served(directory: Path) -> list[str]:
    """Ids of the spans that the assessments are about."""
    return lines(directory, "span_id")


def in_the_end(members: Group, outer_ids: list[str]) -> int:
    """Wait until every retrieval was assessed, and none of its parts alone; how many were twice."""
    kit.wait_for(lambda: {one for m in members.members for one in served(m.directory)} >= set(outer_ids), PATIENCE)
    found = [one for member in members.members for one in served(member.directory)]
    assert set(found) == set(outer_ids)
    return len(found) - len(outer_ids)


@pytest.fixture
def group(request: pytest.FixtureRequest, tmp_path: Path, kafka: Broker) -> Iterator[tuple[Group, str]]:
    """As in test_kafka.py, reading spans."""
    topic = kafka.create(request.node.originalname.replace("_", "-")[:60], PARTITIONS)
    with ExitStack() as stack:
        yield Group(tmp_path, kafka, topic, stack, encoding="otlp_proto", join_seconds=JOIN_SECONDS), topic


def test_kill_9_with_retrievals_open_and_restart(group: tuple[Group, str], kafka: Broker) -> None:
    """What was open is read again and joined; what was assessed is known, but for what was in flight."""
    members, topic = group
    sidecar = members.join()
    with writing(kafka, topic) as outer_ids:
        kit.wait_for(lambda: len(lines(sidecar.directory)) > FAMILIES, PATIENCE)
        sidecar.kill()
        sidecar.start()
    assert in_the_end(members, outer_ids) <= IN_FLIGHT
    kit.wait_for(lambda: kafka.committed(topic, topic) == 2 * len(outer_ids), PATIENCE)
    assert sidecar.terminate() == 0


def test_a_third_joins_while_retrievals_are_open(group: tuple[Group, str], kafka: Broker) -> None:
    """What was open in the partitions that it is given, it reads from the beginning."""
    members, topic = group
    two = [members.join(), members.join()]
    kit.wait_for(lambda: [partitions(one) for one in two] == [PARTITIONS / 2] * 2, PATIENCE)
    with writing(kafka, topic) as outer_ids:
        kit.wait_for(lambda: len(outer_ids) > 2 * FAMILIES, PATIENCE)
        third = members.join()
        kit.wait_for(lambda: (partitions(third) or 0) > 0, PATIENCE)
    assert in_the_end(members, outer_ids) <= UNCOMMITTED + IN_FLIGHT
    assert served(third.directory)
    kit.wait_for(lambda: kafka.committed(topic, topic) == 2 * len(outer_ids), PATIENCE)


@pytest.mark.parametrize(("encoding", "encode"), [("otlp_proto", as_protobuf), ("otlp_json", as_json)])
def test_poison_and_latecomers_in_either_encoding(
    tmp_path: Path, kafka: Broker, encoding: str, encode: Callable[[dict[str, Any]], bytes]
) -> None:
    """Each with its reason in the dead-letter topic; a span that comes too late is counted, and not assessed."""
    topic, dead = kafka.create("spans"), kafka.create("spans-dead")
    sound, no_id = retriever(), {**retriever(), "traceId": "00" * 16}
    late, outer = family()
    query_trace = json.dumps(kit.trace("t")).encode()
    records = [encode(request(sound, no_id)), b"\xff\xfe", query_trace, None, encode(request(outer))]
    kafka.produce(topic, records)
    sections = source(kafka, topic, encoding=encoding, join_seconds=0.5, dead_letter_topic=dead)
    with Service(kit.config(tmp_path, sources=sections)) as service:
        kit.wait_for(lambda: set(served(tmp_path)) == {sound["spanId"], outer["spanId"]}, PATIENCE)
        kafka.produce(topic, [encode(request(late))])
        name = f"kafka:{topic}/{topic}"
        kit.wait_for(lambda: service.metrics.value("otlp_retrieval_spans_total", name, "late") == 1, PATIENCE)
        kit.wait_for(lambda: kafka.committed(topic, topic) == 6, PATIENCE)
    assert set(served(tmp_path)) == {sound["spanId"], outer["spanId"]}
    reasons = [dict(letter.headers)["leadline.reason"].decode() for letter in kafka.read(dead)]
    assert reasons[0] == "traceId: expected an id, got zeros only"
    assert reasons[-1] == "expected a value, got null"
    assert len(reasons) == 4
