"""Values of attributes, read without trust and without guesses."""

import json
import math
from collections.abc import Iterator
from typing import Any

import msgspec

REDACTED = "__REDACTED__"  # OpenInference's word for what it was told to hide
DEPTH = 5  # of run arguments
CLEAR_KEYS = frozenset({"query", "query_str", "query_text", "question"})
VAGUE_KEYS = frozenset({"text", "input", "inputs", "user_input", "args"})


def content(value: Any) -> str | None:
    """Text that says something."""
    return value if isinstance(value, str) and value.strip() and value != REDACTED else None


def identifier(value: Any) -> str | None:
    """An id; whole numbers are ids too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else content(value)


def number(value: Any) -> float | None:
    """A finite number, from text as well: some emitters write scores so."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(value: Any) -> int | None:
    """A whole number of at least one."""
    found = number(value)
    return int(found) if found is not None and found >= 1 and found == int(found) and found < 2**31 else None


def parsed(value: Any) -> Any:
    """JSON in a text attribute, NaN and Infinity taken; a value that is no text stays; None where it cannot be read."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        plain = json.loads(value)
        msgspec.json.encode(plain)  # halves of surrogate pairs could not be kept
    except (ValueError, RecursionError, OverflowError, msgspec.MsgspecError):
        return None
    return plain


def asked(arguments: Any) -> str | None:
    """The query in the arguments of a run, where they hold one text under the names that queries have, and only one.

    Clear names (`query`, `question`) win over vague ones (`text`, `input`).
    """
    if isinstance(arguments, str):
        return content(arguments)
    for keys in (CLEAR_KEYS, VAGUE_KEYS):
        found = set(_texts(arguments, keys, DEPTH))
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _texts(plain: Any, keys: frozenset[str], depth: int) -> Iterator[str]:
    if not isinstance(plain, dict) or depth == 0:
        return
    for key, value in plain.items():
        alone = value[0] if isinstance(value, list) and len(value) == 1 else value
        text = content(alone) if key in keys else None
        if text is not None:
            yield text
        elif isinstance(value, dict):
            yield from _texts(value, keys, depth - 1)
