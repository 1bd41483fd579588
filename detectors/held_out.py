"""Priors that have not seen what they are tried on."""

from collections.abc import Callable, Iterator, Sequence

from detectors.prior_fit import Recorded, fit_prior
from detectors.risk import Prior

MINIMUM_COLLECTIONS = 2  # that a prior is fitted on: the error of its level is one between collections

Key = tuple[str, str]
"""Collection and recording."""

OTHER_COLLECTIONS = "other collections"
SCHEMES: dict[str, Callable[[Key, Key], bool]] = {
    OTHER_COLLECTIONS: lambda fitted, tried: fitted[0] != tried[0],
    "other collections, other retriever": lambda fitted, tried: fitted[0] != tried[0] and fitted[1] != tried[1],
    "all collections, other retriever": lambda fitted, tried: fitted[1] != tried[1],
}
"""Which recordings a prior may be fitted on, by the one that it is tried on."""


def held_out_priors(recordings: Sequence[Recorded], tried: Sequence[Key], scheme: str) -> Iterator[tuple[Key, Prior]]:
    """For each recording of `tried` the prior of those that the scheme allows; none where they are too few.

    One fit for each distinct set of recordings.
    """
    fitted: dict[tuple[Key, ...], Prior] = {}
    for key in tried:
        allowed = [r for r in recordings if SCHEMES[scheme]((r.collection, r.recording), key)]
        if len({r.collection for r in allowed}) < MINIMUM_COLLECTIONS:
            continue
        members = tuple((r.collection, r.recording) for r in allowed)
        if members not in fitted:
            fitted[members] = fit_prior(allowed, f"fitted on {scheme}")
        yield key, fitted[members]
