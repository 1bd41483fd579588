"""Which offsets may be committed."""

import doctest
import random

import pytest

from monitor.sources import offsets
from monitor.sources.offsets import OffsetTracker, Partition, Taken

A, B = ("traces", 0), ("traces", 1)


def tracker(*partitions: Partition) -> OffsetTracker:
    made = OffsetTracker()
    made.assign(partitions)
    return made


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(offsets) == (0, 7)


def test_nothing_is_committable_before_something_is_done() -> None:
    tracked = tracker(A, B)
    assert tracked.committable() == {}
    tracked.take(A, 5)
    assert tracked.committable() == {}
    assert tracked.open == 1


def test_the_oldest_open_one_holds_back_its_partition_and_no_other() -> None:
    """As a trace does whose spans have not all come."""
    tracked = tracker(A, B)
    held, *rest = [tracked.take(A, offset) for offset in range(3)]
    other = tracked.take(B, 7)
    for taken in (*rest, other):
        tracked.done(taken)
    assert tracked.committable() == {B: 8}
    tracked.done(held)
    assert tracked.committable() == {A: 3, B: 8}


def test_what_was_committed_is_not_asked_for_again() -> None:
    tracked = tracker(A)
    tracked.done(tracked.take(A, 0))
    tracked.committed(tracked.committable())
    assert tracked.committable() == {}
    tracked.done(tracked.take(A, 1))
    assert tracked.committable() == {A: 2}


def test_gaps_in_the_log_are_passed_over() -> None:
    """Compaction and transactions leave them; up to the oldest open record there is nothing else to read."""
    tracked = tracker(A)
    first, second = tracked.take(A, 10), tracked.take(A, 17)
    tracked.done(first)
    assert tracked.committable() == {A: 17}
    tracked.done(second)
    assert tracked.committable() == {A: 18}


def test_a_revoked_partition_is_forgotten() -> None:
    """What was done before it went and what is done after: neither may be committed, it is someone else's."""
    tracked = tracker(A, B)
    early, late = tracked.take(A, 0), tracked.take(A, 1)
    tracked.done(early)
    tracked.revoke([A])
    tracked.done(late)
    tracked.committed({A: 2})
    assert (tracked.committable(), tracked.partitions, tracked.open) == ({}, [B], 0)
    with pytest.raises(KeyError):
        tracked.take(A, 2)


def test_a_partition_that_comes_back_begins_anew() -> None:
    """The records that were in hand come again, and only their second coming counts."""
    tracked = tracker(A)
    before = tracked.take(A, 0)
    tracked.revoke([A])
    tracked.assign([A])
    again = tracked.take(A, 0)
    tracked.done(before)
    assert tracked.committable() == {}
    tracked.done(again)
    assert tracked.committable() == {A: 1}


def test_more_partitions_leave_the_others_as_they_are() -> None:
    tracked = tracker(A)
    taken = tracked.take(A, 0)
    tracked.assign([B])
    tracked.done(taken)
    assert tracked.committable() == {A: 1}


def test_an_offset_that_goes_back_begins_the_partition_anew() -> None:
    """Its log was cut or made again: what was in hand of the old one says nothing about the new one."""
    tracked = tracker(A)
    old = tracked.take(A, 8)
    new = tracked.take(A, 3)
    tracked.done(old)
    assert tracked.committable() == {}
    tracked.done(new)
    assert tracked.committable() == {A: 4}


@pytest.mark.parametrize("seed", range(30))
def test_no_record_is_ever_passed_by(seed: int) -> None:
    """A group of one, its partitions coming and going, records done in any order: against a simulated log.

    Whatever is committed, every record before it was done; and in the end everything is.
    """
    dice = random.Random(seed)
    end, partitions = 60, [A, B]
    tracked = OffsetTracker()
    committed, done = dict.fromkeys(partitions, 0), {partition: set[int]() for partition in partitions}
    position: dict[Partition, int] = {}
    in_hand: list[Taken] = []

    def step(choice: float) -> None:
        partition = dice.choice(partitions)
        if choice < 0.05 and partition in position:
            tracked.revoke([partition])
            del position[partition]
        elif partition not in position:
            tracked.assign([partition])
            position[partition] = committed[partition]
        elif choice < 0.5 and position[partition] < end:
            in_hand.append(tracked.take(partition, position[partition]))
            position[partition] += 1
        elif choice < 0.9 and in_hand:
            taken = in_hand.pop(dice.randrange(len(in_hand)))
            tracked.done(taken)
            done[taken.partition].add(taken.offset)
        else:
            commit()

    def commit() -> None:
        offsets = tracked.committable()
        for partition, offset in offsets.items():
            assert offset > committed[partition]
            assert done[partition] >= set(range(offset))
        committed.update(offsets)
        tracked.committed(offsets)

    for _ in range(1500):
        step(dice.random())
    while min(committed.values()) < end:
        step(0.06 + 0.94 * dice.random())
    assert tracked.open == 0
