"""What a source is: where query traces come from, and how far it has been read."""

from typing import Any, NamedTuple, Protocol

from detectors.records import Identity, QueryTrace

Position = dict[str, Any]
"""Opaque to everyone but its source; JSON-able: it is saved in one transaction with what was made of the traces."""

BATCH_BYTES = 8 * 2**20  # of records in one batch; a record that is larger comes alone


class Malformed(NamedTuple):
    """A record that is no query trace. Permanent: it goes to quarantine, and is never read again."""

    reason: str
    record: bytes
    where: Position
    dead_lettered: bool = False  # it is in a topic for such records already: the quarantine only counts it


class Batch(NamedTuple):
    """What one poll brought; `position` is where the source stands after it, None where it never stood anywhere.

    `absorbed`: identities that are parts of retrievals handed over by now. Should they ever come as traces of their
    own, after a restart in between, they are duplicates.
    """

    traces: tuple[QueryTrace, ...]
    position: Position | None
    malformed: tuple[Malformed, ...] = ()
    size_bytes: int = 0
    absorbed: tuple[Identity, ...] = ()

    @property
    def records(self) -> int:
        """How many records it holds, sound or not."""
        return len(self.traces) + len(self.malformed)


class Source(Protocol):
    """Reads query traces. All its methods are called from one thread, its own; the constructor opens nothing.

    The first line of an implementation's docstring is its delivery guarantee. What cannot be decoded is handed over as
    malformed; whatever else goes wrong is raised, having consumed nothing, and the caller comes again with jitter.

    `durable`: what was handed over and not committed can be read again, after a restart too.
    """

    name: str
    durable: bool

    def open(self, position: Position | None) -> None:
        """Get ready to read on from a saved position, or from where the configuration says."""
        ...

    def poll(self, limit: int, timeout_seconds: float) -> Batch:
        """At most `limit` records and about `BATCH_BYTES`; waits up to the timeout where there are none.

        A limit of 0 comes under back-pressure: hand over nothing, but stay connected.
        """
        ...

    def commit(self, position: Position) -> None:
        """Everything up to `position` was accepted by the sinks, and the state was saved. Positions may be skipped.

        Raises only what is worth trying again; a part that is no longer this source's to commit is left out.
        """
        ...

    def lag(self) -> dict[str, int]:
        """What is there and was not handed over, by unit: `bytes` or `records`; empty where that is unknown."""
        ...

    def close(self) -> None:
        """Let go of everything; twice is fine."""
        ...
