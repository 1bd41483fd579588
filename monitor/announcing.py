"""Says what the right half has found out, once it is saved: to the log and to the metrics."""

import structlog

from detectors.records import Alarm
from monitor.deciding.deciding import Told
from monitor.deciding.releases import Comparison
from monitor.metrics import Metrics

log = structlog.get_logger()


class Announcer:
    """Alarms and comparisons of releases, each said once."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def announce(self, told: Told) -> None:
        """Say what came of one batch."""
        for alarm in told.alarms:
            self._alarm(alarm)
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
