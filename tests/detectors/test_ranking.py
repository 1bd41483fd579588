import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import kendalltau, pearsonr

from detectors.ranking import kendall_tau_b, pearson, rbo_ext, tau_ap, top_one

RNG = np.random.default_rng(7)
SCORES = [RNG.integers(0, levels, size=k).astype(float) for k in (2, 3, 10, 20) for levels in (2, 4, 1000)]


@pytest.mark.parametrize("scores", SCORES, ids=str)
def test_tau_b_is_scipys_with_and_without_ties(scores: np.ndarray) -> None:
    falling = -np.arange(len(scores))
    assert kendall_tau_b(scores) == pytest.approx(kendalltau(falling, scores).statistic, nan_ok=True)


@pytest.mark.parametrize("scores", [[], [0.3], [0.3, 0.3, 0.3]])
def test_tau_is_undefined_without_an_order(scores: list[float]) -> None:
    assert np.isnan(kendall_tau_b(np.array(scores)))
    assert np.isnan(tau_ap(np.array(scores)))


def test_tau_ap_worked_by_hand() -> None:
    """Ranks 2 to 4 have 0 of 1, 1 of 2 and 3 of 3 documents above them rightly above: 2/3 (0 + .5 + 1) - 1 = 0."""
    assert tau_ap(np.array([0.6, 0.8, 0.7, 0.1])) == pytest.approx(0.0)


def test_tau_ap_counts_a_tie_half() -> None:
    """Rank 2 half of 1, rank 3 two of 2: 2/2 (.5 + 1) - 1 = .5."""
    assert tau_ap(np.array([0.8, 0.8, 0.1])) == pytest.approx(0.5)


def test_tau_ap_is_one_for_the_same_order_and_minus_one_for_the_reverse() -> None:
    assert tau_ap(np.array([4.0, 3.0, 2.0, 1.0])) == pytest.approx(1)
    assert tau_ap(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(-1)


def test_tau_ap_weighs_the_top_where_tau_does_not() -> None:
    """One swap at the head costs 2/(k-1), the same swap at the end 2/(k-1) * 1/(k-1)."""
    head, end = np.array([4.0, 5.0, 3.0, 2.0, 1.0]), np.array([5.0, 4.0, 3.0, 1.0, 2.0])
    assert kendall_tau_b(head) == pytest.approx(kendall_tau_b(end))
    assert tau_ap(head) == pytest.approx(1 - 2 / 4)
    assert tau_ap(end) == pytest.approx(1 - 2 / 16)


def test_tau_ap_of_random_orders_is_zero_on_average() -> None:
    """Standard error of 2,000 draws at k = 10 is about .006."""
    rng = np.random.default_rng(1)
    assert np.mean([tau_ap(rng.permutation(10).astype(float)) for _ in range(2000)]) == pytest.approx(0, abs=0.02)


def test_rbo_worked_by_hand() -> None:
    """Overlaps 1, 1, 2 of depths 1, 2, 3 at p = .5: (1/2 + 1/2 * 1/4 + 2/3 * 1/8) + 2/3 * 1/8 = .791667."""
    assert rbo_ext(["a", "b", "c"], ["a", "c", "d"], persistence=0.5) == pytest.approx(0.7916667)


def test_rbo_of_uneven_lists_worked_by_hand() -> None:
    """[a] against [b, a] at p = .5: X_1 = 0, X_2 = 1; 1/2 * 1/4 + (1 - 0)/2 * 1/4 = .25."""
    assert rbo_ext(["a"], ["b", "a"], persistence=0.5) == pytest.approx(0.25)


def _equation_32(short: list[str], long: list[str], p: float) -> float:
    """Webber et al. 2010, equation 32, term by term with sets."""
    s, length = len(short), len(long)
    x = [len(set(short[:d]) & set(long[:d])) for d in range(length + 1)]
    first = sum(x[d] / d * p**d for d in range(1, length + 1))
    second = sum(x[s] * (d - s) / (s * d) * p**d for d in range(s + 1, length + 1))
    return (1 - p) / p * (first + second) + ((x[length] - x[s]) / length + x[s] / s) * p**length


def test_rbo_is_equation_32_on_random_lists() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        one, other = (rng.permutation(12)[: rng.integers(1, 12)].astype(str).tolist() for _ in range(2))
        short, long = sorted((one, other), key=len)
        p = float(rng.uniform(0.3, 0.98))
        assert rbo_ext(one, other, p) == pytest.approx(_equation_32(short, long, p))
        assert rbo_ext(one, other, p) == pytest.approx(rbo_ext(other, one, p))


def test_rbo_of_a_prefix_and_of_the_same_list_is_one_and_of_strangers_zero() -> None:
    assert rbo_ext(["a", "b"], ["a", "b"]) == pytest.approx(1)
    assert rbo_ext(["a"], ["a", "b", "c"]) == pytest.approx(1)
    assert rbo_ext(["a", "b"], ["c", "d"]) == 0


def test_rbo_with_an_empty_list() -> None:
    assert rbo_ext([], ["a"]) == 0
    assert np.isnan(rbo_ext([], []))


def test_two_random_orders_of_the_same_ten_documents_already_overlap_by_65_percent() -> None:
    """SCIENCE section 2: why the threshold for two sources must not be used within one list."""
    rng = np.random.default_rng(5)
    ten = list("abcdefghij")
    mean = np.mean([rbo_ext(ten, rng.permutation(ten).tolist()) for _ in range(1000)])
    assert mean == pytest.approx(0.65, abs=0.01)


@pytest.mark.parametrize("scores", [scores for scores in SCORES if np.ptp(scores)], ids=str)
def test_correlation_is_scipys(scores: np.ndarray) -> None:
    other = RNG.normal(size=len(scores))
    assert pearson(scores, other) == pytest.approx(pearsonr(scores, other).statistic)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e150])
def test_correlation_does_not_depend_on_the_scale(scale: float) -> None:
    one, other = np.array([3.0, 2.0, 1.0]), np.array([0.9, 0.8, 0.1])
    assert pearson(scale * one, other) == pytest.approx(pearson(one, other))


@pytest.mark.parametrize("alike", [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [0.1 + 0.2, 0.3, 0.3]])
def test_correlation_is_undefined_where_scores_are_alike(alike: list[float]) -> None:
    """But for rounding."""
    assert np.isnan(pearson(np.array(alike), np.array([3.0, 2.0, 1.0])))
    assert np.isnan(pearson(np.array([3.0, 2.0, 1.0]), np.array(alike)))


def test_top_one_is_the_softmax() -> None:
    scores = np.array([1000.0, 999.0, -1000.0, 1000.0])
    assert top_one(scores) == pytest.approx(softmax(scores))
    assert top_one(scores).sum() == pytest.approx(1)
