"""The producer and the sidecar of deploy/compose.yaml, on a real Kafka, as processes of this machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from monitor.config import build_config
from monitor.service import Service
from tests.e2e.broker import Broker, own
from tests.monitor import kit

STACK = yaml.safe_load((kit.ROOT / "deploy" / "compose.yaml").read_text())["services"]

pytestmark = pytest.mark.timeout(240)


def test_what_the_producer_writes_is_assessed_and_comes_back(tmp_path: Path, kafka: Broker) -> None:
    """With its corpus; the queries are those of every kind, and each document is one of the corpus."""
    traces, verdicts = kafka.create("demo-traces", 2), kafka.create("demo-assessments")
    corpus = tmp_path / "corpus.jsonl"
    given = {"--brokers": kafka.address, "--topic": traces, "--corpus": str(corpus), "--per-second": "200"}
    command = [sys.executable, *STACK["producer"]["entrypoint"][1:], *(word for pair in given.items() for word in pair)]
    with subprocess.Popen(command, cwd=kit.ROOT) as producer:
        try:
            kit.wait_for(corpus.exists, 60)
            text = (kit.ROOT / "deploy" / "compose" / "leadline.yaml").read_text()
            for there, here in (("kafka:9092", kafka.address), ("rag.traces", traces), ("rag.assessments", verdicts)):
                assert there in text
                text = text.replace(there, here)
            sections = yaml.safe_load(text)
            sections["corpus"]["path"] = str(corpus)
            sections["sinks"][0]["path"] = str(tmp_path / "out.jsonl")
            config = build_config({**kit.document(tmp_path), **sections}, "test")
            with Service(config):
                kit.wait_for(lambda: len(kafka.read(verdicts)) >= 200, 120)
        finally:
            producer.kill()
    ids = {json.loads(line)["_id"] for line in corpus.read_text().splitlines()}
    assessments = [json.loads(record.value) for record in kafka.read(verdicts)]
    assert {one for assessment in assessments for one in assessment["document_ids"]} <= ids
    assert len({assessment["scenario"] for assessment in assessments}) >= 4
    assert all(assessment["risk"] is not None for assessment in assessments)


def test_kafka_takes_the_settings_that_its_environment_stands_for(tmp_path: Path, kafka: Broker) -> None:
    """The image makes `node.id` of KAFKA_NODE_ID; Kafka itself checks them when it formats its storage."""
    environment = {**STACK["kafka"]["environment"], "KAFKA_LOG_DIRS": str(tmp_path / "data")}
    named = {key.removeprefix("KAFKA_").lower().replace("_", "."): value for key, value in environment.items()}
    (file := tmp_path / "server.properties").write_text("".join(f"{key}={value}\n" for key, value in named.items()))
    own(kafka).format(file)
    assert (tmp_path / "data" / "meta.properties").exists()
