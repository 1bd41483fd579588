"""Real servers for the tests, on free loopback ports, gone at the end."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import yaml

from tests.monitor import kit
from tests.needs import require


@contextmanager
def prometheus_of(target: tuple[str, int], directory: Path, rules: Path | None = None) -> Iterator[str]:
    """The address of a Prometheus that scrapes `target`, and evaluates `rules`, every second; exemplars are kept."""
    program = require("prometheus", "apt-get install prometheus")
    host, port = target
    scrape = {"job_name": "leadline", "scrape_interval": "1s", "static_configs": [{"targets": [f"{host}:{port}"]}]}
    settings = {"global": {"evaluation_interval": "1s"}, "scrape_configs": [scrape],
                "rule_files": [str(rules)] if rules is not None else []}  # fmt: skip
    (directory / "prometheus.yml").write_text(yaml.safe_dump(settings))
    address = f"127.0.0.1:{kit.free_port()}"
    command = [program, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/tsdb",
               f"--web.listen-address={address}", "--enable-feature=exemplar-storage"]  # fmt: skip
    with (directory / "prometheus.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


@contextmanager
def alertmanager_to(receiver_url: str, directory: Path, port: int = 0, **web: Any) -> Iterator[str]:
    """The address of an Alertmanager that tells one receiver of everything at once; `web`: its --web.config.file."""
    program = require("prometheus-alertmanager", "apt-get install prometheus-alertmanager")
    route = {"receiver": "hook", "group_wait": "0s", "group_interval": "1s", "group_by": ["..."]}
    receivers = [{"name": "hook", "webhook_configs": [{"url": receiver_url, "send_resolved": True}]}]
    (directory / "alertmanager.yml").write_text(yaml.safe_dump({"route": route, "receivers": receivers}))
    (directory / "web.yml").write_text(yaml.safe_dump(web))
    address = f"127.0.0.1:{port or kit.free_port()}"
    command = [program, f"--config.file={directory}/alertmanager.yml", f"--storage.path={directory}/alerts",
               f"--web.config.file={directory}/web.yml", f"--web.listen-address={address}",
               "--cluster.listen-address="]  # fmt: skip
    with (directory / "alertmanager.log").open("ab") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def query(prometheus: str, expression: str) -> list[dict[str, Any]]:
    """The result of an instant query; empty while the server is starting."""
    try:
        answer = httpx2.get(f"{prometheus}/api/v1/query", params={"query": expression})
    except httpx2.TransportError:  # it is starting
        return []
    return answer.json()["data"]["result"] if answer.status_code == httpx2.codes.OK else []
