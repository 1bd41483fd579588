"""The command as a process and as a function, and reports as a test wants them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.build import build_assessor, build_index
from monitor.config import Config
from monitor.doctor.examination import Report, examine
from monitor.doctor.files import read_file
from monitor.doctor.gathering import Gathering, Sample
from monitor.doctor.measuring import StandIn
from monitor.providers.calibration import calibration_for
from monitor.providers.corpus import Corpus
from monitor.providers.cross_encoder import CrossEncoderScorer
from tests import builders
from tests.monitor.kit import leadline

FIXTURES = Path(__file__).parents[1] / "otlp" / "fixtures"
ARRIVAL = datetime(2026, 11, 25, 12, tzinfo=UTC)


def gathered(*records: bytes | dict[str, Any], limit: int = 500) -> Sample:
    """A sample of records that came one by one."""
    gathering = Gathering(limit)
    for number, record in enumerate(records):
        gathering.add(record if isinstance(record, bytes) else builders.encoded(record), f"r:{number}", ARRIVAL)
    return gathering.sample()


def of_file(path: Path, limit: int = 500) -> Sample:
    """A sample of a file."""
    gathering = Gathering(limit)
    read_file(path, gathering)
    return gathering.sample()


def report(sample: Sample, corpus: Corpus | None = None, config: Config | None = None, source: str = "file") -> Report:
    """Examined with a stand-in for the bundled scorer."""
    config = config or builders.config()
    name = CrossEncoderScorer().name
    assessor = build_assessor(
        config, corpus, build_index(corpus), StandIn(), name, calibration=calibration_for(name, None)
    )
    return examine(source, sample, assessor, corpus, config)


def verdicts(found: Report) -> dict[str, tuple[str, int]]:
    """Verdict and share in percent by measure."""
    return {one.measure: (one.verdict, round(100 * one.share)) for one in found.measures}


def advice(found: Report, measure: str) -> str:
    """What is advised for a measure."""
    (text,) = [one.advice for one in found.measures if one.measure == measure]
    return text or ""


def shares(found: Report) -> dict[str, float | None]:
    """What the traces carry."""
    return {one.name: one.share for one in found.carries}


def doctor(*arguments: str | Path) -> dict[str, Any]:
    """The command's JSON, run as a user does."""
    found = leadline("doctor", *arguments, "--json")
    assert found.returncode == 0, found.stderr
    parsed: dict[str, Any] = json.loads(found.stdout)
    return parsed
