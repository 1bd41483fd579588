"""`leadline compare`: read, compare, print."""

import logging
import sys
from pathlib import Path

import msgspec

from detectors.change import shipped_scale
from detectors.risk import shipped_prior
from monitor import report
from monitor.assess import Assessor
from monitor.build import build_assessor, build_index, load_corpus
from monitor.commands import console, file_config, look_for, progress
from monitor.comparing.comparing import compare
from monitor.comparing.pairing import Read, read_side
from monitor.comparing.printing import print_comparison
from monitor.comparing.report_html import write_report
from monitor.comparing.results import Comparison
from monitor.config import Config
from monitor.errors import LeadlineError
from monitor.logs import configure_logs
from monitor.normalisation import NO_SCORER
from monitor.pictures import load_pyplot
from monitor.providers.calibration import calibration_for
from monitor.providers.cross_encoder import CrossEncoderScorer

CACHED_SCORES = 400_000  # AFTER asks for most of BEFORE's pairs again; about 60 MB


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
        if not report_file.parent.is_dir():
            raise LeadlineError(f"{report_file}: cannot be written: no folder {report_file.parent}")
    config = file_config(config_file, corpus, depth, scorer)
    sides = [_read(path, assessor) for path, assessor in zip((before, after), _assessors(config), strict=True)]
    found = compare(*sides, prior=shipped_prior(), scale=shipped_scale(), depth=config.pipeline("default").depth)
    if report_file is not None:
        write_report(report_file, found, before, after)
    _print(found, as_json=as_json)
    return int(found.verdict == "worse")


def _assessors(config: Config) -> tuple[Assessor, Assessor]:
    """One for each side, of the same parts: what one has seen of its ids says nothing about the other's."""
    model = config.scorer
    cross_encoder = (
        CrossEncoderScorer(model.model, model.backend, cached_scores=CACHED_SCORES).loaded()
        if model is not None
        else None
    )
    name = cross_encoder.name if cross_encoder is not None else NO_SCORER
    calibration = calibration_for(name, model.calibration if model is not None else None)
    corpus = load_corpus(config)
    index = build_index(corpus)
    one, other = (build_assessor(config, corpus, index, cross_encoder, name, calibration=calibration) for _ in range(2))
    return one, other


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
