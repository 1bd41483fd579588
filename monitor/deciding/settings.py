"""What a configuration says to the right half."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from detectors.baseline import Baseline, to_json
from detectors.judging.drift import DriftBudget
from monitor.config import Config
from monitor.config_alerts import Alert
from monitor.errors import LeadlineError


class Settings(NamedTuple):
    """Alerts by name, baselines that were given as files, by pipeline, and what the judge's anchors are watched for."""

    alerts: Mapping[str, Alert]
    given: Mapping[str, Sequence[Baseline]] = {}
    judge: DriftBudget | None = None

    def given_for(self, pipeline: str, measure: str) -> list[Baseline]:
        """The baselines that were given of one measure, of any scale."""
        return [one for one in self.given.get(pipeline, ()) if one.measure == measure]


def settings_of(config: Config) -> Settings:
    """Everything read.

    Raises
    ------
    LeadlineError
        Where a baseline cannot be read, is none, or is another pipeline's.
    """
    given = {name: read_baselines(one.baseline, name) for name, one in config.pipelines.items() if one.baseline}
    return Settings({alert.called: alert for alert in config.alerts}, given, _judge(config))


def _judge(config: Config) -> DriftBudget | None:
    """None where no anchor is re-judged."""
    if config.judge is None or not config.judge.anchors.per_hour:
        return None
    anchors = config.judge.anchors
    return DriftBudget(
        smallest_shift=anchors.smallest_shift, false_alarms_a_year=anchors.false_alarms_per_year,
        an_hour=anchors.per_hour,
    )  # fmt: skip


def write_baselines(path: Path, baselines: Sequence[Baseline]) -> None:
    """A file that `read_baselines` reads, and a person too."""
    path.write_bytes(b"[\n" + b",\n".join(to_json(one).rstrip() for one in baselines) + b"\n]\n")


def read_baselines(path: Path, pipeline: str) -> list[Baseline]:
    """The baselines in a file of `leadline baseline`, one for each measure."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Baseline])
    except OSError as error:
        raise LeadlineError(f"{path}: cannot read the baseline: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise LeadlineError(f"{path}: expected a baseline as `leadline baseline` writes it: {error}") from error
    for one in found:
        if one.pipeline != pipeline:
            raise LeadlineError(f"{path}: pipeline: got {one.pipeline!r}, expected {pipeline!r}: make one of its own")
    return found
