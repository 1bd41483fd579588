"""Native query traces from JSON: fast where the record is as documented, exact about what is wrong where it is not."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from detectors.records import NO_TIMESTAMP, QueryTrace, ScoreKind
from monitor.errors import MalformedTrace

_DECODER = msgspec.json.Decoder(QueryTrace)
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(\w+)`(?: - at `\$\.?([^`]*)`)?$")
_CHOICE = f"expected {' or '.join(get_args(ScoreKind))}"
_ID_KEYS = ("trace_id", "span_id", "query_id")


def decode_trace(record: bytes, arrival: datetime) -> QueryTrace:
    """One query trace from its JSON.

    A time without zone is UTC; a record without a time gets that of its `arrival`. Whole numbers are taken as ids.
    What Python writes and JSON forbids (NaN, Infinity) counts as a missing score.

    Raises
    ------
    MalformedTrace
        Names the key and what was expected there; holds nothing of the record's text.
    """
    try:
        trace = _DECODER.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        trace = _decode_lenient(record)
    _check(trace)
    if trace.timestamp is NO_TIMESTAMP or trace.timestamp.tzinfo is None:
        known = trace.timestamp is not NO_TIMESTAMP
        timestamp = trace.timestamp.replace(tzinfo=UTC) if known else arrival
        trace = msgspec.structs.replace(trace, timestamp=timestamp)
    return trace


def _decode_lenient(record: bytes) -> QueryTrace:
    try:
        plain = json.loads(record, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MalformedTrace(f"expected JSON: {_without_content(error)}") from error
    if not isinstance(plain, dict):
        raise MalformedTrace(f"expected a JSON object, got {type(plain).__name__}")
    try:
        return _DECODER.decode(msgspec.json.encode(_with_string_ids(plain)))
    except UnicodeEncodeError as error:
        raise MalformedTrace("expected Unicode text, got half of a surrogate pair") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedTrace(_explain(str(error))) from error


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _without_content(error: Exception) -> str:
    return f"{error.msg} at character {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__


def _with_string_ids(plain: dict[str, Any]) -> dict[str, Any]:
    fixed = {**plain, **{key: _as_id(plain[key]) for key in _ID_KEYS if key in plain}}
    for key in ("documents", "candidates"):
        if isinstance(plain.get(key), list):
            fixed[key] = [_document_with_string_ids(document) for document in plain[key]]
    return fixed


def _document_with_string_ids(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {**document, **{key: _as_id(document[key]) for key in ("id", "parent_id") if key in document}}


def _as_id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _explain(error: str) -> str:
    """`Expected `str`, got `int` - at `$.query`` as `query: expected str, got int`."""
    if missing := _MISSING.match(error):
        return f"{'.'.join(filter(None, (missing[2], missing[1])))}: missing, expected a value"
    where = _AT.search(error)
    text = _AT.sub("", error).replace("`", "").replace("Expected", "expected")
    text = _CHOICE if text.startswith("Invalid enum value") else text  # the library would quote the value
    return f"{where[1]}: {text}" if where and where[1] else text


def _check(trace: QueryTrace) -> None:
    if not trace.trace_id:
        raise MalformedTrace("trace_id: expected an id, got an empty string")
    if not trace.query.strip():
        raise MalformedTrace("query: expected text, got none")
    for name, documents in (("documents", trace.documents), ("candidates", trace.candidates or ())):
        for i, document in enumerate(documents):
            if not document.id and not document.text:
                raise MalformedTrace(f"{name}[{i}]: expected an id or a text, got neither")
