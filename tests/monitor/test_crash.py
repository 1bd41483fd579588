"""`leadline run` as a process: killed with -9, ended with SIGTERM, reloaded with SIGHUP."""

import json
import signal
import time
from pathlib import Path

import httpx2
import pytest

from tests.monitor.kit import assessed, follow, lines, sidecar, traces, wait_for

COUNT = 6000


def test_kill_9_in_the_middle_of_a_file_loses_nothing(tmp_path: Path) -> None:
    """Twice; in the end every trace has an assessment, and repeats are only those that were in flight."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(lines(traces(COUNT)))
    with sidecar(tmp_path, sources=follow(path)) as running:
        for part in (0.2, 0.5):
            wait_for(lambda part=part: written(tmp_path) > part * COUNT, 20)  # type: ignore[misc]
            running.kill()
            assert written(tmp_path) < COUNT, "too late: it was not in the middle"
            running.start()
        wait_for(lambda: len(set(assessed_so_far(tmp_path))) == COUNT, 30)
        assert running.terminate() == 0
    found = assessed_so_far(tmp_path)
    assert set(found) == {f"t{i}" for i in range(COUNT)}
    assert len(found) - COUNT <= 2 * 256


def written(directory: Path) -> int:
    """Lines in the sink: quick to count."""
    path = directory / "out.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def assessed_so_far(directory: Path) -> list[str]:
    """Whole lines only: the last one of a killed process may be cut."""
    path = directory / "out.jsonl"
    ids = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            ids.append(json.loads(line)["trace_id"])
        except ValueError:
            continue
    return ids


def test_kill_9_after_a_200_loses_nothing(tmp_path: Path) -> None:
    """What was answered with 200 is assessed after the restart."""
    with sidecar(tmp_path, sources=[{"kind": "http"}]) as running:
        url = f"{running.ingest_url}/v1/query-traces"
        wait_for(lambda: reachable(running.metrics_url), 20)
        accepted = set()
        for number in range(10):
            answer = httpx2.post(url, json=traces(100, f"r{number}-"))
            assert answer.status_code == 200
            accepted |= {f"r{number}-{i}" for i in range(100)}
        running.kill()
        running.start()
        wait_for(lambda: set(assessed_so_far(tmp_path)) == accepted, 20)
        assert running.terminate() == 0


def reachable(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/-/ready").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    """Status 0, within seconds, everything committed: the next life repeats nothing."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(lines(traces(100)))
    with sidecar(tmp_path, sources=follow(path)) as running:
        wait_for(lambda: len(assessed(tmp_path)) == 100, 20)
        began = time.monotonic()
        running.process.send_signal(number)
        assert running.process.wait(10) == 0
        assert time.monotonic() - began < 5
        assert "Traceback" not in running.log
        running.start()
        wait_for(lambda: reachable(running.metrics_url), 20)
        assert running.terminate() == 0
    assert len(assessed(tmp_path)) == 100


def test_sighup_reloads_and_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    """One line in the log names file and key."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(lines(traces(1)))
    with sidecar(tmp_path, sources=follow(path)) as running:
        wait_for(lambda: len(assessed(tmp_path)) == 1, 20)
        good = running.file.read_text()
        running.file.write_text(good + "\nsinkz: []\n")
        running.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "sinkz: unknown key" in running.log)
        running.file.write_text(good.replace("out.jsonl", "second.jsonl"))
        running.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "configuration reloaded" in running.log)
        with path.open("ab") as file:
            file.write(lines(traces(1, "after")))
        wait_for(lambda: (tmp_path / "second.jsonl").exists() and (tmp_path / "second.jsonl").stat().st_size > 0)
        assert running.terminate() == 0
    assert json.loads((tmp_path / "second.jsonl").read_text())["trace_id"] == "after0"


def test_a_start_that_cannot_be_is_one_line_and_status_2(tmp_path: Path) -> None:
    """Nothing to read from."""
    with sidecar(tmp_path, sources=[]) as running:
        assert running.process.wait(20) == 2
        assert running.log.strip().splitlines()[-1] == "leadline: sources: none configured, expected at least one"
