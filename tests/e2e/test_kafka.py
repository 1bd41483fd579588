"""Sidecars on a real Kafka: killed, joined, cut off from their broker. Nothing is lost; repeats were in flight."""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from detectors.records import Assessment
from monitor.errors import SinkBusy
from monitor.intake import CAPACITY_RECORDS
from monitor.pipeline import BATCH_RECORDS
from monitor.service import Service
from monitor.worker import POLL_RECORDS
from tests.e2e.broker import PASSWORD, USER, Broker, encode, own
from tests.monitor import kit
from tests.monitor.kit import Sidecar

IN_FLIGHT = CAPACITY_RECORDS + BATCH_RECORDS + POLL_RECORDS  # waiting, being assessed, accepted and not committed yet
UNCOMMITTED = 4 * BATCH_RECORDS  # in the sink, and not committed yet
PARTITIONS = 8
PATIENCE = 90.0

pytestmark = pytest.mark.timeout(240)


def source(broker: Broker, topic: str, **changes: Any) -> list[dict[str, Any]]:
    """The `sources` section: a group of the topic's name, in which a member that is gone is missed after 6 s."""
    return [{"kind": "kafka", "bootstrap_servers": [broker.address], "topics": [topic], "group_id": topic,
             "client": {"session_timeout_ms": 6000, "heartbeat_interval_ms": 500}, **changes}]  # fmt: skip


class Group:
    """Sidecars of one consumer group, each a process with a directory of its own."""

    def __init__(self, directory: Path, broker: Broker, topic: str, stack: ExitStack, **changes: Any) -> None:
        self._directory = directory
        self._sections = {"sources": source(broker, topic, **changes)}
        self._stack = stack
        self.members: list[Sidecar] = []

    def join(self) -> Sidecar:
        directory = self._directory / f"sidecar{len(self.members)}"
        directory.mkdir()
        self.members.append(self._stack.enter_context(kit.sidecar(directory, **self._sections)))
        return self.members[-1]

    def assessed(self) -> Counter[str]:
        """How often each trace was assessed, over all members."""
        return Counter(trace_id for member in self.members for trace_id in lines(member.directory))

    def wait_for(self, expected: set[str]) -> int:
        """Wait until each was assessed, and nothing else; how many assessments there are beyond one each."""
        kit.wait_for(lambda: self.assessed().keys() >= expected, PATIENCE)
        found = self.assessed()
        assert found.keys() == expected
        return found.total() - len(expected)


@pytest.fixture
def group(request: pytest.FixtureRequest, tmp_path: Path, kafka: Broker) -> Iterator[tuple[Group, str]]:
    """Without members yet, and its topic."""
    topic = kafka.create(request.node.originalname.replace("_", "-")[:60], PARTITIONS)
    with ExitStack() as stack:
        yield Group(tmp_path, kafka, topic, stack), topic


def lines(directory: Path, key: str = "trace_id") -> list[str]:
    """What the assessments in the sink have under a key; a line that a kill cut short does not count."""
    path = directory / "out.jsonl"
    found = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        try:
            found.append(json.loads(line)[key])
        except ValueError:
            continue
    return found


def ids(count: int, prefix: str = "t") -> set[str]:
    return {f"{prefix}{number}" for number in range(count)}


def metric(sidecar: Sidecar, name: str) -> float | None:
    """The sum of a metric over its labels; None while there is none."""
    try:
        text = httpx2.get(f"{sidecar.metrics_url}/metrics").text
    except httpx2.TransportError:
        return None
    families = text_string_to_metric_families(text)
    values = [sample.value for family in families for sample in family.samples if sample.name == f"leadline_{name}"]
    return sum(values) if values else None


def partitions(sidecar: Sidecar) -> float | None:
    return metric(sidecar, "source_assigned_partitions")


def test_twenty_thousand_traces_through_two_sidecars(group: tuple[Group, str], kafka: Broker) -> None:
    """Each is assessed exactly once while nobody comes or goes; in the end everything is committed, with no lag."""
    members, topic = group
    both = [members.join(), members.join()]
    kit.wait_for(lambda: [partitions(one) for one in both] == [PARTITIONS / 2] * 2, PATIENCE)
    kafka.produce(topic, encode(kit.traces(20_000)))
    assert members.wait_for(ids(20_000)) == 0
    assert all(len(lines(one.directory)) > 5000 for one in both)
    kit.wait_for(lambda: [metric(one, "source_lag_records") for one in both] == [0, 0], 20)
    assert [one.terminate() for one in both] == [0, 0]
    assert kafka.committed(topic, topic) == 20_000
    assert all(json.loads(one.log.splitlines()[-1])["clean"] for one in both)


def test_kill_9_of_a_sidecar_in_the_middle_and_restart(group: tuple[Group, str], kafka: Broker) -> None:
    """What it had in hand comes again, to the others or to itself."""
    members, topic = group
    victim, other = members.join(), members.join()
    kit.wait_for(lambda: (partitions(victim), partitions(other)) == (PARTITIONS / 2, PARTITIONS / 2), PATIENCE)
    with writing(kafka, topic) as produced:
        kit.wait_for(lambda: len(lines(victim.directory)) > 500, PATIENCE)
        victim.kill()
        victim.start()
    kit.wait_for(lambda: partitions(victim) == PARTITIONS / 2, PATIENCE)  # up again, however soon the other is done
    repeats = members.wait_for(set(produced))
    assert repeats <= UNCOMMITTED + IN_FLIGHT  # at the kill, and when partitions came back from the other
    assert [one.terminate() for one in (victim, other)] == [0, 0]
    assert kafka.committed(topic, topic) == len(produced)


def test_a_sidecar_that_slept_too_long_takes_nothing_back(group: tuple[Group, str], kafka: Broker) -> None:
    """Stopped in the middle for longer than a member may be silent, it wakes up with partitions that are another's."""
    members, topic = group
    sleeper, other = members.join(), members.join()
    kit.wait_for(lambda: (partitions(sleeper), partitions(other)) == (PARTITIONS / 2, PARTITIONS / 2), PATIENCE)
    with writing(kafka, topic) as produced:
        kit.wait_for(lambda: len(lines(sleeper.directory)) > 500, PATIENCE)
        sleeper.process.send_signal(signal.SIGSTOP)
        kit.wait_for(lambda: partitions(other) == PARTITIONS, PATIENCE)
    kit.wait_for(lambda: kafka.committed(topic, topic) >= len(produced) - 2 * IN_FLIGHT, PATIENCE)
    sleeper.process.send_signal(signal.SIGCONT)
    assert members.wait_for(set(produced)) <= 2 * IN_FLIGHT  # what it had in hand, and what moves back to it
    kit.wait_for(lambda: (partitions(sleeper), partitions(other)) == (PARTITIONS / 2, PARTITIONS / 2), PATIENCE)
    assert [one.terminate() for one in (sleeper, other)] == [0, 0]
    assert kafka.committed(topic, topic) == len(produced)


def test_a_third_sidecar_joins_in_the_middle(group: tuple[Group, str], kafka: Broker) -> None:
    """Partitions move to it while traces flow; what was in hand of those may be assessed by both."""
    members, topic = group
    first, second = members.join(), members.join()
    kit.wait_for(lambda: (partitions(first), partitions(second)) == (PARTITIONS / 2, PARTITIONS / 2), PATIENCE)
    with writing(kafka, topic) as produced:
        kit.wait_for(lambda: members.assessed().total() > 500, PATIENCE)
        third = members.join()
        kit.wait_for(lambda: len(lines(third.directory)) > 500, PATIENCE)
    repeats = members.wait_for(set(produced))
    assert repeats <= 2 * IN_FLIGHT  # of the first and of the second
    kit.wait_for(lambda: sum(partitions(one) or 0 for one in members.members) == PARTITIONS, 20)
    assert all(partitions(one) for one in members.members)
    assert [one.terminate() for one in members.members] == [0, 0, 0]
    assert kafka.committed(topic, topic) == len(produced)


@contextmanager
def writing(broker: Broker, topic: str) -> Iterator[list[str]]:
    """Traces flow until the end of the block; their ids."""
    produced: list[str] = []

    def write(number: int) -> None:
        batch = kit.traces(400, f"w{number}-")
        broker.produce(topic, encode(batch))
        produced.extend(one["trace_id"] for one in batch)

    with repeating(write):
        yield produced


@contextmanager
def repeating(step: Callable[[int], None]) -> Iterator[None]:
    """One step after another, a fifth of a second between them, in a thread until the end of the block."""
    enough = Event()

    def run() -> None:
        number = 0
        while not enough.wait(0.2):
            step(number)
            number += 1

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


@pytest.mark.parametrize("away_seconds", [0, 30])
def test_kill_9_of_the_broker_and_restart(group: tuple[Group, str], kafka: Broker, away_seconds: int) -> None:
    """The sidecar lives on and says what is wrong; then it goes on where it was, and repeats nothing."""
    members, topic = group
    broker = own(kafka)
    sidecar = members.join()
    kit.wait_for(lambda: partitions(sidecar) == PARTITIONS, PATIENCE)
    broker.produce(topic, encode(kit.traces(30_000)))  # enough to be in the middle of
    kit.wait_for(lambda: len(lines(sidecar.directory)) > 500, PATIENCE)
    broker.kill()
    assert len(lines(sidecar.directory)) < 30_000, "too late: it was not in the middle"
    if away_seconds:
        began = time.monotonic()
        kit.wait_for(lambda: metric(sidecar, "component_failures_total"), away_seconds)
        time.sleep(max(0.0, began + away_seconds - time.monotonic()))
        assert "source failed, trying again" in sidecar.log
    broker.start()
    broker.produce(topic, encode(kit.traces(1000, "after")))
    assert members.wait_for(ids(30_000) | ids(1000, "after")) == 0
    assert sidecar.terminate() == 0
    assert broker.committed(topic, topic) == 31_000


def test_ends_in_time_without_its_broker(group: tuple[Group, str], kafka: Broker) -> None:
    """SIGTERM while the broker is away: status 0, and no longer than an orchestrator waits."""
    members, topic = group
    broker = own(kafka)
    sidecar = members.join()
    broker.produce(topic, encode(kit.traces(10)))
    members.wait_for(ids(10))
    broker.kill()
    try:
        began = time.monotonic()
        assert sidecar.terminate() == 0
        assert time.monotonic() - began < 12
    finally:
        broker.start()


def test_starts_before_its_broker(tmp_path: Path, kafka: Broker) -> None:
    """Failing is seen, /-/healthy is not: a new process would not help."""
    topic = kafka.create("early")
    broker = own(kafka)
    broker.kill()
    try:
        service = Service(kit.config(tmp_path, sources=source(broker, topic)))
        with service:
            kit.wait_for(lambda: service.metrics.value("component_failures_total", f"kafka:{topic}/{topic}") > 1, 30)
            assert service.health.dead() == []
            broker.start()
            broker.produce(topic, encode(kit.traces(5)))
            kit.wait_for(lambda: len(lines(tmp_path)) == 5, PATIENCE)
    finally:
        broker.start()


POISON: dict[str, tuple[bytes | None, str]] = {
    "not UTF-8": (b'{"trace_id": "\xff"}', "expected JSON: UnicodeDecodeError"),
    "not JSON": (b"not json", "expected JSON: Expecting value at character 0"),
    "no object": (b"[1]", "expected a JSON object, got list"),
    "no query": (b'{"trace_id": "x"}', "query: missing, expected a value"),
    "wrong type": (b'{"trace_id": "x", "query": [], "documents": []}', "query: expected str, got array"),
    "empty": (b"", "expected JSON: Expecting value at character 0"),
    "tombstone": (None, "expected a value, got null"),
    "oversized": (b"x" * 5000, "expected a value of at most 4096 bytes, got 5000"),
    "deep": (b"[" * 4000, "expected JSON: RecursionError"),
}


def poisoned() -> list[bytes | None]:
    """A sound trace before, between and after them."""
    sound = encode(kit.traces(len(POISON) + 1))
    mixed: list[bytes | None] = [next(sound)]
    for value, _ in POISON.values():
        mixed += [value, next(sound)]
    return mixed


def test_poison_goes_to_the_dead_letter_topic(tmp_path: Path, kafka: Broker) -> None:
    """Each kind with its reason and whence it came; its neighbours are assessed, and it is never read again."""
    topic, dead = kafka.create("poison"), kafka.create("poison-dead")
    kafka.produce(topic, poisoned())
    sections = {"sources": source(kafka, topic, dead_letter_topic=dead, max_record_bytes=4096)}
    with Service(kit.config(tmp_path, **sections)) as service:
        kit.wait_for(lambda: len(lines(tmp_path)) == len(POISON) + 1, PATIENCE)
        assert service.metrics.value("quarantined_records_total", f"kafka:{topic}/{topic}") == len(POISON)
    assert set(lines(tmp_path)) == ids(len(POISON) + 1)
    assert kafka.committed(topic, topic) == len(poisoned())
    letters = kafka.read(dead)
    found = [(letter.value, dict(letter.headers)["leadline.reason"].decode()) for letter in letters]
    assert found == list(POISON.values())
    headers = [{name: value.decode() for name, value in letter.headers} for letter in letters]
    assert [(h["leadline.topic"], h["leadline.partition"], h["leadline.offset"]) for h in headers] == [
        (topic, "0", str(1 + 2 * number)) for number in range(len(POISON))
    ]
    assert not (tmp_path / "quarantine.jsonl").exists()


def test_poison_goes_to_the_quarantine_without_one(tmp_path: Path, kafka: Broker) -> None:
    """The file names topic, partition and offset."""
    topic = kafka.create("poison")
    kafka.produce(topic, poisoned())
    with Service(kit.config(tmp_path, sources=source(kafka, topic, max_record_bytes=4096))):
        kit.wait_for(lambda: len(lines(tmp_path)) == len(POISON) + 1, PATIENCE)
    entries = [json.loads(line) for line in (tmp_path / "quarantine.jsonl").read_text().splitlines()]
    assert [entry["reason"] for entry in entries] == [reason for _, reason in POISON.values()]
    assert entries[0]["position"] == {"topic": topic, "partition": 0, "offset": 1}


def test_dead_letters_hold_no_text_that_may_not_be_kept(tmp_path: Path, kafka: Broker) -> None:
    """Reason and place only."""
    topic, dead = kafka.create("private"), kafka.create("private-dead")
    kafka.produce(topic, [kit.PRIVATE.encode(), *encode(kit.traces(1))])
    sections = {"sources": source(kafka, topic, dead_letter_topic=dead), "privacy": {"keep_text": False}}
    with Service(kit.config(tmp_path, **sections)):
        kit.wait_for(lambda: len(lines(tmp_path)) == 1, PATIENCE)
    (letter,) = kafka.read(dead)
    assert letter.value is None
    assert kit.PRIVATE not in str(letter.headers)


def test_a_pattern_finds_topics_that_come_later(tmp_path: Path, kafka: Broker) -> None:
    """And leaves others alone."""
    first, other = kafka.create("patterned"), kafka.create("unrelated")
    kafka.produce(other, encode(kit.traces(1, "other")))
    kafka.produce(first, encode(kit.traces(1, "first")))
    client = {"metadata_max_age_ms": 500}
    sections = source(kafka, first, topics=[], topic_pattern="patterned-.*", client=client)
    with Service(kit.config(tmp_path, sources=sections)):
        kit.wait_for(lambda: lines(tmp_path) == ["first0"], PATIENCE)
        kafka.produce(kafka.create("patterned"), encode(kit.traces(1, "later")))
        kit.wait_for(lambda: lines(tmp_path) == ["first0", "later0"], PATIENCE)


def test_reads_every_compression(tmp_path: Path, kafka: Broker) -> None:
    """A codec that is not installed would hold up its partition for good."""
    topic, codecs = kafka.create("compressed"), ("gzip", "snappy", "lz4", "zstd")
    for codec in codecs:
        kafka.produce(topic, encode(kit.traces(20, codec)), compression_type=codec)
    with Service(kit.config(tmp_path, sources=source(kafka, topic))):
        kit.wait_for(lambda: len(lines(tmp_path)) == 20 * len(codecs), PATIENCE)
    assert set(lines(tmp_path)) == set().union(*(ids(20, codec) for codec in codecs))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_speaks_tls_and_knows_its_password(
    tmp_path: Path, kafka: Broker, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    """With a wrong password it keeps trying, and says so."""
    broker, topic = own(kafka), kafka.create("secure")
    kafka.produce(topic, encode(kit.traces(3)))
    monkeypatch.setenv("SECRET", PASSWORD)
    (tmp_path / "wrong").write_text("guess\n")
    tls = {"ca_file": str(broker.certificate)}
    right, wrong = {"password_env": "SECRET"}, {"password_file": str(tmp_path / "wrong")}
    for password, works in ((wrong, False), (right, True)):
        sasl = {"mechanism": mechanism, "username": USER, **password}
        sections = source(kafka, topic, bootstrap_servers=[broker.secure_address], tls=tls, sasl=sasl)
        with Service(kit.config(tmp_path, sources=sections)) as service:
            if works:
                kit.wait_for(lambda: len(lines(tmp_path)) == 3, PATIENCE)
            else:
                name = f"kafka:{topic}/{topic}"
                kit.wait_for(lambda name=name: service.metrics.value("component_failures_total", name) > 0, 30)  # type: ignore[misc]


def test_shows_its_certificate(tmp_path: Path, kafka: Broker) -> None:
    """To brokers that take no password; its key is under a password of its own."""
    broker, topic = own(kafka), kafka.create("mutual")
    kafka.produce(topic, encode(kit.traces(3)))
    (tmp_path / "password").write_text(PASSWORD)
    certificate = {"cert_file": str(broker.client_certificate), "key_file": str(broker.client_key)}
    tls = {"ca_file": str(broker.certificate), **certificate, "key_password_file": str(tmp_path / "password")}
    with Service(
        kit.config(tmp_path, sources=source(kafka, topic, bootstrap_servers=[broker.mutual_address], tls=tls))
    ):
        kit.wait_for(lambda: len(lines(tmp_path)) == 3, PATIENCE)


class StandsStill:
    """A sink that takes nothing until it is told to."""

    name = "stands still"

    def __init__(self) -> None:
        self.open = Event()

    def write(self, batch: Sequence[Assessment]) -> None:
        del batch
        if not self.open.is_set():
            raise SinkBusy(0.05)

    def close(self) -> None:
        pass


def test_a_sink_that_stands_still_pauses_the_partitions(tmp_path: Path, kafka: Broker) -> None:
    """A bounded number of records is in memory, the membership stays, and nothing is committed."""
    topic = kafka.create("slow", 2)
    kafka.produce(topic, encode(kit.traces(5000)))
    sink = StandsStill()
    client = {"session_timeout_ms": 1500, "heartbeat_interval_ms": 300, "max_poll_interval_ms": 3000}
    with Service(kit.config(tmp_path, sources=source(kafka, topic, client=client)), sinks=[sink]) as service:
        name = f"kafka:{topic}/{topic}"
        kit.wait_for(lambda: service.metrics.value("source_in_flight_records", name) >= CAPACITY_RECORDS, 30)
        time.sleep(5)  # longer than a member may be silent
        assert service.metrics.value("source_in_flight_records", name) <= IN_FLIGHT
        assert kafka.committed(topic, topic) == 0
        sink.open.set()
        kit.wait_for(lambda: len(lines(tmp_path)) == 5000, PATIENCE)
        assert service.metrics.value("source_rebalances_total", name, "assigned") == 1
    assert len(set(lines(tmp_path))) == 5000
