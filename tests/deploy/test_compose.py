"""What can be known of the stack without an engine: it is sound, and its files, paths, ports and names fit together."""

import importlib.util
import json
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from monitor.config import HttpConfig, load_config
from monitor.config_kafka import KafkaSource
from monitor.config_sinks import KafkaSink
from monitor.demo import produce
from monitor.service import STOP_SECONDS
from tests.deploy.test_dockerfile import BUILD, IMAGE, instructions, port
from tests.monitor.kit import ROOT
from tests.needs import missing, require

DEPLOY = ROOT / "deploy"
FILE = DEPLOY / "compose.yaml"
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
PROMETHEUS = yaml.safe_load((DEPLOY / "compose" / "prometheus.yml").read_text(encoding="utf-8"))
CONFIG = load_config(DEPLOY / "compose" / "leadline.yaml")


def mounts(service: str) -> dict[str, str]:
    """Where each path in the container comes from; read-only or not."""
    return {target: source for source, target, *_ in (text.split(":") for text in SERVICES[service]["volumes"])}


def outside(service: str, path: str) -> Path:
    """The file here that the container sees at `path`."""
    target = max((target for target in mounts(service) if path.startswith(target)), key=len)
    source = (DEPLOY / mounts(service)[target]).resolve()
    return source / path[len(target) :].lstrip("/") if path != target else source


def test_it_is_what_the_specification_asks_for() -> None:
    """The Compose Specification's own JSON schema."""
    if importlib.util.find_spec("check_jsonschema") is None:
        missing("no check-jsonschema; to get it: make .venv/installed-dev")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_everything_that_is_mounted_is_there(service: str) -> None:
    """Files and folders of the repository, or volumes that are declared; what is ours is read only."""
    for text in SERVICES[service].get("volumes", ()):
        source, _, *options = text.split(":")
        if source.startswith("."):
            assert (DEPLOY / source).exists(), f"{text}: no such file or folder"
            assert options == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_published_beyond_loopback_and_versions_are_named(service: str) -> None:
    assert all(text.startswith("127.0.0.1:") for text in SERVICES[service].get("ports", ()))
    image = SERVICES[service]["image"]
    assert "build" in SERVICES[service] or image.partition(":")[2] not in {"", "latest"}


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_waited_for_says_when_it_is_healthy(service: str) -> None:
    for name, how in SERVICES[service].get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[name]


def test_ours_are_built_from_the_dockerfile() -> None:
    for name in ("leadline", "producer"):
        context = (DEPLOY / SERVICES[name]["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / SERVICES[name]["build"]["dockerfile"]) == DEPLOY / "Dockerfile"
    assert all((ROOT / word).exists() for line in instructions(BUILD)["COPY"] for word in line.split()[:-1])


def test_the_sidecar_finds_its_configuration_state_and_time_to_stop() -> None:
    sidecar = mounts("leadline")
    assert json.loads(instructions(IMAGE)["CMD"][0])[-1] in sidecar
    assert sidecar[instructions(IMAGE)["VOLUME"][0]] == "state"
    assert float(SERVICES["leadline"]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS
    published = {text.rpartition(":")[2] for text in SERVICES["leadline"]["ports"]}
    assert published == {port(HttpConfig().metrics)}
    assert published <= set(instructions(IMAGE)["EXPOSE"][0].split())


def test_producer_and_sidecar_speak_of_the_same_topic_and_corpus() -> None:
    command = typer.main.get_command(produce.app)
    given = command.make_context("produce", list(SERVICES["producer"]["command"])).params
    (source,) = CONFIG.sources
    assert isinstance(source, KafkaSource)
    assert (source.topics, source.bootstrap_servers) == ((given["topic"],), (given["brokers"],))
    assert CONFIG.corpus is not None
    assert given["corpus"].name == CONFIG.corpus.path.name
    assert mounts("producer")[str(given["corpus"].parent)] == mounts("leadline")[str(CONFIG.corpus.path.parent)]
    assert SERVICES["producer"]["healthcheck"]["test"][-1] == str(given["corpus"])
    assert SERVICES["producer"]["entrypoint"][-1] == produce.__name__


def test_every_address_is_one_that_a_service_listens_on() -> None:
    """Kafka's listeners are in its environment; the others' ports are those that they publish."""
    listening = {f"{name}:{text.rpartition(':')[2]}" for name, one in SERVICES.items() for text in one.get("ports", ())}
    kafka = SERVICES["kafka"]["environment"]
    listeners = dict(text.split("://") for text in kafka["KAFKA_LISTENERS"].split(","))
    listening |= {f"kafka{address}" for address in listeners.values()}
    advertised = dict(text.split("://") for text in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert advertised == {"PLAINTEXT": f"kafka{listeners['PLAINTEXT']}"}
    assert kafka["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"1@kafka{listeners['CONTROLLER']}"
    brokers = [
        one.bootstrap_servers for one in (*CONFIG.sources, *CONFIG.sinks) if isinstance(one, KafkaSource | KafkaSink)
    ]
    scraped = [one["targets"] for job in PROMETHEUS["scrape_configs"] for one in job["static_configs"]]
    told = [one["targets"] for am in PROMETHEUS["alerting"]["alertmanagers"] for one in am["static_configs"]]
    (source,) = yaml.safe_load(outside("grafana", "/etc/grafana/provisioning/datasources/leadline.yaml").read_text())[
        "datasources"
    ]
    assert {*chain(*brokers, *scraped, *told), source["url"].removeprefix("http://")} <= listening


def test_prometheus_finds_the_rules(tmp_path: Path) -> None:
    """And understands them, and its configuration, once their paths are those of this machine."""
    arguments = dict(text.split("=", 1) for text in SERVICES["prometheus"]["command"])
    file = outside("prometheus", arguments["--config.file"])
    (pattern,) = PROMETHEUS["rule_files"]
    folder = outside("prometheus", pattern.rpartition("/")[0])
    assert (folder / "leadline.rules.yml").exists()
    promtool = require("promtool", "apt-get install prometheus")
    here = tmp_path / file.name
    here.write_text(file.read_text().replace(pattern.rpartition("/")[0], str(folder)))
    checked = subprocess.run([promtool, "check", "config", str(here)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "rules found" in checked.stdout
    assert arguments["--storage.tsdb.path"] in mounts("prometheus")


def test_alertmanager_understands_its_configuration() -> None:
    amtool = require("amtool", "apt-get install prometheus-alertmanager")
    (file,) = (outside("alertmanager", target) for target in mounts("alertmanager"))
    checked = subprocess.run([amtool, "check-config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_grafana_is_given_every_dashboard_and_a_source_for_it() -> None:
    """Dashboards choose among the Prometheus sources that there are."""
    provisioned = yaml.safe_load(outside("grafana", "/etc/grafana/provisioning/dashboards/leadline.yaml").read_text())
    (provider,) = provisioned["providers"]
    folder = outside("grafana", provider["options"]["path"])
    dashboards = sorted(folder.glob("*.json"))
    assert folder == ROOT / "dashboards"
    assert dashboards
    for file in dashboards:
        variables = json.loads(file.read_text())["templating"]["list"]
        assert {(one["type"], one.get("query")) for one in variables} >= {("datasource", "prometheus")}, file.name
