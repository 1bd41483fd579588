from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import t as student

from detectors.ppi import MINIMUM_LABELLED, NestedEstimate, effective_labelled, nested_estimate, nested_terms
from detectors.simulated_judging import SHAPES, Judged, simulated_judging, true_mean

Floats = NDArray[np.float64]
Z = 1.959963984540054  # the normal distribution's .975 quantile


def estimated(labels: Floats, weights: Floats, proxies: Floats, proxy_weights: Floats | None = None) -> NestedEstimate:
    every = np.ones(len(proxies)) if proxy_weights is None else proxy_weights
    found = nested_estimate(nested_terms(labels, weights, proxies, every).sum(axis=0))
    assert found is not None
    return found


def drawn(seed: int = 3, preferring: float = 0.5) -> tuple[Judged, Floats]:
    """Judged traffic, and weights of its proxy of a preference of their own."""
    rng = np.random.default_rng(seed)
    judged = simulated_judging(SHAPES["mostly good"], 0.7, 2000, 200, preferring, rng)
    return judged, rng.uniform(1, 3, 2000)


def influences(judged: Judged, v: Floats, lam: float) -> tuple[float, Floats]:
    """The estimate and how far each trace moves it, written out trace by trace."""
    y, f, w = judged
    label, proxy, everywhere = (np.average(x, weights=z) for x, z in ((y, w), (f, w), (f, v)))
    moved = w * (y - label - lam * (f - proxy)) / w.sum() + lam * v * (f - everywhere) / v.sum()
    return label + lam * (everywhere - proxy), moved


def test_the_estimate_is_the_one_with_the_least_variance_trace_by_trace() -> None:
    judged, v = drawn()
    found = estimated(judged.labels, judged.weights, judged.proxies, v)
    best = minimize_scalar(lambda lam: np.square(influences(judged, v, lam)[1]).sum(), bounds=(0, 1), method="bounded")
    assert found.lam == pytest.approx(best.x, abs=1e-4)
    assert 0.1 < found.lam < 0.9
    assert found.mean == pytest.approx(influences(judged, v, found.lam)[0])


def test_the_interval_worked_trace_by_trace() -> None:
    """Wilson's, of as many answers as have the variance of the influences with a label more at 0 and one at 1."""
    judged, v = drawn()
    found = estimated(judged.labels, judged.weights, judged.proxies, v)
    mean, moved = influences(judged, v, found.lam)
    n = judged.weights.sum() ** 2 / np.square(judged.weights).sum()
    centre = (n * mean + 1) / (n + 2)
    variance = (n**2 * np.square(moved).sum() * n / (n - 2) + centre**2 + (1 - centre) ** 2) / (n + 2) ** 2
    t, answers = student.ppf(0.975, n - 2), centre * (1 - centre) / variance
    for end in (found.low, found.high):
        assert (mean - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / answers)
    assert found.effective_samples == pytest.approx(n)
    assert found.labelled == np.count_nonzero(judged.weights)


def test_the_proxy_takes_away_what_theory_says() -> None:
    """Labelled traces like all, equal weights: lam is the slope, and 1 - rho^2 (1 - n/N) of the variance is left."""
    rng = np.random.default_rng(5)
    f = rng.random(2000)
    y = np.clip(0.3 + 0.4 * f + rng.normal(0, 0.1, 2000), 0, 1)
    labels, proxies = np.tile(y, 10), np.tile(f, 10)
    found = estimated(labels, np.repeat([10.0, 0.0], [2000, 18000]), proxies)
    rho = np.corrcoef(y, f)[0, 1]
    assert found.lam == pytest.approx(rho * y.std() / f.std())
    assert found.rho == pytest.approx(rho)
    narrower = (found.high - found.low) / (found.classical.high - found.classical.low)
    assert narrower == pytest.approx(sqrt(1 - rho**2 * 0.9), rel=0.02)


def test_a_proxy_that_tells_nothing_leaves_the_classical_mean() -> None:
    """Constant, or against the label: lam is 0, and only the degree of freedom that it costs widens the interval."""
    judged, _ = drawn(preferring=0.0)
    for proxies in (np.full(2000, 0.4), 1 - judged.labels):
        found = estimated(judged.labels, judged.weights, proxies)
        assert found.lam == 0
        assert found.mean == found.classical.mean == pytest.approx(np.average(judged.labels, weights=judged.weights))
        assert found.high - found.low == pytest.approx(found.classical.high - found.classical.low, rel=0.01)
    assert estimated(judged.labels, judged.weights, np.full(2000, 0.4)).rho == 0


def test_a_biased_proxy_moves_nothing() -> None:
    """Whatever its level and scale: they cancel."""
    judged, v = drawn()
    one = estimated(judged.labels, judged.weights, judged.proxies, v)
    other = estimated(judged.labels, judged.weights, 0.3 + 0.9 * judged.proxies, v)
    assert (other.mean, other.low, other.high) == pytest.approx((one.mean, one.low, one.high))
    assert other.lam == pytest.approx(one.lam / 0.9)


def test_preferred_traces_count_no_more_than_others() -> None:
    """Judging prefers the uncertain, which are worse here: their plain mean is off, the weighted one is not."""
    rng = np.random.default_rng(12)
    truth = true_mean(SHAPES["hardly ever good"], rng)
    judged = simulated_judging(SHAPES["hardly ever good"], 0.9, 200_000, 20_000, 0.8, rng)
    plain = judged.labels[judged.weights > 0].mean()
    found = estimated(judged.labels, judged.weights, judged.proxies)
    assert plain < found.low <= truth <= found.high
    assert found.classical.low <= truth <= found.classical.high


def test_sums_of_two_sets_are_the_sums_of_both() -> None:
    judged, v = drawn()
    terms = nested_terms(judged.labels, judged.weights, judged.proxies, v)
    apart = nested_estimate(terms[:700].sum(axis=0) + terms[700:].sum(axis=0))
    together = nested_estimate(terms.sum(axis=0))
    assert apart is not None
    assert together is not None
    assert (apart.mean, apart.low, apart.high) == pytest.approx((together.mean, together.low, together.high))


def test_the_scale_of_the_weights_does_not_matter() -> None:
    judged, v = drawn()
    one = estimated(judged.labels, judged.weights, judged.proxies, v)
    other = estimated(judged.labels, 7 * judged.weights, judged.proxies, 100 * v)
    assert (other.mean, other.low, other.high, other.lam) == pytest.approx((one.mean, one.low, one.high, one.lam))


def test_what_stands_where_there_is_no_label_and_no_proxy_does_not_matter() -> None:
    judged, _ = drawn()
    v = np.where(judged.weights > 0, 1.0, np.arange(2000) % 2)
    one = estimated(judged.labels, judged.weights, judged.proxies, v)
    labels, proxies = np.where(judged.weights > 0, judged.labels, np.nan), np.where(v > 0, judged.proxies, np.nan)
    assert estimated(labels, judged.weights, proxies, v) == one


def test_labels_that_are_all_alike_leave_room_for_others() -> None:
    """60 of 60 are perfect: one in twenty may be bad all the same (Wilson's interval of 60 answers begins at .94)."""
    weights = np.repeat([10.0, 0.0], [60, 540])
    found = estimated(np.ones(600), weights, np.linspace(0, 1, 600))
    assert (found.mean, found.high) == pytest.approx((1, 1))
    assert 0.92 < found.low < 0.95


def test_there_is_no_interval_below_the_minimum() -> None:
    """Nor is there for many labels of which few have most of the weight; and of nothing there is nothing."""
    weights = np.repeat([10.0, 0.0], [MINIMUM_LABELLED - 1, 500])
    few = nested_terms(np.full(len(weights), 0.5), weights, np.full(len(weights), 0.5), np.ones(len(weights)))
    assert nested_estimate(few.sum(axis=0)) is None
    assert effective_labelled(few.sum(axis=0)) == pytest.approx(MINIMUM_LABELLED - 1)
    heavy = np.repeat([1000.0, 1.0], [30, 300])
    assert nested_estimate(nested_terms(np.ones(330), heavy, np.ones(330), np.ones(330)).sum(axis=0)) is None
    assert nested_estimate(np.zeros((6, 3, 3))) is None


REPETITIONS = 500
TOLERANCE = 0.025  # 2.6 standard errors of a coverage of .95 in so many


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("rho", "preferring"), [(0.5, 0.0), (0.9, 0.5)])
def test_intervals_hold_the_truth_as_often_as_they_say(shape: str, rho: float, preferring: float) -> None:
    """Barely enough labels, of 300 traces; with the proxy and without."""
    rng = np.random.default_rng([list(SHAPES).index(shape), round(10 * rho)])
    truth = true_mean(SHAPES[shape], rng)
    held, classical, found = 0, 0, 0
    while found < REPETITIONS:
        judged = simulated_judging(SHAPES[shape], rho, 300, MINIMUM_LABELLED + 15, preferring, rng)
        terms = nested_terms(judged.labels, judged.weights, judged.proxies, np.ones(300))
        if (one := nested_estimate(terms.sum(axis=0))) is not None:
            found += 1
            held += one.low <= truth <= one.high
            classical += one.classical.low <= truth <= one.classical.high
    assert min(held, classical) / REPETITIONS >= 0.95 - TOLERANCE


def test_the_usual_interval_would_not() -> None:
    """What the above can find: mean and 1.96 standard errors, on traces that are hardly ever good."""
    shape, rng = SHAPES["hardly ever good"], np.random.default_rng(2)
    truth, held = true_mean(shape, rng), 0
    for _ in range(REPETITIONS):
        judged = simulated_judging(shape, 0.9, 300, MINIMUM_LABELLED + 15, 0.5, rng)
        mean, moved = influences(judged, np.ones(300), 0.3)
        held += abs(mean - truth) <= Z * np.sqrt(np.square(moved).sum())
    assert held / REPETITIONS < 0.9
