"""From traces to an alarm, through the whole sidecar."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.config import Config
from monitor.service import Service
from monitor.state import State
from tests.monitor.kit import config, follow, lines, trace, wait_for
from tests.monitor.notifying.receiver import receiving

START = datetime(2026, 11, 2, tzinfo=UTC)
NOW = (START + timedelta(days=30)).timestamp()


def served(start: datetime, hours: int, an_hour: int, empty: float, seed: int) -> list[dict[str, Any]]:
    """So many hours of queries; a share of them finds nothing at all."""
    rng, found = np.random.default_rng(seed), []
    for i in range(hours * an_hour):
        at = start + timedelta(hours=i / an_hour)
        made = trace(f"{start:%d}-{i}", timestamp=at.isoformat())
        scores = np.sort(rng.uniform(0.3, 0.9, 4))[::-1]
        documents = [{**one, "score": float(score)} for one, score in zip(made["documents"], scores, strict=True)]
        found.append({**made, "documents": [] if rng.random() < empty else documents})
    return found


def watched(tmp_path: Path, **sections: Any) -> Config:
    alerts = [{"signal": "hit_at_5", "smallest_drop": 0.05}]
    return config(tmp_path, sources=follow(tmp_path / "in.jsonl"), alerts=alerts, **sections)


def feed(service: Service, path: Path, records: list[dict[str, Any]]) -> None:
    before = service.metrics.value("traces_total", "default", "evaluated")
    with path.open("ab") as file:
        file.write(lines(records))
    wait_for(lambda: service.metrics.value("traces_total", "default", "evaluated") == before + len(records), 60.0)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_retriever_that_finds_nothing_for_some_raises_an_alarm(tmp_path: Path, restarted: bool) -> None:
    """After nine healthy days, also where the sidecar was stopped in between; a day later it has ended."""
    source = tmp_path / "in.jsonl"
    source.touch()
    healthy = served(START, 9 * 24, 20, 0.02, seed=1)
    worse = served(START + timedelta(days=9), 8, 60, 0.25, seed=2)
    well = served(START + timedelta(days=10), 24, 30, 0.02, seed=3)
    service = Service(watched(tmp_path), clock=lambda: NOW)
    with service:
        feed(service, source, healthy[: len(healthy) // 2 if restarted else len(healthy)])
    service = Service(watched(tmp_path), clock=lambda: NOW)
    with service:
        if restarted:
            feed(service, source, healthy[len(healthy) // 2 :])
        assert 'leadline_alarm_active{alarm="hit_at_5",pipeline="default",scenario="_all"} 0.0' in shown(service)
        feed(service, source, worse)
        assert 'leadline_alarm_active{alarm="hit_at_5",pipeline="default",scenario="_all"} 1.0' in shown(service)
        assert service.metrics.value("alarms_total", "hit_at_5", "default", "_all", "raised") == 1
        change = [
            line for line in shown(service).splitlines() if line.startswith("leadline_quality_change_upper_ratio")
        ]
        assert float(change[0].split()[-1]) < 0.0
        feed(service, source, well)
        assert 'leadline_alarm_active{alarm="hit_at_5",pipeline="default",scenario="_all"} 0.0' in shown(service)
    state = State(tmp_path / "leadline.db")
    raised, resolved = (one for one in state.alarms() if one.scenario == "_all")
    state.close()
    assert (raised.state, resolved.state) == ("raised", "resolved")
    assert START + timedelta(days=9) < raised.at < START + timedelta(days=9, hours=4)
    assert raised.since is not None
    assert abs(raised.since - (START + timedelta(days=9))) < timedelta(hours=3)


def shown(service: Service) -> str:
    return service.metrics.exposition()[0].decode()


def test_an_alarm_reaches_its_destination_with_what_a_person_needs(tmp_path: Path) -> None:
    """By how much, since when, and which traces to look at; and its end, from a sidecar that was started again."""
    source = tmp_path / "in.jsonl"
    source.touch()
    with receiving() as receiver:
        notify = [{"kind": "webhook", "url": receiver.url}]
        with Service(watched(tmp_path, notify=notify), clock=lambda: NOW) as service:
            feed(service, source, served(START, 9 * 24, 20, 0.02, seed=1))
            feed(service, source, served(START + timedelta(days=9), 8, 60, 0.25, seed=2))
            wait_for(lambda: len(receiver.turns()) >= 2)
        with Service(watched(tmp_path, notify=notify), clock=lambda: NOW) as service:
            feed(service, source, served(START + timedelta(days=10), 24, 30, 0.02, seed=3))
            wait_for(lambda: len(receiver.turns()) >= 4)
        fired = [one for got in receiver.got for one in got.json["alerts"] if one["status"] == "firing"]
        turns = receiver.turns()
    whole = next(one for one in fired if one["labels"]["scenario"] == "_all")
    said = whole["annotations"]
    assert said["summary"].startswith("hit_at_5 of default moved from 0.")
    assert float(said["change_high"]) < 0
    assert float(said["after"]) < float(said["before"])
    assert said["worst_traces"].count("(risk 1.00)") == 3
    assert said["since"].startswith(("2026-11-10T2", "2026-11-11T0"))
    assert sorted(turn[-1] for turn in turns) == ["firing", "firing", "resolved", "resolved"]
