"""Assessments appended to a file, one a line. At least once: what was in flight at a crash may be written again."""

import os
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

import msgspec

from detectors.records import Assessment
from monitor.errors import LeadlineError

_ENCODER = msgspec.json.Encoder()


def encode_line(assessment: Assessment) -> bytes:
    """One line of JSON, with its newline."""
    return _ENCODER.encode(assessment) + b"\n"


class JsonlSink:
    """A file that grows. A line that a crash cut short is closed before the next one is written.

    Parameters
    ----------
    max_bytes
        Before a batch, which is never split, would make the file larger, it is renamed to `.1`, the one of that name to
        `.2` and so on up to the first gap: a crash between two renames leaves one, and loses nothing. None: it grows.
    keep
        How many renamed files there are at most; beyond, the oldest is replaced.
    """

    def __init__(self, path: Path, max_bytes: int | None = None, keep: int = 5) -> None:
        self.name = f"jsonl:{path}"
        self._path, self._max_bytes, self._keep = path, max_bytes, keep
        try:
            self._file = self._open()
        except OSError as error:
            raise LeadlineError(f"{path}: cannot be written: {error.strerror}") from error

    def _open(self) -> FileIO:
        file = self._path.open("ab", buffering=0)
        if file.tell():
            with self._path.open("rb") as written:
                written.seek(-1, 2)
                if written.read(1) != b"\n":
                    file.write(b"\n")
        return file

    def write(self, batch: Sequence[Assessment]) -> None:
        """Append, as far as the operating system.

        Raises
        ------
        OSError
            Where the disk says no; what it took of the batch is cut off again.
        """
        lines = memoryview(b"".join(map(encode_line, batch)))
        self._make_room(len(lines))
        before = os.fstat(self._file.fileno()).st_size
        try:
            while lines:
                lines = lines[self._file.write(lines) :]
        except OSError:
            self._file.truncate(before)
            raise

    def _make_room(self, size: int) -> None:
        """Rotate where it is time; where somebody did, a sink before a reload for one, write to the new file."""
        if self._max_bytes is None:
            return
        written = self._path.stat().st_size if self._path.exists() else 0
        if written and written + size > self._max_bytes:
            self._rotate()
        if not self._path.exists() or not os.path.samestat(self._path.stat(), os.fstat(self._file.fileno())):
            new = self._open()
            self._file.close()
            self._file = new

    def _rotate(self) -> None:
        gap = next((n for n in range(1, self._keep) if not self._numbered(n).exists()), self._keep)
        for number in range(gap, 0, -1):
            self._numbered(number - 1).replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._file.close()
