"""How long to wait before trying again."""

import random

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 15.0


class Backoff:
    """Doubles from a tenth of a second to fifteen, each time between half of that and all of it.

    The jitter keeps many sidecars from coming back to a broken server in step.
    """

    def __init__(self, first_seconds: float = FIRST_SECONDS, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        longest = min(self._longest, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return random.uniform(longest / 2, longest)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
