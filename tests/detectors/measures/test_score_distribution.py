import numpy as np
import pytest
from scipy.stats import entropy

from detectors.measures.score_distribution import SIGNALS, ScoreDistribution, score_shape
from detectors.records import Reason
from tests.detectors.fakes import retrieval


def _shape(*scores: float) -> dict[str, float]:
    return dict(zip(SIGNALS, score_shape(np.array([scores]))[0].tolist(), strict=True))


def test_worked_by_hand() -> None:
    """Tail .5, .4, .3: mean .4, sd sqrt(.02 / 3). All: mean .525, squares .1406 + .0006 + .0156 + .0506 = .2075. Above
    the last: .6, .2, .1 of .9, three shares, so the logarithm's base is 3.
    """
    shape = _shape(0.9, 0.5, 0.4, 0.3)
    assert shape["top_score"] == 0.9
    assert shape["score_gap"] == pytest.approx(0.6)
    assert shape["score_z"] == pytest.approx(0.5 / (0.02 / 3) ** 0.5)
    assert shape["score_spread"] == pytest.approx((0.2075 / 4) ** 0.5)
    assert shape["score_entropy"] == pytest.approx(entropy([0.6, 0.2, 0.1], base=3))


def test_a_batch_is_numpys_and_scipys_row_by_row() -> None:
    scores = np.random.default_rng(3).normal(size=(50, 20))
    for row, (top, gap, z, spread, evenness) in zip(scores, score_shape(scores), strict=True):
        falling = sorted(row, reverse=True)
        assert (top, gap) == (falling[0], falling[0] - falling[-1])
        assert z == pytest.approx((top - np.mean(falling[1:])) / np.std(falling[1:]))
        assert spread == pytest.approx(np.std(row))
        assert evenness == pytest.approx(entropy([s - falling[-1] for s in falling[:-1]], base=19))


def test_one_document_that_stands_out_has_entropy_zero_and_equals_above_the_last_have_one() -> None:
    assert _shape(0.9, 0.1, 0.1, 0.1)["score_entropy"] == pytest.approx(0)
    assert _shape(0.9, 0.9, 0.9, 0.1)["score_entropy"] == pytest.approx(1)


def test_the_order_of_the_scores_does_not_matter() -> None:
    """A stack that reranks serves documents in another order than their first scores."""
    assert _shape(0.4, 0.9, 0.3, 0.5) == _shape(0.9, 0.5, 0.4, 0.3)


def test_neither_scale_nor_offset_changes_z_and_entropy() -> None:
    one, other = _shape(0.9, 0.5, 0.4, 0.3), _shape(9 - 40, 5 - 40, 4 - 40, 3 - 40)
    for name in ("score_z", "score_entropy"):
        assert one[name] == pytest.approx(other[name])


def test_negative_scores_as_negated_distances_give_them() -> None:
    shape = _shape(-0.1, -0.5, -0.6)
    assert (shape["top_score"], shape["score_gap"]) == pytest.approx((-0.1, 0.5))


@pytest.mark.parametrize("scores", [(0.3, 0.3, 0.3), (0.1 + 0.2, 0.3, 0.3), (0.0, 0.0, 0.0), (-1e9, -1e9, -1e9)])
def test_constant_scores_have_no_shape(scores: tuple[float, ...]) -> None:
    """.1 + .2 is not .3 in floating point: rounding is no difference."""
    assert all(np.isnan(value) for value in _shape(*scores).values())


def test_small_true_differences_are_kept() -> None:
    assert _shape(0.300001, 0.3, 0.299999)["score_gap"] == pytest.approx(2e-6)


def test_a_constant_tail_leaves_z_alone_undefined() -> None:
    (found,) = ScoreDistribution().measure([retrieval("abc", [0.9, 0.3, 0.3])])
    assert found.abstentions == {"score_z": Reason.CONSTANT_SCORES}
    assert set(found.signals) == set(SIGNALS) - {"score_z"}
    assert found.signals["score_gap"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("keys", "scores", "reason"),
    [
        ("abc", None, Reason.NO_SCORES),
        ("ab", [0.9, 0.1], Reason.TOO_FEW_DOCUMENTS),
        ("ab", None, Reason.TOO_FEW_DOCUMENTS),
        ("", None, Reason.TOO_FEW_DOCUMENTS),
        ("abc", [0.5, 0.5, 0.5], Reason.CONSTANT_SCORES),
    ],
)
def test_it_abstains_with_a_reason(keys: str, scores: list[float] | None, reason: Reason) -> None:
    (found,) = ScoreDistribution().measure([retrieval(keys, scores)])
    assert found.signals == {}
    assert found.abstentions == dict.fromkeys(SIGNALS, reason)


def test_findings_come_in_the_order_of_the_retrievals_whatever_their_lengths() -> None:
    batch = [
        retrieval("abc", [0.3, 0.2, 0.1]),
        retrieval("abcd", [0.9, 0.2, 0.1, 0.0]),
        retrieval("a", [1.0]),
        retrieval("abc", [0.7, 0.2, 0.1]),
    ]
    tops = [found.signals.get("top_score") for found in ScoreDistribution().measure(batch)]
    assert tops == [0.3, 0.9, None, 0.7]
