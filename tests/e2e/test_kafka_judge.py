"""A sidecar with a slow judge on a real Kafka, killed while traces wait for it: nothing is lost or written half."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.broker import Broker, encode
from tests.e2e.test_kafka import source
from tests.monitor import kit
from tests.monitor.judge.server import JudgeServer, completion, nonce_of, serving, slow, verdict

COUNT = 400
AT_ONCE = 16
JUDGE = {"attempts": 1, "concurrency": AT_ONCE, "twins": False, "anchors": {"per_hour": 0}, "canaries_per_hour": 0}
SAMPLE = {"default": {"sample": {"cheap": 1.0, "scorer": 0.5, "judge": 0.3}}}

pytestmark = pytest.mark.timeout(240)


def rows(directory: Path) -> list[dict[str, Any]]:
    """Whole lines alone: a kill may have cut one short."""
    path = directory / "out.jsonl"
    found = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def sections(kafka: Broker, topic: str, server: JudgeServer) -> dict[str, Any]:
    judge = {"base_url": server.url, "model": "m", **JUDGE}
    return {"sources": source(kafka, topic), "judge": judge, "pipelines": SAMPLE}


def test_kill_9_while_traces_wait_for_the_judge(tmp_path: Path, kafka: Broker) -> None:
    """After the restart every trace is there, and each that was drawn for the judge has its verdict: the same ones as
    ever, since who is drawn depends on the trace alone. What was paid for before the kill is not paid for again.
    """
    topic = kafka.create("killed-beside-a-judge", 4)
    kafka.produce(topic, encode(kit.trace(f"t{number}") for number in range(COUNT)))
    no = slow(0.1, lambda request: completion(request, verdict(request, 0, "")))
    with serving(no) as server, kit.sidecar(tmp_path, **sections(kafka, topic, server)) as sidecar:
        kit.wait_for(lambda: len(rows(tmp_path)) > 50, 60)
        sidecar.kill()
        sidecar.start()
        kit.wait_for(lambda: len({row["trace_id"] for row in rows(tmp_path)}) == COUNT, 90)
        assert sidecar.terminate() == 0
    asked = [body["messages"][1]["content"].replace(nonce_of(body), "") for body in server.asked]
    assert len(asked) - len(set(asked)) <= 2 * AT_ONCE
    found = {row["trace_id"]: row for row in rows(tmp_path)}
    drawn = {name for name, row in found.items() if row["weights"]["judge"] is not None}
    assert 0.2 * COUNT < len(drawn) < 0.4 * COUNT
    assert {name for name, row in found.items() if "context_relevance" in row["signals"]} == drawn
