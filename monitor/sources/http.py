"""Query traces that applications post to us (`monitor/ingest.py`), out of the journal in which they wait."""

from datetime import UTC, datetime

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from monitor.journal import Journal
from monitor.sources.base import BATCH_BYTES, Batch, Malformed
from monitor.sources.journaled import Journaled

NAME = "http"


class HttpSource(Journaled):
    """As `Journaled` says, a query trace a record."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(NAME, journal)

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
        size = sum(len(entry.record) for entry in entries)
        return Batch(tuple(traces), self._position(self._read), tuple(malformed), size)
