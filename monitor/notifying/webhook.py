"""Alarms to a webhook: each once, in the order of its turns; together where there are too many."""

from collections.abc import Callable, Sequence

from monitor.config_notify import Webhook
from monitor.notifying.channel import IDLE_SECONDS, Channel, Parts
from monitor.notifying.outbox import Waiting
from monitor.notifying.post import Outcome
from monitor.notifying.senders import WebhookSender

MOST = 100  # alarms in one notice
_ROUNDING = 1e-6  # of a notice


class Allowance:
    """At most `per_hour` in any hour: half of them at once, the others spread over it."""

    def __init__(self, per_hour: int, monotonic: Callable[[], float]) -> None:
        self._burst = float(per_hour // 2)
        self._rate = (per_hour - self._burst) / 3600
        self._left = self._burst
        self._monotonic = monotonic
        self._at = monotonic()

    def wait_seconds(self) -> float:
        """Until the next is allowed; 0 if it is."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return (1 - self._left) / self._rate if self._left < 1 - _ROUNDING else 0.0

    def take(self) -> None:
        """One was sent."""
        self._left -= 1


class WebhookChannel(Channel):
    """Delivers at least once. Each alarm's turns come in order; an alarm that fails does not hold up the others.

    Beyond the allowance alarms wait, and those that do then go together in one notice.
    """

    def __init__(self, config: Webhook, parts: Parts) -> None:
        super().__init__(config, WebhookSender(config, parts.clock), parts)
        self._allowance = Allowance(config.notices_per_hour, self._monotonic)
        self._held = False
        self._most = MOST
        self._failures: dict[str, int] = {}

    def _work(self) -> float:
        heads = self._heads()
        if not heads:
            return IDLE_SECONDS
        wait = self._allowance.wait_seconds()
        if wait > 0:
            self._held = True
            return wait
        batch = heads[: self._most] if self._held else heads[:1]
        outcome = self._attempt([one.event for one in batch])
        if outcome.result == "failed":
            self._failures |= {one.fingerprint: self._failures.get(one.fingerprint, 0) + 1 for one in batch}
        elif outcome.result == "refused" and len(batch) > 1:
            self._most = len(batch) // 2  # one of them may be what is not liked, or their size
        else:
            self._done(batch, outcome)
        return 0.0

    def _heads(self) -> list[Waiting]:
        """The next turn of each alarm, those first that failed least often."""
        heads: dict[str, Waiting] = {}
        for one in self._outbox.waiting(self.name):
            heads.setdefault(one.fingerprint, one)
        return sorted(heads.values(), key=lambda one: (self._failures.get(one.fingerprint, 0), one.id))

    def _done(self, batch: Sequence[Waiting], outcome: Outcome) -> None:
        self._outbox.settle(one.id for one in batch)
        self._allowance.take()
        self._held, self._most = False, MOST
        for one in batch:
            self._failures.pop(one.fingerprint, None)
        self._count(outcome.result, len(batch))
