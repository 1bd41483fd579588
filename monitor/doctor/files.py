"""A file of query traces, of spans as the OpenTelemetry collector's file exporter writes them, or one OTLP request."""

from datetime import UTC, datetime
from pathlib import Path

from monitor.doctor.gathering import Gathering, form_of
from monitor.errors import LeadlineError

REQUEST_BYTES = 64 * 2**20  # of a file that is one request; a larger one is read by lines only


def read_file(path: Path, gathering: Gathering) -> None:
    """Read until the gathering is full.

    Raises
    ------
    LeadlineError
        Where it cannot be read, is empty, or is JSON over several lines that is no OTLP request.
    """
    try:
        if not _read_whole(path, gathering):
            _read_lines(path, gathering)
    except OSError as error:
        raise LeadlineError(f"{path}: cannot be read: {error.strerror}") from error


def _read_whole(path: Path, gathering: Gathering) -> bool:
    """Whether the file is one request: its first line alone is nothing, and all of it is something."""
    with path.open("rb") as lines:
        first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise LeadlineError(f"{path}: expected query traces or spans, got an empty file")
    if form_of(first) is not None or path.stat().st_size > REQUEST_BYTES:
        return False
    whole = path.read_bytes()
    form = form_of(whole)
    if form == "json":
        raise LeadlineError(f"{path}: expected one JSON object a line, got JSON over several lines")
    if form is not None:
        gathering.add(whole, str(path), datetime.now(UTC))
    return form is not None


def _read_lines(path: Path, gathering: Gathering) -> None:
    arrival = datetime.now(UTC)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                gathering.add(line, f"{path}:{number}", arrival)
            if gathering.full:
                return
