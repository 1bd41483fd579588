from collections.abc import Iterator
from itertools import pairwise, permutations
from time import process_time

import numpy as np
import pytest
from scipy.stats import binom, kendalltau, mannwhitneyu

from detectors.skill import auroc, auroc_interval, brier_skill, kendall_with, precision_of_riskiest, risk_coverage


def _ranked(n: int, seed: int, levels: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """A signal with many ties that knows something of who failed."""
    rng = np.random.default_rng(seed)
    failed = rng.random(n) < 0.3
    return rng.integers(0, levels, n) + failed * rng.integers(0, 3, n), failed


def test_auroc_worked_by_hand() -> None:
    """Failed .9 and .4 against .4 and .1: three pairs right and one tie of four."""
    assert auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False]) == 3.5 / 4
    assert auroc([0.1, 0.9], [True, False]) == 0
    assert auroc([3, 3, 3], [True, False, True]) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_auroc_is_the_mann_whitney_u_over_all_pairs(seed: int) -> None:
    signal, failed = _ranked(200, seed)
    u = mannwhitneyu(signal[failed], signal[~failed]).statistic
    assert auroc(signal, failed) == pytest.approx(u / (failed.sum() * (~failed).sum()))


@pytest.mark.parametrize("failed", [[], [True, True], [False, False]])
def test_auroc_is_undefined_where_a_class_is_empty(failed: list[bool]) -> None:
    signal = list(range(len(failed)))
    assert np.isnan(auroc(signal, failed))
    assert np.isnan(auroc_interval(signal, failed)).all()


@pytest.mark.parametrize("levels", [6, 10_000], ids=["ties", "no ties"])
def test_the_interval_is_that_of_a_plain_bootstrap(levels: int) -> None:
    """Queries drawn one by one and each draw's AUROC from scipy; two bootstraps differ by their own chance only."""
    signal, failed = _ranked(120, 1, levels)
    rng = np.random.default_rng(99)
    values = []
    for _ in range(3000):
        drawn = rng.integers(0, len(signal), len(signal))
        s, f = signal[drawn], failed[drawn]
        values.append(mannwhitneyu(s[f], s[~f], method="asymptotic").statistic / (f.sum() * (~f).sum()))
    expected = np.quantile(values, [0.025, 0.975])
    assert auroc_interval(signal, failed, 3000) == pytest.approx(expected, abs=0.01)


def test_the_interval_holds_the_true_auroc_about_as_often_as_it_says() -> None:
    """Signals are binomial, of 4 trials at .6 for failures and at .4 for others, so the true AUROC can be summed."""
    values = np.arange(5)
    truth = float(binom.pmf(values, 4, 0.6) @ (binom.cdf(values - 1, 4, 0.4) + binom.pmf(values, 4, 0.4) / 2))
    rng = np.random.default_rng(12)
    held = 0
    for seed in range(300):
        failed = rng.random(200) < 0.25
        low, high = auroc_interval(rng.binomial(4, np.where(failed, 0.6, 0.4)), failed, 400, seed=seed)
        held += low <= truth <= high
    assert 0.91 <= held / 300 <= 0.99


def test_the_interval_depends_on_nothing_but_input_and_seed() -> None:
    signal, failed = _ranked(80, 3)
    order = np.random.default_rng(0).permutation(80)
    assert auroc_interval(signal, failed, seed=1) == auroc_interval(signal[order], failed[order], seed=1)
    assert auroc_interval(signal, failed, seed=1) == auroc_interval(10 * signal - 3, failed, seed=1)
    assert auroc_interval(signal, failed, seed=1) != auroc_interval(signal, failed, seed=2)


def test_draws_without_a_failure_are_left_out() -> None:
    """One failure of four, rightly on top: a third of the draws lack it, and in all others the AUROC is 1."""
    assert auroc_interval([1.0, 2.0, 3.0, 4.0], [False, False, False, True]) == (1, 1)


def test_the_interval_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many queries are drawn in small blocks, so that memory stays bounded; the draws are the same."""
    signal, failed = _ranked(60, 4)
    whole = auroc_interval(signal, failed, 200)
    monkeypatch.setattr("detectors.skill._BLOCK", 1)
    assert auroc_interval(signal, failed, 200) == whole


def test_a_thousand_draws_of_500_queries_take_less_than_half_a_second() -> None:
    signal, failed = _ranked(500, 5, levels=10_000)
    start = process_time()
    auroc_interval(signal, failed)
    assert process_time() - start < 0.5


def test_kendall_is_scipys() -> None:
    signal, failed = _ranked(90, 6)
    quality = 1 - failed * 0.5
    assert kendall_with(signal, quality) == pytest.approx(kendalltau(signal, quality).statistic)
    assert kendall_with(signal, quality) < 0


@pytest.mark.parametrize(("values", "quality"), [([], []), ([1], [1]), ([1, 1], [0, 1]), ([0, 1], [1, 1])])
def test_kendall_is_undefined_without_an_order(values: list[float], quality: list[float]) -> None:
    assert np.isnan(kendall_with(values, quality))


RISK = [0.2, 0.5, 0.5, 0.5, 0.8, 0.8]
FAILED = [False, True, False, False, True, False]


def _orders() -> Iterator[list[bool]]:
    """The failures by rising risk, in every order that the ties of `RISK` allow."""
    for order in permutations(range(len(RISK))):
        if all(RISK[a] <= RISK[b] for a, b in pairwise(order)):
            yield [FAILED[i] for i in order]


def test_risk_coverage_worked_by_hand() -> None:
    """By rising risk: kept, failed, kept, failed. Failure rates 0, 1/2, 1/3, 2/4; their mean is 1/3."""
    curve = risk_coverage([0.8, 0.1, 0.6, 0.3], [True, False, False, True])
    assert curve.coverage == pytest.approx([0.25, 0.5, 0.75, 1])
    assert curve.failure_rate == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert curve.area == pytest.approx(1 / 3)


def test_risk_coverage_with_ties_is_the_mean_over_all_their_orders() -> None:
    curves = [np.cumsum(order) / np.arange(1, 7) for order in _orders()]
    assert len(curves) == 12  # 3! * 2!
    curve = risk_coverage(RISK, FAILED)
    assert curve.failure_rate == pytest.approx(np.mean(curves, axis=0))
    assert curve.area == pytest.approx(np.mean(curves))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 1.0])
def test_precision_of_the_riskiest_with_ties_is_the_mean_over_all_their_orders(share: float) -> None:
    count = {0.1: 1, 0.5: 3, 0.7: 4, 1.0: 6}[share]
    expected = np.mean([order[-count:] for order in _orders()])
    assert precision_of_riskiest(RISK, FAILED, share) == pytest.approx(expected)


def test_the_riskiest_tenth_of_thirty_is_three() -> None:
    """.1 * 30 is a little more than 3 in floating point."""
    assert precision_of_riskiest(list(range(30)), [False] * 27 + [True] * 3) == 1


def test_the_order_of_the_input_does_not_matter() -> None:
    risk, failed = (np.array(column) for column in (RISK, FAILED))
    order = np.array([5, 2, 0, 3, 4, 1])
    assert risk_coverage(risk[order], failed[order]).area == pytest.approx(risk_coverage(risk, failed).area)
    assert precision_of_riskiest(risk[order], failed[order]) == precision_of_riskiest(risk, failed)


def test_a_risk_that_knows_nothing_has_the_failure_rate_for_area_and_precision() -> None:
    assert risk_coverage([0.4] * 8, [True, False] * 4).area == pytest.approx(0.5)
    assert precision_of_riskiest([0.4] * 8, [True, False] * 4) == 0.5


def test_without_queries_there_is_no_area_and_no_precision() -> None:
    assert np.isnan(risk_coverage([], []).area)
    assert np.isnan(precision_of_riskiest([], []))


def test_brier_skill_worked_by_hand() -> None:
    """Errors .2, .2, .4, .1 squared are .04 + .04 + .16 + .01 = .25 of 4; the constant 1/4 has 3/16: 1 - 1/3."""
    assert brier_skill([0.8, 0.2, 0.4, 0.1], [True, False, False, False]) == pytest.approx(2 / 3)


def test_brier_skill_of_the_observed_rate_is_zero_of_certainty_one_and_of_a_wrong_level_negative() -> None:
    failed = [True, False, False, False]
    assert brier_skill([0.25] * 4, failed) == pytest.approx(0)
    assert brier_skill(failed, failed) == 1
    assert brier_skill([0.75] * 4, failed) == pytest.approx(1 - (0.0625 + 3 * 0.5625) / 4 / (3 / 16))


@pytest.mark.parametrize("failed", [[], [True, True], [False, False]])
def test_brier_skill_is_undefined_where_a_class_is_empty(failed: list[bool]) -> None:
    assert np.isnan(brier_skill([0.5] * len(failed), failed))
