"""What the tests of the sinks share: a receiver, assessments of spans, and what was skipped."""

from collections import Counter
from typing import Any

from detectors.records import Assessment
from tests.monitor import kit
from tests.monitor.otlp.kit import new_id


class Skips(Counter[str]):
    """Counts what a sink leaves out."""

    def __call__(self, reason: str, count: int) -> None:
        self[reason] += count


def of_span(**changes: Any) -> Assessment:
    """An assessment of a span that OTLP could have brought."""
    return kit.assessment(new_id(32), span_id=new_id(), **changes)
