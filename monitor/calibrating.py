"""`leadline calibrate`: collects a scorer's judged pairs, and says what the calibration that they make is worth."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from detectors.calibration import (
    Bin,
    Calibration,
    JudgedPair,
    Method,
    calibration_error,
    fit,
    held_out,
    reliability,
)
from detectors.labels import RELEVANT
from detectors.records import Assessment
from monitor.errors import LeadlineError
from monitor.evaluation import Labels, read_labels

Line = TypeVar("Line")


class Verdict(msgspec.Struct, frozen=True):
    """What a judge or a person said of one served document; the lines of `--verdicts`."""

    trace_id: str
    document_id: str
    grade: int
    span_id: str | None = None


class Reliability(msgspec.Struct, frozen=True):
    """How far probabilities are from what they say: Brier score, expected calibration error, and the diagram."""

    brier: float
    error: float
    bins: list[Bin]


class Calibrated(msgspec.Struct, frozen=True):
    """A calibration, and the reliability of the bare scores and of probabilities that were held out while fitting."""

    calibration: Calibration
    bare: Reliability
    held_out: Reliability


class OfOneScorer:
    """Labelled assessments, all of one scorer. `left_out` counts by reason what could not be used.

    Parameters
    ----------
    relevant_from
        The lowest grade that counts as relevant.
    """

    def __init__(self, relevant_from: int) -> None:
        self.left_out: Counter[str] = Counter()
        self.scorer: str | None = None
        self.relevant_from = relevant_from

    def took(self, scorer: str) -> None:
        """Take note of the scorer of one more of them; raises LeadlineError where it is another one."""
        if self.scorer not in (None, scorer):
            raise LeadlineError(f"versions.scorer: got {scorer!r}, expected {self.scorer!r} as before")
        self.scorer = scorer

    def graded(
        self, directory: Path, assessments: Iterable[Assessment]
    ) -> Iterator[tuple[Assessment, Mapping[str, int]]]:
        """Those whose query has labels, with the grades of what was served: 0 for a document without one.

        Raises
        ------
        LeadlineError
            Where the labels cannot be read.
        """
        labels = Labels(*read_labels(directory))
        for assessment in assessments:
            grades = labels.of(assessment.query_id, assessment.query)
            if grades is None or max(grades.values()) < self.relevant_from:
                self.left_out["unknown_query" if grades is None else "no_relevant_document"] += 1
            else:
                yield assessment, {key: grades.get(key, 0) for key in assessment.document_ids}


class Judgements(OfOneScorer):
    """Judged pairs of one scorer."""

    def __init__(self, relevant_from: int = RELEVANT) -> None:
        super().__init__(relevant_from)
        self.pairs: list[JudgedPair] = []

    def add_collection(self, directory: Path, assessments: Iterable[Assessment]) -> None:
        """All served documents of the queries that have labels; one without a grade counts as not relevant.

        Raises
        ------
        LeadlineError
            Where the labels cannot be read.
        """
        for assessment, grades in self.graded(directory, assessments):
            self._add(assessment, directory.name, grades)

    def add_verdicts(self, assessments: Path, verdicts: Path) -> None:
        """The served documents that have a verdict, and no others; of a repeated verdict the last counts.

        Raises
        ------
        LeadlineError
            With file and line, where a line is no assessment, or no verdict, or of another scorer.
        """
        grades = read_verdicts(verdicts)
        given = sum(map(len, grades.values()))
        paired = len(self.pairs)
        for number, assessment in read_lines(assessments, Assessment):
            judged = grades.get((assessment.trace_id, assessment.span_id))
            if judged:
                try:
                    self._add(assessment, assessment.pipeline, judged)
                except LeadlineError as error:
                    raise LeadlineError(f"{assessments}:{number}: {error}") from error
        self.left_out["verdict_without_score"] += given - (len(self.pairs) - paired)

    def _add(self, assessment: Assessment, group: str, grades: Mapping[str, int]) -> None:
        scores = assessment.evidence.relevance
        if not scores:
            self.left_out["not_scored"] += 1
            return
        self.took(assessment.versions["scorer"])
        query = f"{assessment.trace_id} {assessment.span_id}"
        seen = set()
        for rank, (key, score) in enumerate(zip(assessment.document_ids, scores, strict=True), start=1):
            if key in grades and key not in seen:
                seen.add(key)
                self.pairs.append(JudgedPair(score, rank, grades[key] >= self.relevant_from, group, query))


def read_verdicts(path: Path, highest: int | None = None) -> dict[tuple[str, str | None], dict[str, int]]:
    """Grades by document, by trace and span; of a repeated verdict the last counts.

    Raises
    ------
    LeadlineError
        With file and line, where a line is no verdict, or its grade is not from 0 to `highest`.
    """
    grades: dict[tuple[str, str | None], dict[str, int]] = {}
    for number, verdict in read_lines(path, Verdict):
        if highest is not None and not 0 <= verdict.grade <= highest:
            raise LeadlineError(f"{path}:{number}: grade: got {verdict.grade}, expected 0 to {highest}")
        grades.setdefault((verdict.trace_id, verdict.span_id), {})[verdict.document_id] = verdict.grade
    return grades


def read_lines(path: Path, kind: type[Line]) -> Iterator[tuple[int, Line]]:
    """Records of one kind with their line numbers.

    Raises
    ------
    LeadlineError
        With file and line, where the file cannot be read or a line is something else.
    """
    decoder = msgspec.json.Decoder(kind)
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, decoder.decode(line)
    except OSError as error:
        raise LeadlineError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise LeadlineError(f"{path}:{number}: expected {kind.__name__.lower()}s as JSON: {error}") from error


def calibrate(judgements: Judgements, method: Method) -> Calibrated:
    """The calibration that the judgements make.

    Raises
    ------
    LeadlineError
        Where there are too few of them.
    """
    pairs = judgements.pairs
    try:
        calibration = fit(pairs, scorer=judgements.scorer or "", method=method)
        probabilities = held_out(pairs, method=method)
    except ValueError as error:
        raise LeadlineError(f"too little to calibrate on: {error}") from error
    relevant = [pair.relevant for pair in pairs]
    return Calibrated(
        calibration,
        bare=_reliability([pair.score for pair in pairs], relevant),
        held_out=_reliability(probabilities.tolist(), relevant),
    )


def _reliability(probabilities: Sequence[float], relevant: Sequence[bool]) -> Reliability:
    bins = reliability(probabilities, relevant)
    return Reliability(float(np.mean((np.array(probabilities) - relevant) ** 2)), calibration_error(bins), bins)
