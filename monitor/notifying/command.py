"""`leadline notify-test`: a notice to every destination, now, and what came of it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from detectors.records import ALL, Alarm
from monitor.config import load_config
from monitor.config_notify import Notify, Webhook
from monitor.errors import LeadlineError
from monitor.notifying.bodies import Event
from monitor.notifying.notice import Notice, Worst
from monitor.notifying.post import Outcome
from monitor.notifying.senders import AlertmanagerSender, WebhookSender


def notify_test_command(file: Path) -> int:
    """The exit status: 1 where a destination did not take it."""
    destinations = load_config(file).notify
    if not destinations:
        raise LeadlineError(f"{file}: notify: none configured, expected at least one destination")
    outcomes = {one.called: _try(one) for one in destinations}
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome.result} ({outcome.said})")  # noqa: T201
    return int(any(outcome.result != "delivered" for outcome in outcomes.values()))


def _try(config: Notify) -> Outcome:
    """A webhook is told of the end, too; at an Alertmanager the test ends by itself."""
    raised = _notice()
    if not isinstance(config, Webhook):
        return AlertmanagerSender(config, time.time).send([Event(raised, raised.alarm.at)])
    sender = WebhookSender(config, time.time)
    outcome = sender.send([Event(raised, raised.alarm.at)])
    if outcome.result != "delivered":
        return outcome
    alarm = msgspec.structs.replace(raised.alarm, state="resolved")
    return sender.send([Event(msgspec.structs.replace(raised, alarm=alarm), alarm.at)])


def _notice() -> Notice:
    now = datetime.now(UTC)
    alarm = Alarm(
        alarm="leadline_test", pipeline="test", scenario=ALL, state="raised", at=now, since=now, evidence=1.0,
        signal="hit_at_5",
    )  # fmt: skip
    return Notice(
        alarm=alarm, before=0.8, after=0.7, change=-0.1, low=-0.13, high=-0.07, worst=(Worst("test", 0.9),),
        cause="this is a test", remedy="nothing to be done",
    )  # fmt: skip
