"""`leadline calibrate --risk`: collects a pipeline's labelled traces, and says what the map that they make is worth."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from detectors.labels import RELEVANT
from detectors.records import Assessment, Tier, Weights
from detectors.risk import EMPTY_RESULT, shipped_normalisation, shipped_prior
from detectors.risk_calibration import Label, RiskCalibration, fit_risk, held_out
from monitor.calibrating import OfOneScorer, read_lines, read_verdicts
from monitor.errors import LeadlineError
from monitor.made_by import scorer_version

UNDECIDED = 0.1  # the share of judged traces whose verdicts may leave open whether they failed


class Outcome(NamedTuple):
    """What the prior said of one trace, and whether it failed."""

    risk: float
    failed: bool
    weights: Weights


class Worth(msgspec.Struct, frozen=True):
    """What a map makes of its labels: means against the share that failed, and Brier scores, all of it held out."""

    failed: float
    by_prior: float
    held_out: float
    brier_by_prior: float
    brier_held_out: float


class CalibratedRisk(msgspec.Struct, frozen=True):
    """A calibration, and its worth for both kinds of failure."""

    calibration: RiskCalibration
    at_5: Worth
    at_1: Worth


class LabelledTraces(OfOneScorer):
    """The traces of one pipeline of which it is known whether they failed.

    Parameters
    ----------
    pipeline
        Whose risk it is; traces of others are left out.
    relevant_from
        The lowest grade that counts as relevant.
    """

    def __init__(self, pipeline: str, relevant_from: int = RELEVANT) -> None:
        super().__init__(relevant_from)
        self.pipeline = pipeline
        self.at_5: list[Outcome] = []
        self.at_1: list[Outcome] = []
        self.bases: Counter[str] = Counter()
        self.undecided = 0

    def add_collection(self, directory: Path, assessments: Iterable[Assessment]) -> None:
        """The queries that have labels, with their risks; a document without a grade counts as not relevant.

        Raises
        ------
        LeadlineError
            Where the labels cannot be read.
        """
        for assessment, grades in self.graded(directory, assessments):
            self._add(assessment, grades)

    def add_verdicts(self, assessments: Path, verdicts: Path) -> None:
        """The traces whose verdicts decide it: for at 5 a relevant one among the first five, or a verdict on each.

        Raises
        ------
        LeadlineError
            With file and line, where a line is no assessment, or no verdict, or of another scorer.
        """
        grades = read_verdicts(verdicts)
        for number, assessment in read_lines(assessments, Assessment):
            judged = grades.pop((assessment.trace_id, assessment.span_id), None)
            if judged:
                try:
                    self._add(assessment, judged)
                except LeadlineError as error:
                    raise LeadlineError(f"{assessments}:{number}: {error}") from error
        self.left_out["verdicts_without_trace"] += len(grades)

    def _add(self, assessment: Assessment, grades: Mapping[str, int]) -> None:
        why_not = self._why_not(assessment)
        if why_not is not None:
            self.left_out[why_not] += 1
            return
        self.took(scorer_version(assessment.versions))
        self.bases[assessment.risk_basis] += 1
        by_prior = assessment.prior_risks
        kinds = (
            (5, by_prior.get("risk", assessment.risk), self.at_5),
            (1, by_prior.get("risk_at_1", assessment.risk_at_1), self.at_1),
        )
        for depth, risk, known in kinds:
            failed = self._failed(assessment.document_ids[:depth], grades)
            if failed is not None and risk is not None:
                known.append(Outcome(risk, failed, assessment.weights))
            elif depth == 5:
                self.undecided += 1

    def _why_not(self, assessment: Assessment) -> str | None:
        if assessment.pipeline != self.pipeline:
            return "other_pipeline"
        if assessment.risk is None or assessment.risk_basis == EMPTY_RESULT.basis:
            return "empty_result" if assessment.risk_basis else "no_risk"
        if assessment.versions["prior"] != shipped_prior().version:
            return "other_prior"
        return "shipped_reference" if assessment.versions["normalisation"] == shipped_normalisation().version else None

    def _failed(self, served: Sequence[str], grades: Mapping[str, int]) -> bool | None:
        known = [grades[key] >= self.relevant_from for key in served if key in grades]
        if any(known):
            return False
        return True if len(known) == len(served) else None


def calibrate_risk(labelled: LabelledTraces) -> CalibratedRisk:
    """The calibration that the labels make.

    Raises
    ------
    LeadlineError
        Where there are too few of them, or too many judged traces whose verdicts leave open whether they failed: those
        would have failed more often than the others.
    """
    judged = len(labelled.at_5) + labelled.undecided
    if labelled.undecided > UNDECIDED * judged:
        raise LeadlineError(
            f"{labelled.undecided} of {judged} judged traces have verdicts on some of the first five documents, none "
            "of them relevant: expected verdicts on all five, or from the top to the first relevant one"
        )
    at_5, at_1 = _weighted(labelled.at_5), _weighted(labelled.at_1)
    try:
        calibration = fit_risk(
            at_5, at_1,
            pipeline=labelled.pipeline, prior=shipped_prior().version, scorer=labelled.scorer or "",
            bases=labelled.bases,
        )  # fmt: skip
    except ValueError as error:
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in labelled.left_out.items() if count)
        raise LeadlineError(f"too little to calibrate on: {error} (left out: {left_out or 'none'})") from error
    return CalibratedRisk(calibration, _worth(at_5), _worth(at_1))


def _weighted(outcomes: Sequence[Outcome]) -> list[Label]:
    """With the weight of the deepest tier that took all of these traces: from there their labels were drawn."""
    tiers = (Tier.JUDGE, Tier.SCORER, Tier.CHEAP)
    drawn = next((tier for tier in tiers if all(one.weights.of(tier) is not None for one in outcomes)), None)
    return [Label(one.risk, one.failed, (drawn and one.weights.of(drawn)) or 1.0) for one in outcomes]


def _worth(labels: Sequence[Label]) -> Worth:
    risk, failed, weights = np.array(labels, dtype=np.float64).T
    probability = held_out(labels)
    failed_share, by_prior, mapped, brier_by_prior, brier_mapped = (
        float(np.average(column, weights=weights))
        for column in (failed, risk, probability, (risk - failed) ** 2, (probability - failed) ** 2)
    )
    return Worth(failed_share, by_prior, mapped, brier_by_prior, brier_mapped)
