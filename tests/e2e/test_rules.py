"""A real Prometheus evaluates the rules over a real sidecar, with no patience: `for` is a second."""

import re
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.e2e.servers import prometheus_of, query
from tests.monitor import kit
from tests.prometheus.rules import ALERTS, FILE, RULES

PATIENCE_SECONDS = 60
SECTIONS = {
    "sources": [{"kind": "http"}],
    "alerts": [{"signal": "hit_at_5", "name": "promised", "decider": "threshold", "limit": 0.95}],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


@pytest.fixture(scope="module")
def process(folder: Path) -> Iterator[kit.Sidecar]:
    """A sidecar that can be killed; its alert asks for more than any retriever has."""
    with kit.sidecar(folder, **SECTIONS) as started:
        kit.wait_for(lambda: answers(started), PATIENCE_SECONDS)
        yield started


@pytest.fixture(scope="module")
def server(folder: Path, process: kit.Sidecar) -> Iterator[str]:
    """The address of a Prometheus with the rules."""
    rules = folder / "impatient.rules.yml"
    rules.write_text(re.sub(r"\bfor: \w+", "for: 1s", FILE.read_text()))
    address = urlsplit(process.metrics_url)
    assert address.hostname is not None
    assert address.port is not None
    with prometheus_of((address.hostname, address.port), folder, rules) as started:
        yield started


def answers(process: kit.Sidecar) -> bool:
    try:
        return httpx2.get(f"{process.metrics_url}/-/ready").status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def firing(server: str) -> dict[str, dict[str, Any]]:
    """Alerts that fire, by name."""
    found = httpx2.get(f"{server}/api/v1/alerts").json()["data"]["alerts"]
    return {alert["labels"]["alertname"]: alert for alert in found if alert["state"] == "firing"}


def test_all_rules_load_and_what_they_record_has_values(server: str, process: kit.Sidecar) -> None:
    """Of traffic of which a tenth is unusable, and an alarm that stands. Nothing fails and there is no judge, so that
    no failures and no verdicts are recorded.
    """
    records = {rule["record"] for rule in RULES if "record" in rule}
    records.remove("job_instance_component:leadline_component_failing:count")
    records.remove("job_result:leadline_judge_verdicts:ratio1h")
    batches = count()

    def recorded() -> bool:
        body = kit.lines(kit.traces(90, f"b{next(batches)}-")) + b"{}\n" * 10
        headers = {"content-type": "application/x-ndjson"}
        httpx2.post(f"{process.ingest_url}/v1/query-traces", content=body, headers=headers)
        return all(query(server, name) for name in records)

    kit.wait_for(recorded, PATIENCE_SECONDS)
    (share,) = query(server, "job:leadline_unusable:ratio1h")
    assert float(share["value"][1]) == pytest.approx(0.1, abs=0.02)
    (mean,) = query(server, "job_pipeline:leadline_risk:mean1h")
    assert 0 < float(mean["value"][1]) < 1
    groups = httpx2.get(f"{server}/api/v1/rules").json()["data"]["groups"]
    assert [rule["health"] for group in groups for rule in group["rules"]] == ["ok"] * len(RULES)


def test_the_alarm_of_a_sidecar_is_a_page(server: str, process: kit.Sidecar) -> None:
    """What the rules make of it, with its words filled in; a tenth that is unusable is a ticket."""
    del process
    kit.wait_for(lambda: {"LeadlineQualityFell", "LeadlineQuarantineHigh"} <= firing(server).keys(), PATIENCE_SECONDS)
    alert = firing(server)["LeadlineQualityFell"]
    assert alert["labels"].items() >= {"severity": "page", "alarm": "promised", "pipeline": "default"}.items()
    assert alert["annotations"]["summary"] == "Retrieval of default got worse"
    for name, fires in firing(server).items():
        assert not re.search(r"no value|error|\{\{", "".join(fires["annotations"].values())), name


def test_a_reload_that_failed_is_told_until_one_works(server: str, process: kit.Sidecar) -> None:
    sound = process.file.read_text()
    for text, fires in (("sinks: [{kind: jsonl}]", True), (sound, False)):
        process.file.write_text(text)
        process.process.send_signal(signal.SIGHUP)
        kit.wait_for(lambda fires=fires: ("LeadlineConfigReloadFailed" in firing(server)) == fires, PATIENCE_SECONDS)  # type: ignore[misc]


def test_a_sidecar_that_is_killed_is_missed_until_it_is_back(server: str, process: kit.Sidecar) -> None:
    """Its own alarms end with it: that it is gone is what is left to be told."""
    missed = {"LeadlineDown", "LeadlineAbsent"}
    assert not missed & firing(server).keys()
    process.kill()
    kit.wait_for(lambda: missed <= firing(server).keys(), PATIENCE_SECONDS)
    assert firing(server)["LeadlineAbsent"]["labels"]["severity"] == ALERTS["LeadlineAbsent"]["labels"]["severity"]
    process.start()
    kit.wait_for(lambda: not missed & firing(server).keys(), PATIENCE_SECONDS)
