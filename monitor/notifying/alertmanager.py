"""Alarms to an Alertmanager: what stands, again and again, and once what has ended."""

from collections import defaultdict
from collections.abc import Sequence

from monitor.config_notify import Alertmanager
from monitor.notifying.channel import IDLE_SECONDS, Channel, Parts
from monitor.notifying.outbox import Waiting
from monitor.notifying.senders import AlertmanagerSender


class AlertmanagerChannel(Channel):
    """Pushes the state of each alarm at once when it turns, and every `resend_seconds` while any stands.

    An alarm stands there for `resend_seconds` at least, however short it was: an Alertmanager tells nobody of what has
    ended before it was told, or within its `group_wait`.
    """

    def __init__(self, config: Alertmanager, parts: Parts) -> None:
        super().__init__(config, AlertmanagerSender(config, parts.clock), parts)
        self._resend_seconds = config.resend_seconds
        self._push_at = 0.0
        self._newest = 0

    def _work(self) -> float:
        groups: dict[str, list[Waiting]] = defaultdict(list)
        newest = 0
        for one in self._outbox.waiting(self.name):
            groups[one.fingerprint].append(one)
            newest = one.id
        if not groups:
            return IDLE_SECONDS
        wait = self._push_at - self._monotonic()
        if newest <= self._newest and wait > 0:
            return wait
        now = self._clock()
        due = [self._due(group, now) for group in groups.values()]
        outcome = self._attempt([one.event for one in due])
        if outcome.result != "failed":
            self._newest, self._push_at = newest, self._monotonic() + self._resend_seconds
            self._count(outcome.result, sum(one.told is None for one in due))
        if outcome.result == "delivered":
            self._delivered(groups, due, now)
        return 0.0

    def _due(self, turns: Sequence[Waiting], now: float) -> Waiting:
        """The last turn of an alarm, or the raise before an end that is not to be told yet."""
        last = turns[-1]
        raises = [one for one in turns if not one.event.resolved]
        if not raises or not last.event.resolved:
            return last
        told = raises[-1].told
        known = told is not None and not 0 <= now - told < self._resend_seconds
        return last if known else raises[-1]

    def _delivered(self, groups: dict[str, list[Waiting]], due: Sequence[Waiting], now: float) -> None:
        done = [
            turn.id
            for one in due
            for turn in groups[one.fingerprint]
            if turn.id < one.id or (turn is one and one.event.resolved)
        ]
        self._outbox.settle(done, [one.id for one in due if not one.event.resolved], now)
