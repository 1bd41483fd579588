"""The last assessments, in memory: for live views and tests. Nothing survives the process."""

from collections import deque
from collections.abc import Sequence

from detectors.records import Assessment

KEPT = 500


class MemorySink:
    """A ring of the last assessments. Any thread may read."""

    name = "memory"

    def __init__(self, limit: int = KEPT) -> None:
        self._ring: deque[Assessment] = deque(maxlen=limit)

    def write(self, batch: Sequence[Assessment]) -> None:
        """Keep them, and let the oldest go."""
        self._ring.extend(batch)

    def recent(self) -> list[Assessment]:
        """What is there, oldest first."""
        return list(self._ring)

    def riskiest(self, count: int) -> list[Assessment]:
        """The riskiest of what is there, worst first; traces without a risk are left out."""
        rated = [assessment for assessment in self.recent() if assessment.risk is not None]
        return sorted(rated, key=lambda assessment: assessment.risk or 0.0, reverse=True)[:count]

    def close(self) -> None:
        """Nothing to do."""
