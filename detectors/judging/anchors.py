"""The anchors: query-passage pairs that a judge grades again and again, chosen so that every grade is among them."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
import numpy as np

from detectors.judging.records import GRADES

PATIENT = 20  # times the size: so many pairs seen, and grades that are too rare are waited for no more


class Anchor(msgspec.Struct, frozen=True):
    """A pair that is judged again and again, with the grade that a person gave, where one did.

    `grade` is the verdict by which it was chosen. It is no reference: of pairs chosen for a high grade more were graded
    too high than too low.
    """

    query: str
    passage: str
    grade: float | None = None
    human: float | None = None

    @property
    def id(self) -> str:
        """Of its texts."""
        return _digest(self.query, self.passage)


def set_version(anchors: Iterable[Anchor]) -> str:
    """The name of a set of anchors: another one is another set.

    >>> set_version([Anchor("q", "p")]) == set_version([Anchor("q", "p", grade=2.0)])
    True
    """
    return _digest(*sorted(anchor.id for anchor in anchors))[:8]


class Candidates:
    """Pairs of early traffic of which the anchors will be chosen: of each grade a uniform sample.

    A grade keeps the `size` pairs with the smallest hashes, which is as random as a reservoir, needs no generator and
    does not depend on the order (a bottom-k sample). Of one query it keeps one pair: several would tell the same.

    Parameters
    ----------
    size
        Anchors that are wanted.
    held, offered
        What was collected before, and out of how many.

    References
    ----------
    Cohen, Kaplan: Summarizing data using bottom-k sketches, PODC 2007.
    """

    def __init__(self, size: int, held: Iterable[Anchor] = (), offered: int = 0) -> None:
        self.size = size
        self._held: dict[int, dict[str, Anchor]] = {grade: {} for grade in GRADES}
        self.offered = 0
        for anchor in held:
            self.offer(anchor)
        self.offered = offered

    def offer(self, anchor: Anchor) -> list[Anchor]:
        """Look at a pair with a grade; those that are held no more because of it, itself where it is not kept."""
        if anchor.grade is None:
            raise ValueError("grade: expected one")
        self.offered += 1
        if any(row.get(anchor.query) and row[anchor.query].id == anchor.id for row in self._held.values()):
            return []
        row = self._held[int(np.rint(anchor.grade))]
        rival = row.get(anchor.query)
        if rival is not None and rival.id < anchor.id:
            return [anchor]
        row[anchor.query] = anchor
        last = [max(row.values(), key=lambda one: one.id)] if len(row) > self.size else []
        for one in last:
            del row[one.query]
        return [*([rival] if rival is not None else []), *last]

    @property
    def complete(self) -> bool:
        """Whether there are enough to choose from: an equal share of each grade, or rare grades were waited for."""
        counts = [len(row) for row in self._held.values()]
        return min(counts) * len(GRADES) >= self.size or (
            self.offered >= PATIENT * self.size and sum(counts) >= self.size
        )

    def __len__(self) -> int:
        return sum(len(row) for row in self._held.values())

    def chosen(self) -> list[Anchor]:
        """As many of each grade, as far as there are; what a rare grade lacks the others give."""
        rows = sorted((sorted(row.values(), key=lambda one: one.id) for row in self._held.values()), key=len)
        found: list[Anchor] = []
        for left, row in zip(range(len(rows), 0, -1), rows, strict=True):
            found += row[: -(-(self.size - len(found)) // left)]
        return found


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:16]
