"""What works and what does not, for metrics, logs and `/-/ready`."""

import time
from collections.abc import Callable
from threading import Lock

from monitor.metrics import Metrics

PATIENCE_SECONDS = 60.0  # a component may fail so long before the sidecar calls itself not ready


class Health:
    """Since when each component fails. Any thread may call.

    Its components are sources, sinks, journal, quarantine and state: without them nothing is monitored. A measure that
    fails shows in metrics and abstentions.
    """

    def __init__(
        self, metrics: Metrics, clock: Callable[[], float] = time.time, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._patience = patience_seconds
        self._failing_since: dict[str, float] = {}
        self.stopping = False
        self._alive: dict[str, Callable[[], bool]] = {}
        self._notes: dict[str, Callable[[], str | None]] = {}
        self._lock = Lock()

    def worked(self, component: str) -> bool:
        """Note a success; true where the component had been failing."""
        self._metrics.succeeded(component)
        with self._lock:
            return self._failing_since.pop(component, None) is not None

    def failed(self, component: str) -> bool:
        """Note a failure; true where it is the first in a row."""
        self._metrics.failed(component)
        with self._lock:
            first = component not in self._failing_since
            self._failing_since.setdefault(component, self._clock())
            return first

    def forget(self, component: str) -> None:
        """It is not part of the sidecar any more: that it does nothing is no fault."""
        self._metrics.forget(component)
        with self._lock:
            self._failing_since.pop(component, None)

    def watch(self, name: str, alive: Callable[[], bool]) -> None:
        """A thread that has to live."""
        self._alive[name] = alive

    def dead(self) -> list[str]:
        """Threads that ended and should not have: only a new process helps."""
        return [f"{name}: its thread ended" for name, alive in self._alive.items() if not (alive() or self.stopping)]

    def note(self, name: str, text: Callable[[], str | None]) -> None:
        """Something to say in `/-/ready` that does not make it less so."""
        self._notes[name] = text

    def problems(self) -> list[str]:
        """Why the sidecar is not ready; empty where it is."""
        found = ["stopping"] if self.stopping else self.dead()
        now = self._clock()
        with self._lock:
            for component, since in self._failing_since.items():
                if now - since >= self._patience:
                    found.append(f"{component}: failing for {now - since:.0f} s")
        return found

    def notes(self) -> dict[str, str]:
        """What else there is to say, by name."""
        return {name: said for name, text in self._notes.items() if (said := text()) is not None}
