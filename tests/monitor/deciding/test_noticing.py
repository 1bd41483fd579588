"""What a person is told of an alarm."""

from collections.abc import Sequence

import msgspec
import pytest

from detectors.records import ALL, Alarm, Weights
from monitor.config_alerts import Alert
from monitor.deciding.deciding import Deciding
from monitor.deciding.noticing import RecentRisks, notice_of
from monitor.deciding.observation import Observation
from monitor.deciding.settings import Settings
from tests.monitor.deciding.traffic import DAY, MONDAY, entries, hours
from tests.monitor.kit import assessment

THEN = MONDAY + 8 * DAY


def missing(observations: Sequence[Observation], share: float) -> list[Observation]:
    """With so much of what BM25 finds not served."""
    return [
        msgspec.structs.replace(one, signals={**one.signals, "lexical_miss": share + 0.1 * (i % 3)})
        for i, one in enumerate(observations)
    ]


def raised(alert: Alert, lower: float, share: float) -> tuple[Deciding, Alarm]:
    """A machine of nine days, the last of them worse, and its first alarm."""
    machine = Deciding(Settings({alert.called: alert}))
    days = [*missing(hours(MONDAY, 8 * 24, 80, 1), 0.1), *missing(hours(THEN, 24, 80, 5, lower), share)]
    alarms = [alarm for entry in entries(days) for alarm in machine.apply(entry).alarms]
    return machine, alarms[0]


def test_it_says_by_how_much_in_which_kinds_and_what_is_likely_behind_it() -> None:
    machine, alarm = raised(Alert(), 0.1, 0.4)
    notice = notice_of(machine, alarm, RecentRisks())
    assert notice.change is not None
    assert notice.low is not None
    assert notice.high is not None
    assert notice.change == pytest.approx(-0.1, abs=0.02)
    assert notice.low < -0.1 < notice.high < 0
    assert set(notice.scenarios) == {"none", "negation"}
    assert notice.cause.startswith("documents that BM25 finds are no longer served")
    assert notice.remedy


def test_a_signal_that_rises_is_told_as_it_is() -> None:
    """Not as the one less it that is watched."""
    machine, alarm = raised(Alert(signal="lexical_miss", smallest_drop=0.1), 0.0, 0.4)
    notice = notice_of(machine, alarm, RecentRisks())
    assert notice.before == pytest.approx(0.2, abs=0.01)
    assert notice.after == pytest.approx(0.5, abs=0.01)
    assert notice.change == pytest.approx(0.3, abs=0.01)


def test_without_a_signal_that_fits_no_cause_is_named() -> None:
    machine, alarm = raised(Alert(), 0.1, 0.1)
    assert notice_of(machine, alarm, RecentRisks()).cause == ""


def test_an_end_is_only_an_end() -> None:
    machine, alarm = raised(Alert(), 0.1, 0.4)
    ended = msgspec.structs.replace(alarm, state="resolved")
    assert notice_of(machine, ended, RecentRisks()) == type(notice_of(machine, ended, RecentRisks()))(alarm=ended)


def test_the_worst_traces_are_those_of_the_stream() -> None:
    risks = RecentRisks()
    made = [
        assessment(f"t{i}", risk=i / 10, scenario="negation" if i % 2 else "none", weights=Weights()) for i in range(9)
    ]
    risks.add(made)
    assert [one.trace_id for one in risks.worst("default", ALL)] == ["t8", "t7", "t6"]
    assert [one.trace_id for one in risks.worst("default", "negation")] == ["t7", "t5", "t3"]
    assert risks.worst("other", ALL) == ()
