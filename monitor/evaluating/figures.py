"""Computes the scoreboard: every figure with its interval, all from the same draws of queries."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from detectors.calibration import Bin, reliability
from detectors.labels import FAILURE_KINDS
from detectors.outcomes import (
    BASELINES,
    LEVELS,
    RISKS,
    Outcomes,
    abstained,
    advantage,
    between,
    brier,
    discrimination,
    pool,
)  # fmt: skip
from detectors.probabilities import coverage_of, level_error, level_of, mean_curves
from detectors.resampling import Counts, Drawn, Interval, Mean, interval, mean_draws, mean_over, query_draws
from detectors.signals import SIGNALS
from detectors.skill import precision_of_riskiest
from monitor.evaluating.assessing import Assessed
from monitor.evaluating.emptied_figures import emptied_figures
from monitor.evaluating.rating import Ratings
from monitor.evaluating.results import (
    ALL,
    Abstentions,
    RecordingFigures,
    RetrieverDifference,
    ScenarioFigures,
    Scoreboard,
    Skills,
    VariantFigures,
)  # fmt: skip

REPETITIONS = 1000


class Figure(Protocol):
    """A figure of one recording, with its draws."""

    def __call__(self, of: Outcomes, /, *, counts: Counts) -> Drawn | None: ...


class Board:
    """Everything that is computed over one set of ratings, on one set of draws."""

    def __init__(self, assessed: Sequence[Assessed], ratings: Ratings, repetitions: int, seed: int) -> None:
        self._assessed = assessed
        self._ratings = ratings
        self._draws = query_draws(ratings.queries, repetitions, seed)
        self._repetitions = repetitions
        self._seed = seed
        self._retrievers = sorted({one.recording for one in assessed}, key=lambda name: (len(name), name))

    def scoreboard(self, folder: str, scorer: str) -> Scoreboard:
        """All of it but the time it took."""
        main = self._ratings.main
        pooled, counts = pool(main, self._draws)
        short = [one.short for one in self._assessed]
        groups = {name: [of for of in main if of.recording == name] for name in self._retrievers}
        if len(groups) > 1:
            groups[ALL] = list(main)
        means = {group: self._means(some) for group, some in groups.items()}
        over_all = means[ALL if ALL in means else self._retrievers[0]]
        baselines = {kind: _best(over_all[kind], BASELINES) for kind in FAILURE_KINDS}
        signals = {kind: _best(over_all[kind], SIGNALS) for kind in FAILURE_KINDS}
        return Scoreboard(
            folder=folder,
            scorer=scorer,
            seconds=0.0,
            repetitions=self._repetitions,
            scheme=self._ratings.scheme,
            retrievers=self._retrievers,
            recordings=[self._recording(a, of, baselines) for a, of in zip(self._assessed, main, strict=True)],
            means=means,
            best_baseline=baselines,
            best_signal=signals,
            advantage={group: self._advantages(some, signals) for group, some in groups.items()},
            skills={group: self._skills_by_kind(some) for group, some in groups.items()},
            schemes={scheme: self._skills_by_kind(found) for scheme, found in self._ratings.schemes.items()},
            retriever_differences=self._between_retrievers(),
            reliability={kind: _reliability(pooled, kind) for kind in LEVELS},
            curves={kind: mean_curves(main, kind) for kind in LEVELS},
            scenarios=_scenarios(pooled, counts),
            abstentions=_abstentions(pooled),
            variants={variant.name: self._variant(found) for variant, found in self._ratings.variants.items()},
            emptied={
                kind: emptied_figures(main, self._ratings.emptied, short, kind, self._draws, self._seed)
                for kind in LEVELS
            },
        )

    def _mean(self, figure: Figure, some: Iterable[Outcomes]) -> Mean | None:
        drawn = [figure(of, counts=self._draws[of.collection]) for of in some]
        return mean_over([one for one in drawn if one is not None], self._seed)

    def _means(self, some: Sequence[Outcomes]) -> dict[str, dict[str, Mean | None]]:
        return {
            kind: {
                name: self._mean(partial(discrimination, name=name, kind=kind), some)
                for name in (*SIGNALS, RISKS[kind])
            }
            for kind in FAILURE_KINDS
        }

    def _advantages(
        self, some: Sequence[Outcomes], best: Mapping[str, str | None]
    ) -> dict[str, dict[str, Mean | None]]:
        return {
            kind: {
                name: self._mean(partial(advantage, one=RISKS[kind], other=name, kind=kind), some)
                for name in dict.fromkeys((*BASELINES, best[kind] or BASELINES[0]))
            }
            for kind in FAILURE_KINDS
        }

    def _skills_by_kind(self, some: Sequence[Outcomes]) -> dict[str, Skills]:
        return {kind: self._skills(some, kind) for kind in FAILURE_KINDS}

    def _skills(self, some: Sequence[Outcomes], kind: str) -> Skills:
        auroc = self._mean(partial(discrimination, name=RISKS[kind], kind=kind), some)
        if kind not in LEVELS:
            return Skills(auroc, None, None)
        levels = [level_of(of, kind) for of in some]
        skill = self._mean(partial(brier, kind=kind), some)
        return Skills(auroc, skill, level_error([level for level in levels if level is not None]))

    def _recording(self, assessed: Assessed, of: Outcomes, best: Mapping[str, str | None]) -> RecordingFigures:
        counts = self._draws[of.collection]
        return RecordingFigures(
            collection=of.collection,
            recording=of.recording,
            documents=assessed.documents,
            traces=len(of.queries),
            skipped=assessed.skipped,
            failures={kind: int(failed.sum()) for kind, failed in of.failed.items()},
            auroc={
                kind: {name: _interval(discrimination(of, name, kind, counts)) for name in (*SIGNALS, RISKS[kind])}
                for kind in FAILURE_KINDS
            },
            advantage={
                kind: _interval(advantage(of, RISKS[kind], name, kind, counts)) if name else None
                for kind, name in best.items()
            },
            precision_of_riskiest={kind: _precision(of, kind) for kind in LEVELS},
            brier_skill={kind: _interval(brier(of, kind, counts)) for kind in LEVELS},
            coverage={kind: coverage_of(of, kind, counts) for kind in LEVELS},
            level={kind: level_of(of, kind) for kind in LEVELS},
            abstentions={name: dict(reasons) for name, reasons in of.abstentions.items()},
            ndcg_at_10=assessed.ndcg_at_10,
        )

    def _between_retrievers(self) -> list[RetrieverDifference]:
        first, *others = self._retrievers
        by_key = {(of.collection, of.recording): of for of in self._ratings.main}
        found = []
        for other in others:
            for kind in FAILURE_KINDS:
                drawn = [
                    between(by_key[name, other], by_key[name, first], RISKS[kind], kind, counts)
                    for name, counts in self._draws.items()
                    if (name, first) in by_key and (name, other) in by_key
                ]
                known = [one for one in drawn if one is not None]
                each = {one.collection: interval(one.value, one.draws) for one in known}
                found.append(RetrieverDifference(other, first, kind, each, mean_over(known, self._seed)))
        return found

    def _variant(self, some: Sequence[Outcomes]) -> dict[str, VariantFigures]:
        return {kind: self._variant_of(some, kind) for kind in FAILURE_KINDS}

    def _variant_of(self, some: Sequence[Outcomes], kind: str) -> VariantFigures:
        full = {(of.collection, of.recording): of for of in self._ratings.main}
        drawn = [
            between(of, other, RISKS[kind], kind, self._draws[of.collection])
            for of in some
            if (other := full[of.collection, of.recording]) is not of
        ]
        less = mean_over([one for one in drawn if one is not None], self._seed)
        missing = float(np.mean([abstained(of, RISKS[kind]) for of in some]))
        return VariantFigures(self._skills(some, kind), less, missing)


def _scenarios(pooled: Outcomes, counts: Counts) -> dict[str, dict[str, ScenarioFigures]]:
    names = sorted({name for scenarios in pooled.scenarios for name in scenarios})
    members = {name: np.array([name in scenarios for scenarios in pooled.scenarios]) for name in names}
    members["none"] = np.array([not scenarios for scenarios in pooled.scenarios])
    members["all"] = np.ones(len(pooled.scenarios), dtype=bool)
    return {
        name: {kind: _scenario(pooled.rows(member), kind, counts) for kind in FAILURE_KINDS}
        for name, member in members.items()
        if member.any()
    }


def _scenario(of: Outcomes, kind: str, counts: Counts) -> ScenarioFigures:
    return ScenarioFigures(
        traces=len(of.queries),
        failures=int(of.failed[kind].sum()),
        failure_rate=float(of.failed[kind].mean()),
        abstained=abstained(of, RISKS[kind]),
        auroc=_interval(discrimination(of, RISKS[kind], kind, counts)),
        brier_skill=_interval(brier(of, kind, counts)) if kind in LEVELS else None,
        bias=_bias(of, kind, counts) if kind in LEVELS else None,
    )


def _bias(of: Outcomes, kind: str, counts: Counts) -> Interval | None:
    known = of.rows(of.known(RISKS[kind]))
    if not len(known.queries):
        return None
    error = known.predictors[RISKS[kind]] - known.failed[kind]
    return interval(float(error.mean()), mean_draws(error, counts[:, known.queries]))


def _abstentions(pooled: Outcomes) -> dict[str, Abstentions]:
    return {name: _abstention(pooled, name, reasons) for name, reasons in pooled.abstentions.items()}


def _abstention(pooled: Outcomes, name: str, reasons: Mapping[str, int]) -> Abstentions:
    known, failed = pooled.known(name), pooled.failed["no_relevant_at_5"]
    rates = [float(failed[some].mean()) if some.any() else None for some in (~known, known)]
    return Abstentions(abstained(pooled, name), dict(reasons), *rates)


def _reliability(pooled: Outcomes, kind: str) -> list[Bin]:
    known = pooled.rows(pooled.known(RISKS[kind]))
    return reliability(known.predictors[RISKS[kind]], known.failed[kind]) if len(known.queries) else []


def _precision(of: Outcomes, kind: str) -> float | None:
    known = of.rows(of.known(RISKS[kind]))
    if not len(known.queries):
        return None
    return precision_of_riskiest(known.predictors[RISKS[kind]], known.failed[kind])


def _best(means: Mapping[str, Mean | None], names: Iterable[str]) -> str | None:
    """The predictor with the highest mean; None where no recording has enough failures."""
    values = {name: mean.value for name in names if (mean := means[name]) is not None}
    return max(values, key=values.__getitem__) if values else None


def _interval(drawn: Drawn | None) -> Interval | None:
    return interval(drawn.value, drawn.draws) if drawn is not None else None
