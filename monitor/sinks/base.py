"""What a sink is: where assessments go."""

from collections.abc import Sequence
from typing import Protocol

from detectors.records import Assessment


class Sink(Protocol):
    """Takes assessments, a batch at a time, from one thread."""

    name: str

    def write(self, batch: Sequence[Assessment]) -> None:
        """Take the whole batch or none of it.

        Raises
        ------
        SinkBusy
            Where it should be tried again after a while.
        OSError
            Where it failed; it is tried again as well, with growing pauses.
        """
        ...

    def close(self) -> None:
        """Let go of everything; twice is fine."""
        ...
