"""Passwords and keys: in a file or in the environment, never in the configuration."""

import os
from pathlib import Path

from monitor.errors import LeadlineError


def from_file(path: Path, what: str) -> str:
    """What a file holds, without the end of its line.

    Raises
    ------
    LeadlineError
        Where it cannot be read; `what` says what was expected: `a password`.
    """
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LeadlineError(f"{path}: expected {what} in this file: {error}") from error


def from_environment(variable: str, key: str, what: str) -> str:
    """What a variable holds.

    Raises
    ------
    LeadlineError
        Where it is not there or empty; `key` is the configuration's that names it.
    """
    value = os.environ.get(variable, "")
    if not value:
        raise LeadlineError(f"{key}: expected {what} in the environment as {variable}")
    return value


def either(file: Path | None, variable: str | None, key: str, what: str) -> str | None:
    """What the file or the variable holds; None where neither is named. Raises as the two above do."""
    if file is not None:
        return from_file(file, what)
    return from_environment(variable, key, what) if variable is not None else None
