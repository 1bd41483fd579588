"""Bootstraps: every draw against the plain figure of the same traces, means and differences worked by hand."""

import numpy as np
import pytest

from detectors.resampling import Drawn, auroc_draws, brier_skill_draws, interval, mean_draws, mean_over, query_draws
from detectors.skill import auroc, auroc_interval, brier_skill


def _traces(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    failed = rng.random(n) < 0.3
    return (rng.integers(0, 6, n) + failed * rng.integers(0, 3, n)) / 10, failed


@pytest.mark.parametrize("seed", range(3))
def test_a_draw_has_the_figures_of_its_traces(seed: int) -> None:
    """As many of each as were drawn, ties and all."""
    signal, failed = _traces(40, seed)
    counts = query_draws({"a": 40}, 20, seed)["a"]
    areas, skills, means = auroc_draws(signal, failed, counts), brier_skill_draws(signal, failed, counts), []
    for row, area, skill in zip(counts.astype(int), areas, skills, strict=True):
        s, f = np.repeat(signal, row), np.repeat(failed, row)
        assert area == pytest.approx(auroc(s, f))
        assert skill == pytest.approx(brier_skill(s, f))
        means.append(s.mean())
    assert mean_draws(signal, counts) == pytest.approx(means)


def test_a_draw_without_a_failure_has_no_figure() -> None:
    counts = np.array([[0.0, 2.0], [1.0, 1.0]])
    signal, failed = np.array([0.9, 0.1]), np.array([True, False])
    assert np.isnan(auroc_draws(signal, failed, counts)).tolist() == [True, False]
    assert np.isnan(brier_skill_draws(signal, failed, counts)).tolist() == [True, False]
    assert np.isnan(mean_draws(signal, np.array([[0.0, 0.0]]))).all()


def test_every_draw_takes_as_many_queries_as_there_are() -> None:
    draws = query_draws({"a": 7, "b": 30}, 50, 0)
    assert draws["a"].shape == (50, 7)
    assert (draws["b"].sum(axis=1) == 30).all()


def test_the_draws_of_a_collection_do_not_depend_on_the_others() -> None:
    """So a figure of one collection stays what it is when another is added."""
    assert (query_draws({"a": 7}, 5, 0)["a"] == query_draws({"b": 9, "a": 7}, 5, 0)["a"]).all()
    assert (query_draws({"a": 7}, 5, 0)["a"] != query_draws({"a": 7}, 5, 1)["a"]).any()
    assert (query_draws({"a": 7}, 5, 0)["a"] != query_draws({"b": 7}, 5, 0)["b"]).any()


def test_the_interval_is_that_of_the_other_bootstrap() -> None:
    signal, failed = _traces(150, 3)
    found = interval(auroc(signal, failed), auroc_draws(signal, failed, query_draws({"a": 150}, 4000, 0)["a"]))
    assert (found.low, found.high) == pytest.approx(auroc_interval(signal, failed, 4000), abs=0.01)


def test_a_mean_of_means_worked_by_hand() -> None:
    """Two recordings of `a`, one of `b`: the mean is over the three. With the collections drawn anew it may be that of
    `a` alone, .5, that of `b` alone, .9, or of all three, 1.9 / 3.
    """
    drawn = [
        Drawn("a", 0.4, np.full(4000, 0.4)),
        Drawn("a", 0.6, np.full(4000, 0.6)),
        Drawn("b", 0.9, np.full(4000, 0.9)),
    ]
    mean = mean_over(drawn, 0)
    assert mean is not None
    assert (mean.value, mean.low, mean.high) == pytest.approx((1.9 / 3,) * 3)
    assert (mean.low_collections, mean.high_collections, mean.recordings) == (pytest.approx(0.5), pytest.approx(0.9), 3)


def test_a_draw_that_one_recording_lacks_is_the_mean_of_the_others() -> None:
    drawn = [Drawn("a", 0.5, np.array([np.nan, 0.5])), Drawn("b", 0.7, np.array([0.7, 0.7]))]
    mean = mean_over(drawn, 0)
    assert mean is not None
    assert (mean.low, mean.high) == pytest.approx(np.quantile([0.7, 0.6], [0.025, 0.975]))


def test_no_recording_no_mean() -> None:
    assert mean_over([], 0) is None
