"""A real Prometheus scrapes a real sidecar."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from monitor.metrics import CATALOGUE, PREFIX
from monitor.service import Service
from tests.monitor import kit
from tests.needs import require

TRACES = 40


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Service]:
    sections = {"sources": [{"kind": "http"}], "pipelines": {"default": {"sample": {"scorer": 1.0}}}, "scorer": {}}
    with Service(kit.config(tmp_path, **sections), scorer=kit.LengthScorer()) as service:
        assert service.ingest_address is not None
        host, port = service.ingest_address
        httpx2.post(f"http://{host}:{port}/v1/query-traces", json=kit.traces(TRACES)).raise_for_status()
        kit.wait_for(lambda: len(service.recent.recent()) == TRACES)
        yield service


@pytest.fixture
def prometheus(tmp_path: Path, sidecar: Service) -> Iterator[str]:
    """The address of a Prometheus that scrapes the sidecar every second."""
    program = require("prometheus", "apt-get install prometheus")
    host, port = sidecar.metrics_address
    scrape = {"job_name": "leadline", "scrape_interval": "1s", "static_configs": [{"targets": [f"{host}:{port}"]}]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": [scrape]}))
    address = f"127.0.0.1:{kit.free_port()}"
    command = [program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb",
               f"--web.listen-address={address}"]  # fmt: skip
    with (tmp_path / "prometheus.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def query(prometheus: str, expression: str) -> list[dict[str, Any]]:
    try:
        answer = httpx2.get(f"{prometheus}/api/v1/query", params={"query": expression})
    except httpx2.TransportError:  # it is starting
        return []
    return answer.json()["data"]["result"] if answer.status_code == httpx2.codes.OK else []


def test_prometheus_reads_every_kind_of_metric(prometheus: str) -> None:
    """Counters, gauges, histograms with their sums, and the build's info."""
    kit.wait_for(lambda: query(prometheus, "leadline_traces_total"), timeout_seconds=30)
    expected = {
        'sum(leadline_traces_total{decision="evaluated"})': TRACES,
        "leadline_risk_count": TRACES,
        "leadline_signal_score_gap_count": TRACES,
        "count(leadline_build_info)": 1,
        "leadline_risk_weight_total": TRACES,
        'up{job="leadline"}': 1,
    }
    for expression, value in expected.items():
        (result,) = query(prometheus, expression)
        assert float(result["value"][1]) == value, expression
    (mean,) = query(prometheus, "leadline_risk_weighted_total / leadline_risk_weight_total")
    (histogram,) = query(prometheus, "leadline_risk_sum / leadline_risk_count")
    assert float(mean["value"][1]) == pytest.approx(float(histogram["value"][1]))
    (estimate,) = query(prometheus, "1 - leadline_hit_at_5_ratio")
    assert float(estimate["value"][1]) == pytest.approx(float(mean["value"][1]))


def test_every_series_of_ours_is_in_the_catalogue(prometheus: str) -> None:
    kit.wait_for(lambda: query(prometheus, "leadline_traces_total"), timeout_seconds=30)
    names = {series["metric"]["__name__"] for series in query(prometheus, '{__name__=~"leadline_.*"}')}
    known = {PREFIX + name for name in CATALOGUE}
    parts = {f"{name}{part}" for name in known for part in ("_bucket", "_sum", "_count")}
    assert names <= known | parts
    assert len(names) > 20


def test_promtool_finds_nothing_to_say_of_the_exposition(sidecar: Service) -> None:
    program = require("promtool", "apt-get install prometheus")
    checked = subprocess.run(
        [program, "check", "metrics"], input=sidecar.metrics.exposition(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
