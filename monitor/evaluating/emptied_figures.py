"""Figures of the derived set: does the risk rise where there is nothing to find?"""

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.outcomes import BASELINES, RISKS, Outcomes, discrimination
from detectors.resampling import Counts, Drawn, Floats, interval, mean_draws, mean_over
from monitor.evaluating.results import Emptied, EmptiedFigures

HIGH = 0.9  # quantile of the intact recording's risks


def emptied_figures(
    intact: Sequence[Outcomes], emptied: Sequence[Outcomes], short: Sequence[int], kind: str,
    draws: Mapping[str, Counts], seed: int,
) -> EmptiedFigures:  # fmt: skip
    """One kind of failure, over all recordings; `short` counts the lists of each that could not be filled."""
    names = (RISKS[kind], *BASELINES)
    recordings: list[Emptied] = []
    aurocs: dict[str, list[Drawn]] = {name: [] for name in names}
    above: list[Drawn] = []
    for whole, without, unfilled in zip(intact, emptied, short, strict=True):
        counts = draws[whole.collection]
        both = _beside_successes(whole, without, kind)
        found = {name: discrimination(both, name, kind, counts) for name in names}
        share = _above(whole, without, RISKS[kind], counts)
        for name, drawn in found.items():
            aurocs[name] += [drawn] if drawn is not None else []
        above += [share] if share is not None else []
        risk = whole.predictors[RISKS[kind]]
        recordings.append(
            Emptied(
                collection=whole.collection,
                recording=whole.recording,
                queries=len(without.queries),
                short=unfilled,
                auroc={name: interval(drawn.value, drawn.draws) if drawn else None for name, drawn in found.items()},
                risk_emptied=_mean(without.predictors[RISKS[kind]]),
                risk_intact=_mean(risk),
                risk_successes=_mean(risk[~whole.failed[kind]]),
                above=interval(share.value, share.draws) if share is not None else None,
            )
        )
    means = {name: mean_over(drawn, seed) for name, drawn in aurocs.items()}
    return EmptiedFigures(recordings, means, mean_over(above, seed))


def _beside_successes(whole: Outcomes, without: Outcomes, kind: str) -> Outcomes:
    """The traces with nothing to find as failures, and those that succeeded before as the others."""
    succeeded = whole.rows(~whole.failed[kind])
    return succeeded._replace(
        queries=np.concatenate([without.queries, succeeded.queries]),
        predictors={
            name: np.concatenate([without.predictors[name], column]) for name, column in succeeded.predictors.items()
        },
        level_errors={
            name: np.concatenate([without.level_errors[name], column])
            for name, column in succeeded.level_errors.items()
        },
        failed={kind: np.arange(len(without.queries) + len(succeeded.queries)) < len(without.queries)},
        scenarios=(*without.scenarios, *succeeded.scenarios),
    )


def _above(whole: Outcomes, without: Outcomes, name: str, counts: Counts) -> Drawn | None:
    """The share of emptied traces whose risk is above the `HIGH` quantile of the intact ones'."""
    intact, known = whole.predictors[name][whole.known(name)], without.rows(without.known(name))
    if not len(intact) or not len(known.queries):
        return None
    over = exceeding(known.predictors[name], intact, 1 - HIGH)
    return Drawn(whole.collection, float(over.mean()), mean_draws(over, counts[:, known.queries]))


def exceeding(values: Floats, of: Floats, share: float) -> Floats:
    """Whether each value is among what exceeds all but a `share` of others; of what ties with the limit, the part that
    makes the share exact: risks lie on plateaus, and above the topmost there is nothing.

    >>> exceeding(np.array([0.1, 0.5, 0.9]), np.array([0.1, 0.2, 0.5, 0.5]), share=0.25)
    array([0. , 0.5, 1. ])
    """
    limit = np.quantile(of, 1 - share, method="inverted_cdf")
    ties = (share - float((of > limit).mean())) / float((of == limit).mean())
    return np.asarray((values > limit) + ties * (values == limit))


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
