"""Recorded traces: a file read once, in batches, with everything that is wrong in it named by line."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from detectors.records import Assessment, QueryTrace
from detectors.reference import Normalisation
from detectors.risk import Prior, shipped_normalisation
from detectors.risk_calibration import RiskCalibration
from monitor.assess import Assessor, Sampled, rate
from monitor.decode import decode_trace
from monitor.dedupe import Deduplicator
from monitor.errors import LeadlineError, MalformedTrace
from monitor.judge.stage import JudgeStage
from monitor.judge.underway import Underway
from monitor.metrics import Decision
from monitor.sampling import Sampler
from monitor.structs import read_struct

BATCH_TRACES = 128
MOST_UNDERWAY = 8  # batches that wait for a judge
MINIMUM_SELF_TRACES = 50
SELF, SHIPPED = "self", "shipped"
UNKNOWN = "_unknown"  # the pipeline of a record that cannot be read


class Problem(NamedTuple):
    """A line that is no query trace."""

    line: int
    reason: str

    def describe(self, path: Path) -> str:
        """`FILE:LINE: what is wrong`."""
        return f"{path}:{self.line}: {self.reason}"


class Recording:
    """Reads query traces from a file. While and after `batches` runs, `decisions` and `problems` say what it saw."""

    def __init__(self, path: Path, sampler: Sampler, on_read: Callable[[int], None] = lambda _: None) -> None:
        self.path = path
        self.decisions: Counter[tuple[str, Decision]] = Counter()
        self.problems: list[Problem] = []
        self._sampler = sampler
        self._on_read = on_read

    def counts(self) -> Counter[str]:
        """Decisions over all pipelines."""
        totals: Counter[str] = Counter()
        for (_, decision), number in self.decisions.items():
            totals[decision] += number
        return totals

    def batches(self) -> Iterator[list[Sampled]]:
        """Traces that are new, sound and sampled, `BATCH_TRACES` at a time."""
        batch: list[Sampled] = []
        seen = Deduplicator()
        for trace in self._traces():
            weights = self._sampler.weights(trace)
            if not seen.new(trace.identity):
                self.decisions[trace.pipeline, "duplicate"] += 1
            elif weights is None:
                self.decisions[trace.pipeline, "not_sampled"] += 1
            else:
                self.decisions[trace.pipeline, "evaluated"] += 1
                batch.append((trace, weights))
            if len(batch) == BATCH_TRACES:
                yield batch
                batch = []
        if batch:
            yield batch

    def _traces(self) -> Iterator[QueryTrace]:
        arrival = datetime.now(UTC)
        try:
            with self.path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    self._on_read(len(line))
                    if line.strip():
                        yield from self._trace(number, line, arrival)
        except OSError as error:
            raise LeadlineError(f"{self.path}: cannot be read: {error.strerror}") from error

    def _trace(self, number: int, line: bytes, arrival: datetime) -> Iterator[QueryTrace]:
        try:
            yield decode_trace(line, arrival)
        except MalformedTrace as error:
            self.decisions[UNKNOWN, "unusable"] += 1
            self.problems.append(Problem(number, str(error)))


class References:
    """The normalisation reference of each pipeline of a recording, as `--reference` chose it."""

    def __init__(self, choice: str, assessments: Iterable[Assessment], depth: Callable[[str], int]) -> None:
        self._own: dict[str, Normalisation] = {}
        self._shared = choice != SELF  # whether a pipeline does without its own
        self._given = read_normalisation(Path(choice)) if choice not in (SELF, SHIPPED) else shipped_normalisation()
        if choice == SELF:
            signals: dict[str, list[dict[str, float]]] = {}
            scorer = ""
            for assessment in assessments:
                signals.setdefault(assessment.pipeline, []).append(assessment.signals)
                scorer = assessment.versions["scorer"]  # one for the whole file
            for pipeline, rows in signals.items():
                if len(rows) >= MINIMUM_SELF_TRACES:
                    self._own[pipeline] = Normalisation.of(rows, version=SELF, depth=depth(pipeline), scorer=scorer)
                else:
                    self._shared = True

    def of(self, pipeline: str) -> Normalisation:
        """The pipeline's own reference where there is one, else the one that was given or shipped."""
        return self._own.get(pipeline, self._given)

    def rate(
        self, assessments: Iterable[Assessment], prior: Prior, own: Mapping[str, RiskCalibration] | None = None
    ) -> Iterator[Assessment]:
        """The assessments with their risks, by the calibration that a pipeline has of its own."""
        calibrations = own or {}
        return (rate(one, self.of(one.pipeline), prior, calibrations.get(one.pipeline)) for one in assessments)

    @property
    def versions(self) -> list[str]:
        """Which references are in use."""
        shared = {self._given.version} if self._shared else set()
        return sorted({reference.version for reference in self._own.values()} | shared)


def read_normalisation(path: Path) -> Normalisation:
    """A reference from its file.

    Raises
    ------
    LeadlineError
        Where the file is not there or is no reference.
    """
    return read_struct(path, Normalisation, "reference", "a normalisation reference")


def assess_all(recording: Recording, assessor: Assessor, judge: JudgeStage | None = None) -> Iterator[Assessment]:
    """Every assessment of a recording, without risk. A judge is asked while the next batches are assessed."""
    if judge is None:
        for batch in recording.batches():
            yield from assessor.assess(batch)
        return
    underway: deque[Underway] = deque()
    for batch in recording.batches():
        underway.append(judge.begin(assessor.examine(batch)))
        while underway and (underway[0].done or len(underway) > MOST_UNDERWAY):
            yield from underway.popleft().assessments()
    for rest in underway:
        yield from rest.assessments()
