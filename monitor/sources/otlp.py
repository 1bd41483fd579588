"""Spans that were posted to `/v1/traces` (`monitor/ingest_otlp.py`), out of the journal, joined to query traces."""

from collections.abc import Callable, Sequence

import msgspec

from monitor.journal import Entry, Journal
from monitor.otlp.assembler import Assembler
from monitor.otlp.notes import Note
from monitor.sources.base import BATCH_BYTES, Batch, Malformed, Position
from monitor.sources.journaled import Journaled

NAME = "otlp"
_NOTES = msgspec.json.Decoder(list[Note])


def encode_notes(notes: Sequence[Note]) -> bytes:
    """What one request said, as a record of the journal."""
    return msgspec.json.encode(notes)


class OtlpSource(Journaled):
    """As `Journaled` says, the spans of one request a record.

    Spans stay in the journal until what they were joined to is assessed.

    Parameters
    ----------
    closing
        Whether nothing more will come: then, without a journal on disk, no span is waited for any longer.
    """

    def __init__(self, journal: Journal, assembler: Assembler, closing: Callable[[], bool] = lambda: False) -> None:
        super().__init__(NAME, journal)
        self._assembler = assembler
        self._closing = closing

    def poll(self, limit: int, timeout_seconds: float) -> Batch:
        """Query traces of which all spans should be here by now."""
        if limit == 0:
            return Batch((), self._joined())
        entries = [] if self._assembler.backlog else self._next(limit, timeout_seconds)
        malformed = [bad for entry in entries if (bad := self._add(entry)) is not None]
        if not self.durable and self._closing() and not entries:
            self._assembler.end_windows()
        assembled = self._assembler.take(limit - len(malformed))
        return Batch(
            assembled.traces, self._joined(), tuple(malformed), assembled.size_bytes, assembled.absorbed
        )  # fmt: skip

    def _next(self, limit: int, timeout_seconds: float) -> list[Entry]:
        wait = min(timeout_seconds, self._assembler.wait_seconds())
        return self._journal.read(self._read, limit, BATCH_BYTES, wait)

    def _add(self, entry: Entry) -> Malformed | None:
        self._read = entry.id
        try:
            self._assembler.add(_NOTES.decode(entry.record), entry.id)
        except msgspec.DecodeError:  # another version took it in
            return Malformed("expected spans as this version keeps them", entry.record, {"id": entry.id})
        return None

    def _joined(self) -> Position | None:
        oldest = self._assembler.oldest_open()
        return self._position(self._read if oldest is None else oldest - 1)
