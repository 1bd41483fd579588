"""A real Alertmanager is told of alarms, and tells a receiver; beside it a webhook is told the same directly."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitor.config import build_config
from monitor.health import Health
from monitor.metrics import Metrics
from monitor.notifying.notice import Notice
from monitor.notifying.notifier import Notifier
from tests.e2e.servers import alertmanager_to
from tests.monitor import kit
from tests.monitor.kit import wait_for
from tests.monitor.notifying.receiver import Receiver, notice, receiving

NOW = datetime.now(UTC)
PASSWORD_HASH = "$2b$04$NWParqmpPuwPT97nvwEls.9TTln9pZO3YotIEeFa13cmcgzip3RWO"  # noqa: S105 - bcrypt, of s3cret


@contextmanager
def notifying(directory: Path, *destinations: dict[str, Any]) -> Iterator[Notifier]:
    metrics = Metrics()
    notifier = Notifier(build_config({"notify": destinations}, "test").notify, directory / "notify.db", metrics,
                        Health(metrics))  # fmt: skip
    notifier.start()
    try:
        yield notifier
    finally:
        assert notifier.stop(10)


def alarm(state: str, seconds: float = 0, **changes: Any) -> Notice:
    return notice("identifier", state, at=NOW + timedelta(seconds=seconds), **changes)


@pytest.fixture
def pager() -> Iterator[Receiver]:
    """The receiver behind the Alertmanager."""
    with receiving() as running:
        yield running


def test_an_alarm_comes_by_an_alertmanager_and_directly_in_the_same_form(tmp_path: Path, pager: Receiver) -> None:
    """Firing, then resolved; body for body the same but for what is an Alertmanager's own to say."""
    with receiving() as hook, alertmanager_to(pager.url, tmp_path) as url, notifying(
        tmp_path, {"kind": "webhook", "url": hook.url, "labels": {"severity": "page"}},
        {"kind": "alertmanager", "url": url, "resend_seconds": 1, "labels": {"severity": "page"}},
    ) as notifier:  # fmt: skip
        notifier.notify(alarm("raised"))
        wait_for(lambda: pager.got and hook.got, 30)
        notifier.notify(alarm("resolved", 1))
        wait_for(lambda: len(pager.got) == len(hook.got) == 2, 30)
    assert pager.turns() == hook.turns() == [("hit_at_5", "identifier", status) for status in ("firing", "resolved")]
    for theirs, ours in zip(pager.got, hook.got, strict=True):
        assert theirs.json.keys() == ours.json.keys()
        [their_alert], [our_alert] = theirs.json.pop("alerts"), ours.json.pop("alerts")
        assert their_alert.keys() == our_alert.keys()
        for own in ("fingerprint", "generatorURL", "startsAt", "endsAt"):
            their_text, our_text = their_alert.pop(own), our_alert.pop(own)
            if own.endswith("At"):
                assert datetime.fromisoformat(their_text) == pytest.approx(
                    datetime.fromisoformat(our_text), abs=timedelta(milliseconds=1)
                )
        assert their_alert == our_alert
        for same in ("version", "truncatedAlerts", "status", "commonLabels", "commonAnnotations"):
            assert theirs.json[same] == ours.json[same], same


def test_an_alarm_that_came_and_went_while_it_was_down_is_told(tmp_path: Path, pager: Receiver) -> None:
    port = kit.free_port()
    destination = {"kind": "alertmanager", "url": f"http://127.0.0.1:{port}", "resend_seconds": 1}
    with notifying(tmp_path, destination) as notifier:
        notifier.notify(alarm("raised"))
        notifier.notify(alarm("resolved", 1))
        with alertmanager_to(pager.url, tmp_path, port):
            wait_for(lambda: len(pager.got) == 2, 60)
    assert [status for *_, status in pager.turns()] == ["firing", "resolved"]


def test_one_that_lost_its_memory_is_told_again_what_stands(tmp_path: Path, pager: Receiver) -> None:
    """And so is one for which the sidecar was restarted."""
    port = kit.free_port()
    destination = {"kind": "alertmanager", "url": f"http://127.0.0.1:{port}", "resend_seconds": 1}
    with alertmanager_to(pager.url, tmp_path, port) as url, notifying(tmp_path, destination) as notifier:
        notifier.notify(alarm("raised"))
        wait_for(lambda: pager.got, 30)
    with alertmanager_to(pager.url, tmp_path, port) as url, notifying(tmp_path, destination) as notifier:
        wait_for(lambda: standing(url) == ["identifier"], 30)
        notifier.notify(alarm("resolved", 1))
        wait_for(lambda: standing(url) == [], 30)
        wait_for(lambda: pager.turns()[-1][2] == "resolved", 30)


def standing(url: str) -> list[str] | None:
    """The scenarios of the alarms that fire there; None while it is starting."""
    try:
        answer = httpx2.get(f"{url}/api/v2/alerts", params={"active": "true"})
    except httpx2.TransportError:
        return None
    return [alert["labels"]["scenario"] for alert in answer.json()]


def test_one_behind_a_password_is_logged_in_to(tmp_path: Path, pager: Receiver) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    users = {"basic_auth_users": {"me": PASSWORD_HASH}}
    with alertmanager_to(pager.url, tmp_path, **users) as url, notifying(
        tmp_path, {"kind": "alertmanager", "url": url, "username": "me", "password_file": str(tmp_path / "password")}
    ) as notifier:  # fmt: skip
        notifier.notify(alarm("raised"))
        wait_for(lambda: pager.got, 30)
        assert httpx2.get(f"{url}/api/v2/alerts").status_code == httpx2.codes.UNAUTHORIZED
