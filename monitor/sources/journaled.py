"""What sources have in common that read what the ingest endpoints have put into a journal."""

from monitor.journal import Journal
from monitor.sources.base import Position


class Journaled:
    """At least once with a journal on disk: an answer of 200 means that the record is there. At most once without."""

    def __init__(self, name: str, journal: Journal) -> None:
        self.name = name
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

    def _position(self, done: int) -> Position | None:
        """That of a batch after which the records up to `done` are not needed any more; None before the first."""
        return {"journal": self._journal.name, "id": done} if self._read else None

    def commit(self, position: Position) -> None:
        """Delete what was assessed."""
        self._journal.delete(position["id"])

    def lag(self) -> dict[str, int]:
        """Records that wait, those in hand included."""
        return {"records": len(self._journal)}

    def close(self) -> None:
        """Close the journal; twice is fine."""
        self._journal.close()
