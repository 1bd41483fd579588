"""`leadline estimate`: read, estimate, print."""

import logging
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from detectors.judging.records import BEST_GRADE
from detectors.records import Assessment
from monitor.calibrating import read_lines, read_verdicts
from monitor.commands import console
from monitor.errors import LeadlineError
from monitor.estimating.estimating import Collected
from monitor.estimating.printing import print_estimates
from monitor.logs import configure_logs

_BATCH = 1000


def estimate_command(files: Sequence[Path], labels: Path | None, *, as_json: bool) -> None:
    """`leadline estimate`."""
    configure_logs(logging.WARNING)
    collected = Collected(read_verdicts(labels, int(BEST_GRADE)) if labels is not None else None)
    assessments = (one for file in files for _, one in read_lines(file, Assessment))
    while batch := list(islice(assessments, _BATCH)):
        collected.add(batch)
    found = collected.estimates()
    if not found.rows:
        names = ", ".join(file.name for file in files)
        raise LeadlineError(f"estimate: no trace in {names} was judged: expected assessments of a time with a judge")
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())  # noqa: T201
    else:
        print_estimates(console(), found, labels=labels is not None)
