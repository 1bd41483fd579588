"""What the judge remembers: verdicts by content and model, for a while; spending and pieces for good."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.judge.money import Spent
from monitor.judge.store import COMPONENT, SWEEP_EVERY, JudgeStore, store_path
from monitor.metrics import Metrics
from tests.monitor.judge.kit import Time
from tests.monitor.kit import ROOT

DAY = 86_400.0


class Kept:
    """A store that is closed and opened again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.time = Time()
        self.metrics = Metrics()
        self.store = self.opened()

    def opened(self, entries: int = 10) -> JudgeStore:
        return JudgeStore(self.path, self.metrics, days=30, entries=entries, clock=self.time)

    def reopened(self, entries: int = 10) -> JudgeStore:
        self.store.close()
        self.store = self.opened(entries)
        return self.store


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    found = Kept(store_path(tmp_path / "leadline.db"))
    yield found
    found.store.close()


def test_it_is_beside_the_state() -> None:
    assert store_path(Path("a/leadline.db")) == Path("a/leadline.judge.db")


def test_a_verdict_is_found_under_its_key_and_model(kept: Kept) -> None:
    """Of another model it is another verdict; both are there after a restart."""
    assert kept.store.get(b"k", "m1") is None
    kept.store.put(b"k", "m1", b"first")
    kept.store.put(b"k", "m2", b"other")
    kept.store.put(b"k", "m1", b"second")
    store = kept.reopened()
    assert [store.get(b"k", model) for model in ("m1", "m2", "m3")] == [b"second", b"other", None]
    assert {result: kept.metrics.value("judge_cache_total", result) for result in ("hit", "miss", "expired")} == {
        "hit": 2, "miss": 2, "expired": 0,
    }  # fmt: skip


def test_the_model_of_the_last_verdict_is_known(kept: Kept) -> None:
    assert kept.store.last_model() is None
    kept.store.put(b"k", "m1", b"v")
    kept.store.put(b"l", "m2", b"v")
    kept.store.put(b"k", "m1", b"v")
    assert kept.reopened().last_model() == "m1"


def test_a_verdict_is_too_old_after_its_days(kept: Kept) -> None:
    kept.store.put(b"old", "m", b"v")
    kept.time.now += DAY
    kept.store.put(b"new", "m", b"v")
    kept.time.now += 29.5 * DAY
    assert kept.store.get(b"old", "m") is None
    assert kept.metrics.value("judge_cache_total", "expired") == 1
    assert kept.store.get(b"new", "m") == b"v"
    assert rows(kept.reopened()) == 1


def test_when_all_are_too_old_none_is_kept(kept: Kept) -> None:
    kept.store.put(b"k", "m", b"v")
    kept.time.now += 31 * DAY
    assert rows(kept.reopened()) == 0


def test_of_too_many_the_oldest_go(kept: Kept) -> None:
    for i in range(SWEEP_EVERY):
        kept.store.put(b"%d" % i, "m", b"v")
    assert rows(kept.store) == 10
    assert kept.store.get(b"%d" % (SWEEP_EVERY - 10), "m") == b"v"


def rows(store: JudgeStore) -> int:
    return int(store._connection.execute("SELECT count(*) FROM verdicts").fetchone()[0])


def test_spending_adds_up_by_the_hour_and_stays(kept: Kept) -> None:
    kept.store.spend(7, Spent(5, 50))
    kept.store.spend(7, Spent(-2, -20))
    kept.store.spend(8, Spent(1, 10))
    kept.store.spend(6, Spent(9, 90))
    assert kept.reopened().spent_since(7) == {7: Spent(3, 30), 8: Spent(1, 10)}


def test_anchors_and_pieces_stay(kept: Kept) -> None:
    for kind, name, body in (
        ("frozen", "b", b"two"), ("frozen", "a", b"one"), ("frozen", "a", b"uno"), ("candidate", "c", b"three"),
    ):  # fmt: skip
        kept.store.set_anchor(kind, name, body)
    kept.store.set_piece("a", b"1")
    kept.store.set_piece("a", b"2")
    store = kept.reopened()
    assert store.anchors("frozen") == [b"uno", b"two"]
    assert (store.piece("a"), store.piece("b")) == (b"2", None)
    store.forget_anchor("frozen", "a")
    assert store.anchors("frozen") == [b"two"]
    store.forget_anchors("frozen")
    assert (store.anchors("frozen"), store.anchors("candidate")) == ([], [b"three"])


def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "leadline.judge.db"
    program = f"""
import os, signal
from pathlib import Path
from monitor.judge.store import *
store = JudgeStore(Path({str(path)!r}), Metrics(), days=1, entries=5)
store.spend(1, Spent(2, 3))
store.put(b"k", "m", b"v")
os.kill(os.getpid(), signal.SIGKILL)
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert found.returncode == -9
    store = JudgeStore(path, Metrics(), days=1, entries=5)
    assert store.spent_since(0) == {1: Spent(2, 3)}
    assert store.get(b"k", "m") == b"v"
    store.close()


def test_a_second_leadline_is_kept_off(kept: Kept) -> None:
    """Each would spend the other's budget."""
    with pytest.raises(LeadlineError, match="in use by another leadline"):
        kept.opened()


def test_a_disk_that_says_no_costs_memory_and_is_counted(kept: Kept) -> None:
    kept.store._connection.execute("DROP TABLE verdicts")
    kept.store.put(b"k", "m", b"v")
    assert kept.store.get(b"k", "m") is None
    assert kept.metrics.value("component_failures_total", COMPONENT) == 2
    kept.store.set_piece("a", b"works again")
    assert kept.metrics.value("component_last_success_timestamp_seconds", COMPONENT) > 0


def test_closing_twice_is_fine(kept: Kept) -> None:
    kept.store.close()
    kept.store.close()
