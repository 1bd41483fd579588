"""Drops retrievals that came before, by identity, within a bounded window."""

from collections.abc import Iterable
from hashlib import blake2b

from detectors.records import Identity

WINDOW_TRACES = 1_000_000


def digest(identity: Identity) -> bytes:
    """Sixteen bytes that stand for the identity of a retrieval."""
    return blake2b("\0".join(identity).encode(), digest_size=16).digest()


class Deduplicator:
    """Remembers the identities of the last `window` retrievals."""

    def __init__(self, window: int = WINDOW_TRACES, seen: Iterable[bytes] = ()) -> None:
        self._window = window
        self._seen: dict[bytes, None] = dict.fromkeys(seen)

    def new(self, identity: Identity) -> bytes | None:
        """Count an identity as seen: its digest the first time, None for repeats within the window."""
        key = digest(identity)
        if key in self._seen:
            return None
        self._seen[key] = None
        if len(self._seen) > self._window:
            del self._seen[next(iter(self._seen))]
        return key
