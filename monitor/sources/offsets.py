"""Which offsets of a partitioned log may be committed: what was taken, what is done, what the oldest open one is."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Partition = tuple[str, int]
"""Topic and number."""


class Taken(NamedTuple):
    """One record in hand. It counts within the assignment of its partition under which it was read."""

    partition: Partition
    generation: int
    offset: int


class _Assignment:
    """One partition, from the moment it is ours until it is not."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.open: dict[int, None] = {}  # in the order taken, which is the order of the log
        self.next: int | None = None  # after the last one taken
        self.committed: int | None = None

    @property
    def committable(self) -> int | None:
        return next(iter(self.open), self.next)


class OffsetTracker:
    """Offsets are taken in the order of the log and done in any; up to the oldest that is open they may be committed.

    So a record that is held back (its trace waits for more spans) holds back the commit of its partition, and of no
    other. A partition that is revoked is forgotten; when it comes back, under a new generation, what was taken before
    no longer counts: its records come again. A committed offset is the next one to read, as in Kafka; offsets may have
    gaps. Not for several threads at once. Taking, finishing and asking cost constant time a record or partition.

    >>> tracker, log = OffsetTracker(), ("traces", 0)
    >>> tracker.assign([log])
    >>> first, second = tracker.take(log, 40), tracker.take(log, 41)
    >>> tracker.done(second)
    >>> tracker.committable()
    {}
    >>> tracker.done(first)
    >>> tracker.committable()
    {('traces', 0): 42}
    """

    def __init__(self) -> None:
        self._generation = 0
        self._assigned: dict[Partition, _Assignment] = {}

    def assign(self, partitions: Iterable[Partition]) -> None:
        """Begin with these anew; the others stay."""
        self._generation += 1
        for partition in partitions:
            self._assigned[partition] = _Assignment(self._generation)

    def revoke(self, partitions: Iterable[Partition]) -> None:
        """Forget these."""
        for partition in partitions:
            self._assigned.pop(partition, None)

    def take(self, partition: Partition, offset: int) -> Taken:
        """The next record of a partition; an offset that goes back begins the partition anew, as its log has begun.

        Raises
        ------
        KeyError
            Where the partition is not assigned.
        """
        assignment = self._assigned[partition]
        if assignment.next is not None and offset < assignment.next:
            self.assign([partition])
            assignment = self._assigned[partition]
        assignment.open[offset] = None
        assignment.next = offset + 1
        if assignment.committed is None:
            assignment.committed = offset
        return Taken(partition, assignment.generation, offset)

    def done(self, taken: Taken) -> None:
        """Nothing more will come of this record; twice is fine."""
        assignment = self._assigned.get(taken.partition)
        if assignment is not None and assignment.generation == taken.generation:
            assignment.open.pop(taken.offset, None)

    def committable(self) -> dict[Partition, int]:
        """The next offset to read of each assigned partition where that has moved since the last commit."""
        moved = ((partition, a.committable) for partition, a in self._assigned.items() if a.committable != a.committed)
        return {partition: offset for partition, offset in moved if offset is not None}

    def committed(self, offsets: Mapping[Partition, int]) -> None:
        """These were committed."""
        for partition, offset in offsets.items():
            if partition in self._assigned:
                self._assigned[partition].committed = offset

    @property
    def partitions(self) -> list[Partition]:
        """What is assigned."""
        return list(self._assigned)

    @property
    def open(self) -> int:
        """Records in hand."""
        return sum(len(assignment.open) for assignment in self._assigned.values())
