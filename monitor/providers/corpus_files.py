"""The files that a corpus may come in, each read row by row: JSONL, Parquet, a table of a SQLite database."""

import codecs
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from monitor.errors import LeadlineError

JSONL, PARQUET, SQLITE = (".jsonl", ".ndjson"), (".parquet",), (".db", ".sqlite", ".sqlite3")
BATCH_ROWS = 1000

Row = tuple[str, dict[str, Any]]  # where it stands, for messages, and what it holds
Fingerprint = tuple[tuple[int, int, int], ...]


class Columns(NamedTuple):
    """What is read of a file that has columns: all of `required`, and `optional` where it has it."""

    required: tuple[str, ...]
    optional: str

    def present(self, names: Sequence[str], where: object) -> list[str]:
        """Those to ask for.

        Raises
        ------
        LeadlineError
            Where a required one is not among `names`.
        """
        for name in self.required:
            if name not in names:
                raise LeadlineError(f"{where}: {name}: no such column, expected one of {', '.join(names)}")
        wanted = (*self.required, self.optional)
        return list(dict.fromkeys(name for name in wanted if name in names))


def misfit(path: Path, table: str | None) -> str | None:
    """What was expected of `corpus.path` and `corpus.table` together, where they do not fit; None where they do."""
    suffix = path.suffix.lower()
    if suffix not in (*JSONL, *PARQUET, *SQLITE):
        return f"expected a path that ends in {', '.join((*JSONL, *PARQUET, *SQLITE))}"
    if suffix in SQLITE and table is None:
        return "expected a table beside the path of a SQLite database"
    if suffix not in SQLITE and table is not None:
        return f"expected no table beside a path that ends in {suffix}"
    return None


def fingerprint(path: Path) -> Fingerprint:
    """What changes when a file does: mtime, size and inode, of SQLite's write-ahead log too. Empty without the file."""
    found = []
    for file in (path, path.with_name(f"{path.name}-wal")):
        try:
            stat = file.stat()
        except OSError:
            continue
        if stat.st_size:
            found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


def read_rows(path: Path, table: str | None, columns: Columns) -> Iterator[Row]:
    """The rows of a file, read as its suffix says.

    Raises
    ------
    LeadlineError
        Where the file, its table or a column cannot be read.
    """
    if problem := misfit(path, table):
        raise LeadlineError(f"{path}: {problem}")
    try:
        if path.suffix.lower() in PARQUET:
            yield from _parquet_rows(path, columns)
        elif table is not None:
            yield from _table_rows(path, table, columns)
        else:
            yield from _json_rows(path)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or _line(error)
        raise LeadlineError(f"{path}: cannot read the corpus: {reason}") from error


def _json_rows(path: Path) -> Iterator[Row]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line  # noqa: PLW2901
            if not line.strip():
                continue
            try:
                yield f"{path}:{number}", msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LeadlineError(f"{path}:{number}: expected a JSON object: {error}") from error


def _parquet_rows(path: Path, columns: Columns) -> Iterator[Row]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError as error:
        raise LeadlineError(f"{path}: Parquet is read by pyarrow: pip install 'leadline[parquet]'") from error
    number = 0
    try:
        with path.open("rb") as opened, ParquetFile(opened) as file:
            names = columns.present(file.schema_arrow.names, path)
            for batch in file.iter_batches(BATCH_ROWS, columns=names):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path}: row {number}", row
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise LeadlineError(f"{path}: cannot read the corpus after row {number}: {_line(error)}") from error


def _table_rows(path: Path, table: str, columns: Columns) -> Iterator[Row]:
    with path.open("rb"):  # says better than SQLite why not
        pass
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))]
        if not names:
            kinds = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name"
            there = ", ".join(name for (name,) in database.execute(kinds)) or "one, it has none"
            raise LeadlineError(f"{path}: {table}: no such table or view, expected one of {there}")
        found = columns.present(names, f"{path}: {table}")
        selected = ", ".join(map(_quoted, found))
        rows = database.execute(f"SELECT {selected} FROM {_quoted(table)}")  # noqa: S608 - quoted
        for number, row in enumerate(rows, start=1):
            yield f"{path}: {table}: row {number}", dict(zip(found, row, strict=True))


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
