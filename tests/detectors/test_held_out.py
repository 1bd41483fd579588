"""A prior has not seen what it is tried on: whatever is changed there changes nothing in it."""

import numpy as np
import pytest

from detectors.held_out import OTHER_COLLECTIONS, SCHEMES, Key, held_out_priors
from detectors.labels import FAILURE_KINDS
from detectors.prior_fit import Recorded
from detectors.risk import Prior
from detectors.signals import SIGNALS

KEYS: list[Key] = [(collection, recording) for collection in "abc" for recording in ("one", "two")]


def recorded(key: Key, *, seed: int = 0) -> Recorded:
    """60 traces of which 20 failed; every signal knows something, in each recording another amount."""
    rng = np.random.default_rng([seed, *"".join(key).encode()])
    failed = np.arange(60) < 20
    strength = rng.uniform(0.5, 2)
    signals = [
        {name: float(rng.normal() + spec.direction * strength * bad) for name, spec in SIGNALS.items()}
        for bad in failed
    ]
    return Recorded(*key, signals, dict.fromkeys(FAILURE_KINDS, failed))


def priors(scheme: str, changed: Key | None = None) -> dict[Key, Prior]:
    """By the recording that each is tried on; one recording has other signals."""
    return dict(held_out_priors([recorded(key, seed=int(key == changed)) for key in KEYS], KEYS, scheme))


def allowed(scheme: str, tried: Key) -> set[Key]:
    """Worked out by what the scheme is called."""
    same_collection = {key for key in KEYS if key[0] == tried[0]}
    same_retriever = {key for key in KEYS if key[1] == tried[1]}
    without = {
        "other collections": same_collection,
        "other collections, other retriever": same_collection | same_retriever,
        "all collections, other retriever": same_retriever,
    }
    return set(KEYS) - without[scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_prior_depends_on_what_the_scheme_allows_and_on_nothing_else(scheme: str) -> None:
    before = priors(scheme)
    assert before.keys() == set(KEYS)
    for changed in KEYS:
        after = priors(scheme, changed)
        for tried in KEYS:
            assert (after[tried] != before[tried]) == (changed in allowed(scheme, tried)), (changed, tried)


def test_two_collections_are_too_few_to_leave_one_out() -> None:
    few = [recorded(key) for key in KEYS[:4]]
    assert dict(held_out_priors(few, KEYS[:4], OTHER_COLLECTIONS)) == {}
    assert dict(held_out_priors(few, KEYS[:4], "all collections, other retriever")).keys() == set(KEYS[:4])
