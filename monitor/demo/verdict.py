"""What the monitor saw of a fault: the change in hit@5 and in every signal between two periods."""

from collections.abc import Sequence
from typing import NamedTuple

from detectors.estimate import Difference, difference
from detectors.records import Assessment
from detectors.signals import SIGNALS

ERROR = 0.01  # chance that a healthy retriever is called broken, over hit@5 and all signals together


class Verdict(NamedTuple):
    """`hit_at_5` and the signals, those that moved most for their spread first; None where a period is too short."""

    hit_at_5: Difference | None
    signals: dict[str, Difference]

    @property
    def worse(self) -> dict[str, Difference]:
        """The signals whose interval leaves out zero on the side that speaks for failure."""
        return {n: d for n, d in self.signals.items() if d.shown and d.standardised * SIGNALS[n].direction > 0}

    @property
    def seen(self) -> bool:
        """Whether retrieval got worse, by the estimated hit rate or by a signal."""
        return bool(self.worse) or (self.hit_at_5 is not None and self.hit_at_5.high < 0)


def compare(before: Sequence[Assessment], after: Sequence[Assessment]) -> Verdict:
    """Compare two periods that were rated against the same reference; the error is split over all that is looked at."""
    confidence = 1 - ERROR / (1 + len(SIGNALS))
    hits = difference(_hits(before), _hits(after), confidence=confidence)
    changes = {n: difference(_values(before, n), _values(after, n), confidence=confidence) for n in SIGNALS}
    known = [(name, change) for name, change in changes.items() if change is not None]
    return Verdict(hits, dict(sorted(known, key=lambda item: -abs(item[1].standardised))))


def _hits(assessments: Sequence[Assessment]) -> list[float]:
    return [1 - a.risk for a in assessments if a.risk is not None]


def _values(assessments: Sequence[Assessment], name: str) -> list[float]:
    return [a.signals[name] for a in assessments if name in a.signals]
