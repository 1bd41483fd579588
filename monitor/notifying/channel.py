"""What every destination does the same: it sends, waits after a failure, and says how it goes."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from detectors.records import Alarm
from monitor.backoff import Backoff
from monitor.config_notify import Destination
from monitor.metrics import Metrics
from monitor.notifying.bodies import Event
from monitor.notifying.outbox import Outbox
from monitor.notifying.post import Outcome
from monitor.notifying.senders import Sender

log = structlog.get_logger()

IDLE_SECONDS = 5.0
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0  # between attempts


class Parts(NamedTuple):
    """What all channels share. Clocks: seconds since 1970, and seconds that never go back."""

    outbox: Outbox
    metrics: Metrics
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


class Channel(ABC):
    """The queue of one destination and the way there. One thread takes turns."""

    def __init__(self, config: Destination, sender: Sender, parts: Parts) -> None:
        self.name = config.called
        self.component = f"notify:{self.name}"
        self.problem: str | None = None
        self.close = sender.close
        self._wants = config.wants
        self._sender = sender
        self._outbox, self._metrics, self._clock, self._monotonic = parts
        self._backoff = Backoff(FIRST_SECONDS, LONGEST_SECONDS)
        self._not_before = 0.0

    def wants(self, alarm: Alarm) -> bool:
        """Whether it is told of such an alarm."""
        return self._wants(alarm.alarm, alarm.pipeline)

    def turn(self) -> float:
        """Do what is due; in how many seconds there may be more to do, if nothing new comes."""
        wait = self._not_before - self._monotonic()
        return wait if wait > 0 else self._work()

    @abstractmethod
    def _work(self) -> float:
        """Send once, if anything is due; how long to wait."""

    def _attempt(self, events: Sequence[Event]) -> Outcome:
        """Send, and note how it went; after a failure there is a pause."""
        outcome = self._sender.send(events)
        if outcome.result == "delivered":
            self._metrics.succeeded(self.component)
            if self.problem is not None:
                log.info("notifications are delivered again", destination=self.name)
            self.problem = None
        else:
            self._metrics.failed(self.component)
            if self.problem is None or outcome.result == "refused":
                say = (
                    "a notification was refused" if outcome.result == "refused" else "notifications fail, trying again"
                )
                log.warning(say, destination=self.name, answer=outcome.said)
            self.problem = f"{outcome.result}: {outcome.said}"
        if outcome.result == "failed":
            self._count("failed", 1)
            self._not_before = self._monotonic() + max(self._backoff.next(), outcome.retry_after_seconds)
        else:
            self._backoff.reset()
        return outcome

    def _count(self, result: str, number: int) -> None:
        self._metrics.inc("notifications_total", self.name, result, by=number)
