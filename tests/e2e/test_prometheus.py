"""A real Prometheus scrapes a real sidecar."""

import subprocess
import time

import httpx2
import pytest

from monitor.catalogue import CATALOGUE, PREFIX
from monitor.service import Service
from tests.e2e.conftest import TRACES
from tests.e2e.servers import query
from tests.monitor import kit
from tests.needs import require


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


def test_histograms_lead_to_traces(prometheus: str) -> None:
    """Prometheus asks for OpenMetrics by itself, and keeps the exemplars: one trace in each bucket that has any."""
    kit.wait_for(lambda: query(prometheus, "leadline_traces_total"), timeout_seconds=30)
    now = time.time()
    for name in ("leadline_risk_bucket", "leadline_signal_score_gap_bucket"):
        asked = {"query": name, "start": now - 300, "end": now + 60}
        found = httpx2.get(f"{prometheus}/api/v1/query_exemplars", params=asked).json()["data"]
        ids = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
        assert ids
        assert ids <= {trace["trace_id"] for trace in kit.traces(TRACES)}


def test_promtool_finds_nothing_to_say_of_the_exposition(sidecar: Service) -> None:
    program = require("promtool", "apt-get install prometheus")
    checked = subprocess.run(
        [program, "check", "metrics"], input=sidecar.metrics.exposition()[0], capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
