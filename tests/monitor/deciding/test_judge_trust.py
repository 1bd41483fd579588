"""What is shown of the judge's trust, and what a person is told when it is gone."""

import re

import msgspec
import numpy as np
import pytest

from detectors.judging.drift import DriftBudget
from detectors.judging.simulated_judge import moved, steady, swapped
from detectors.records import Alarm
from monitor.config_alerts import JUDGE_DRIFT, Alert
from monitor.deciding.deciding import Deciding, Entry
from monitor.deciding.gauges import report
from monitor.deciding.judge_drift import Rejudged
from monitor.deciding.noticing import RecentRisks, notice_of
from monitor.deciding.settings import Settings
from monitor.metrics import Metrics
from monitor.notifying.bodies import Event, pushed, webhook_body
from tests.monitor.deciding.test_judge_drift import NOISY, rounds
from tests.monitor.deciding.traffic import MONDAY

STREAM = (JUDGE_DRIFT, "_all", "_all")


def machine_of(*parts: list[Rejudged]) -> tuple[Deciding, list[Alarm]]:
    machine = Deciding(Settings({"hit_at_5": Alert()}, judge=DriftBudget()))
    alarms = [a for part in parts for one in part for a in machine.apply(Entry(one.time, rejudged=(one,))).alarms]
    return machine, alarms


def shown(machine: Deciding) -> Metrics:
    metrics = Metrics()
    report(machine, metrics)
    return metrics


def test_gauges_say_how_far_it_agrees_and_that_nothing_stands() -> None:
    machine, _ = machine_of([*rounds(NOISY, range(6))])
    metrics = shown(machine)
    assert metrics.value("alarm_active", *STREAM) == 0
    assert 0 < metrics.value("alarm_evidence_ratio", *STREAM) < 1
    assert metrics.value("judge_anchors", "a") == 100
    assert metrics.value("judge_reference_begun_timestamp_seconds", "a") == MONDAY
    for who, pairs in (("anchor", 0.9), ("human", 0.9)):
        low, value, high = (metrics.value(f"judge_{who}_agreement{end}_ratio", "a") for end in ("_lower", "", "_upper"))
        assert low < pairs < high
        assert low < value < high
        assert metrics.value(f"judge_{who}_shift_lower", "a") < 0 < metrics.value(f"judge_{who}_shift_upper", "a")
        assert metrics.value(f"judge_{who}_kappa", "a") > 0.9


def test_gauges_are_absent_before_there_is_something_to_say() -> None:
    """Without a judge, nothing at all; before the first verdicts are in, that nothing is watched."""
    without = {family.name for family in shown(Deciding(Settings({}))).collect()}
    assert not [name for name in without if "judge" in name or "alarm" in name]
    assert shown(machine_of()[0]).value("alarm_abstained", *STREAM, "too_few_values") == 1
    metrics = shown(machine_of([*rounds(NOISY, range(1))])[0])
    assert metrics.value("alarm_abstained", *STREAM, "too_few_values") == 1
    names = {family.name for family in metrics.collect()}
    assert "leadline_alarm_active" not in names
    assert "leadline_judge_anchor_shift" not in names


def test_of_another_version_nothing_of_the_one_before_is_left() -> None:
    machine, _ = machine_of([*rounds(NOISY, range(5))], [*rounds(NOISY, range(5, 6), "b")])
    metrics = Metrics()
    report(machine, metrics)
    assert metrics.value("judge_anchors", "a") == 0
    assert "leadline_judge_anchor_agreement_ratio" not in {family.name for family in metrics.collect()}


def test_a_notice_says_that_it_is_the_judge_what_not_to_trust_and_what_to_do() -> None:
    machine, [alarm] = machine_of([*rounds(NOISY, range(8))], [*rounds(moved(NOISY, -0.5), range(8, 10))])
    notice = notice_of(machine, alarm, RecentRisks())
    assert re.match(r"the judge moved: mean grade of its anchors from 1\.\d\d to 0\.\d\d \(", notice.summary())
    assert notice.change == pytest.approx(-0.5, abs=0.12)
    assert notice.low is not None
    assert notice.low < -0.4
    assert "not retrieval" in notice.cause
    assert "judge_context_relevance" in notice.cause
    assert "judge.anchors.version" in notice.remedy
    assert shown(machine).value("alarm_active", *STREAM) == 1


def test_what_it_says_is_of_verdicts_since_the_judge_moved() -> None:
    """At the moment of the alarm most anchors were last judged before."""
    machine = Deciding(Settings({}, judge=DriftBudget()))
    for one in [*rounds(NOISY, range(8)), *rounds(moved(NOISY, -0.5), range(8, 10))]:
        alarms = machine.apply(Entry(one.time, rejudged=(one,))).alarms
        if alarms:
            break
    notice = notice_of(machine, alarms[0], RecentRisks())
    assert notice.change == pytest.approx(-0.6, abs=0.2)
    assert notice.change < np.mean([last - normal for normal, last in machine.judge.versions["a"].pairs()]) - 0.03


def test_a_judge_of_the_same_mean_is_told_by_its_agreement() -> None:
    machine, [alarm] = machine_of([*rounds(steady(), range(8))], [*rounds(swapped(steady(), 0.5), range(8, 10))])
    notice = notice_of(machine, alarm, RecentRisks())
    assert notice.change == pytest.approx(0, abs=0.1)
    assert "50% of its anchors still get the grade" in notice.cause


def test_a_notice_of_a_version_that_is_gone_says_what_is_known() -> None:
    machine, [alarm] = machine_of([*rounds(NOISY, range(8))], [*rounds(moved(NOISY, -0.5), range(8, 10))])
    [*machine.judge.use(None)]
    notice = notice_of(machine, alarm, RecentRisks())
    assert notice.change is None
    assert notice.remedy


def test_it_goes_over_the_wire_like_any_alarm() -> None:
    machine, [alarm] = machine_of([*rounds(NOISY, range(8))], [*rounds(moved(NOISY, -0.5), range(8, 10))])
    event = Event(notice_of(machine, alarm, RecentRisks()), alarm.at)
    hook = msgspec.json.decode(webhook_body([event], "r", {}))["alerts"][0]
    [push] = msgspec.json.decode(pushed([event], {}, alarm.at.timestamp(), 60))
    for alert in (hook, push):
        assert alert["labels"]["alertname"] == JUDGE_DRIFT
        assert alert["labels"]["pipeline"] == alert["labels"]["scenario"] == "_all"
        assert alert["annotations"]["reference"] == "a"
        assert alert["annotations"]["cause"].startswith("the judge itself has moved")


def test_its_end_is_told_as_the_judges() -> None:
    machine, [alarm] = machine_of([*rounds(NOISY, range(8))], [*rounds(moved(NOISY, -0.5), range(8, 10))])
    ended = msgspec.structs.replace(alarm, state="resolved", why="new_reference")
    assert notice_of(machine, ended, RecentRisks()).summary() == (
        "the judge: the alarm has ended, a new reference is in use"
    )
