"""What the right half keeps of an assessment: numbers and labels, no text and no ids."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.records import Assessment, Tier
from detectors.signals import SIGNALS
from monitor.made_by import broken

Floats = NDArray[np.float64]

TRACES, HIT = "traces", "hit_at_5"
LONGEST_RELEASE = 120  # characters
MEASURES = (TRACES, HIT, *SIGNALS)
"""What windows hold: whether there was a trace at all, the estimated hit, and every signal."""
JUDGED = frozenset(name for name, spec in SIGNALS.items() if spec.tier is Tier.JUDGE)
_TIERS = tuple(Tier)  # in the order of the weights


class Evidence(StrEnum):
    """How much was asked for, which the level of a risk depends on and retrieval does not.

    DEGRADED: some of it could not be had because a part of ours was broken; such a trace says nothing of retrieval.
    """

    CHEAP = "cheap"
    SCORER = "scorer"
    DEGRADED = "degraded"


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One assessed trace.

    `time` is that of the trace, in seconds since 1970. `scale` names what made its risk, `release` what was being
    served, `judge` the judge's model and prompts, empty where it did not judge. `weights` are those of the tiers cheap,
    scorer, judge, 0 where the tier did not take the trace, and `judge_uniform` that of a trace that was judged without
    any preference. `hit` is 1 - risk, None without one, and `level_error` that of its level.
    """

    pipeline: str
    time: float
    scenario: str
    evidence: Evidence
    scale: str
    release: str
    weights: tuple[float, float, float]
    hit: float | None
    level_error: float
    signals: dict[str, float]
    judge: str = ""
    judge_uniform: float = 0.0

    @classmethod
    def of(cls, assessment: Assessment, depth: int, release: str) -> "Observation":
        """Of an assessment at a depth."""
        w = assessment.weights
        asked = Evidence.SCORER if w.scorer is not None else Evidence.CHEAP
        degraded = broken(assessment, assessment.versions["scorer"])
        return cls(
            assessment.pipeline, assessment.timestamp.timestamp(), assessment.scenario,
            Evidence.DEGRADED if degraded else asked, scale_of(assessment, depth), release,
            (w.cheap or 0.0, w.scorer or 0.0, w.judge or 0.0),
            None if assessment.risk is None else 1 - assessment.risk,
            assessment.level_errors.get("risk", 0.0), assessment.signals,
            assessment.versions.get("judge", "") if w.judge is not None else "", w.judge_uniform or 0.0,
        )  # fmt: skip

    @property
    def stratum(self) -> str:
        """What a healthy level depends on beside the hour."""
        return stratum(self.scenario, self.evidence)


def release_of(assessment: Assessment, attributes: Sequence[str]) -> str:
    """What a trace says that it was served by: those of its attributes that name a version."""
    said = (f"{name}={assessment.attributes[name]}" for name in attributes if name in assessment.attributes)
    return " ".join(said)[:LONGEST_RELEASE]


def stratum(scenario: str, evidence: str) -> str:
    """The name of a stratum in baselines."""
    return f"{scenario}/{evidence}"


def scenario_of(stratum: str) -> str:
    """The scenario that a stratum belongs to."""
    return stratum.rpartition("/")[0]


def scale_of(assessment: Assessment, depth: int) -> str:
    """All that the level of a risk rests on beside retrieval: where it changes, the numbers mean something else."""
    versions = assessment.versions
    names = ("scorer", "calibration", "normalisation", "prior", "risk_calibration")
    return " ".join([*(versions.get(name, "-") for name in names), f"depth-{depth}"])


class Made(Protocol):
    """What says by what its numbers were made."""

    @property
    def scale(self) -> str: ...
    @property
    def judge(self) -> str: ...


def maker(of: Made, measure: str) -> str:
    """What the level of a measure rests on beside retrieval: the judge for what it says, else the scale."""
    return of.judge if measure in JUDGED else of.scale


def weight_of(measure: str) -> int:
    """Which of an observation's weights a measure has: that of its tier."""
    return _TIERS.index(SIGNALS[measure].tier if measure in SIGNALS else Tier.CHEAP)


_WEIGHTS = [weight_of(name) for name in MEASURES]


def matrices(observations: Sequence[Observation]) -> tuple[Floats, Floats, Floats]:
    """Values, weights and level errors of every measure; each of shape (observations, measures), weight 0 for none."""
    nothing, names = float("nan"), tuple(SIGNALS)
    found = np.array(
        [
            (1.0, nothing if one.hit is None else one.hit, *(one.signals.get(name, nothing) for name in names))
            for one in observations
        ],
        dtype=np.float64,
    )
    tiers = np.array([one.weights for one in observations])
    weights = np.where(np.isnan(found), 0.0, tiers[:, _WEIGHTS])
    errors = np.zeros_like(found)
    errors[:, 1] = [one.level_error for one in observations]
    return np.nan_to_num(found), weights, errors
