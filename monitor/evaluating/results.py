"""What `leadline evaluate --all --json` prints, and what the report is written from."""

import msgspec

from detectors.calibration import Bin
from detectors.probabilities import Coverage, Curves, Level, LevelError
from detectors.resampling import Interval, Mean

ALL = "all"
"""Stands for the recordings of all retrievers, where figures come by retriever."""
SHIPPED = "shipped"
"""The scheme of the prior that comes with the package."""


class RecordingFigures(msgspec.Struct, frozen=True):
    """One recording. AUROC by kind of failure and predictor; None where it has too few failures. `advantage`: AUROC of
    the risk less that of the best baseline, by kind.
    """

    collection: str
    recording: str
    documents: int
    traces: int
    skipped: dict[str, int]
    failures: dict[str, int]
    auroc: dict[str, dict[str, Interval | None]]
    advantage: dict[str, Interval | None]
    precision_of_riskiest: dict[str, float | None]
    brier_skill: dict[str, Interval | None]
    coverage: dict[str, Coverage | None]
    level: dict[str, Level | None]
    abstentions: dict[str, dict[str, int]]
    ndcg_at_10: dict[str, float | None]


class Skills(msgspec.Struct, frozen=True):
    """What a risk is worth for one kind of failure, as a mean over recordings."""

    auroc: Mean | None
    brier_skill: Mean | None
    level: LevelError | None


class VariantFigures(msgspec.Struct, frozen=True):
    """What is left of a risk where a stack lacks something; `less` is its AUROC less that with all evidence, on the
    traces that both rated.
    """

    skills: Skills
    less: Mean | None  # None of all evidence itself
    abstained: float


class RetrieverDifference(msgspec.Struct, frozen=True):
    """AUROC of the risk on `one` retriever's recordings less that on the `other`'s, over the same queries."""

    one: str
    other: str
    kind: str
    by_collection: dict[str, Interval]
    mean: Mean | None


class ScenarioFigures(msgspec.Struct, frozen=True):
    """One scenario, pooled over all recordings; `bias` is estimated less true failure rate of what was rated."""

    traces: int
    failures: int
    auroc: Interval | None
    brier_skill: Interval | None
    bias: Interval | None
    abstained: float
    failure_rate: float


class Emptied(msgspec.Struct, frozen=True):
    """One recording without its relevant documents. AUROC of nothing to find against intact successes, by predictor;
    `above`: the share whose risk is above the intact recording's 90th percentile.
    """

    collection: str
    recording: str
    queries: int
    short: int
    auroc: dict[str, Interval | None]
    risk_emptied: float | None
    risk_intact: float | None
    risk_successes: float | None
    above: Interval | None


class Abstentions(msgspec.Struct, frozen=True):
    """Where one predictor abstained, over all recordings, and whether those were the hard ones: the rates at which
    retrievals failed where it abstained and where it did not.
    """

    share: float
    reasons: dict[str, int]
    failed_abstained: float | None
    failed_known: float | None


class EmptiedFigures(msgspec.Struct, frozen=True):
    """All recordings without their relevant documents, for one kind of failure."""

    recordings: list[Emptied]
    auroc: dict[str, Mean | None]
    above: Mean | None


class Scoreboard(msgspec.Struct, frozen=True):
    """Everything. `scheme` says which priors were used wherever no other is named."""

    folder: str
    scorer: str
    seconds: float
    repetitions: int
    scheme: str
    retrievers: list[str]
    recordings: list[RecordingFigures]
    means: dict[str, dict[str, dict[str, Mean | None]]]
    best_baseline: dict[str, str | None]
    best_signal: dict[str, str | None]
    advantage: dict[str, dict[str, dict[str, Mean | None]]]
    skills: dict[str, dict[str, Skills]]
    schemes: dict[str, dict[str, Skills]]
    retriever_differences: list[RetrieverDifference]
    reliability: dict[str, list[Bin]]
    curves: dict[str, Curves]
    scenarios: dict[str, dict[str, ScenarioFigures]]
    abstentions: dict[str, Abstentions]
    variants: dict[str, dict[str, VariantFigures]]
    emptied: dict[str, EmptiedFigures]

    @property
    def widest(self) -> str:
        """The group of recordings that holds all."""
        return ALL if ALL in self.means else self.retrievers[0]

    @property
    def held_out(self) -> bool:
        """Whether the priors were fitted without what they rate."""
        return self.scheme != SHIPPED
