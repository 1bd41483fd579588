"""What is sent of an alarm: which one, what moved and by how much, where to look and what to do."""

from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from detectors.records import ALL, Alarm
from monitor.config_alerts import JUDGE_DRIFT

MONITOR = "leadline"
WORST = 3


class Worst(msgspec.Struct, frozen=True):
    """A trace to look at, and its risk."""

    trace_id: str
    risk: float


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm with what makes it actionable. What is not known is None or empty, and is left out of what is sent.

    Parameters
    ----------
    before, after
        Mean of the alarm's signal in its reference, and now.
    change, low, high
        By how much it moved, and the 95% interval of that. It need not be `after - before`, of which a part may be mix.
    scenarios
        Kinds of query that the change is in, the most concerned first.
    worst
        Traces to look at, the worst first; the first three are sent.
    cause, remedy
        The likely cause and the cheapest remedy, a sentence each.
    """

    alarm: Alarm
    before: float | None = None
    after: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    scenarios: tuple[str, ...] = ()
    worst: tuple[Worst, ...] = ()
    cause: str = ""
    remedy: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the alarm, raised or resolved: the same for ever."""
        return _digest(self.alarm.alarm, self.alarm.pipeline, self.alarm.scenario)

    @property
    def identity(self) -> str:
        """Of this one turn of it: who gets the same twice can tell."""
        return _digest(self.fingerprint, self.alarm.state, rfc3339(self.alarm.at))

    def labels(self) -> dict[str, str]:
        """What tells the alarm from others, by Prometheus' names; the same when it is resolved."""
        alarm = self.alarm
        return {
            "alertname": alarm.alarm, "pipeline": alarm.pipeline, "scenario": alarm.scenario, "signal": alarm.signal,
            "monitor": MONITOR,
        }  # fmt: skip

    def annotations(self) -> dict[str, str]:
        """What a person needs to know, all of it as text."""
        alarm = self.alarm
        told = {
            "summary": self.summary(),
            "since": rfc3339(alarm.since) if alarm.since is not None else "",
            "before": _number(self.before),
            "after": _number(self.after),
            "change": _number(self.change),
            "change_low": _number(self.low),
            "change_high": _number(self.high),
            "evidence": _number(alarm.evidence),
            "scenarios": ", ".join(self.scenarios),
            "worst_traces": ", ".join(f"{one.trace_id} (risk {one.risk:.2f})" for one in self.worst[:WORST]),
            "cause": self.cause,
            "remedy": self.remedy,
            "reference": alarm.reference,
        }
        return {name: text for name, text in told.items() if text}

    def summary(self) -> str:
        """One line: `hit_at_5 of shop moved from 0.81 to 0.70 (change -0.11, 95% interval -0.14 to -0.08)`."""
        alarm = self.alarm
        judge = alarm.alarm == JUDGE_DRIFT
        what = f"{alarm.signal} of {alarm.pipeline}" + ("" if alarm.scenario == ALL else f", {alarm.scenario}")
        what = "the judge" if judge else what
        if alarm.state == "resolved":
            return f"{what}: the alarm has ended{_WHY[alarm.why]}"
        return f"{what} moved{': mean grade of its anchors' if judge else ''}{self._by_how_much()}"

    def _by_how_much(self) -> str:
        levels = ""
        if self.after is not None:
            levels = (
                f" from {self.before:.2f} to {self.after:.2f}" if self.before is not None else f" to {self.after:.2f}"
            )
        if self.change is None:
            return levels
        interval = ""
        if self.low is not None and self.high is not None:
            interval = f", 95% interval {self.low:+.2f} to {self.high:+.2f}"
        return f"{levels} (change {self.change:+.2f}{interval})"


_WHY = {"evidence": "", "new_reference": ", a new reference is in use", "alert_removed": ", it is watched no more"}


def rfc3339(moment: datetime) -> str:
    """In UTC, with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:16]
