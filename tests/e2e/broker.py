"""A real Apache Kafka: one process, broker and controller in one, on free loopback ports, gone at the end."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.structs import TopicPartition

from tests.monitor import kit
from tests.needs import missing, require

POM = Path(__file__).with_name("broker.xml")
BUILD_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
GIVEN = "LEADLINE_TEST_KAFKA"
USER, PASSWORD = "monitor", "open sesame"
START_SECONDS = 120.0
SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure},MUTUAL://127.0.0.1:{mutual},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={directory}/data
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
ssl.keystore.location={directory}/broker.p12
ssl.keystore.password={password}
ssl.key.password={password}
ssl.truststore.location={directory}/client.pem
ssl.truststore.type=PEM
listener.name.mutual.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}="{password}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class Broker:
    """Its process, if it is ours; one that was given by the environment is only spoken to."""

    def __init__(self, address: str) -> None:
        self.address = address

    def stop(self) -> None:
        """Nothing to end."""

    def create(self, name: str, partitions: int = 1) -> str:
        """A topic of that name, with something that makes it new; returns the whole name."""
        topic = f"{name}-{uuid4().hex[:8]}"
        admin = KafkaAdminClient(bootstrap_servers=self.address)
        try:
            admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})
        finally:
            admin.close()
        return topic

    def produce(self, topic: str, values: Iterable[bytes | None], **settings: Any) -> None:
        """Write records, over the partitions in turn; they are there once this returns."""
        producer = KafkaProducer(bootstrap_servers=self.address, max_request_size=2**25, **settings)
        try:
            partitions = sorted(producer.partitions_for(topic))
            sent = [
                producer.send(
                    topic, value, key=None if value else b"key", partition=partitions[number % len(partitions)]
                )
                for number, value in enumerate(values)
            ]
            producer.flush(60)
            for future in sent:
                future.get(1)
        finally:
            producer.close(5)

    def committed(self, topic: str, group: str) -> int:
        """Records of the topic that the group has committed, over all partitions."""
        with _reader(self.address, group_id=group) as reader:
            partitions = [TopicPartition(topic, number) for number in reader.partitions_for_topic(topic)]
            return sum(reader.committed(partition) or 0 for partition in partitions)

    def read(self, topic: str) -> list[Any]:
        """Every record of the topic."""
        with _reader(self.address) as reader:
            partitions = [TopicPartition(topic, number) for number in reader.partitions_for_topic(topic)]
            reader.assign(partitions)
            reader.seek_to_beginning()
            ends, found = reader.end_offsets(partitions), []
            while any(reader.position(partition) < end for partition, end in ends.items()):
                found += [record for records in reader.poll(500).values() for record in records]
            return found


@contextmanager
def _reader(address: str, **settings: Any) -> Iterator[KafkaConsumer]:
    reader = KafkaConsumer(
        bootstrap_servers=address, enable_auto_commit=False, allow_auto_create_topics=False, **settings
    )
    try:
        yield reader
    finally:
        reader.close(timeout_ms=5000)


class OwnBroker(Broker):
    """One that can be killed. Its data stays from life to life.

    A second listener wants TLS and a password, a third one TLS and the client's certificate.
    """

    def __init__(self, directory: Path, classpath: str) -> None:
        ports = dict(zip(("port", "secure", "mutual", "controller"), kit.free_ports(4), strict=True))
        super().__init__(f"127.0.0.1:{ports['port']}")
        self.secure_address = f"127.0.0.1:{ports['secure']}"
        self.mutual_address = f"127.0.0.1:{ports['mutual']}"
        self.certificate = directory / "broker.pem"
        self.client_certificate, self.client_key = directory / "client.pem", directory / "client.key"
        self._directory = directory
        self._java = [require("java", "apt-get install default-jre-headless"), *SMALL]
        self._environment = {**os.environ, "CLASSPATH": classpath}
        self._settings = directory / "server.properties"
        self._settings.write_text(SETTINGS.format(**ports, directory=directory, user=USER, password=PASSWORD))
        self._process: subprocess.Popen[bytes] | None = None
        self._make_certificates()
        users = [f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")]
        self.format(self._settings, *(word for user in users for word in ("--add-scram", user)))

    def format(self, settings: Path, *options: str) -> None:
        """Prepare the storage that some settings name; Kafka checks them all first."""
        tool = [*self._java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(settings)]
        _run([*tool, *options], env=self._environment)

    def _make_certificates(self) -> None:
        keytool = [require("keytool", "apt-get install default-jre-headless")]
        store = ["-alias", "broker", "-keystore", str(self._directory / "broker.p12"), "-storepass", PASSWORD]
        names = ["-dname", "CN=broker", "-ext", "san=ip:127.0.0.1"]
        _run([*keytool, "-genkeypair", *store, "-keyalg", "RSA", "-validity", "2", *names, "-storetype", "PKCS12"])
        _run([*keytool, "-exportcert", "-rfc", *store, "-file", str(self.certificate)])
        openssl = [require("openssl", "apt-get install openssl"), "req", "-x509", "-newkey", "rsa:2048", "-days", "2"]
        files = ["-keyout", str(self.client_key), "-out", str(self.client_certificate)]
        _run([*openssl, "-subj", "/CN=leadline", *files, "-passout", f"pass:{PASSWORD}"])

    def start(self) -> "OwnBroker":
        """Begin, and wait until it answers; twice is fine."""
        if self._process is not None:
            return self
        with (self._directory / "broker.log").open("ab") as log:
            parent = [require("setpriv", "apt-get install util-linux"), "--pdeathsig", "KILL"]
            options = ["-Xmx256m", "-Dorg.apache.logging.log4j.level=WARN"]
            command = [*parent, *self._java, *options, "kafka.Kafka", str(self._settings)]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        kit.wait_for(self._answers, START_SECONDS)
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._directory / "broker.log").read_text()[-2000:]
        host, port = self.address.split(":")
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """As kill -9 does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In good order; twice is fine."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None


def _run(command: Sequence[str], **options: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def _classpath(directory: Path) -> str:
    maven, listed = require("mvn", "apt-get install maven"), directory / "classpath.txt"
    goal = [BUILD_CLASSPATH, f"-Dmdep.outputFile={listed}", "-DincludeScope=runtime"]
    command = [maven, "-B", "-q", "-ntp", "-f", str(POM), *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        missing(f"Maven cannot resolve Kafka's jars: {done.stdout.strip().splitlines()[:1]}")
    return listed.read_text()


@contextmanager
def broker(directory: Path) -> Iterator[Broker]:
    """The one that LEADLINE_TEST_KAFKA names, else one of our own; without Java and Maven the test is skipped."""
    given = os.environ.get(GIVEN)
    running = Broker(given) if given else OwnBroker(directory, _classpath(directory)).start()
    try:
        yield running
    finally:
        running.stop()


def own(running: Broker) -> OwnBroker:
    """The same, where it may be killed; a test that needs that is skipped with somebody else's broker."""
    if not isinstance(running, OwnBroker):
        pytest.skip(f"{GIVEN} is set: a broker that is not ours is not killed, and its security is not known")
    return running


def encode(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """As applications write them."""
    return (json.dumps(record).encode() for record in records)
