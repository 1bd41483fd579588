"""What a person is told of an alarm."""

from datetime import timedelta, timezone

from detectors.records import ALL
from monitor.notifying.notice import Notice
from tests.monitor.notifying.receiver import START, ended, notice


def test_the_summary_says_what_moved_and_by_how_much() -> None:
    moved = "from 0.81 to 0.70 (change -0.11, 95% interval -0.14 to -0.08)"
    assert notice(ALL).summary() == f"hit_at_5 of shop moved {moved}"
    assert notice("identifier").summary() == f"hit_at_5 of shop, identifier moved {moved}"


def test_what_is_not_known_is_not_said() -> None:
    alarm = notice(since=None, evidence=None, reference="").alarm
    assert Notice(alarm=alarm).annotations() == {"summary": "hit_at_5 of shop moved"}
    assert Notice(alarm=alarm, after=0.7).summary() == "hit_at_5 of shop moved to 0.70"
    assert Notice(alarm=alarm, change=-0.1).summary() == "hit_at_5 of shop moved (change -0.10)"


def test_an_end_says_why() -> None:
    assert ended().summary() == "hit_at_5 of shop: the alarm has ended"
    assert ended(why="new_reference").summary() == "hit_at_5 of shop: the alarm has ended, a new reference is in use"
    assert ended(why="alert_removed").summary() == "hit_at_5 of shop: the alarm has ended, it is watched no more"


def test_the_annotations_are_what_one_can_act_on() -> None:
    told = notice().annotations()
    del told["summary"]
    assert told == {
        "since": "2026-11-24T11:30:00Z", "before": "0.81", "after": "0.7", "change": "-0.11", "change_low": "-0.14",
        "change_high": "-0.08", "evidence": "1", "scenarios": "identifier", "cause": "stale index",
        "worst_traces": "t0 (risk 0.99), t1 (risk 0.98), t2 (risk 0.97)", "remedy": "index again", "reference": "b1",
    }  # fmt: skip


def test_the_fingerprint_is_of_the_alarm_and_the_identity_of_its_turn() -> None:
    raised, over, again = notice(), ended(), notice(minute=9)
    assert raised.fingerprint == over.fingerprint == again.fingerprint == "35afa5fd25fc6d72"  # sha256sum
    assert len({raised.identity, over.identity, again.identity}) == 3
    assert len({notice(name).fingerprint for name in (ALL, "a", "b")} | {notice(pipeline="b").fingerprint}) == 4
    elsewhere = notice(at=START.astimezone(timezone(timedelta(hours=8))))
    assert elsewhere.identity == raised.identity
