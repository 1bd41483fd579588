"""The whole of it, with its threads, against real receivers."""

import time as real
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.config import build_config
from monitor.errors import LeadlineError
from monitor.health import Health
from monitor.metrics import Metrics
from monitor.notifying.notifier import UNSAVED, Notifier
from tests.monitor.kit import wait_for
from tests.monitor.notifying.receiver import HANG, START, Receiver, ended, notice, receiving

Make = Callable[..., Notifier]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def health(metrics: Metrics) -> Health:
    return Health(metrics)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure is tried again at once, and an idle thread looks often."""
    monkeypatch.setattr("monitor.notifying.channel.FIRST_SECONDS", 0.01)
    monkeypatch.setattr("monitor.notifying.notifier.IDLE_SECONDS", 0.05)


@pytest.fixture
def make(tmp_path: Path, metrics: Metrics, health: Health) -> Iterator[Make]:
    made: list[Notifier] = []

    def build(*destinations: dict[str, Any]) -> Notifier:
        config = build_config({"notify": destinations}, "test").notify
        made.append(Notifier(config, tmp_path / "notify.db", metrics, health))
        return made[-1]

    yield build
    for notifier in made:
        notifier.stop(5)


def webhook(receiver: Receiver, **section: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": receiver.url, **section}


def test_an_alarm_comes_to_every_destination_that_wants_it(make: Make, receiver: Receiver, metrics: Metrics) -> None:
    with receiving() as other:
        notifier = make(
            webhook(receiver, name="all"), webhook(other, name="shop", pipelines=["shop"], alarms=["hit_at_5"])
        )
        notifier.start()
        for one in (notice(pipeline="other"), notice(alarm="mine"), notice("x"), ended("x")):
            notifier.notify(one)
        wait_for(lambda: len(receiver.got) == 4 and len(other.got) == 2)
        assert other.turns() == [("hit_at_5", "x", "firing"), ("hit_at_5", "x", "resolved")]
    wait_for(lambda: metrics.value("notifications_total", "all", "delivered") == 4)
    wait_for(lambda: metrics.value("notification_queue_events", "all") == 0)


def test_the_same_turn_twice_is_sent_once(make: Make, receiver: Receiver) -> None:
    notifier = make(webhook(receiver))
    notifier.start()
    for one in (notice(), notice(), ended(), ended()):
        notifier.notify(one)
    wait_for(lambda: len(receiver.got) == 2)
    assert notifier.stop(5)
    assert len(receiver.got) == 2


def test_what_was_not_delivered_is_after_a_restart(make: Make, receiver: Receiver) -> None:
    """And an end that comes then knows its alarm."""
    before = make(webhook(receiver))
    before.notify(notice("x"))
    assert before.stop(5)
    assert receiver.got == []
    after = make(webhook(receiver))
    after.start()
    wait_for(lambda: receiver.got)
    after.notify(ended("x", 60))
    wait_for(lambda: len(receiver.got) == 2)
    assert receiver.turns() == [("hit_at_5", "x", "firing"), ("hit_at_5", "x", "resolved")]
    assert receiver.got[1].json["alerts"][0]["startsAt"] == "2026-11-24T12:00:00Z"


def test_a_crash_between_state_and_queue_is_made_good(make: Make, receiver: Receiver) -> None:
    """Told at the start what stands: what is new is sent, what does not stand any more ends, the rest is known."""
    before = make(webhook(receiver))
    before.start()
    before.notify(notice("known"))
    before.notify(notice("over"))
    wait_for(lambda: len(receiver.got) == 2)
    before.stop(5)
    receiver.got.clear()
    after = make(webhook(receiver))
    after.start()
    after.reconcile([notice("known", cause="told otherwise"), notice("new")], START)
    wait_for(lambda: len(receiver.got) == 2)
    assert sorted(receiver.turns()) == [("hit_at_5", "new", "firing"), ("hit_at_5", "over", "resolved")]


def test_a_destination_that_is_down_comes_back(make: Make, metrics: Metrics, health: Health) -> None:
    """Its failures are seen in the metrics and in `/-/ready`, and do not make the sidecar less ready."""
    with receiving() as gone:
        port = gone.port
    notifier = make(webhook(gone))
    notifier.start()
    notifier.notify(notice())
    wait_for(lambda: metrics.value("notifications_total", "webhook", "failed") >= 2)
    assert health.notes()["notify:webhook"].startswith("failed: ConnectError")
    assert health.problems() == []
    assert metrics.value("component_failures_total", "notify:webhook") >= 2
    with receiving(port) as back:
        wait_for(lambda: back.got)
        wait_for(lambda: health.notes() == {})


def test_one_that_hangs_holds_up_neither_the_caller_nor_others_nor_the_end(make: Make, receiver: Receiver) -> None:
    """It is tried again at the next start."""
    with receiving() as hanging:
        hanging.script.append(HANG)
        both = webhook(hanging, name="hangs", timeout_seconds=60), webhook(receiver, name="works")
        notifier = make(*both)
        notifier.start()
        notifier.notify(notice("x"))
        wait_for(lambda: hanging.got)
        notifier.notify(notice("y"))
        wait_for(lambda: len(receiver.got) == 2)
        began = real.monotonic()
        assert not notifier.stop(0.2)
        assert real.monotonic() - began < 5
        again = make(*both)
        again.start()
        wait_for(lambda: len(hanging.got) == 3)
        assert [scenario for _, scenario, _ in hanging.turns()] == ["x", "x", "y"]


def refuse(notifier: Notifier, *, on: bool) -> None:
    """Every write from now on, as a full disk does; or no more."""
    notifier._outbox._connection.execute(f"PRAGMA query_only={'ON' if on else 'OFF'}")


def test_what_the_disk_refuses_is_kept_and_tried_again(make: Make, receiver: Receiver, metrics: Metrics) -> None:
    notifier = make(webhook(receiver))
    refuse(notifier, on=True)
    notifier.start()
    notifier.notify(notice("x"))
    notifier.notify(notice("y"))
    assert metrics.value("component_failures_total", "notify") >= 2
    assert receiver.got == []
    refuse(notifier, on=False)
    wait_for(lambda: len(receiver.got) == 2)


def test_what_was_delivered_is_not_sent_again_because_the_disk_refuses_to_note_it(
    make: Make, receiver: Receiver
) -> None:
    notifier = make(webhook(receiver))
    notifier.notify(notice("x"))
    refuse(notifier, on=True)
    notifier.start()
    wait_for(lambda: receiver.got)
    real.sleep(0.3)  # several turns
    refuse(notifier, on=False)
    notifier.notify(notice("y"))
    wait_for(lambda: notifier._outbox.counts() == {})
    assert [scenario for _, scenario, _ in receiver.turns()] == ["x", "y"]


def test_a_disk_that_refuses_for_ever_fills_no_memory(make: Make, receiver: Receiver, metrics: Metrics) -> None:
    notifier = make(webhook(receiver), webhook(receiver, name="other", alarms=["none"]))
    notifier._outbox.close()
    for i in range(UNSAVED + 3):
        notifier.notify(notice(str(i)))
    assert metrics.value("notifications_total", "webhook", "dropped") == 3
    assert metrics.value("notifications_total", "other", "dropped") == 0
    assert not notifier.stop(1)


def test_its_threads_have_to_live(make: Make, receiver: Receiver, health: Health) -> None:
    notifier = make(webhook(receiver))
    notifier.start()
    assert health.dead() == []
    assert notifier.stop(5)
    assert health.dead() == ["notify:webhook: its thread ended"]


def test_without_destinations_it_does_nothing(make: Make, tmp_path: Path) -> None:
    notifier = make()
    notifier.start()
    notifier.notify(notice())
    notifier.reconcile([notice()], START)
    assert notifier.stop(1)
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_is_missing_is_said_at_the_start(make: Make, receiver: Receiver) -> None:
    with pytest.raises(LeadlineError, match="secret_env: expected a secret to sign with"):
        make(webhook(receiver, secret_env="NO_SUCH"))  # noqa: S106 - a variable's name
