"""What a configuration turns into: all that a reload replaces, in one piece."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import structlog

from detectors.measures.base import PairScorer
from detectors.records import Assessment
from detectors.risk import shipped_prior
from detectors.risk_calibration import RiskCalibration
from monitor.assess import Assessor
from monitor.build import build_assessor, build_index, load_corpus
from monitor.config import Config, ScorerConfig
from monitor.deciding.observation import Observation, release_of
from monitor.deciding.settings import Settings, settings_of
from monitor.judge.stage import JudgeStage
from monitor.logs import describe
from monitor.made_by import NO_SCORER, scorer_version
from monitor.metrics import Metrics
from monitor.privacy import Privacy
from monitor.providers.background import BackgroundScorer
from monitor.providers.calibration import calibration_for, risk_calibrations
from monitor.providers.corpus import Corpus
from monitor.providers.cross_encoder import CrossEncoderScorer, Usage
from monitor.sampling import PairBudget, Sampler
from monitor.sinks.base import Sink
from monitor.sinks.build import build_sinks
from monitor.state import ReferenceKey

if TYPE_CHECKING:
    from monitor.judge.build import Judging  # it brings OpenAI's client with it

log = structlog.get_logger()


class Assembly(NamedTuple):
    """The parts between intake and state."""

    config: Config
    sampler: Sampler
    assessor: Assessor
    sinks: tuple[Sink, ...]
    opened: tuple[Sink, ...]  # of them, those that the configuration names
    privacy: Privacy
    scorer: BackgroundScorer | None
    corpus: Corpus | None
    risk_calibrations: Mapping[str, RiskCalibration]
    settings: Settings
    judge: JudgeStage | None

    def reference_key(self, assessment: Assessment) -> ReferenceKey:
        """Whose normalisation rates an assessment."""
        pipeline = assessment.pipeline
        scorer = scorer_version(assessment.versions)
        return ReferenceKey(pipeline, scorer, self.config.pipeline(pipeline).depth)

    def observation(self, assessment: Assessment) -> Observation:
        """What the right half keeps of an assessment."""
        depth = self.config.pipeline(assessment.pipeline).depth
        return Observation.of(assessment, depth, release_of(assessment, self.config.releases.attributes))

    @property
    def components(self) -> frozenset[str]:
        """The measures and sinks, as metrics name them."""
        return self.assessor.measures | {sink.name for sink in self.sinks}

    def close(self) -> None:
        """Close what was opened for this configuration."""
        if self.scorer is not None:
            self.scorer.close()
        for sink in self.opened:
            try:
                sink.close()
            except OSError as error:
                log.error("sink cannot be closed", sink=sink.name, **describe(error))


class Builder:
    """Builds assemblies for one service; what the service was given instead of a configuration stays given."""

    def __init__(
        self, metrics: Metrics, *, corpus: Corpus | None, scorer: PairScorer | None,
        sinks: Sequence[Sink] = (), judging: "Judging | None" = None, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._metrics = metrics
        self._judging = judging
        self._corpus = corpus
        self._scorer = scorer
        self._sinks = tuple(sinks)
        self._clock = clock
        self._made: tuple[ScorerConfig, CrossEncoderScorer] | None = None  # a reload does not load the same model again

    def build(self, config: Config) -> Assembly:
        """Everything opened and ready; nothing stays open where one part cannot be had.

        Raises
        ------
        LeadlineError
            Where the corpus, a calibration or a baseline cannot be read, one of those is for something else, or a sink
            cannot be opened.
        """
        privacy, settings = Privacy(config.privacy), settings_of(config)
        sampler = Sampler(lambda name: config.pipeline(name).sample)
        corpus = self._corpus if self._corpus is not None else load_corpus(config)
        scorer = self._build_scorer(config.scorer, sampler)
        name = scorer.name if scorer is not None else NO_SCORER
        calibration = calibration_for(name, config.scorer.calibration if config.scorer is not None else None)
        assessor = build_assessor(
            config, corpus, build_index(corpus), scorer, name, calibration=calibration,
            on_failure=self._metrics.failed, on_success=self._metrics.succeeded, why_not=sampler.why_not,
        )  # fmt: skip
        own = risk_calibrations(config.pipelines, prior=shipped_prior().version, scorer=assessor.scorer)
        opened = build_sinks(config, self._metrics, self._clock)
        if scorer is not None:
            scorer.start()
        return Assembly(
            config, sampler, assessor, (*self._sinks, *opened), opened, privacy, scorer, corpus, own, settings,
            self._judging.stage(config, privacy) if self._judging is not None else None,
        )  # fmt: skip

    def _build_scorer(self, config: ScorerConfig | None, sampler: Sampler) -> BackgroundScorer | None:
        given = self._scorer
        load: Callable[[], PairScorer]
        if given is not None:
            name, load = str(getattr(given, "name", type(given).__name__)), lambda: given
        elif config is not None:
            scorer = self._cross_encoder(config)
            name, load = scorer.name, scorer.loaded
        else:
            return None
        pairs_per_second = config.pairs_per_second if config is not None else float("inf")
        return BackgroundScorer(
            name,
            load,
            on_pairs=self._meter(PairBudget(sampler, pairs_per_second, self._clock), sampler),
            on_result=lambda worked: self._metrics.succeeded("scorer") if worked else self._metrics.failed("scorer"),
        )

    def _cross_encoder(self, config: ScorerConfig) -> CrossEncoderScorer:
        if self._made is None or (self._made[0].model, self._made[0].backend) != (config.model, config.backend):
            self._made = config, CrossEncoderScorer(config.model, config.backend, on_usage=self._used)
        return self._made[1]

    def _used(self, usage: Usage) -> None:
        self._metrics.inc("scorer_known_pairs_total", by=usage.known)
        self._metrics.inc("scorer_truncated_pairs_total", by=usage.truncated)

    def _meter(self, budget: PairBudget, sampler: Sampler) -> Callable[[int], None]:
        metrics = self._metrics
        metrics.set("scorer_share_ratio", sampler.scorer_share)

        def spend(pairs: int) -> None:
            metrics.inc("scorer_pairs_total", by=pairs)
            budget.spend(pairs)
            metrics.set("scorer_share_ratio", sampler.scorer_share)

        return spend
