"""Which pairs become anchors: of every grade, at random, and the same ones whatever the order."""

from collections import Counter

import numpy as np
import pytest

from detectors.judging.anchors import PATIENT, Anchor, Candidates, set_version


def traffic(count: int, shares: tuple[float, ...] = (0.7, 0.2, 0.07, 0.03), seed: int = 0) -> list[Anchor]:
    rng = np.random.default_rng(seed)
    grades = rng.choice(4, size=count, p=shares)
    return [Anchor(f"query {i}", f"passage {i}", float(grade)) for i, grade in enumerate(grades)]


def collected(anchors: list[Anchor], size: int = 40) -> Candidates:
    candidates = Candidates(size)
    for anchor in anchors:
        candidates.offer(anchor)
    return candidates


def grades_of(anchors: list[Anchor]) -> Counter[float | None]:
    return Counter(anchor.grade for anchor in anchors)


def test_every_grade_has_its_share_though_most_of_the_traffic_is_zero() -> None:
    candidates = collected(traffic(2000))
    assert candidates.complete
    assert grades_of(candidates.chosen()) == {0.0: 10, 1.0: 10, 2.0: 10, 3.0: 10}


def test_it_waits_for_rare_grades_and_not_for_ever() -> None:
    """Two threes: after twenty times the size of traffic the others give what is missing."""
    common = [one for one in traffic(PATIENT * 40) if one.grade != 3]
    rare = [Anchor("a", "b", 3.0), Anchor("c", "d", 3.0)]
    few = collected([*rare, *common[:500]])
    assert not few.complete
    more = collected([*rare, *common, *traffic(100, (1.0, 0, 0, 0), seed=5)])
    assert more.complete
    assert grades_of(more.chosen()) == {3.0: 2, 2.0: 12, 1.0: 13, 0.0: 13}


def test_traffic_of_one_grade_makes_anchors_all_the_same() -> None:
    candidates = collected(traffic(PATIENT * 40, (1.0, 0, 0, 0)))
    assert candidates.complete
    assert grades_of(candidates.chosen()) == {0.0: 40}


def test_the_order_of_the_traffic_makes_no_difference() -> None:
    anchors = traffic(3000)
    assert collected(anchors).chosen() == collected(anchors[::-1]).chosen()


def test_early_and_late_traffic_have_the_same_chance() -> None:
    """Of 1,000 zeros with numbers from 0 to 999 the mean number of those kept is 500, within 3.5 standard errors."""
    numbers = [
        int(one.query[6:])
        for seed in range(20)
        for one in collected([Anchor(f"query {i}", f"{seed}", 0.0) for i in range(1000)]).chosen()
    ]
    assert len(numbers) == 800
    assert np.mean(numbers) == pytest.approx(500, abs=3.5 * 289 / np.sqrt(800))


def test_a_query_that_is_asked_all_day_is_one_anchor_of_a_grade() -> None:
    candidates = collected([Anchor("the same", f"passage {i}", 1.0) for i in range(100)])
    assert len(candidates) == 1
    assert candidates.offered == 100


def test_a_pair_that_comes_again_with_another_grade_is_one_anchor() -> None:
    candidates = collected([Anchor("q", "p", 1.0), Anchor("q", "p", 2.0)])
    assert candidates.chosen() == [Anchor("q", "p", 1.0)]


def test_it_says_what_is_held_no_more() -> None:
    """So that a store can hold just these."""
    candidates, stored = Candidates(5), dict[str, Anchor]()
    for anchor in [*traffic(300), *[Anchor("the same", f"passage {i}", 1.0) for i in range(50)]]:
        stored[anchor.id] = anchor
        for gone in candidates.offer(anchor):
            del stored[gone.id]
    assert len(stored) == len(candidates)
    again = Candidates(5, stored.values(), candidates.offered)
    assert (again.chosen(), again.offered) == (candidates.chosen(), candidates.offered)


def test_expected_grades_count_by_the_grade_that_they_round_to() -> None:
    candidates = collected([Anchor(f"q{i}", "p", grade) for i, grade in enumerate([0.4, 0.6, 2.7])])
    assert [anchor.grade for anchor in candidates.chosen()] == [0.4, 0.6, 2.7]


def test_a_pair_without_a_grade_is_no_candidate() -> None:
    with pytest.raises(ValueError, match="grade"):
        Candidates(5).offer(Anchor("q", "p"))


def test_another_pair_makes_another_set() -> None:
    anchors = traffic(30)
    assert set_version(anchors) == set_version(anchors[::-1])
    assert set_version(anchors) != set_version(anchors[1:])
