"""Query traces that applications post to us (`monitor/ingest.py`), out of the journal in which they wait."""

from datetime import UTC, datetime

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from monitor.journal import Journal
from monitor.sources.base import BATCH_BYTES, Batch, Malformed, Position

NAME = "http"


class HttpSource:
    """At least once with a journal on disk: an answer of 200 means that the trace is there. At most once without."""

    def __init__(self, journal: Journal) -> None:
        self.name = NAME
        self.durable = journal.durable
        self._journal = journal
        self._read = 0

    def open(self, position: Position | None) -> None:
        """Let go of what was assessed before a crash and had not been deleted yet."""
        self._journal.open()
        self._read = 0
        if position is not None and position["journal"] == self._journal.name:
            self._read = position["id"]
            self._journal.delete(self._read)

    def poll(self, limit: int, timeout_seconds: float) -> Batch:
        """What came since, oldest first."""
        entries = self._journal.read(self._read, limit, BATCH_BYTES, timeout_seconds) if limit > 0 else []
        traces: list[QueryTrace] = []
        malformed: list[Malformed] = []
        for entry in entries:
            try:
                traces.append(decode_trace(entry.record, datetime.fromtimestamp(entry.arrival, UTC)))
            except MalformedTrace as error:  # another version took it in
                malformed.append(Malformed(str(error), entry.record, {"id": entry.id}))
        if entries:
            self._read = entries[-1].id
        position = {"journal": self._journal.name, "id": self._read} if self._read else None
        return Batch(tuple(traces), position, tuple(malformed), sum(len(entry.record) for entry in entries))

    def commit(self, position: Position) -> None:
        """Delete what was assessed."""
        self._journal.delete(position["id"])

    def lag(self) -> dict[str, int]:
        """Records that wait, those in hand included."""
        return {"records": len(self._journal)}

    def close(self) -> None:
        """Close the journal; twice is fine."""
        self._journal.close()
