"""`leadline compare`: read, compare, print."""

import logging
import sys
from pathlib import Path

import msgspec

from detectors.change import shipped_scale
from detectors.risk import shipped_prior
from monitor import report
from monitor.assess import Assessor
from monitor.commands import console, file_assessors, file_config, look_for, look_for_folder, progress
from monitor.comparing.comparing import compare
from monitor.comparing.pairing import Read, read_side
from monitor.comparing.printing import print_comparison
from monitor.comparing.report_html import write_report
from monitor.comparing.results import Comparison
from monitor.logs import configure_logs
from monitor.pictures import load_pyplot

COMPARED_SCORES = 400_000  # AFTER asks for most of BEFORE's pairs again; about 60 MB


def compare_command(
    before: Path, after: Path, corpus: Path | None, config_file: Path | None, *,
    scorer: str | None, depth: int | None, report_file: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """`leadline compare`: 1 if AFTER is worse, else 0."""
    configure_logs(logging.WARNING)
    for path in (before, after):
        look_for(path)
    if report_file is not None:  # before anything is scored for nothing
        load_pyplot()
        look_for_folder(report_file)
    config = file_config(config_file, corpus, depth, scorer)
    assessors, _ = file_assessors(config, 2, COMPARED_SCORES)
    sides = [_read(path, assessor) for path, assessor in zip((before, after), assessors, strict=True)]
    found = compare(*sides, prior=shipped_prior(), scale=shipped_scale(), depth=config.pipeline("default").depth)
    if report_file is not None:
        write_report(report_file, found, before, after)
    _print(found, as_json=as_json)
    return int(found.verdict == "worse")


def _read(path: Path, assessor: Assessor) -> Read:
    with progress(path) as on_read:
        side = read_side(path, assessor, on_read)
    for problem in side.problems[: report.PROBLEMS]:
        print(problem.describe(path), file=sys.stderr)  # noqa: T201
    return side


def _print(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())  # noqa: T201
    else:
        print_comparison(console(), found)
