"""What an Alertmanager is told and when, on time that the test turns; tests/e2e has a real one."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from monitor.config_notify import Alertmanager
from monitor.metrics import Metrics
from monitor.notifying.alertmanager import AlertmanagerChannel
from monitor.notifying.bodies import rfc3339
from monitor.notifying.channel import IDLE_SECONDS, Parts
from monitor.notifying.notice import Notice
from monitor.notifying.outbox import Outbox
from tests.monitor.notifying.receiver import CUT, START, Answer, Receiver, Time, ended, notice


class Pushing:
    """A channel to a receiver that stands for an Alertmanager, resending every minute."""

    def __init__(self, path: Path, receiver: Receiver, time: Time) -> None:
        self.outbox = Outbox(path, ["alertmanager"])
        self.metrics = Metrics(lambda: 1000.0)
        config = Alertmanager(kind="alertmanager", url=receiver.url.removesuffix("/hook"))
        self.channel = AlertmanagerChannel(config, Parts(self.outbox, self.metrics, time, time))
        self._time = time
        self._receiver = receiver

    def add(self, *notices: Notice) -> None:
        for one in notices:
            self.outbox.add(one, ["alertmanager"])

    def run(self, seconds: float) -> None:
        """Take turns for so long, as its thread would."""
        end = self._time.now + seconds
        while self._time.now < end:
            self._time.now = min(end, self._time.now + min(self.channel.turn(), IDLE_SECONDS))

    def pushed(self) -> list[tuple[float, dict[str, str]]]:
        """When each request came, in seconds from the start, and whether each alert in it fires, by scenario."""
        return [
            (
                got.at - START.timestamp(),
                {one["labels"]["scenario"]: "firing" if _seconds(one["endsAt"]) > got.at else "resolved"
                 for one in got.json},
            )
            for got in self._receiver.got
        ]  # fmt: skip

    def count(self, result: str) -> float:
        return self.metrics.value("notifications_total", "alertmanager", result)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def pushing(tmp_path: Path, receiver: Receiver, time: Time) -> Iterator[Pushing]:
    made = Pushing(tmp_path / "notify.db", receiver, time)
    yield made
    made.channel.close()
    made.outbox.close()


FIRING, RESOLVED = {"_all": "firing"}, {"_all": "resolved"}


def test_what_stands_is_told_again_and_what_ended_once(pushing: Pushing) -> None:
    pushing.add(notice())
    pushing.run(150)
    pushing.add(ended(minute=2.5))
    pushing.run(300)
    assert pushing.pushed() == [(0, FIRING), (60, FIRING), (120, FIRING), (150, RESOLVED)]
    assert pushing.outbox.counts() == {}
    assert (pushing.count("delivered"), pushing.count("failed")) == (2, 0)


def test_all_that_stands_comes_in_one_request(pushing: Pushing) -> None:
    pushing.add(notice("x"), notice("y"))
    pushing.run(1)
    pushing.add(notice("z"))
    pushing.run(1)
    assert [alerts for _, alerts in pushing.pushed()] == [
        {"x": "firing", "y": "firing"}, {"x": "firing", "y": "firing", "z": "firing"},
    ]  # fmt: skip
    assert pushing.count("delivered") == 3


def test_a_short_alarm_stands_long_enough_to_be_told_of(pushing: Pushing) -> None:
    """Within its group_wait an Alertmanager forgets what has ended."""
    pushing.add(notice())
    pushing.run(5)
    pushing.add(ended(minute=0.1))
    pushing.run(100)
    assert pushing.pushed() == [(0, FIRING), (5, FIRING), (65, RESOLVED)]


def test_what_came_and_went_while_it_was_down_is_told(pushing: Pushing, receiver: Receiver) -> None:
    """An hour of it: the raise first, the end a minute later."""
    receiver.script.extend([Answer(503), CUT, Answer(500), Answer(502)] * 100)
    pushing.add(notice(), ended(minute=10), notice(minute=20), ended(minute=30))
    pushing.run(3600)
    receiver.script.clear()
    receiver.got.clear()
    pushing.run(200)
    (first, firing), (second, resolved) = pushing.pushed()
    assert (firing, resolved) == (FIRING, RESOLVED)
    assert 3600 <= first <= 3661
    assert second - first == pytest.approx(60, abs=1)
    last = receiver.got[-1].json[0]
    assert (last["startsAt"], last["endsAt"]) == (rfc3339(START), "2026-11-24T12:30:00Z")
    assert last["annotations"]["raised"] == "2 times"
    assert pushing.outbox.counts() == {}


def test_it_is_told_anew_after_a_restart(tmp_path: Path, pushing: Pushing, receiver: Receiver, time: Time) -> None:
    """What stands, and the end of what was told before."""
    pushing.add(notice("x"), notice("y"))
    pushing.run(1)
    receiver.got.clear()
    again = Pushing(tmp_path / "notify.db", receiver, time)
    again.run(1)
    again.add(ended("x", 5))
    time.now += 600
    again.run(1)
    assert [alerts for _, alerts in again.pushed()] == [
        {"x": "firing", "y": "firing"}, {"x": "resolved", "y": "firing"},
    ]  # fmt: skip
    again.channel.close()
    again.outbox.close()


def test_an_alarm_that_comes_back_stands_again(pushing: Pushing) -> None:
    pushing.add(notice())
    pushing.run(100)
    pushing.add(ended(minute=1), notice(minute=1.5))
    pushing.run(10)
    assert pushing.pushed()[-1] == (100, FIRING)
    assert len(pushing.outbox.waiting("alertmanager")) == 1


def test_what_it_refuses_it_is_asked_again_when_it_is_time(pushing: Pushing, receiver: Receiver) -> None:
    """It may be set right meanwhile; the alarm stands."""
    receiver.script.append(Answer(400, {}, b"bad"))
    pushing.add(notice())
    pushing.run(100)
    assert pushing.pushed() == [(0, FIRING), (60, FIRING)]
    assert (pushing.count("refused"), pushing.count("delivered")) == (1, 1)


def test_a_clock_that_is_set_back_delays_no_end(pushing: Pushing, time: Time) -> None:
    pushing.add(notice())
    pushing.run(100)
    time.now -= 50 * 60
    pushing.channel._push_at = 0  # the other clock does not go back
    pushing.add(ended(minute=-20))
    pushing.run(1)
    assert pushing.pushed()[-1][1] == RESOLVED
