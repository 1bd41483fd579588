"""SQLite files in WAL mode: opened with their schema checked, written in whole transactions."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Literal

from monitor.errors import LeadlineError

BUSY_SECONDS = 5.0


def open_database(
    path: Path, schemas: Sequence[Sequence[str]], *, synchronous: Literal["NORMAL", "FULL"]
) -> sqlite3.Connection:
    """A connection to a file that is readable by its owner only.

    `schemas` are the statements that made each version of the file of the one before, the first of an empty one: a file
    of an older leadline is brought up to date. `synchronous`: FULL survives the loss of power at each commit, NORMAL
    may then roll back to an earlier whole one.

    Raises
    ------
    LeadlineError
        Where the file cannot be opened, is no database, or was written by a newer leadline.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(path, connection, schemas, synchronous)
        except BaseException:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise LeadlineError(f"{path}: cannot be used as a database: {error}") from error
    return connection


def open_read_only(path: Path, schema: int) -> sqlite3.Connection:
    """A connection that sees a file as it is at this moment, beside whoever goes on writing it.

    Raises
    ------
    LeadlineError
        Where the file is not there, cannot be read, is no database, or is not of this schema.
    """
    if not path.exists():
        raise LeadlineError(f"{path}: cannot be read: {os.strerror(errno.ENOENT)}")
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        try:
            connection.execute("BEGIN")
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            _check_schema(path, found, schema, schema)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise LeadlineError(f"{path}: cannot be used as a database: {error}") from error
    return connection


def _check_schema(path: Path, found: int, least: int, most: int) -> None:
    if found < least:
        raise LeadlineError(f"{path}: written by an older leadline (schema {found}), expected {least}")
    if found > most:
        raise LeadlineError(
            f"{path}: written by a newer leadline (schema {found}), expected at most {most}: upgrade or use another"
        )


def _prepare(path: Path, connection: sqlite3.Connection, schemas: Sequence[Sequence[str]], synchronous: str) -> None:
    schema = len(schemas)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA secure_delete=ON")  # what was deleted may have been text
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    _check_schema(path, found, 0, schema)
    if found < schema:
        with transaction(connection):
            for statement in chain.from_iterable(schemas[found:]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={schema}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class FileLock:
    """Keeps a second process off a file; the system lets go of it however the first one ends."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise LeadlineError(f"{path}: cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise LeadlineError(f"{path}: in use by another leadline, expected a file of its own") from error

    def release(self) -> None:
        """Let others have the file."""
        os.close(self._descriptor)
