"""Assessments to a real Kafka: keyed, whole, and held back while there are no brokers."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from monitor.config_sinks import KafkaSink as KafkaConfig
from monitor.service import Service
from monitor.sinks.kafka import KafkaSink
from tests.e2e.broker import PASSWORD, USER, Broker, own
from tests.monitor import kit
from tests.monitor.kit import PRIVATE, assessment
from tests.monitor.sinks.kit import Skips

PATIENCE = 60.0

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def topic(request: pytest.FixtureRequest, kafka: Broker) -> str:
    return kafka.create(request.node.originalname.replace("_", "-")[:60], 3)


@pytest.fixture
def skips() -> Skips:
    return Skips()


@pytest.fixture
def sink(kafka: Broker, topic: str, skips: Skips) -> Iterator[KafkaSink]:
    with closing(KafkaSink(KafkaConfig(**section(kafka, topic)), skips)) as built:
        yield built


def section(kafka: Broker, topic: str, **changes: Any) -> dict[str, Any]:
    return {"kind": "kafka", "bootstrap_servers": [kafka.address], "topic": topic, **changes}


def written(kafka: Broker, topic: str) -> list[str]:
    """Trace ids, with repeats, in no order."""
    return [json.loads(record.value)["trace_id"] for record in kafka.read(topic)]


def test_a_batch_is_there_when_write_returns_and_pipelines_stay_in_order(
    kafka: Broker, topic: str, sink: KafkaSink
) -> None:
    """The key is the pipeline, so that each has a partition of its own."""
    sink.write([assessment(f"{name}{i}", pipeline=name) for i in range(50) for name in ("shop", "bot")])
    records = kafka.read(topic)
    for name in ("shop", "bot"):
        of_pipeline = [record for record in records if record.key == name.encode()]
        assert [json.loads(record.value)["trace_id"] for record in of_pipeline] == [f"{name}{i}" for i in range(50)]
        assert len({record.partition for record in of_pipeline}) == 1
    assert len(records) == 100


@pytest.mark.parametrize("characters", [1_500_000, 5_000_000])
def test_one_that_no_broker_takes_is_left_out_and_counted(
    kafka: Broker, topic: str, sink: KafkaSink, skips: Skips, characters: int
) -> None:
    """More than the broker's megabyte, and more than the producer's own limit: the others are written."""
    sink.write([assessment("a"), assessment("b", query="x" * characters), assessment("c")])
    assert sorted(written(kafka, topic)) == ["a", "c"]
    assert skips == {"too_large": 1}


def test_a_topic_that_is_not_there_is_an_error_until_it_is(kafka: Broker, skips: Skips) -> None:
    with closing(KafkaSink(KafkaConfig(**section(kafka, "nowhere")), skips)) as sink:
        for _ in range(2):
            with pytest.raises(KafkaTimeoutError):
                sink.write([assessment("a")])


def test_a_sidecar_writes_over_tls_with_a_password_and_no_text(tmp_path: Path, kafka: Broker, topic: str) -> None:
    broker, path = own(kafka), tmp_path / "traces.jsonl"
    (tmp_path / "password").write_text(PASSWORD)
    sasl = {"mechanism": "SCRAM-SHA-512", "username": USER, "password_file": str(tmp_path / "password")}
    tls = {"ca_file": str(broker.certificate)}
    sinks = [section(kafka, topic, bootstrap_servers=[broker.secure_address], tls=tls, sasl=sasl)]
    path.write_bytes(kit.lines([kit.trace("a", query=PRIVATE)]))
    config = kit.config(tmp_path, sources=kit.follow(path), sinks=sinks, privacy={"keep_text": False})
    with Service(config):
        kit.wait_for(lambda: written(kafka, topic) == ["a"], PATIENCE)
    (record,) = kafka.read(topic)
    assert b"zanzibar" not in record.value


def test_nothing_is_lost_while_the_brokers_are_away(tmp_path: Path, kafka: Broker, topic: str) -> None:
    """Positions are held back, the log and `/metrics` say by whom, and after a kill of both the rest comes."""
    broker, path = own(kafka), tmp_path / "traces.jsonl"
    path.write_bytes(kit.lines(kit.traces(100, "before")))
    sections = {"sources": kit.follow(path), "sinks": [section(kafka, topic)]}
    with kit.sidecar(tmp_path, **sections) as running:
        kit.wait_for(lambda: len(written(kafka, topic)) == 100, PATIENCE)
        broker.kill()
        with path.open("ab") as file:
            file.write(kit.lines(kit.traces(100, "away")))
        kit.wait_for(lambda: f'"component": "kafka:{kafka.address}/{topic}"' in running.log, PATIENCE)
        assert "failing, trying again" in running.log
        running.kill()
        broker.start()
        running.start()
        kit.wait_for(lambda: len(set(written(kafka, topic))) == 200, PATIENCE)
        assert running.terminate() == 0
    found = written(kafka, topic)
    assert set(found) == {f"{name}{i}" for name in ("before", "away") for i in range(100)}
    assert len(found) <= 300, "only what was in hand came again"
