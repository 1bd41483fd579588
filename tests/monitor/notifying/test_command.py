"""`leadline notify-test`, run to its end."""

from pathlib import Path

import pytest
import yaml

from tests.monitor.conftest import Refused
from tests.monitor.kit import free_port, leadline
from tests.monitor.notifying.receiver import Answer, Receiver


def write(directory: Path, *destinations: dict[str, str]) -> Path:
    file = directory / "leadline.yaml"
    file.write_text(yaml.safe_dump({"notify": list(destinations)}))
    return file


def test_every_destination_gets_a_test_and_its_end(tmp_path: Path, receiver: Receiver) -> None:
    base = receiver.url.removesuffix("/hook")
    file = write(tmp_path, {"kind": "webhook", "url": receiver.url}, {"kind": "alertmanager", "url": base})
    ran = leadline("notify-test", "--config", file)
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        0,
        "webhook: delivered (200)\nalertmanager: delivered (200)\n",
        "",
    )
    raised, over, pushed = receiver.got
    assert [one.json["alerts"][0]["status"] for one in (raised, over)] == ["firing", "resolved"]
    assert raised.json["alerts"][0]["fingerprint"] == over.json["alerts"][0]["fingerprint"]
    assert pushed.json[0]["labels"]["alertname"] == "leadline_test"


def test_one_that_does_not_take_it_is_status_1(tmp_path: Path, receiver: Receiver) -> None:
    receiver.script.append(Answer(403, {}, b"no such key"))
    nobody = f"http://127.0.0.1:{free_port()}"
    file = write(tmp_path, {"kind": "webhook", "url": receiver.url}, {"kind": "alertmanager", "url": nobody})
    ran = leadline("notify-test", "--config", file)
    refused, failed = ran.stdout.splitlines()
    assert (ran.returncode, refused) == (1, "webhook: refused (403 no such key)")
    assert failed.startswith("alertmanager: failed (ConnectError")


@pytest.mark.parametrize("text", ["notify: []", "{}"])
def test_without_destinations_there_is_nothing_to_try(tmp_path: Path, refused: Refused, text: str) -> None:
    file = tmp_path / "leadline.yaml"
    file.write_text(text)
    assert refused("notify-test", "--config", file) == (
        f"leadline: {file}: notify: none configured, expected at least one destination"
    )
