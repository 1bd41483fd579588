"""A growing file of query traces, one a line."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from detectors.records import QueryTrace
from monitor.decode import decode_trace
from monitor.errors import MalformedTrace
from monitor.sources.base import BATCH_BYTES, Batch, Malformed, Position
from monitor.sources.tail import FilePosition, Line, TailedFile, last_line_start

log = structlog.get_logger()

MAX_LINE_BYTES = 64 * 2**20
GRACE_SECONDS = 2.0  # a writer may go on for a moment in a file that was renamed
STEP_SECONDS = 0.05


class JsonlSource:
    """At least once: after a crash it reads on from the last saved position.

    A last line without its newline is left until that comes. Survives rotation by renaming (the old file is read to
    its end first, then those that came and went meanwhile, oldest first, then the new one) and by truncating (what was
    cut before it was read is lost: truncate only with a pause). A file that is not there yet is waited for.

    Parameters
    ----------
    start
        Where to begin in a file that was never read.
    grace_seconds
        How long a file that was rotated away must be quiet before its last line counts as finished.
    """

    durable = True

    def __init__(
        self,
        path: Path,
        start: Literal["beginning", "end"] = "beginning",
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
        grace_seconds: float = GRACE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = f"jsonl:{path}"
        self._path = path
        self._start = start
        self._max_line_bytes = max_line_bytes
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._file: TailedFile | None = None
        self._left: FilePosition | None = None  # the file before this one, while there is no next
        self._left_modified = 0
        self._quiet_since: float | None = None

    def open(self, position: Position | None) -> None:
        """Find the file that the position is about, under whatever name it has now."""
        self.close()
        if position is not None:
            self._resume(FilePosition.of(position))
        elif self._path.exists():
            self._enter(self._path, last_line_start(self._path) if self._start == "end" else 0)

    def _resume(self, saved: FilePosition) -> None:
        named = [self._path, *sorted(self._path.parent.glob("*"))] if self._path.parent.exists() else []
        found = next((path for path in named if saved.matches(path)), None)
        if found is not None:
            self._enter(found, saved.offset)
            return
        log.warning("the file that was read last is gone: starting with the one that is there", source=self.name)
        self._left = saved
        self._enter_next()

    def poll(self, limit: int, timeout_seconds: float) -> Batch:
        """Whatever complete lines there are."""
        deadline = time.monotonic() + timeout_seconds
        before = self._position()
        while True:
            batch = self._read(limit)
            rest = deadline - time.monotonic()
            if batch.records or batch.position != before or rest <= 0:
                return batch
            time.sleep(min(STEP_SECONDS, rest))

    def _read(self, limit: int) -> Batch:
        arrival = datetime.fromtimestamp(self._clock(), UTC)
        traces: list[QueryTrace] = []
        malformed: list[Malformed] = []
        size = 0
        try:
            for line in self._lines() if limit > 0 else ():
                size += line.length
                if line.too_long or line.data.strip():
                    self._decode(line, arrival, traces, malformed)
                if len(traces) + len(malformed) == limit or size >= BATCH_BYTES:
                    break
        except OSError:
            if not size:  # else what was read comes first; the next poll meets the same error
                raise
        return Batch(tuple(traces), self._position(), tuple(malformed), size)

    def _decode(self, line: Line, arrival: datetime, traces: list[QueryTrace], malformed: list[Malformed]) -> None:
        try:
            traces.append(decode_trace(self._sized(line), arrival))
        except MalformedTrace as error:
            malformed.append(Malformed(str(error), line.data, {"offset": line.offset}))

    def _sized(self, line: Line) -> bytes:
        if line.too_long:
            raise MalformedTrace(f"expected a line of at most {self._max_line_bytes} bytes, got {line.length}")
        return line.data

    def _lines(self) -> Iterator[Line]:
        if self._file is not None and self._file.replaced:
            yield from self._leave(truncated=True)
        while self._file is not None or self._enter_next():
            assert self._file is not None
            while line := self._file.next_line():
                self._quiet_since = None
                yield line
            if not self._is_over(self._file):
                return
            yield from self._leave()

    def _is_over(self, file: TailedFile) -> bool:
        """Whether the path names another file by now, or none, and this one has been quiet for a while."""
        try:
            stat = self._path.stat()
            if (stat.st_dev, stat.st_ino) == file.identity:
                self._quiet_since = None
                return False
        except FileNotFoundError:
            pass
        if self._quiet_since is None:
            self._quiet_since = time.monotonic()
        return time.monotonic() - self._quiet_since >= self._grace_seconds

    def _enter(self, path: Path, offset: int) -> None:
        self._file = TailedFile(path, offset, self._max_line_bytes)
        self._left = None
        self._quiet_since = None

    def _leave(self, *, truncated: bool = False) -> Iterator[Line]:
        assert self._file is not None
        line = self._file.last_line()
        self._left, self._left_modified = self._file.position, 0 if truncated else self._file.modified
        self._file.close()
        self._file = None
        if line is not None:
            yield line

    def _enter_next(self) -> bool:
        for path in [*self._rotated_since(), self._path]:
            try:
                self._enter(path, 0)
            except FileNotFoundError:
                continue
            return True
        return False

    def _rotated_since(self) -> list[Path]:
        """Files rotated away after the one that was left, oldest first: rotation may be faster than we are."""
        if self._left is None or not self._left_modified:
            return []
        rotated = re.compile(re.escape(self._path.name) + r"[.-][\dT:_.-]+")
        found = []
        for path in self._path.parent.glob(self._path.name + "?*"):
            stat = path.stat()
            if (
                rotated.fullmatch(path.name)
                and stat.st_ino != self._left.inode
                and stat.st_mtime_ns > self._left_modified
            ):
                found.append((stat.st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def _position(self) -> Position | None:
        position = self._file.position if self._file is not None else self._left
        return msgspec.to_builtins(position) if position is not None else None

    def commit(self, position: Position) -> None:
        """Nothing to do: the position is in the state."""

    def lag(self) -> dict[str, int]:
        """Bytes of the open file that were not handed over."""
        return {"bytes": self._file.unread_bytes} if self._file is not None else {}

    def close(self) -> None:
        """Close the file; twice is fine."""
        if self._file is not None:
            self._file.close()
            self._file = None
