"""Small files of ours: one struct as JSON."""

from pathlib import Path
from typing import TypeVar

import msgspec

from monitor.errors import LeadlineError

Kind = TypeVar("Kind")


def read_struct(path: Path, kind: type[Kind], name: str, expected: str) -> Kind:
    """The struct in a file; `name` and `expected` are for the messages.

    Raises
    ------
    LeadlineError
        Where the file cannot be read or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise LeadlineError(f"{path}: cannot read the {name}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise LeadlineError(f"{path}: expected {expected}: {error}") from error
