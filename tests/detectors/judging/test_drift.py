"""The watch over the judge: references by hand, no false alarm over rounds, and how soon one that moved is seen."""

import numpy as np
import pytest

from detectors.deciders import ESR, Abstained, EsrConfig
from detectors.judging.drift import (
    FIRST,
    LEAST_ANCHORS,
    DriftBudget,
    Reference,
    Side,
    drift_configs,
    reference_of,
    residuals,
    round_order,
)
from detectors.judging.simulated_judge import Judge, first_drift_alarms, moved, steady, swapped

BEFORE = 5  # rounds


def test_a_reference_worked_by_hand() -> None:
    """(1, 1, 2): squares around the mean 2/3, each verdict from the mean of the others .5, .5, 1: 2/3; (2, 2, 2): 0."""
    found = reference_of([[1, 1, 2], [2, 2, 2]] * 50)
    assert isinstance(found, Reference)
    assert found.anchors == 100
    assert found.error == pytest.approx(np.sqrt(50 * (2 / 3) / 9 / 200 / 300))
    assert found.moved == pytest.approx(2 / 3 / 3 / 2)
    assert found.moved_error == pytest.approx(1 / 9 * np.sqrt(100 / 99) / 10)


def test_too_few_anchors_make_no_reference() -> None:
    assert reference_of([[1, 1, 1]] * (LEAST_ANCHORS - 1)) is Abstained.TOO_FEW_VALUES


def test_its_error_is_what_references_differ_by() -> None:
    """Over 2,000 seeded references of one judge: the standard deviation of their level is what each says it is, and a
    new verdict's distance is no larger than `moved` on average.
    """
    rng, grades = np.random.default_rng(0), np.tile(np.repeat(np.arange(4.0), 25), (2000, 1))
    judge = steady(flips=0.2)
    first = np.stack([judge(grades, rng) for _ in range(FIRST)], axis=-1)
    found = [one for one in map(reference_of, first) if isinstance(one, Reference)]
    levels = first.mean(axis=(1, 2)) / 3
    assert np.sqrt(np.mean([one.error**2 for one in found])) == pytest.approx(levels.std(), rel=0.05)
    distance = np.abs(judge(grades, rng) - first.mean(axis=-1)).mean() / 3
    assert distance < np.mean([one.moved for one in found]) < 1.2 * distance


def test_the_budget_is_shared_by_the_sides() -> None:
    reference = Reference(anchors=100, error=0.002, moved=0.05, moved_error=0.003)
    found = drift_configs(DriftBudget(smallest_shift=0.3, false_alarms_a_year=2, an_hour=20), reference)
    run_length = 24 * 365.25 * 20 * 3 / 2
    made = [one for one in found.values() if isinstance(one, EsrConfig)]
    assert [one.average_run_length for one in made] == [run_length] * 3
    assert [one.tolerance for one in made] == pytest.approx([0.024, 0.024, 0.026])
    assert [one.highest for one in made] == [1, 1, 0.05]


def test_a_reference_that_is_too_unsure_is_not_watched_by() -> None:
    found = drift_configs(DriftBudget(), Reference(anchors=30, error=0.013, moved=0.05, moved_error=0.0))
    assert found[Side.STRICTER] is found[Side.LAXER] is Abstained.REFERENCE_TOO_THIN
    assert isinstance(found[Side.APART], EsrConfig)


def test_residuals_are_lower_where_the_judge_moved() -> None:
    new, reference = [0.0, 3.0, 1.5], [3.0, 0.0, 1.5]
    assert residuals(Side.STRICTER, new, reference, 0.1).tolist() == [-1, 1, 0]
    assert residuals(Side.LAXER, new, reference, 0.1).tolist() == [1, -1, 0]
    assert residuals(Side.APART, new, reference, 0.1).tolist() == pytest.approx([-0.9, -0.9, 0.1])


def test_each_round_has_every_anchor_once_in_an_order_of_its_own() -> None:
    names = [f"a{i}" for i in range(50)]
    orders = [round_order(names, turn) for turn in range(20)]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert len({tuple(order) for order in orders}) == 20
    assert orders[3] == round_order(names[::-1], 3)
    assert len({order[0] for order in orders}) > 10


@pytest.mark.parametrize("judge", [steady(), steady(flips=0.1), steady(flips=0.4), steady(spread=0.2)])
def test_an_unmoved_judge_raises_nothing_however_often_its_anchors_come_round(judge: Judge) -> None:
    """50 judges over 130 rounds, 18 days at 30 an hour each: 2.5 years, in which the budget has two alarms and a half;
    the year-long figures are in docs/judge-trust.md.
    """
    assert not (first_drift_alarms(judge, [judge] * 130, streams=50, seed=1) > 0).any()


def delays(before: Judge, after: Judge) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = first_drift_alarms(before, [before] * BEFORE + [after] * 20, streams=200, seed=2)
    return np.asarray(np.where(found > 0, found - BEFORE * 100, np.inf).min(axis=0))


@pytest.mark.parametrize(
    ("after", "most"),
    [
        (moved(steady(flips=0.1), -0.25), 290),
        (moved(steady(flips=0.1), 0.25), 290),
        (moved(steady(flips=0.1), -0.5), 60),
        (swapped(steady(flips=0.1), 0.3), 240),
        (swapped(steady(flips=0.1), 0.5), 60),
    ],
)
def test_a_judge_that_moved_is_seen_after_so_many_re_judgements(after: Judge, most: int) -> None:
    found = delays(steady(flips=0.1), after)
    assert (found > 0).all()
    assert np.median(found) < most


def test_one_of_the_same_mean_is_seen_only_apart() -> None:
    before = steady(flips=0.05)
    found = first_drift_alarms(before, [swapped(before, 0.5)] * 10, streams=50, seed=3) > 0
    assert dict(zip(Side, found.mean(axis=1).tolist(), strict=True)) == {"stricter": 0, "laxer": 0, "apart": 1}


def test_the_simulation_says_what_the_detectors_say() -> None:
    """Made again one by one: the same draws, fed to `ESR`."""
    judge, after = steady(flips=0.1), moved(steady(flips=0.1), -0.5)
    found = first_drift_alarms(judge, [after] * 3, streams=1, seed=4)[:, 0]
    rng, grades = np.random.default_rng(4), np.repeat(np.arange(4.0), 25)[None]
    first = np.stack([judge(grades, rng) for _ in range(FIRST)], axis=-1)[0]
    reference = reference_of(first)
    assert isinstance(reference, Reference)
    configs = drift_configs(DriftBudget(), reference)
    new, known = [], []
    for _ in range(3):
        order = rng.permuted(np.arange(100)[None], axis=1)[0]
        new.append(after(grades, rng)[0][order])
        known.append(first.mean(axis=1)[order])
    for side, expected in zip(Side, found.tolist(), strict=True):
        config = configs[side]
        assert isinstance(config, EsrConfig)
        fed = residuals(side, np.concatenate(new), np.concatenate(known), reference.moved)
        raised = ESR(config).update(fed).raised
        assert (raised[0] + 1 if raised else 0) == expected
    assert found[0] > 0
