"""A webhook that fails in every way, on time that the test turns."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.config_notify import Webhook
from monitor.metrics import Metrics
from monitor.notifying.channel import IDLE_SECONDS, LONGEST_SECONDS, Parts
from monitor.notifying.outbox import Outbox
from monitor.notifying.webhook import Allowance, WebhookChannel
from tests.monitor.notifying.receiver import CUT, HANG, Answer, Receiver, Time, ended, notice, receiving
from tests.monitor.notifying.test_bodies import hmac_sha256

Make = Callable[..., WebhookChannel]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "notify.db", ["webhook"])
    yield opened
    opened.close()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: 1000.0)


@pytest.fixture
def make(outbox: Outbox, metrics: Metrics, time: Time) -> Iterator[Make]:
    made = []

    def build(receiver: Receiver, **section: Any) -> WebhookChannel:
        config = Webhook(kind="webhook", url=receiver.url, **section)
        made.append(WebhookChannel(config, Parts(outbox, metrics, time, time)))
        return made[-1]

    yield build
    for channel in made:
        channel.close()


def add(outbox: Outbox, *notices: Any) -> None:
    for one in notices:
        outbox.add(one, ["webhook"])


def run(channel: WebhookChannel, time: Time, seconds: float) -> None:
    """Take turns for so long, as its thread would."""
    end = time.now + seconds
    while time.now < end:
        time.now = min(end, time.now + min(channel.turn(), IDLE_SECONDS))


def results(metrics: Metrics) -> dict[str, float]:
    names = ("delivered", "refused", "failed", "dropped")
    return {name: count for name in names if (count := metrics.value("notifications_total", "webhook", name))}


def test_turns_come_in_order_one_in_a_notice(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time, metrics: Metrics
) -> None:
    add(outbox, notice("x"), notice("y"), ended("x"))
    run(make(receiver), time, 1)
    assert receiver.turns() == [("hit_at_5", "x", "firing"), ("hit_at_5", "y", "firing"), ("hit_at_5", "x", "resolved")]
    assert len(receiver.got) == 3
    assert (results(metrics), outbox.counts()) == ({"delivered": 3}, {})
    assert metrics.value("component_last_success_timestamp_seconds", "notify:webhook") == 1000


def test_each_attempt_is_signed_anew(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a receiver can refuse what is old; checked by RFC 2104."""
    monkeypatch.setenv("SECRET", "key")
    receiver.script.append(Answer(503, {"Retry-After": "2"}))
    add(outbox, notice())
    run(make(receiver, secret_env="SECRET"), time, 100)  # noqa: S106 - a variable's name
    first, second = receiver.got
    assert first.body == second.body
    for got in (first, second):
        stamp = got.headers["x-leadline-timestamp"]
        assert int(stamp) == int(got.at)
        expected = "sha256=" + hmac_sha256(b"key", stamp.encode() + b"." + got.body)
        assert got.headers["x-leadline-signature"] == expected
    assert first.headers["x-leadline-timestamp"] != second.headers["x-leadline-timestamp"]


@pytest.mark.parametrize("failure", [Answer(500), Answer(503), Answer(408), CUT], ids=["500", "503", "408", "cut"])
def test_a_failure_is_tried_again(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time, metrics: Metrics, failure: Answer
) -> None:
    receiver.script.append(failure)
    add(outbox, notice())
    channel = make(receiver)
    assert channel.turn() == 0
    assert (channel.problem or "").startswith("failed: ")
    assert outbox.counts() == {"webhook": 1}
    run(channel, time, 2)
    assert [got.at - receiver.got[0].at for got in receiver.got] == [0, pytest.approx(0.75, abs=0.25)]
    assert (results(metrics), outbox.counts(), channel.problem) == ({"failed": 1, "delivered": 1}, {}, None)


def test_a_slow_receiver_is_tried_again(make: Make, receiver: Receiver, outbox: Outbox, time: Time) -> None:
    receiver.script.append(HANG)
    add(outbox, notice())
    run(make(receiver, timeout_seconds=0.1), time, 10)
    assert receiver.turns() == [("hit_at_5", "_all", "firing")] * 2


def test_retry_after_is_honoured(make: Make, receiver: Receiver, outbox: Outbox, time: Time) -> None:
    receiver.script.append(Answer(429, {"Retry-After": "300"}))
    add(outbox, notice())
    run(make(receiver), time, 1000)
    first, second = receiver.got
    assert 300 <= second.at - first.at <= 301


def test_what_is_refused_is_counted_and_not_tried_again(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time, metrics: Metrics
) -> None:
    receiver.script.append(Answer(400, {}, b"no"))
    add(outbox, notice("x"), notice("y"))
    run(make(receiver), time, 100)
    assert [scenario for _, scenario, _ in receiver.turns()] == ["x", "y"]
    assert (results(metrics), outbox.counts()) == ({"refused": 1, "delivered": 1}, {})


def test_an_alarm_that_always_fails_does_not_hold_up_the_others(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time
) -> None:
    """And its own turns keep their order."""
    receiver.script.extend([Answer(500), Answer(), Answer(500)])
    add(outbox, notice("x"), notice("y"), ended("x"))
    run(make(receiver), time, 100)
    assert [(scenario, status) for _, scenario, status in receiver.turns()] == [
        ("x", "firing"), ("y", "firing"), ("x", "firing"), ("x", "firing"), ("x", "resolved"),
    ]  # fmt: skip


def test_one_that_is_down_for_an_hour_loses_no_alarm(make: Make, outbox: Outbox, time: Time, metrics: Metrics) -> None:
    """Attempts go on, ever more seldom, at least once a minute; then all comes, each alarm's turns in order."""
    with receiving() as gone:
        port = gone.port
    channel = make(gone, notices_per_hour=1000)
    minutes = range(0, 60, 5)
    for minute in minutes:
        add(outbox, notice(f"s{minute}", minute=minute), ended(f"s{minute}", minute=minute + 1))
        run(channel, time, 300)
    assert 60 <= results(metrics)["failed"] <= 130
    with receiving(port) as back:
        run(channel, time, LONGEST_SECONDS + 1)
        for minute in minutes:
            statuses = [status for _, scenario, status in back.turns() if scenario == f"s{minute}"]
            assert statuses == ["firing", "resolved"]
    assert results(metrics)["delivered"] == 24


def test_beyond_its_allowance_alarms_go_together(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time, metrics: Metrics
) -> None:
    """Half of an hour's notices at once, then one with all that waited: late, and nothing is silent."""
    add(outbox, *(notice(str(i)) for i in range(50)))
    run(make(receiver, notices_per_hour=10), time, 721)
    assert [len(got.json["alerts"]) for got in receiver.got] == [1] * 5 + [45]
    assert receiver.got[5].at - receiver.got[4].at == pytest.approx(720, abs=6)
    assert [scenario for _, scenario, _ in receiver.turns()] == [str(i) for i in range(50)]
    assert (results(metrics), outbox.counts()) == ({"delivered": 50}, {})


def test_an_alarm_that_comes_and_goes_is_told_within_the_allowance(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time
) -> None:
    """A hundred times an hour: what nobody could be told becomes one end, which says how often it was raised."""
    channel = make(receiver, notices_per_hour=10)
    for i in range(100):
        add(outbox, notice(minute=i), ended(minute=i + 0.5))
        run(channel, time, 36)
    run(channel, time, 3600)
    assert outbox.counts() == {}
    assert [status for *_, status in receiver.turns()] == ["firing", "resolved"] * (len(receiver.got) // 2)
    told = [alert["annotations"].get("raised", "1 times") for got in receiver.got for alert in got.json["alerts"]]
    assert sum(int(text.split()[0]) for text in told[1::2]) == 100


def test_never_more_than_its_allowance_in_any_hour(time: Time) -> None:
    allowance = Allowance(60, time)
    sent = []
    for _ in range(500):
        time.now += allowance.wait_seconds()
        allowance.take()
        sent.append(time.now)
    assert all(later - earlier >= 3600 - 1 for earlier, later in zip(sent[:-60], sent[60:], strict=True))
    assert sent[29] - sent[0] < 1
    assert sent[-1] - sent[0] == pytest.approx((500 - 30) * 120, rel=0.01)


def test_a_notice_of_several_that_is_refused_is_divided(
    make: Make, receiver: Receiver, outbox: Outbox, time: Time, metrics: Metrics
) -> None:
    """One alarm that a receiver does not like costs itself, not those that it came with."""
    add(outbox, *(notice(str(i)) for i in range(6)))
    channel = make(receiver, notices_per_hour=4)
    run(channel, time, 1)
    receiver.script.extend([Answer(413), Answer(413), Answer(400)])
    run(channel, time, 4 * 3600)
    assert [len(got.json["alerts"]) for got in receiver.got] == [1, 1, 4, 2, 1, 3]
    assert results(metrics) == {"delivered": 5, "refused": 1}
