"""Calibration: what is known of data whose truth is known."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from scipy.special import expit, logit

from detectors.calibration import (
    Calibration,
    JudgedPair,
    Method,
    calibration_error,
    fit,
    held_out,
    noisy_or,
    reliability,
)

METHODS: tuple[Method, ...] = ("platt", "isotonic")
RISING = {"version": "v", "scorer": "s", "method": "platt", "pairs": 200, "groups": 1, "level_error": None,
          "rank_weight": 0.5, "evidence": (-2.0, 2.0), "probability": (0.1, 0.7)}  # fmt: skip


def drawn(
    lists: int, truth: Callable[[np.ndarray, np.ndarray], np.ndarray], group: str = "a", seed: int = 0
) -> list[JudgedPair]:
    """Lists of ten with uniform scores, relevant with the probability that `truth` gives for scores and ranks."""
    dice = np.random.default_rng(seed)
    ranks = np.arange(1, 11)
    pairs = []
    for number in range(lists):
        scores = dice.uniform(0.01, 0.99, 10)
        relevant = dice.random(10) < truth(scores, ranks)
        rows = zip(scores.tolist(), ranks.tolist(), relevant.tolist(), strict=True)
        pairs += [JudgedPair(score, rank, judged, group, f"{group}{number}") for score, rank, judged in rows]
    return pairs


def by_slope(intercept: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda scores, ranks: expit(0.6 * logit(scores) - 0.9 * np.log(ranks) + intercept)


@pytest.mark.parametrize("method", METHODS)
def test_the_probability_that_made_the_labels_comes_back(method: Method) -> None:
    calibration = fit(drawn(3000, by_slope(0.2)), scorer="s", method=method)
    scores, ranks = np.meshgrid([0.1, 0.3, 0.5, 0.7, 0.9], [1, 2, 5])
    said = calibration.probabilities(scores, ranks)
    assert np.abs(said - by_slope(0.2)(scores, ranks)).max() < 0.05
    assert calibration.rank_weight == pytest.approx(0.9 / 0.6, abs=0.15)


def test_where_the_order_says_nothing_the_rank_does_not_count() -> None:
    calibration = fit(drawn(2000, lambda scores, _: scores), scorer="s")
    assert calibration.rank_weight < 0.1


def test_collections_of_another_level_do_not_flatten_the_curve_of_each() -> None:
    """The level of a score differs between collections; what it means within one is what is asked."""
    pairs = [*drawn(1500, by_slope(-2.5), "hard"), *drawn(1500, by_slope(2.5), "easy", seed=1)]
    calibration = fit(pairs, scorer="s")
    steepness = np.diff(logit(calibration.probabilities([0.2, 0.8], [1, 1])))[0] / np.diff(logit([0.2, 0.8]))[0]
    assert steepness == pytest.approx(0.6, abs=0.08)
    said = calibration.probabilities([p.score for p in pairs], [p.rank for p in pairs])
    assert said.mean() == pytest.approx(np.mean([p.relevant for p in pairs]), abs=0.01)
    assert calibration.level_error is not None
    assert calibration.level_error > 0.2


def test_a_collection_counts_the_same_however_many_pairs_it_has() -> None:
    few, many = drawn(300, lambda scores, _: 0.8 + 0 * scores, "few"), drawn(3000, lambda s, _: 0.2 + 0 * s, "many")
    assert fit([*few, *many], scorer="s").probabilities(0.5, 3) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_a_higher_score_and_a_better_rank_are_never_less_relevant(method: Method) -> None:
    calibration = fit(drawn(60, by_slope(0)), scorer="s", method=method)
    by_score = calibration.probabilities(np.linspace(0, 1, 200), 3)
    by_rank = calibration.probabilities(0.6, np.arange(1, 30))
    assert (np.diff(by_score) >= 0).all()
    assert (np.diff(by_rank) <= 0).all()
    assert 0 <= by_score.min() <= by_score.max() <= 1


def test_a_scorer_that_is_worth_nothing_is_not_turned_round() -> None:
    calibration = fit(drawn(1000, lambda scores, _: 1 - scores), scorer="s")
    assert np.ptp(calibration.probabilities(np.linspace(0.05, 0.95, 50), 1)) < 0.1


def test_held_out_probabilities_come_from_the_other_collections() -> None:
    pairs = [*drawn(200, lambda s, _: 0.9 + 0 * s, "a"), *drawn(200, lambda s, _: 0.1 + 0 * s, "b", seed=1)]
    said = held_out(pairs)
    of_a = np.array([pair.group == "a" for pair in pairs])
    assert said[of_a].mean() == pytest.approx(0.1, abs=0.03)
    assert said[~of_a].mean() == pytest.approx(0.9, abs=0.03)


def test_with_one_collection_whole_queries_are_held_out() -> None:
    """Every document of a query is relevant or none: only pairs of the same query could tell which."""
    dice = np.random.default_rng(0)
    pairs = [
        JudgedPair(dice.uniform(), rank, bool(query % 2), "a", str(query)) for query in range(200) for rank in (1, 2, 3)
    ]
    assert np.abs(held_out(pairs) - 0.5).max() < 0.15


@pytest.mark.parametrize(
    ("lists", "share"), [(5, 0.5), (60, 0.0), (60, 1.0)], ids=["too few pairs", "none relevant", "all relevant"]
)
def test_too_little_to_fit_is_said_with_the_numbers(lists: int, share: float) -> None:
    with pytest.raises(ValueError, match=rf"at least 100 judged pairs, 25 relevant and 25 not; got {lists * 10}, \d+"):
        fit(drawn(lists, lambda scores, _: np.full_like(scores, share)), scorer="s")


def test_the_version_names_the_curve_and_the_scorer() -> None:
    pairs = drawn(100, by_slope(0))
    versions = {fit(pairs, scorer="s").version, fit(pairs, scorer="t").version, fit(pairs[:900], scorer="s").version}
    assert len(versions) == 3
    assert fit(pairs, scorer="s") == fit(pairs, scorer="s")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"probability": (0.7, 0.1)}, "probability: expected to rise"),
        ({"evidence": (2.0, -2.0)}, "evidence: expected to rise"),
        ({"probability": (0.1, 1.7)}, "probability: expected to lie within 0 and 1"),
        ({"evidence": (1.0,)}, "probability: expected as many points"),
        ({"evidence": (), "probability": ()}, "one or more"),
        ({"rank_weight": -1.0}, "rank_weight: expected 0 or more"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused(change: dict[str, object], expected: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=expected):
        msgspec.convert({**RISING, **change}, Calibration)


def test_a_list_is_ranked_in_its_order_and_what_has_no_score_stays_unknown() -> None:
    calibration = msgspec.convert(RISING, Calibration)
    assert calibration.of_list([0.5, 0.5]).tolist() == pytest.approx([0.4, 0.4 - 0.15 * 0.5 * np.log(2)])
    assert calibration.of_list([[0.5, 0.5]]).shape == (1, 2)
    assert np.isnan(calibration.of_list([np.nan, 0.5])).tolist() == [True, False]


def test_one_sure_document_is_enough() -> None:
    assert noisy_or([1.0, 0.0, 0.3]) == 1
    assert noisy_or([[0.0, 0.0], [0.5, 0.0]]).tolist() == [0, 0.5]


def test_reliability_puts_every_pair_in_one_bin_and_its_interval_around_the_share() -> None:
    dice = np.random.default_rng(3)
    p = dice.random(5000)
    bins = reliability(p, dice.random(5000) < p)
    assert [found.pairs for found in bins] == [500] * 10
    assert sum(found.low <= found.probability <= found.high for found in bins) >= 8  # of 95% intervals
    assert calibration_error(bins) < 0.03
    assert calibration_error(reliability(p, dice.random(5000) < p**3)) > 0.15


def test_pairs_of_one_probability_share_a_bin() -> None:
    assert [found.pairs for found in reliability([0.2] * 70 + [0.9] * 30, [True] * 100)] == [70, 30]
