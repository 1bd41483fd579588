"""A sidecar whose judge has moved: from re-judged anchors to metrics, the state file and a webhook."""

import json
from pathlib import Path
from typing import Any

import httpx2

from detectors.judging.anchors import set_version
from detectors.judging.drift import FIRST, DriftBudget
from detectors.judging.version import judge_version
from monitor.config_alerts import JUDGE_DRIFT
from monitor.deciding.deciding import Deciding, Entry
from monitor.deciding.judge_drift import Rejudged
from monitor.deciding.ledger import Ledger
from monitor.deciding.settings import Settings
from monitor.judge.anchor_set import read_anchors
from monitor.service import Service
from monitor.state import State, Step
from tests.monitor.judge.server import Answer, Body, JudgeServer, completion, serving, verdict
from tests.monitor.kit import config, document, follow, leadline, wait_for
from tests.monitor.notifying.receiver import receiving

NOW = 1_795_000_000.0
FAST = 3600  # an hour: one a second


def harsh(request: Body) -> Answer:
    """A judge that finds nothing relevant any more."""
    return completion(request, verdict(request, 0, ""), log_probabilities=False)


def anchored(directory: Path, server: JudgeServer) -> dict[str, Any]:
    rows = [
        {"query": f"what is said of {i}", "passage": f"In chapter {i} this is told.", "grade": 2} for i in range(30)
    ]
    file = directory / "anchors.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    judge = {"base_url": server.url, "model": "m", "attempts": 1, "canaries_per_hour": FAST}
    (directory / "traces.jsonl").touch()
    anchors = {"path": file, "size": 30, "per_hour": FAST}
    return {"sources": follow(directory / "traces.jsonl"), "judge": {**judge, "anchors": anchors}}


def remembered(directory: Path, state: Path) -> None:
    """What a sidecar would know of a judge that gave every anchor a 2, for ten rounds."""
    anchors = read_anchors(directory / "anchors.jsonl")
    version = f"{judge_version('scripted-2026-11')} anchors {set_version(anchors)}.1"
    told = tuple(
        Rejudged(NOW - 86400 + 240 * turn + i, version, anchor.id, 2.0, anchor.human)
        for turn in range(FIRST + 7)
        for i, anchor in enumerate(anchors)
    )
    saved = State(state)
    ledger = Ledger(Deciding(Settings({}, judge=DriftBudget(an_hour=FAST))))
    saved.save(Step({}, decided=ledger.told(Entry(NOW - 3600, rejudged=told))[1]))
    saved.close()


def test_a_judge_that_moved_is_told_of_as_the_judge(tmp_path: Path) -> None:
    with serving(harsh) as server, receiving() as receiver:
        sections = anchored(tmp_path, server)
        sections["notify"] = [{"kind": "webhook", "url": receiver.url, "pipelines": ["shop"]}]
        made = config(tmp_path, **sections)
        remembered(tmp_path, made.state.path)
        with Service(made, clock=lambda: NOW) as service:
            wait_for(lambda: len(receiver.got) > 0, 60.0)
            host, port = service.metrics_address
            text = httpx2.get(f"http://{host}:{port}/metrics").text
    assert 'leadline_alarm_active{alarm="judge_drift",pipeline="_all",scenario="_all"} 1.0' in text
    assert 'leadline_judge_canaries_total{kind="stuffed",result="passed"}' in text
    [alert] = receiver.got[0].json["alerts"]
    assert alert["labels"]["alertname"] == JUDGE_DRIFT
    assert alert["annotations"]["summary"].startswith("the judge moved")
    assert "judge_context_relevance" in alert["annotations"]["cause"]
    state = State(made.state.path)
    assert [(alarm.alarm, alarm.state) for alarm in state.alarms()] == [(JUDGE_DRIFT, "raised")]
    state.close()


def test_check_says_what_is_wrong_with_the_anchors(tmp_path: Path) -> None:
    with serving(harsh) as server:
        sections = anchored(tmp_path, server)
    file = tmp_path / "config.yaml"
    sections["judge"]["anchors"]["path"] = str(tmp_path / "anchors.jsonl")
    file.write_text(json.dumps(document(tmp_path, **sections)))
    assert leadline("check", file).returncode == 0
    (tmp_path / "anchors.jsonl").write_text('{"query": "q"}\n')
    refused = leadline("check", file)
    assert refused.returncode == 1
    assert f"{tmp_path / 'anchors.jsonl'}: line 1: expected query, passage" in refused.stderr
