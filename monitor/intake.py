"""The bounded queue between the sources' threads and the assessing thread."""

import time
from collections import deque
from collections.abc import Callable
from threading import Condition
from typing import NamedTuple, Protocol

from monitor.sources.base import Batch, Position

CAPACITY_RECORDS = 1024
CAPACITY_BYTES = 64 * 2**20


class Origin(Protocol):
    """Where a batch came from and its position goes back to."""

    name: str
    durable: bool

    def acknowledge(self, position: Position) -> None:
        """Everything up to `position` is done with. Any thread may call."""
        ...


class Delivery(NamedTuple):
    """One batch of one source."""

    origin: Origin
    batch: Batch


class Intake:
    """Holds back sources by room: whoever wants to read reserves first, so that no batch ever waits without a place."""

    def __init__(self, capacity_records: int = CAPACITY_RECORDS, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._room = capacity_records
        self._room_bytes = capacity_bytes
        self._deliveries: deque[Delivery] = deque()
        self._changed = Condition()
        self._closed = False

    def reserve(self, wanted: int, timeout_seconds: float) -> int:
        """How many records may be read now, at most `wanted`; 0 where there was no room within the timeout."""
        with self._changed:
            self._changed.wait_for(lambda: self._room > 0 and self._room_bytes > 0, timeout_seconds)
            granted = max(0, min(wanted, self._room)) if self._room_bytes > 0 else 0
            self._room -= granted
            return granted

    def put(self, delivery: Delivery, reserved: int) -> None:
        """Hand over what was read under a reservation."""
        with self._changed:
            self._room += reserved - delivery.batch.records
            self._room_bytes -= delivery.batch.size_bytes
            self._deliveries.append(delivery)
            self._changed.notify_all()

    def give_back(self, reserved: int) -> None:
        """Nothing was read."""
        with self._changed:
            self._room += reserved
            self._changed.notify_all()

    def take(self, limit: int, linger_seconds: float, until: Callable[[], bool] = lambda: False) -> list[Delivery]:
        """Batches of at most `limit` records together (one at least), waiting a moment for more.

        Empty once closed, and where `until` comes true before there are any: who makes it true calls `wake`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._deliveries or self._closed or until())
            if not self._deliveries:
                return []
            deadline = time.monotonic() + linger_seconds
            while self.records < limit and not self._closed and (rest := deadline - time.monotonic()) > 0:
                self._changed.wait(rest)
            taken: list[Delivery] = []
            records = 0
            while self._deliveries and (not taken or records + self._deliveries[0].batch.records <= limit):
                taken.append(self._deliveries.popleft())
                records += taken[-1].batch.records
                self._room_bytes += taken[-1].batch.size_bytes
            self._room += records
            self._changed.notify_all()
            return taken

    def wake(self) -> None:
        """Let whoever waits to take look again whether to go on waiting."""
        with self._changed:
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        """Whether it is closed and nothing is left to take."""
        return self._closed and not self._deliveries

    @property
    def records(self) -> int:
        """How many records wait."""
        return sum(delivery.batch.records for delivery in tuple(self._deliveries))

    def close(self) -> None:
        """Nothing more will come. What its source can give again is let go; the rest is still there to take."""
        with self._changed:
            self._closed = True
            self._deliveries = deque(delivery for delivery in self._deliveries if not delivery.origin.durable)
            self._changed.notify_all()
