"""Assessments appended to a file, one a line. At least once: what was in flight at a crash may be written again."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from detectors.records import Assessment
from monitor.errors import LeadlineError

_ENCODER = msgspec.json.Encoder()


def encode_line(assessment: Assessment) -> bytes:
    """One line of JSON, with its newline."""
    return _ENCODER.encode(assessment) + b"\n"


class JsonlSink:
    """A file that grows. A line that a crash cut short is closed before the next one is written."""

    def __init__(self, path: Path) -> None:
        self.name = f"jsonl:{path}"
        try:
            self._file = path.open("ab", buffering=0)
            self._end_last_line(path)
        except OSError as error:
            raise LeadlineError(f"{path}: cannot be written: {error.strerror}") from error

    def _end_last_line(self, path: Path) -> None:
        if self._file.tell() == 0:
            return
        with path.open("rb") as written:
            written.seek(-1, 2)
            if written.read(1) != b"\n":
                self._file.write(b"\n")

    def write(self, batch: Sequence[Assessment]) -> None:
        """Append, as far as the operating system.

        Raises
        ------
        OSError
            Where the disk says no; what it took of the batch is cut off again.
        """
        before = os.fstat(self._file.fileno()).st_size
        lines = memoryview(b"".join(map(encode_line, batch)))
        try:
            while lines:
                lines = lines[self._file.write(lines) :]
        except OSError:
            self._file.truncate(before)
            raise

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._file.close()
