"""What the tests of the sinks share: a receiver, assessments of spans, and what was skipped."""

from collections import Counter
from typing import Any

from detectors.records import Assessment, Evidence
from tests.monitor import kit
from tests.monitor.otlp.kit import new_id


class Skips(Counter[str]):
    """Counts what a sink leaves out."""

    def __call__(self, reason: str, count: int) -> None:
        self[reason] += count


def of_span(**changes: Any) -> Assessment:
    """An assessment of a span that OTLP could have brought."""
    return kit.assessment(new_id(32), **{"span_id": new_id(), **changes})


def judged_span(**changes: Any) -> Assessment:
    """One that an LLM judge was asked about: of three documents it read two, the second of which it found wanting."""
    plain: dict[str, Any] = {
        "document_ids": ("kb-1", "kb-2", "kb-3"), "versions": {"judge": "gpt-x p-1"},
        "signals": {"context_relevance": 0.45, "best_context_relevance": 0.9, "groundedness": 0.5},
        "evidence": Evidence(grades={"kb-1": 2.7, "kb-2": 0.0}, quotes={"kb-1": "within 30 days"}),
    }  # fmt: skip
    return of_span(**{**plain, **changes})
