"""Rates what was assessed, with priors that have not seen it, each recording against its own reference."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from detectors.held_out import OTHER_COLLECTIONS, SCHEMES, Key, held_out_priors
from detectors.labels import FAILURE_KINDS
from detectors.outcomes import Outcomes, outcomes
from detectors.prior_fit import Recorded
from detectors.reference import Normalisation
from detectors.risk import Prior, shipped_normalisation, shipped_prior
from monitor.assess import rate
from monitor.evaluating.assessing import Assessed, Unrated
from monitor.evaluating.results import SHIPPED
from monitor.evaluating.variants import FULL, Variant
from monitor.recording import MINIMUM_SELF_TRACES, SELF, References


class Ratings(NamedTuple):
    """Every recording, rated: by scheme with all evidence at the depth of `FULL`; by variant and emptied with priors of
    the first scheme.
    """

    queries: dict[str, int]
    schemes: dict[str, list[Outcomes]]
    variants: dict[Variant, list[Outcomes]]
    emptied: list[Outcomes]

    @property
    def scheme(self) -> str:
        """The scheme of all figures that do not say another."""
        return next(iter(self.schemes))

    @property
    def main(self) -> list[Outcomes]:
        """All evidence, the first scheme."""
        return self.variants[FULL]


def recorded(assessed: Assessed) -> Recorded:
    """What a prior is fitted on: all evidence, with labels."""
    known = [(a.signals, answer.failures) for a, answer in assessed.variants[FULL] if answer is not None]
    failed = {kind: np.array([failures[kind] for _, failures in known]) for kind in FAILURE_KINDS}
    return Recorded(assessed.collection, assessed.recording, [signals for signals, _ in known], failed)


def rate_all(assessed: Sequence[Assessed]) -> Ratings:
    """Fit the priors and rate everything, as the sidecar rates: with the shipped prior where none can be fitted.

    A recording of under `MINIMUM_SELF_TRACES` labelled traces is rated, and none is fitted on it.
    """
    rater = _Rater(assessed)
    fit_on = [r for r in map(recorded, assessed) if len(r.signals) >= MINIMUM_SELF_TRACES]
    keys: list[Key] = [(one.collection, one.recording) for one in assessed]
    shipped = dict.fromkeys(keys, shipped_prior())
    priors = {scheme: dict(held_out_priors(fit_on, keys, scheme)) for scheme in SCHEMES}
    complete = {scheme: found for scheme, found in priors.items() if len(found) == len(keys)}
    by_scheme: dict[str, dict[Key, Prior]] = {**complete, SHIPPED: shipped}
    if OTHER_COLLECTIONS not in by_scheme:
        by_scheme = {SHIPPED: shipped}
    main = next(iter(by_scheme.values()))
    return Ratings(
        rater.queries,
        {scheme: rater.rate(FULL, found) for scheme, found in by_scheme.items()},
        {variant: rater.rate(variant, main) for variant in assessed[0].variants},
        rater.rate_emptied(main),
    )


class _Rater:
    def __init__(self, assessed: Sequence[Assessed]) -> None:
        self._assessed = assessed
        asked: dict[str, dict[str, int]] = {}
        for one in assessed:
            positions = asked.setdefault(one.collection, {})
            for query in one.queries:
                positions.setdefault(query, len(positions))
        self._positions = asked
        self.queries = {collection: len(positions) for collection, positions in asked.items()}

    def rate(self, variant: Variant, priors: dict[Key, Prior]) -> list[Outcomes]:
        return [
            self._rate(one, one.variants[variant], one.variants[variant], variant.depth, priors)
            for one in self._assessed
        ]

    def rate_emptied(self, priors: dict[Key, Prior]) -> list[Outcomes]:
        """Against the reference of the intact recording: it was frozen before the documents went."""
        return [self._rate(one, one.emptied, one.variants[FULL], FULL.depth, priors) for one in self._assessed]

    def _rate(
        self,
        one: Assessed,
        unrated: Unrated,
        seen: Unrated,
        depth: int,
        priors: dict[Key, Prior],
    ) -> Outcomes:
        references = References(SELF, [assessment for assessment, _ in seen], depth=lambda _: depth)
        prior = priors[one.collection, one.recording]
        rated = [
            (rate(assessment, _unseen(references.of(assessment.pipeline), prior), prior), answer)
            for assessment, answer in unrated
            if answer is not None
        ]
        return outcomes(one.collection, one.recording, rated, self._positions[one.collection])


def _unseen(reference: Normalisation, prior: Prior) -> Normalisation:
    """The prior's own reference for a pipeline with too few traces for one of its own: the shipped one, which it would
    have in production, may come from this very collection.
    """
    return prior.common if reference is shipped_normalisation() else reference
