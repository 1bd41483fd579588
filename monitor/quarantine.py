"""Where records go that are no query traces: named, counted, and kept within bounds."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from monitor.config import QuarantineConfig
from monitor.metrics import Metrics, Recorder
from monitor.privacy import Privacy
from monitor.recording import UNKNOWN
from monitor.sources.base import Malformed

KEPT_CHARACTERS = 64 * 1024  # of one record


class Quarantine:
    """A JSONL file of at most half of `max_bytes`, beside the one before it (`.1`). Any thread may write.

    Without a configuration they are counted only. The record itself is kept, redacted, if `privacy.keep_text` is on.
    """

    def __init__(
        self,
        config: QuarantineConfig | None,
        privacy: Privacy,
        metrics: Metrics,
        recorder: Recorder,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.privacy = privacy
        self._path = config.path if config is not None else None
        self._max_bytes = config.max_bytes // 2 if config is not None else 0
        self._metrics = metrics
        self._recorder = recorder
        self._clock = clock
        self._lock = Lock()

    def write(self, source: str, malformed: Sequence[Malformed]) -> None:
        """Keep and count them.

        Raises
        ------
        OSError
            Where the file cannot be written; nothing was counted.
        """
        if not malformed:
            return
        lines = b"".join(self._line(source, record) for record in malformed if not record.dead_lettered)
        if self._path is not None and lines:
            with self._lock:
                self._append(self._path, lines)
        self._metrics.inc("quarantined_records_total", source, by=len(malformed))
        self._recorder.decided(UNKNOWN, "unusable", len(malformed))

    def clean(self, text: str) -> str | None:
        """A text as it may be kept, by the privacy now in force; None where none may."""
        return self.privacy.clean(text)

    def _line(self, source: str, malformed: Malformed) -> bytes:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(self._clock(), UTC),
            "source": source,
            "position": malformed.where,
            "reason": malformed.reason,
            "bytes": len(malformed.record),
        }
        record = self.clean(malformed.record.decode(errors="replace"))
        if record is not None:
            entry["record"] = record[:KEPT_CHARACTERS]
        return msgspec.json.encode(entry) + b"\n"

    @staticmethod
    def _size(path: Path) -> int:
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0

    def _append(self, path: Path, lines: bytes) -> None:
        size = self._size(path)
        if size and size + len(lines) > self._max_bytes:
            path.replace(path.with_name(path.name + ".1"))
        with path.open("ab", buffering=0) as file:
            file.write(lines)
