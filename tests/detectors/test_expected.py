"""What a list is worth by calibrated probabilities."""

import numpy as np
import pytest

from detectors.expected import expected_ndcg, expected_regret


def test_expected_ndcg_worked_by_hand() -> None:
    """Served .2, .6, .1 with .5 beside: .2 + .6 / log2(3) + .1 / 2 of .6 + .5 / log2(3) + .2 / 2."""
    second = 1 / np.log2(3)
    assert expected_ndcg([0.2, 0.6, 0.1], [0.5]) == pytest.approx((0.25 + 0.6 * second) / (0.7 + 0.5 * second))


def test_the_best_order_has_one_whatever_its_level() -> None:
    assert expected_ndcg([0.03, 0.02, 0.01], [0.005]) == pytest.approx(1)
    assert expected_ndcg([0.9, 0.9], []) == pytest.approx(1)


def test_nothing_has_no_share() -> None:
    assert np.isnan(expected_ndcg([0.0, 0.0], [0.0]))


def test_expected_regret_worked_by_hand() -> None:
    """Served .2, .1 with .5 and .3 beside: 1 - .5 * .7 against 1 - .8 * .9."""
    assert expected_regret([0.2, 0.1], [0.5, 0.3]) == pytest.approx(0.65 - 0.28)


def test_there_is_nothing_to_regret_where_the_best_were_served_in_any_order() -> None:
    assert expected_regret([0.1, 0.5], [0.05]) == 0
    assert expected_regret([0.1, 0.5], []) == 0
