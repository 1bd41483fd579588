"""The thread of one source: it opens, polls, commits and closes there, and nowhere else."""

import time
from collections.abc import Callable
from threading import Event, Thread

import structlog

from monitor.backoff import Backoff
from monitor.health import Health
from monitor.intake import Delivery, Intake
from monitor.logs import describe
from monitor.metrics import Metrics
from monitor.sources.base import Position, Source

log = structlog.get_logger()

POLL_RECORDS = 128
POLL_SECONDS = 0.2
COMMIT_SECONDS = 0.1  # between commits while there is more to read: each may be a turn of a broker or a disk


class SourceWorker:
    """Moves batches from a source to the intake, and positions back.

    Life: `start`, then `stop` (reads nothing more; a source that is not durable first hands over what it holds), then,
    once the assessing thread is done, `finish` (commits what was acknowledged and closes).
    """

    def __init__(
        self, source: Source, intake: Intake, saved: Position | None, *, metrics: Metrics, health: Health
    ) -> None:
        self.name = source.name
        self.durable = source.durable
        self.quiet = Event()  # set once nothing more will come
        self._source = source
        self._intake = intake
        self._read = saved
        self._metrics = metrics
        self._health = health
        self._accepted: Position | None = None
        self._committed: Position | None = None
        self._committed_at = 0.0
        self._moved = False
        self._stop = Event()
        self._finish = Event()
        self._backoff = Backoff()
        self._thread = Thread(target=self._run, name=f"source {self.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def acknowledge(self, position: Position) -> None:
        """Everything up to `position` was assessed, accepted and saved; the source's own thread will commit it."""
        self._accepted = position

    def stop(self) -> None:
        """Read nothing more."""
        self._stop.set()
        if self._thread.ident is None:
            self.quiet.set()

    def finish(self, timeout_seconds: float) -> bool:
        """Commit, close and end; whether that worked in time."""
        self._stop.set()
        self._finish.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        if self._retry(lambda: self._source.open(self._read)):
            while not self._stop.is_set():
                self._retry(self._turn)
            self._drain()
        self.quiet.set()
        self._finish.wait()
        self._attempt(self._commit)
        self._attempt(self._source.close)

    def _drain(self) -> None:
        while not self.durable and not self._finish.is_set() and self._attempt(self._turn) and self._moved:
            pass

    def _retry(self, work: Callable[[], None]) -> bool:
        """Until it works or the source is stopped; whether it worked."""
        while not self._attempt(work):
            if self._stop.wait(self._backoff.next()):
                return False
        self._backoff.reset()
        return True

    def _attempt(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a failing source is kept from the others, seen, and tried again
            if self._health.failed(self.name):
                log.warning("source failed, trying again", source=self.name, **describe(error))
            return False
        if self._health.worked(self.name):
            log.info("source works again", source=self.name)
        return True

    def _turn(self) -> None:
        if time.monotonic() - self._committed_at >= COMMIT_SECONDS:
            self._commit()
        reserved = self._intake.reserve(POLL_RECORDS, POLL_SECONDS)
        try:
            batch = self._source.poll(reserved, POLL_SECONDS if reserved else 0.0)
        except BaseException:
            self._intake.give_back(reserved)
            raise
        self._moved = bool(batch.records or batch.absorbed) or batch.position != self._read
        if self._moved:
            self._read = batch.position
            self._intake.put(Delivery(self, batch), reserved)
        else:
            self._intake.give_back(reserved)
        for unit, value in self._source.lag().items():
            self._metrics.set(f"source_lag_{unit}", value, self.name)

    def _commit(self) -> None:
        """What was acknowledged last, once."""
        accepted = self._accepted
        if accepted is not None and accepted is not self._committed:
            self._source.commit(accepted)
            self._committed = accepted
            self._committed_at = time.monotonic()
