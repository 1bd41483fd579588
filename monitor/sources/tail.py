"""One open file that grows: its complete lines, in bounded memory, and whether it is still what it was."""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

HEAD_BYTES = 1024  # of a file's beginning tell it from another one in the same inode
PIECE_BYTES = 2**20
KEPT_BYTES = 4096  # of a line that is too long


class Line(NamedTuple):
    """One line without its newline; of one that is too long `data` holds the beginning only."""

    offset: int
    data: bytes
    length: int
    too_long: bool = False


class FilePosition(msgspec.Struct, frozen=True):
    """How far a file was read, and how to know it again."""

    device: int
    inode: int
    offset: int
    head_bytes: int
    head: str

    @classmethod
    def of(cls, position: dict[str, Any]) -> "FilePosition":
        """From its saved form."""
        return msgspec.convert(position, cls)

    def matches(self, path: Path) -> bool:
        """Whether `path` is that file: the same inode, no shorter than what was read of it, and beginning alike.

        Device numbers may change when a machine restarts; they count where there is no beginning to compare.
        """
        try:
            stat = path.stat()
            if stat.st_ino != self.inode or stat.st_size < self.offset:
                return False
            if not self.head_bytes:
                return stat.st_dev == self.device
            with path.open("rb") as file:
                return _digest(file.read(self.head_bytes)) == self.head
        except OSError:
            return False


class TailedFile:
    """Complete lines of an open file from an offset on. `offset` is where the next line begins."""

    def __init__(self, path: Path, offset: int, max_line_bytes: int) -> None:
        self._file = path.open("rb")
        stat = os.fstat(self._file.fileno())
        self.identity = (stat.st_dev, stat.st_ino)
        self.offset = offset
        self._max_line_bytes = max_line_bytes
        self._rest = bytearray()
        self._length = 0  # of the line that began at `offset`, as far as it was read
        self._head = os.pread(self._file.fileno(), min(HEAD_BYTES, offset), 0)
        self._file.seek(offset)

    def next_line(self) -> Line | None:
        """The next complete line; None where its newline has not come."""
        while piece := self._file.readline(PIECE_BYTES):
            self._take(piece)
            if piece.endswith(b"\n"):
                return self._line()
        return None

    def last_line(self) -> Line | None:
        """What is left without a newline, for a file that will not grow any more."""
        return self._line() if self._length else None

    def _take(self, piece: bytes) -> None:
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
        self._length += len(piece)
        if self._length <= self._max_line_bytes:
            self._rest += piece
        else:
            self._rest += piece[:KEPT_BYTES]
            del self._rest[KEPT_BYTES:]

    def _line(self) -> Line:
        too_long = self._length > self._max_line_bytes
        line = Line(self.offset, bytes(self._rest).rstrip(b"\r\n"), self._length, too_long)
        self.offset += self._length
        self._length = 0
        self._rest.clear()
        return line

    @property
    def replaced(self) -> bool:
        """Whether the file was cut short, or now begins otherwise than when it was read."""
        descriptor = self._file.fileno()
        if os.fstat(descriptor).st_size < self.offset + self._length:
            return True
        return os.pread(descriptor, len(self._head), 0) != self._head

    @property
    def unread_bytes(self) -> int:
        """Bytes after the last complete line."""
        return max(0, os.fstat(self._file.fileno()).st_size - self.offset)

    @property
    def modified(self) -> int:
        """When it was last written, in nanoseconds."""
        return os.fstat(self._file.fileno()).st_mtime_ns

    @property
    def position(self) -> FilePosition:
        """Where it stands, after the last complete line."""
        head = self._head[: self.offset]
        return FilePosition(*self.identity, self.offset, len(head), _digest(head))

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._file.close()


def last_line_start(path: Path) -> int:
    """The offset after the last newline of a file, 0 where it has none."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - PIECE_BYTES)
            file.seek(begin)
            newline = file.read(end - begin).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            end = begin
    return 0


def _digest(head: bytes) -> str:
    return blake2b(head, digest_size=8).hexdigest()
