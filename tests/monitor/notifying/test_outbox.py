"""What waits on disk: in order, once, bounded, condensed, and still there after a crash."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.notifying.outbox import SEEN, Outbox
from tests.monitor.kit import ROOT
from tests.monitor.notifying.receiver import START, ended, notice


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leadline.notify.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox(path, ["a", "b"])
    yield opened
    opened.close()


def turns(outbox: Outbox, destination: str = "a") -> list[tuple[str, float, int]]:
    """State, minute and raises of what waits."""
    events = [one.event for one in outbox.waiting(destination)]
    return [(e.notice.alarm.state, (e.notice.alarm.at - START).seconds / 60, e.raises) for e in events]


def test_each_destination_has_its_own_queue(outbox: Outbox) -> None:
    outbox.add(notice("x"), ["a", "b"])
    outbox.add(notice("y"), ["b"])
    assert outbox.counts() == {"a": 1, "b": 2}
    assert [one.event.notice for one in outbox.waiting("b")] == [notice("x"), notice("y")]
    outbox.settle([one.id for one in outbox.waiting("b")])
    assert outbox.counts() == {"a": 1}


def test_the_same_turn_counts_once_also_after_it_was_delivered(outbox: Outbox) -> None:
    assert outbox.add(notice(), ["a"]) == {"a": 0}
    assert outbox.add(notice(cause="told otherwise"), ["a"]) is None
    outbox.settle([one.id for one in outbox.waiting("a")])
    assert outbox.add(notice(), ["a"]) is None
    assert outbox.add(notice(minute=1), ["a"]) == {"a": 0}
    assert turns(outbox) == [("raised", 1, 1)]


def test_what_was_seen_is_bounded(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SEEN == 10_000
    monkeypatch.setattr("monitor.notifying.outbox.SEEN", 3)
    for minute in range(4):
        outbox.add(notice(minute=minute), ["a"])
    assert outbox.add(notice(minute=1), ["a"]) is None
    assert outbox.add(notice(minute=0), ["a"]) is not None


def test_an_end_knows_when_its_alarm_began_though_that_was_delivered_long_ago(path: Path) -> None:
    first = Outbox(path, ["a"])
    first.add(notice(), ["a"])
    first.settle([one.id for one in first.waiting("a")])
    first.close()
    again = Outbox(path, ["a"])
    again.add(ended(minute=600), ["a"])
    [waiting] = again.waiting("a")
    assert waiting.event.starts_at == START
    assert again.standing() == {}
    again.close()


def test_an_end_of_an_alarm_that_is_not_known_begins_where_it_says(outbox: Outbox) -> None:
    over = ended()
    outbox.add(over, ["a"])
    assert outbox.waiting("a")[0].event.starts_at == over.alarm.since


def test_what_was_raised_and_ended_several_times_is_one_raise_and_one_end(outbox: Outbox) -> None:
    for minute in range(0, 10, 2):
        outbox.add(notice(minute=minute), ["a"])
        outbox.add(ended(minute=minute + 1), ["a"])
    assert turns(outbox) == [("raised", 0, 1), ("resolved", 9, 5)]
    assert outbox.waiting("a")[1].event.starts_at == START
    outbox.add(notice(minute=20), ["a"])
    assert turns(outbox) == [("raised", 0, 1), ("resolved", 9, 5), ("raised", 20, 1)]


def test_an_end_that_waits_for_a_raise_that_was_told_is_kept(outbox: Outbox) -> None:
    outbox.add(notice(), ["a"])
    outbox.settle([one.id for one in outbox.waiting("a")])
    outbox.add(ended(minute=1), ["a"])
    for minute in (2, 4):
        outbox.add(notice(minute=minute), ["a"])
        outbox.add(ended(minute=minute + 1), ["a"])
    assert turns(outbox) == [("resolved", 1, 1), ("raised", 2, 1), ("resolved", 5, 2)]


def test_other_alarms_are_not_condensed_with_it(outbox: Outbox) -> None:
    for one in (notice("x"), notice("y"), ended("x", 1), notice("x", minute=2), ended("x", 3)):
        outbox.add(one, ["a"])
    assert turns(outbox) == [("raised", 0, 1), ("raised", 0, 1), ("resolved", 3, 2)]


def test_a_full_queue_drops_its_oldest_and_says_how_many(path: Path) -> None:
    outbox = Outbox(path, ["a", "b"], max_records=3)
    dropped = [outbox.add(notice(str(i)), ["a", "b"] if i == 4 else ["a"]) for i in range(5)]
    assert dropped == [{"a": 0}, {"a": 0}, {"a": 0}, {"a": 1}, {"a": 1, "b": 0}]
    assert [one.event.notice.alarm.scenario for one in outbox.waiting("a")] == ["2", "3", "4"]
    assert set(outbox.standing()) == {notice(str(i)).fingerprint for i in (2, 3, 4)}
    outbox.close()


def test_a_queue_is_bounded_in_bytes_too(path: Path) -> None:
    outbox = Outbox(path, ["a"], max_bytes=10_000)
    assert [outbox.add(notice(str(i), cause="x" * 3000), ["a"]) for i in range(3)][-1] == {"a": 1}
    assert outbox.add(notice("large", cause="x" * 20_000), ["a"]) == {"a": 3}
    assert outbox.waiting("a") == []
    outbox.close()


def test_a_destination_that_is_down_for_ever_fills_no_disk(path: Path) -> None:
    """The file stops growing once the queue is full."""
    outbox = Outbox(path, ["a"], max_records=50)
    sizes = []
    for i in range(1000):
        outbox.add(notice(str(i), cause="x" * 1000), ["a"])
        sizes.append(sum(file.stat().st_size for file in path.parent.iterdir()))
    assert max(sizes[500:]) < 6 * 2**20
    assert sizes[-1] <= max(sizes[500:900])
    outbox.close()


def test_what_waits_for_a_destination_that_is_gone_is_forgotten(path: Path) -> None:
    outbox = Outbox(path, ["a", "b"])
    outbox.add(notice(), ["a", "b"])
    outbox.close()
    again = Outbox(path, ["b"])
    assert (again.forgotten, again.counts()) == (1, {"b": 1})
    again.close()


def test_what_stands_is_noted_as_told_once(outbox: Outbox) -> None:
    outbox.add(notice(), ["a"])
    [waiting] = outbox.waiting("a")
    for now in (10.0, 20.0):
        outbox.settle([], [waiting.id], now)
    assert outbox.waiting("a")[0].told == 10.0


def test_a_crash_loses_nothing_that_was_added(path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from monitor.notifying.outbox import Outbox; "
        "from tests.monitor.notifying.receiver import notice; "
        "Outbox(Path(sys.argv[1]), ['a']).add(notice(), ['a']); os._exit(9)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, env=environment, check=False)
    assert killed.returncode == 9
    outbox = Outbox(path, ["a"])
    assert [one.event.notice for one in outbox.waiting("a")] == [notice()]
    outbox.close()
