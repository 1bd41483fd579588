"""What the right half has written down, and what it reads back."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from detectors.records import Alarm
from monitor.deciding.windows import WindowKey


class Changes(NamedTuple):
    """What one batch changes: an entry more in the log, or a snapshot in place of the log.

    A snapshot is `pieces` by kind and name, and `windows` by key; of a pipeline's windows those before an hour go
    (`drop_before`).
    """

    log: bytes | None = None
    clear_log: bool = False
    pieces: Sequence[tuple[str, str, bytes]] = ()
    windows: Sequence[tuple[WindowKey, bytes]] = ()
    drop_before: Sequence[tuple[str, int]] = ()
    alarms: Sequence[Alarm] = ()


class Saved(NamedTuple):
    """What was written down: the last snapshot, with the windows of a pipeline from an hour on, and the log since."""

    pieces: Sequence[tuple[str, str, bytes]]
    windows: Callable[[str, int], Iterable[tuple[WindowKey, bytes]]]
    log: Iterable[bytes]
