"""Deploys over HTTP, and what a running sidecar shows of its right half."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitor.config import Config
from monitor.service import Service
from tests.monitor.kit import config, follow, lines, sidecar, trace, traces, wait_for

NOW = 1_794_000_000.0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(_config(tmp_path), clock=lambda: NOW) as running:
        yield running


def _config(tmp_path: Path, **sections: Any) -> Config:
    (tmp_path / "in.jsonl").touch()
    return config(tmp_path, sources=follow(tmp_path / "in.jsonl"), **sections)


def url(service: Service, path: str) -> str:
    host, port = service.metrics_address
    return f"http://{host}:{port}{path}"


def write(tmp_path: Path, service: Service, records: list[dict[str, Any]]) -> None:
    before = service.metrics.value("traces_total", "default", "evaluated")
    with (tmp_path / "in.jsonl").open("ab") as file:
        file.write(lines(records))
    wait_for(lambda: service.metrics.value("traces_total", "default", "evaluated") == before + len(records))


def test_a_deploy_is_taken_in_and_listed(service: Service) -> None:
    answer = httpx2.post(url(service, "/v1/events"), json={"release": " index 43 ", "pipeline": "search"})
    assert answer.status_code == 200
    assert answer.json() == {"release": "index 43", "time": NOW, "pipeline": "search"}
    assert httpx2.get(url(service, "/v1/events")).json() == {"events": [answer.json()], "comparisons": []}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "Input data was truncated"),
        (b'{"pipeline": "p"}', "missing required field `release`"),
        (b'{"release": "r", "when": 1}', "unknown field `when`"),
        (b'{"release": "  "}', "release: expected 1 to 120 characters"),
        (b'{"release": "r", "timestamp": "2026-11-23T12:00:00"}', "timestamp: expected a time with its zone"),
    ],
)
def test_what_is_no_deploy_is_refused_in_one_line(service: Service, body: bytes, expected: str) -> None:
    answer = httpx2.post(url(service, "/v1/events"), content=body)
    assert answer.status_code == 400
    assert expected in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_body_that_is_too_large_is_refused(service: Service) -> None:
    assert httpx2.post(url(service, "/v1/events"), content=b" " * 20_000).status_code == 413


def test_a_deploy_begins_a_comparison_that_a_restart_does_not_forget(tmp_path: Path) -> None:
    with Service(_config(tmp_path), clock=lambda: NOW) as first:
        write(tmp_path, first, [trace(f"a{i}", timestamp="2026-11-06T21:00:00Z") for i in range(50)])
        assert httpx2.post(url(first, "/v1/events"), json={"release": "index 2"}).status_code == 200
    with Service(_config(tmp_path), clock=lambda: NOW + 60) as second:
        later = [trace(f"b{i}", timestamp="2026-11-06T21:20:30Z") for i in range(50)]
        write(tmp_path, second, later)
        (comparison,) = httpx2.get(url(second, "/v1/events")).json()["comparisons"]
        assert (comparison["before"], comparison["after"], comparison["verdict"]) == ("", "index 2", None)


def test_a_version_in_the_traces_is_a_release(tmp_path: Path, service: Service) -> None:
    """Without any setting, by its usual names."""
    write(tmp_path, service, [trace(f"a{i}", attributes={"index_version": "41"}) for i in range(30)])
    write(tmp_path, service, [trace(f"b{i}", attributes={"index_version": "42"}) for i in range(30)])
    (comparison,) = httpx2.get(url(service, "/v1/events")).json()["comparisons"]
    assert (comparison["before"], comparison["after"]) == ("index_version=41", "index_version=42")
    begun = 'leadline_release_begun_timestamp_seconds{pipeline="default"} '
    line = next(one for one in service.metrics.exposition()[0].decode().splitlines() if one.startswith(begun))
    assert float(line.removeprefix(begun)) == pytest.approx(comparison["since"])


def test_estimates_are_served_for_all_traffic_and_by_scenario(tmp_path: Path, service: Service) -> None:
    write(tmp_path, service, traces(60))
    (found,) = httpx2.get(url(service, "/v1/estimates"), params={"hours": 24}).json()
    everything = found["scenarios"]["_all"]
    assert found["pipeline"] == "default"
    assert everything["score_gap"]["coverage"] == 1.0
    assert everything["score_gap"]["mean"]["samples"] == 60
    assert set(everything["hit_at_5"]["quantiles"]) == {"0.1", "0.5", "0.9"}
    assert "regret" not in everything


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [("hours=0", 400, "expected 1 to 48"), ("hours=x", 400, "expected 1 to 48"), ("pipeline=gone", 404, "gone")],
)
def test_bad_questions_are_refused_in_one_line(service: Service, query: str, status: int, expected: str) -> None:
    answer = httpx2.get(url(service, f"/v1/estimates?{query}"))
    assert answer.status_code == status
    assert expected in answer.json()["error"]


def test_hours_that_are_over_are_served_one_by_one(tmp_path: Path, service: Service) -> None:
    stamped = [trace(f"t{i}", timestamp=f"2026-11-06T{12 + i // 40}:30:00Z") for i in range(120)]
    write(tmp_path, service, stamped)
    found = httpx2.get(url(service, "/v1/estimates"), params={"tumbling": 1}).json()
    assert [one["until"] - one["since"] for one in found] == [3600, 3600]
    assert [one["scenarios"]["_all"]["hit_at_5"]["mean"]["samples"] for one in found] == [40, 40]


def test_metrics_say_why_nothing_is_watched_yet(tmp_path: Path, service: Service) -> None:
    write(tmp_path, service, traces(60))
    text = service.metrics.exposition()[0].decode()
    abstained = (
        'leadline_alarm_abstained{alarm="hit_at_5",pipeline="default",reason="week_not_covered",scenario="_all"} 1.0'
    )
    assert abstained in text
    assert 'leadline_watched_traces_total{alarm="hit_at_5",outcome="no_reference",pipeline="default"} 60.0' in text
    assert 'leadline_signal_coverage_ratio{pipeline="default",signal="score_gap"} 1.0' in text
    assert "leadline_alarm_active" not in text


def test_a_sidecar_that_is_killed_has_lost_nothing_of_what_it_counted(tmp_path: Path) -> None:
    """SIGKILL between two batches: estimates go on over both."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(lines([trace(f"a{i}", timestamp="2026-11-06T12:00:00Z") for i in range(70)]))
    with sidecar(tmp_path, sources=follow(source)) as running:
        _wait_for_samples(running.metrics_url, 70)
        running.kill()
        with source.open("ab") as file:
            file.write(lines([trace(f"b{i}", timestamp="2026-11-06T12:10:00Z") for i in range(50)]))
        running.start()
        _wait_for_samples(running.metrics_url, 120)


def _wait_for_samples(base: str, samples: int) -> None:
    def there() -> bool:
        try:
            found = json.loads(httpx2.get(f"{base}/v1/estimates").content)
        except httpx2.HTTPError:
            return False
        return bool(found) and found[0]["scenarios"]["_all"]["hit_at_5"]["effective_samples"] == samples

    wait_for(there, 30.0)
