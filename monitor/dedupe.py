"""Drops retrievals that came before, by identity, within a bounded window."""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b

from detectors.records import Identity

WINDOW_TRACES = 200_000  # about 25 MB; an hour of 50 traces a second


def digest(identity: Identity) -> bytes:
    """Sixteen bytes that stand for the identity of a retrieval."""
    return blake2b("\0".join(identity).encode(), digest_size=16).digest()


class Deduplicator:
    """Remembers the identities of the last `window` retrievals."""

    def __init__(self, window: int = WINDOW_TRACES, seen: Iterable[bytes] = ()) -> None:
        self._window = window
        self._order = deque(seen)  # beside a set: a dict would walk over all that was deleted to find its oldest
        self._seen = set(self._order)

    def new(self, identity: Identity) -> bytes | None:
        """Count an identity as seen: its digest the first time, None for repeats within the window."""
        key = digest(identity)
        if key in self._seen:
            return None
        self._seen.add(key)
        self._order.append(key)
        while len(self._order) > self._window:
            self._seen.discard(self._order.popleft())
        return key
