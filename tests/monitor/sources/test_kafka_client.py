"""Secrets and certificates are there at the start or the sidecar does not start; brokers may come later."""

import threading
from pathlib import Path
from typing import Any

import pytest

from monitor.config_kafka import KafkaSource as KafkaConfig
from monitor.errors import LeadlineError
from monitor.service import Service
from monitor.sources.kafka_client import KafkaClients
from tests.monitor import kit


def section(**changes: Any) -> dict[str, Any]:
    return {"kind": "kafka", "bootstrap_servers": [f"127.0.0.1:{kit.free_port()}"], "topics": ["a"], **changes}


def clients(**changes: Any) -> KafkaClients:
    return KafkaClients(KafkaConfig(**section(**changes)))


def sasl(password: str, where: str) -> dict[str, str]:
    return {"mechanism": "PLAIN", "username": "me", password: where}


def test_a_password_that_is_not_there_ends_the_start_in_one_line(tmp_path: Path) -> None:
    """The key, or the file, is named."""
    sections = {"sources": [section(sasl=sasl("password_env", "LEADLINE_NO_SUCH"))]}
    expected = "sasl.password_env: expected a password in the environment as LEADLINE_NO_SUCH"
    with pytest.raises(LeadlineError, match=f"^{expected}$"):
        Service(kit.config(tmp_path, **sections)).start()
    missing = str(tmp_path / "missing")
    with pytest.raises(LeadlineError, match=f"^{missing}: expected a password in this file: .*No such file"):
        clients(sasl=sasl("password_file", missing))


def test_a_certificate_that_is_none_ends_the_start_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(LeadlineError, match=f"^tls: expected certificates and keys in PEM in {path}: .+$"):
        clients(tls={"ca_file": str(path)})


def test_brokers_that_are_away_leave_nothing_behind() -> None:
    """The client's constructor would leave a thread and its sockets, once for every time that it is tried."""
    before = set(threading.enumerate())
    made = clients()
    for connect in (made.consumer, made.producer):
        with pytest.raises(ConnectionError, match=r"no broker at 127\.0\.0\.1:"):
            connect()
    kit.wait_for(lambda: set(threading.enumerate()) <= before)


def test_settings_that_the_client_refuses_are_said_in_its_words(kafka: Any) -> None:
    """Most of them show only once it has found the brokers."""
    made = clients(bootstrap_servers=[kafka.address], client={"heartbeat_interval_ms": 20_000})
    with pytest.raises(OSError, match="client: Heartbeat interval must be lower than the session timeout"):
        made.consumer()
