"""The fit of a prior, on recordings whose truth is made up."""

import numpy as np
import pytest

from detectors.prior_fit import FAMILIES, KINDS, Recorded, fit_prior
from detectors.reference import Normalisation
from detectors.risk import Prior, assess_risk, bases
from detectors.signals import SIGNALS

NAMES = [name for members in FAMILIES.values() for name in members]


def recorded(collection: str, rate: float, *, traces: int = 400, seed: int = 0) -> Recorded:
    """Every signal is a noisy sight of one hidden badness, and the worst `rate` of the traces failed."""
    rng = np.random.default_rng([seed, *collection.encode()])
    hidden = rng.random(traces)
    seen = {name: SIGNALS[name].direction * (hidden + rng.normal(0, 0.3, traces)) for name in NAMES}
    signals = [{name: float(values[i]) for name, values in seen.items()} for i in range(traces)]
    failed = hidden > 1 - rate
    return Recorded(collection, "traces.jsonl", signals, dict.fromkeys(KINDS.values(), failed))


RECORDINGS = [recorded("a", 0.1), recorded("b", 0.2), recorded("c", 0.3)]


@pytest.fixture(scope="module")
def prior() -> Prior:
    return fit_prior(RECORDINGS, "test")


def test_every_combination_of_families_has_a_rising_curve(prior: Prior) -> None:
    assert prior.version == "test"
    for target in (prior.at_5, prior.at_1):
        assert target.curves.keys() == set(bases(FAMILIES))
        assert all(curve.slope > 0 for curve in target.curves.values())


def test_on_what_it_was_fitted_on_the_mean_risk_is_the_mean_failure_rate(prior: Prior) -> None:
    """.2, every recording counting alike, whatever its length."""
    longer = [*RECORDINGS[:2], recorded("c", 0.3, traces=2000)]
    for fitted, recordings in ((prior, RECORDINGS), (fit_prior(longer, "test"), longer)):
        means = []
        for one in recordings:
            reference = Normalisation.of(one.signals, version="self", depth=10, scorer="")
            found = [assess_risk(signals, reference, fitted) for signals in one.signals]
            means.append(np.mean([risk.at_5.probability for risk in found if risk is not None]))
        assert np.mean(means) == pytest.approx(0.2, abs=0.01)


def test_more_families_tell_failures_better(prior: Prior) -> None:
    """The curve over all of them is steeper than over any one."""
    slope = {basis: curve.slope for basis, curve in prior.at_5.curves.items()}
    assert slope["score+lexical+scorer"] > max(slope[family] for family in FAMILIES)


def test_the_level_error_is_that_of_collections_that_were_left_out() -> None:
    """Percentiles of one's own traffic say nothing about its level: each is foretold as the mean of the others, .1 as
    .25, .2 as .2, .3 as .15. Of three alike the error is nearly nothing.
    """
    rates = np.array([one.failed["no_relevant_at_5"].mean() for one in RECORDINGS])
    off = (rates.sum() - rates) / 2 - rates
    error = fit_prior(RECORDINGS, "test").at_5.curves["score+lexical+scorer"].level_error
    assert error == pytest.approx(np.sqrt(np.square(off).mean()), abs=0.01)
    alike = [recorded(name, 0.2) for name in "abc"]
    assert fit_prior(alike, "test").at_5.curves["score+lexical+scorer"].level_error < 0.02


def test_two_recordings_of_a_collection_are_left_out_together() -> None:
    """Else the one would foretell the other, and the error would look small."""
    twice = [r._replace(recording=name) for r in (RECORDINGS[0], RECORDINGS[2]) for name in ("one", "other")]
    error = fit_prior(twice, "test").at_5.curves["score"].level_error
    assert error == pytest.approx(
        abs(np.subtract(*(r.failed["no_relevant_at_5"].mean() for r in twice[::2]))), abs=0.02
    )
