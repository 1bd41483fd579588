"""Takes notices in and has them delivered, by a thread for each destination."""

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread

import msgspec
import structlog

from monitor.config_notify import Notify, Webhook
from monitor.health import Health
from monitor.logs import describe
from monitor.metrics import Metrics
from monitor.notifying.alertmanager import AlertmanagerChannel
from monitor.notifying.channel import IDLE_SECONDS, Channel, Parts
from monitor.notifying.notice import Notice
from monitor.notifying.outbox import Outbox
from monitor.notifying.webhook import WebhookChannel

log = structlog.get_logger()

COMPONENT = "notify"
UNSAVED = 1000


class Notifier:
    """Alarms to every destination, at least once, in the order of each alarm's turns; see docs/notifications.md.

    A notice is on disk when `notify` returns, and is delivered after a restart if it was not before. Life: `start`,
    any number of `notify`, `stop`. Without destinations it does nothing.

    Parameters
    ----------
    path
        Of the queue, a SQLite file.
    clock, monotonic
        Seconds since 1970, for what is sent; and seconds that never go back, for waiting.

    Raises
    ------
    LeadlineError
        Where a secret, certificates or the file cannot be had.
    """

    def __init__(
        self, destinations: Sequence[Notify], path: Path, metrics: Metrics, health: Health, *,
        clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._metrics = metrics
        self._health = health
        self._unsaved: deque[Notice] = deque()
        self._saving = Lock()
        self._couriers: list[_Courier] = []
        if not destinations:
            return
        self._outbox = Outbox(path, [one.called for one in destinations])
        try:
            channels = [_channel(one, Parts(self._outbox, metrics, clock, monotonic)) for one in destinations]
        except BaseException:
            self._outbox.close()
            raise
        self._couriers = [_Courier(channel, self._step) for channel in channels]
        for channel, result in product(channels, ("delivered", "refused", "dropped", "failed")):
            metrics.inc("notifications_total", channel.name, result, by=0)  # so that the first one is an increase
        if self._outbox.forgotten:
            log.warning("alarms waited for destinations that are gone", forgotten=self._outbox.forgotten)

    def start(self) -> None:
        """Begin to deliver; what an earlier process left comes first."""
        for courier in self._couriers:
            courier.start()
            self._health.watch(courier.channel.component, courier.is_alive)
            self._health.note(courier.channel.component, courier.problem)

    def notify(self, notice: Notice) -> None:
        """Keep a notice and have it delivered; the same turn of an alarm counts once. Never raises, waits for no one.

        What the disk refuses is kept in memory, and tried again.
        """
        if not self._couriers:
            return
        with self._saving:
            if len(self._unsaved) >= UNSAVED:
                self._drop(self._unsaved.popleft())
            self._unsaved.append(notice)
        self._save()
        for courier in self._couriers:
            courier.wake()

    def reconcile(self, standing: Iterable[Notice], at: datetime) -> None:
        """After a restart: be told of every alarm that stands, as it was raised; what does not any more ends at `at`.

        That closes the gap of a crash between the saving of an alarm and `notify`.
        """
        if not self._couriers:
            return
        known = self._outbox.standing()
        for notice in standing:
            known.pop(notice.fingerprint, None)
            self.notify(notice)
        for notice in known.values():
            alarm = msgspec.structs.replace(notice.alarm, state="resolved", at=at)
            self.notify(msgspec.structs.replace(notice, alarm=alarm))

    def stop(self, timeout_seconds: float) -> bool:
        """Deliver nothing more; what was not delivered waits on disk for the next start.

        Whether every thread ended in time, and every notice is on disk.
        """
        deadline = time.monotonic() + timeout_seconds
        self._save()
        for courier in self._couriers:
            courier.end()
        ended = [courier.join(max(0.0, deadline - time.monotonic())) for courier in self._couriers]
        if self._couriers:
            self._outbox.close()
        return all(ended) and not self._unsaved

    def _save(self) -> None:
        with self._saving:
            while self._unsaved:
                try:
                    self._add(self._unsaved[0])
                except sqlite3.Error as error:
                    if self._health.failed(COMPONENT):
                        log.error("alarms cannot be queued on disk, trying again", **describe(error))
                    return
                self._unsaved.popleft()
                self._health.worked(COMPONENT)

    def _add(self, notice: Notice) -> None:
        wanted = [courier.channel.name for courier in self._couriers if courier.channel.wants(notice.alarm)]
        for name, dropped in (self._outbox.add(notice, wanted) or {}).items():
            if dropped:
                log.warning("the queue of a destination is full, the oldest alarms are dropped", destination=name)
                self._metrics.inc("notifications_total", name, "dropped", by=dropped)

    def _drop(self, notice: Notice) -> None:
        for courier in self._couriers:
            if courier.channel.wants(notice.alarm):
                self._metrics.inc("notifications_total", courier.channel.name, "dropped")

    def _step(self, channel: Channel) -> float:
        """One turn of a destination's thread; how long it may rest."""
        self._save()
        wait = channel.turn()
        self._metrics.set("notification_queue_events", self._outbox.counts()[channel.name], channel.name)
        return wait


def _channel(config: Notify, parts: Parts) -> Channel:
    return WebhookChannel(config, parts) if isinstance(config, Webhook) else AlertmanagerChannel(config, parts)


class _Courier:
    """The thread of one destination."""

    def __init__(self, channel: Channel, step: Callable[[Channel], float]) -> None:
        self.channel = channel
        self._step = step
        self._woken = Flag()
        self._ended = False
        self._failing = False
        self._thread = Thread(target=self._run, name=channel.component, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def problem(self) -> str | None:
        """What `/-/ready` has to say of it."""
        return self.channel.problem

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    def end(self) -> None:
        self._ended = True
        self._woken.set()

    def join(self, timeout_seconds: float) -> bool:
        """Whether it has ended in time, or was never started."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._ended:
            self._woken.clear()
            self._woken.wait(min(self._turn(), IDLE_SECONDS))
        self.channel.close()

    def _turn(self) -> float:
        try:
            wait = self._step(self.channel)
        except Exception as error:  # noqa: BLE001 - seen, and tried again: a full disk, say
            if not (self._failing or self._ended):
                log.error(
                    "a destination's thread failed, trying again", destination=self.channel.name, **describe(error)
                )
            self._failing = True
            return IDLE_SECONDS
        self._failing = False
        return wait
