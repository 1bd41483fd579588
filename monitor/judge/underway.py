"""A batch of assessments, some of which a judge is still asked about."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait

from detectors.records import Assessment

Verdicts = Mapping[int, Assessment]
"""Assessments with what the judge said, by their place in the batch."""


class Underway:
    """Done at once where nobody is asked; else when the judge has said all, or that it cannot."""

    def __init__(self, assessments: Sequence[Assessment], pending: Future[Verdicts] | None = None) -> None:
        self._assessments = list(assessments)
        self._pending = pending

    @property
    def done(self) -> bool:
        """Whether nothing is waited for."""
        return self._pending is None or self._pending.done()

    def when_done(self, call: Callable[[], None]) -> None:
        """Call, from any thread, once something that is waited for has come."""
        if self._pending is not None:
            self._pending.add_done_callback(lambda _: call())

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for it; whether it is done."""
        if self._pending is not None:
            wait([self._pending], timeout_seconds)
        return self.done

    def assessments(self) -> list[Assessment]:
        """All of the batch, in order; waits for those that are not there yet."""
        verdicts = self._pending.result() if self._pending is not None else {}
        return [verdicts.get(place, one) for place, one in enumerate(self._assessments)]
