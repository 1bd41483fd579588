"""`leadline doctor kafka://...` on a real Kafka: every encoding told, nothing joined, nothing committed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka.admin import KafkaAdminClient

from tests.e2e.broker import PASSWORD, USER, Broker, encode, own
from tests.monitor import kit
from tests.monitor.doctor.kit import doctor
from tests.monitor.otlp.kit import as_json, as_protobuf, request, retriever

RECORDS = 12
Encode = Callable[[int], bytes]
ENCODINGS: dict[str, Encode] = {
    "json": lambda number: json.dumps(kit.trace(f"t{number}")).encode(),
    "otlp_json": lambda _: as_json(request(retriever(), service_name="shop")),
    "otlp_proto": lambda _: as_protobuf(request(retriever(), service_name="shop")),
}


def hints(found: dict[str, Any]) -> list[str]:
    return [hint for hint in found["hints"] if "encoding" in hint]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_of_a_topic_is_told(kafka: Broker, encoding: str) -> None:
    topic = kafka.create("traces", partitions=3)
    kafka.produce(topic, [ENCODINGS[encoding](number) for number in range(RECORDS)])
    found = doctor(f"kafka://{kafka.address}/{topic}")
    assert (found["retrievals"], found["encodings"]) == (RECORDS, {encoding: RECORDS})
    assert hints(found) == [f"in the section of the source: `encoding: {encoding}`"]


def test_no_group_is_joined_and_nothing_committed(kafka: Broker, tmp_path: Path) -> None:
    """Even with the configuration of a sidecar, which names its group."""
    topic = kafka.create("traces")
    kafka.produce(topic, encode(kit.traces(3)))
    config = tmp_path / "leadline.yaml"
    source = {"kind": "kafka", "bootstrap_servers": ["elsewhere:1"], "topics": ["other"], "group_id": topic}
    config.write_text(yaml.safe_dump({"sources": [source]}))
    assert doctor(f"kafka://{kafka.address}/{topic}", "--config", config)["retrievals"] == 3
    assert kafka.committed(topic, topic) == 0
    admin = KafkaAdminClient(bootstrap_servers=kafka.address)
    try:
        assert topic not in str(admin.list_groups())
    finally:
        admin.close()


def test_the_last_records_are_read_of_each_partition(kafka: Broker) -> None:
    topic = kafka.create("traces", partitions=2)
    kafka.produce(topic, encode(kit.traces(100)))
    kafka.produce(topic, [b"broken", *encode(kit.traces(1, "last"))])
    found = doctor(f"kafka://{kafka.address}/{topic}", "--limit", "10")
    assert (found["retrievals"], found["malformed"]) == (9, 1)
    assert found["examples"] == [f"{topic}-0@50: expected JSON or a protobuf ExportTraceServiceRequest"]


def test_records_of_several_encodings_and_without_a_value(kafka: Broker) -> None:
    topic = kafka.create("traces")
    kafka.produce(topic, [ENCODINGS["json"](1), ENCODINGS["otlp_proto"](1), None])
    found = doctor(f"kafka://{kafka.address}/{topic}")
    assert hints(found) == ["records of several encodings (json, otlp_proto), expected one in a topic"]
    assert found["examples"] == [f"{topic}-0@2: expected a value, got null"]


def test_a_topic_that_is_not_there_or_empty_is_one_line(kafka: Broker) -> None:
    topic = kafka.create("empty")
    missing, empty = (kit.leadline("doctor", f"kafka://{kafka.address}/{name}") for name in ("missing", topic))
    assert (missing.returncode, missing.stdout, empty.returncode) == (2, "", 2)
    assert missing.stderr.startswith("leadline: missing: no such topic, there are: ")
    assert empty.stderr == f"leadline: kafka://{kafka.address}/{topic}: expected query traces or spans, found none\n"


def test_tls_and_password_come_from_the_configuration(kafka: Broker, tmp_path: Path) -> None:
    broker, config = own(kafka), tmp_path / "leadline.yaml"
    topic = broker.create("traces")
    broker.produce(topic, encode(kit.traces(2)))
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    sasl = {"mechanism": "PLAIN", "username": USER, "password_file": str(password)}
    source = {"kind": "kafka", "bootstrap_servers": ["elsewhere:1"], "topics": ["other"], "sasl": sasl,
              "tls": {"ca_file": str(broker.certificate)}}  # fmt: skip
    config.write_text(yaml.safe_dump({"sources": [source]}))
    assert doctor(f"kafka://{broker.secure_address}/{topic}", "--config", config)["retrievals"] == 2
    without = kit.leadline("doctor", f"kafka://{broker.secure_address}/{topic}")
    assert without.returncode == 2
    [line] = without.stderr.splitlines()
    assert "no broker at" in line
