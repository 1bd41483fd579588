"""What keeps an endpoint from being asked too often: a rate, a pause that it asks for, and a circuit breaker."""

import time
from collections.abc import Callable

from monitor.judge.errors import JudgeUnavailable


class Turnstile:
    """Lets calls begin one by one, at a rate, and none before a moment that the endpoint asked to wait for."""

    def __init__(self, calls_per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / calls_per_second if calls_per_second else 0.0
        self._clock = clock
        self._next = 0.0
        self._not_before = 0.0

    def hold_off(self, seconds: float) -> None:
        """Let no call begin for so long."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    @property
    def held(self) -> bool:
        """Whether the endpoint asked for a pause that is not over."""
        return self._clock() < self._not_before

    def book(self, by: float) -> float | None:
        """Take the next turn; in how many seconds it is. None, and no turn is taken, where that is not before `by`."""
        now = self._clock()
        at = max(now, self._next, self._not_before)
        if at >= by:
            return None
        self._next = at + self._interval
        return at - now


class Breaker:
    """Leaves an endpoint alone after `FAILURES` failures with nothing between them, or one that stands for all.

    It then lets a single call through after a while, `FIRST_SECONDS` at first: where that fails too, after twice as
    long, up to `LONGEST_SECONDS`. One thread at a time.
    """

    FAILURES = 5
    FIRST_SECONDS = 15.0
    LONGEST_SECONDS = 600.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._seconds = 0.0  # of the pause; 0 while closed
        self._until = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """Whether calls are held back, all of them or all but one."""
        return self._seconds > 0

    def check(self) -> None:
        """See whether a call may be made now.

        Raises
        ------
        JudgeUnavailable
            Where it may not.
        """
        if self.open and (self._trying or self._clock() < self._until):
            raise JudgeUnavailable("the endpoint is left alone for a while")

    def enter(self) -> bool:
        """A call is made now, and one of the three below is told how it ended; whether it is on trial. Raises as
        `check` does.
        """
        self.check()
        self._trying = self.open
        return self._trying

    def succeeded(self) -> bool:
        """The endpoint works; whether it was left alone before."""
        closes = self.open
        self._failures, self._seconds, self._trying = 0, 0.0, False
        return closes

    def failed(self, *, trial: bool, for_all: bool = False) -> bool:
        """A call failed, and with `for_all` every other one would; whether the endpoint is left alone from now on."""
        self._failures += 1
        if trial:
            self._trying = False
            self._leave_alone(min(2 * self._seconds, self.LONGEST_SECONDS))
            return False
        opens = not self.open and (for_all or self._failures >= self.FAILURES)
        if opens:
            self._leave_alone(self.FIRST_SECONDS)
        return opens

    def abandoned(self, *, trial: bool) -> None:
        """A call ended and says nothing about the endpoint."""
        self._trying = self._trying and not trial

    def _leave_alone(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = self._clock() + seconds
