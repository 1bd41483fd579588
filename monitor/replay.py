"""`leadline replay`: a recorded file in, assessments, metrics and a summary out."""

import heapq
import tempfile
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import count
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from detectors.estimate import Estimate
from detectors.records import Assessment
from detectors.risk import shipped_prior
from monitor.assess import Assessor
from monitor.config import Config
from monitor.errors import LeadlineError
from monitor.hit_rate import RatedTrace, hit_estimate
from monitor.judge.opening import open_judge
from monitor.metrics import Metrics, Recorder
from monitor.privacy import Privacy
from monitor.providers.calibration import risk_calibrations
from monitor.recording import Recording, References, assess_all
from monitor.sinks.jsonl import encode_line

RISKIEST = 10
BY_PRIOR = "the shipped prior"


class Summary:
    """What a replay found: counts, values of signals (eight bytes each), the riskiest queries."""

    def __init__(self) -> None:
        self.abstentions: dict[str, Counter[str]] = defaultdict(Counter)
        self.signals: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.levels: set[str] = set()  # by what: the prior, or a pipeline's own calibration
        self._rated: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._worst: list[tuple[float, int, Assessment]] = []
        self._order = count(0, -1)

    def add(self, assessment: Assessment) -> None:
        """Take one assessment into account."""
        for name, value in assessment.signals.items():
            self.signals[name].append(value)
        for name, reason in assessment.abstentions.items():
            self.abstentions[name][reason.value] += 1
        rated = RatedTrace.of(assessment)
        if rated is None:
            return
        self._rated[assessment.scenario].extend(rated)
        self.levels.add(assessment.versions.get("risk_calibration", BY_PRIOR))
        entry = (rated.risk, next(self._order), assessment)
        (heapq.heappush if len(self._worst) < RISKIEST else heapq.heappushpop)(self._worst, entry)

    @property
    def riskiest(self) -> list[Assessment]:
        """The riskiest assessments, worst first."""
        return [assessment for _, _, assessment in sorted(self._worst, key=lambda entry: entry[:2], reverse=True)]

    def hit_at_5(self) -> Estimate | None:
        """The estimated hit rate of the file; None below the minimum sample."""
        return hit_estimate(np.concatenate([*self._rated.values(), []]))

    def by_scenario(self) -> dict[str, tuple[int, Estimate | None]]:
        """For each kind of query, the most frequent first, how many were rated and the estimate of their hit rate."""
        found = sorted(self._rated.items(), key=lambda item: len(item[1]), reverse=True)
        return {scenario: (len(rated) // len(RatedTrace._fields), hit_estimate(rated)) for scenario, rated in found}


def replay(
    recording: Recording, assessor: Assessor, config: Config, *, reference: str,
    out: Path | None = None, metrics_out: Path | None = None,
) -> tuple[Summary, References]:  # fmt: skip
    """Assess a recording in two passes: measure everything, then rate it against its reference.

    Between the passes the assessments wait on disk, so that memory does not grow with the file.

    Raises
    ------
    LeadlineError
        Where no line could be used, a file cannot be written, a calibration of the risk is for something else, or a
        judge is configured and cannot be had.
    """
    metrics, summary, prior = Metrics(), Summary(), shipped_prior()
    own = risk_calibrations(config.pipelines, prior=prior.version, scorer=assessor.scorer)
    recorder = Recorder(metrics)
    with ExitStack() as stack:
        spool = stack.enter_context(tempfile.TemporaryFile())
        sink, exposition = (stack.enter_context(open_out(path, recording.path)) for path in (out, metrics_out))
        judging = open_judge(config, metrics, stack)
        judge = judging.stage(config, Privacy(config.privacy), recorded=True) if judging is not None else None
        for assessment in assess_all(recording, assessor, judge):
            spool.write(encode_line(assessment))
        if recording.counts().keys() <= {"unusable"}:
            problems = f", first: {recording.problems[0].describe(recording.path)}" if recording.problems else ""
            raise LeadlineError(f"{recording.path}: expected query traces, found none{problems}")
        references = References(reference, _read(spool), depth=lambda name: config.pipeline(name).depth)
        for assessment in references.rate(_read(spool), prior, own):
            summary.add(assessment)
            recorder.assessed([assessment])
            if sink is not None:
                sink.write(encode_line(assessment))
        recorder.served(assessor.take_texts())
        _count_rest(recording, recorder)
        if exposition is not None:
            exposition.write(metrics.exposition()[0])
    return summary, references


def open_out(path: Path | None, recording: Path) -> AbstractContextManager[IO[bytes] | None]:
    """A file to write to, or none.

    Raises
    ------
    LeadlineError
        Where it cannot be opened, or is the recording itself.
    """
    if path is None:
        return nullcontext()
    try:
        if path.exists() and recording.exists() and path.samefile(recording):
            raise LeadlineError(f"{path}: is the recording, expected another file to write to")
        return path.open("wb")
    except OSError as error:
        raise LeadlineError(f"{path}: cannot be written: {error.strerror}") from error


def _read(spool: IO[bytes]) -> Iterator[Assessment]:
    spool.seek(0)
    decoder = msgspec.json.Decoder(Assessment)
    lines: Iterable[bytes] = spool
    return (decoder.decode(line) for line in lines)


def _count_rest(recording: Recording, recorder: Recorder) -> None:
    """Decisions other than `evaluated`, which the recorder counts itself."""
    for (pipeline, decision), number in recording.decisions.items():
        if decision != "evaluated":
            recorder.decided(pipeline, decision, number)
