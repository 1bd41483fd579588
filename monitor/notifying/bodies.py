"""What goes over the wire: Alertmanager's webhook format, its signature, and alerts as an Alertmanager takes them."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from monitor.notifying.notice import Notice, rfc3339

NEVER = "0001-01-01T00:00:00Z"  # what an Alertmanager says of an alert that has not ended
TIMESTAMP_HEADER = "X-Leadline-Timestamp"
SIGNATURE_HEADER = "X-Leadline-Signature"
STANDS_RESENDS = 4  # an Alertmanager that hears nothing for so many takes the alarm for ended; as Prometheus has it


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn of an alarm, as it waits to be delivered.

    `starts_at` is when the alarm was raised. `raises` is how often it was since the first of what this stands for.
    """

    notice: Notice
    starts_at: datetime
    raises: int = 1

    @property
    def resolved(self) -> bool:
        """Whether the alarm is over."""
        return self.notice.alarm.state == "resolved"

    @property
    def ends_at(self) -> datetime:
        """When it was over; never before it began, though traces may be out of order."""
        return max(self.notice.alarm.at, self.starts_at)

    def annotations(self) -> dict[str, str]:
        """Those of the notice, and how often it was raised where this is the end of several."""
        several = {"raised": f"{self.raises} times"} if self.raises > 1 else {}
        return {**self.notice.annotations(), **several}


def webhook_body(events: Sequence[Event], receiver: str, labels: Mapping[str, str]) -> bytes:
    """Version 4 of the format; `labels` are added to each alert's own."""
    alerts = [_alert(event, labels) for event in events]
    names = ("alertname", "pipeline", "scenario") if len(alerts) == 1 else ()
    group = {name: alerts[0]["labels"][name] for name in names}
    key = ", ".join(f"{name}={msgspec.json.encode(value).decode()}" for name, value in group.items())
    body = {
        "version": "4",
        "groupKey": f"{{}}:{{{key}}}",
        "truncatedAlerts": 0,
        "status": "resolved" if all(event.resolved for event in events) else "firing",
        "receiver": receiver,
        "groupLabels": group,
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": "",
        "alerts": alerts,
    }
    return msgspec.json.encode(body)


def _alert(event: Event, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "status": event.notice.alarm.state if event.resolved else "firing",
        "labels": {**event.notice.labels(), **labels},
        "annotations": event.annotations(),
        "startsAt": rfc3339(event.starts_at),
        "endsAt": rfc3339(event.ends_at) if event.resolved else NEVER,
        "generatorURL": "",
        "fingerprint": event.notice.fingerprint,
    }


def _common(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {name: text for name, text in each[0].items() if all(one.get(name) == text for one in each)}


def pushed(events: Sequence[Event], labels: Mapping[str, str], now: float, resend_seconds: float) -> bytes:
    """Alerts for `POST /api/v2/alerts`; what stands does so for a few more `resend_seconds`, without another word."""
    moment = datetime.fromtimestamp(now, UTC)
    until = moment + timedelta(seconds=STANDS_RESENDS * resend_seconds)
    alerts = []
    for event in events:
        starts = min(event.starts_at, moment)  # clocks of traces may be ahead
        ends = max(starts, min(event.ends_at, moment)) if event.resolved else until
        alerts.append(
            {
                "labels": {**event.notice.labels(), **labels},
                "annotations": event.annotations(),
                "startsAt": rfc3339(starts),
                "endsAt": rfc3339(ends),
            }
        )
    return msgspec.json.encode(alerts)


def signed(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """Headers with HMAC-SHA256 over `timestamp.body`, in hex.

    >>> signed(b"{}", "key", 1700000000)["X-Leadline-Signature"]
    'sha256=...'
    """
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()
    return {TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: f"sha256={digest}"}
