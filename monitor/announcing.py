"""Says what the right half has found out, once it is saved: to the log, to the metrics, to the destinations."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from detectors.records import Alarm, Assessment
from monitor.deciding.deciding import Deciding, Told
from monitor.deciding.noticing import RecentRisks, notice_of
from monitor.deciding.releases import Comparison
from monitor.metrics import Metrics
from monitor.notifying.notifier import Notifier

log = structlog.get_logger()


class Announcer:
    """Alarms and comparisons of releases, each said once."""

    def __init__(self, metrics: Metrics, deciding: Deciding, notifier: Notifier) -> None:
        self._metrics = metrics
        self._deciding = deciding
        self._notifier = notifier
        self._risks = RecentRisks()

    def start(self, now: float) -> None:
        """Deliver what stands: an alarm that was saved just before a crash may not have been sent."""
        standing = [notice_of(self._deciding, alarm, self._risks) for alarm in self._deciding.standing()]
        self._notifier.start()
        self._notifier.reconcile(standing, datetime.fromtimestamp(now, UTC))

    def announce(self, told: Told, assessments: Sequence[Assessment] = ()) -> None:
        """Say what came of one batch, of these assessments."""
        self._risks.add(assessments)
        for alarm in told.alarms:
            self._alarm(alarm)
            self._notifier.notify(notice_of(self._deciding, alarm, self._risks))
        for comparison in told.comparisons:
            self._comparison(comparison)

    def _alarm(self, alarm: Alarm) -> None:
        self._metrics.inc("alarms_total", alarm.alarm, alarm.pipeline, alarm.scenario, alarm.state)
        say = log.warning if alarm.state == "raised" else log.info
        say(
            f"alarm {alarm.state}", alarm=alarm.alarm, pipeline=alarm.pipeline, scenario=alarm.scenario, why=alarm.why,
            at=alarm.at.isoformat(), since=alarm.since.isoformat() if alarm.since else None, reference=alarm.reference,
        )  # fmt: skip

    @staticmethod
    def _comparison(comparison: Comparison) -> None:
        names = {"pipeline": comparison.pipeline, "before": comparison.before, "after": comparison.after}
        verdict = comparison.verdict
        if verdict is None:
            log.info("a new release is served, comparing it with the one before", **names)
            return
        quality = verdict.change.quality if verdict.change is not None else None
        numbers = {} if quality is None else {"change": quality.change, "low": quality.low, "high": quality.high}
        log.info("releases compared", **names, verdict=verdict.verdict, why=verdict.why, **numbers)
