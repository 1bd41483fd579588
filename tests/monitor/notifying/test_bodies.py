"""Alertmanager's two formats, and the signature."""

import hashlib
import json
import time
from datetime import timedelta
from typing import Any

from monitor.notifying.bodies import Event, pushed, signed, webhook_body
from monitor.notifying.notice import Notice
from tests.monitor.kit import ROOT
from tests.monitor.notifying.receiver import START, ended, notice


def event(one: Notice, raises: int = 1) -> Event:
    return Event(one, START, raises)


def body(*notices: Notice, **labels: str) -> Any:
    return json.loads(webhook_body([event(one) for one in notices], "pager", labels))


def test_a_raised_alarm_is_a_firing_alert_in_version_4() -> None:
    """Every key of the format, as an Alertmanager fills it."""
    one = notice("identifier")
    labels = {"alertname": "hit_at_5", "pipeline": "shop", "scenario": "identifier", "signal": "hit_at_5",
              "monitor": "leadline", "severity": "page"}  # fmt: skip
    assert body(one, severity="page") == {
        "version": "4", "truncatedAlerts": 0, "status": "firing", "receiver": "pager", "externalURL": "",
        "groupKey": '{}:{alertname="hit_at_5", pipeline="shop", scenario="identifier"}',
        "groupLabels": {"alertname": "hit_at_5", "pipeline": "shop", "scenario": "identifier"},
        "commonLabels": labels, "commonAnnotations": one.annotations(),
        "alerts": [
            {
                "status": "firing", "labels": labels, "annotations": one.annotations(), "generatorURL": "",
                "startsAt": "2026-11-24T12:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": one.fingerprint,
            }
        ],
    }  # fmt: skip


def test_its_end_has_the_same_labels_and_both_times() -> None:
    raised, over = (body(one)["alerts"][0] for one in (notice(), ended(minute=5)))
    assert (over["labels"], over["fingerprint"]) == (raised["labels"], raised["fingerprint"])
    assert (over["status"], over["startsAt"], over["endsAt"]) == (
        "resolved", "2026-11-24T12:00:00Z", "2026-11-24T12:05:00Z",
    )  # fmt: skip
    assert body(ended(minute=5))["status"] == "resolved"


def test_several_share_what_they_have_in_common() -> None:
    found = body(notice("a"), ended("b"))
    assert (found["status"], found["groupLabels"], found["groupKey"]) == ("firing", {}, "{}:{}")
    assert found["commonLabels"] == {
        "alertname": "hit_at_5", "pipeline": "shop", "signal": "hit_at_5", "monitor": "leadline",
    }  # fmt: skip
    assert "summary" not in found["commonAnnotations"]
    assert found["commonAnnotations"]["cause"] == "stale index"


def test_no_alarm_ends_before_it_began() -> None:
    """Traces may be out of order, and an Alertmanager refuses it."""
    assert body(ended(minute=-5))["alerts"][0]["endsAt"] == "2026-11-24T12:00:00Z"


def test_an_end_of_several_raises_says_how_many() -> None:
    assert event(ended(), raises=3).annotations()["raised"] == "3 times"
    assert "raised" not in event(ended()).annotations()


def push(one: Notice, now_minutes: float) -> Any:
    now = (START + timedelta(minutes=now_minutes)).timestamp()
    [alert] = json.loads(pushed([event(one)], {"severity": "page"}, now, 60))
    return alert


def test_what_stands_is_pushed_with_an_end_ahead() -> None:
    alert = push(notice(), now_minutes=10)
    assert alert["labels"] == {**notice().labels(), "severity": "page"}
    assert alert["annotations"] == notice().annotations()
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-11-24T12:00:00Z", "2026-11-24T12:14:00Z")


def test_what_has_ended_ended_then_and_never_in_the_future() -> None:
    """Clocks of traces may be ahead of ours, and an Alertmanager takes what ends later for firing."""
    assert push(ended(minute=5), now_minutes=10)["endsAt"] == "2026-11-24T12:05:00Z"
    assert push(ended(minute=15), now_minutes=10)["endsAt"] == "2026-11-24T12:10:00Z"
    early = push(ended(minute=15), now_minutes=-1)
    assert early["startsAt"] == early["endsAt"] == "2026-11-24T11:59:00Z"


def hmac_sha256(key: bytes, message: bytes) -> str:
    """By RFC 2104, from the hash alone."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()


def test_the_signature_is_over_timestamp_and_body() -> None:
    headers = signed(b'{"a":1}', "key", 1_700_000_000)
    assert headers == {
        "X-Leadline-Timestamp": "1700000000",
        "X-Leadline-Signature": "sha256=" + hmac_sha256(b"key", b'1700000000.{"a":1}'),
    }


def test_the_documented_check_takes_what_is_genuine_and_nothing_else() -> None:
    text = (ROOT / "docs" / "notifications.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - ours
    genuine, now = namespace["genuine"], int(time.time())
    headers = signed(b"{}", "key", now)
    assert genuine(headers, b"{}", "key")
    assert not genuine(headers, b"{} ", "key")
    assert not genuine(headers, b"{}", "other")
    assert not genuine({**headers, "X-Leadline-Timestamp": str(now - 1)}, b"{}", "key")
    assert not genuine(signed(b"{}", "key", now - 400), b"{}", "key")
