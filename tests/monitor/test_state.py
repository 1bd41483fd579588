"""The state: one transaction a batch, and nothing of a broken one."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from detectors.reference import Normalisation
from monitor.deciding.changes import Changes
from monitor.deciding.windows import WindowKey
from monitor.errors import LeadlineError
from monitor.state import ReferenceKey, State, Step
from tests.monitor.kit import ROOT

KEY = ReferenceKey("default", "model", 10)


def test_gives_back_what_was_saved(tmp_path: Path) -> None:
    """Across a close."""
    state = State(tmp_path / "s.db")
    assert state.position("a") is None
    state.save(Step({"a": {"offset": 1}}, [b"1" * 16], [(KEY, {"score_gap": 0.5})]))
    state.save(Step({"a": {"offset": 2}, "b": {"x": None}}, [b"2" * 16]))
    state.close()
    state.close()
    again = State(tmp_path / "s.db")
    assert (again.position("a"), again.position("b")) == ({"offset": 2}, {"x": None})
    assert again.digests() == [b"1" * 16, b"2" * 16]
    assert again.samples() == [(KEY, {"score_gap": 0.5})]
    again.close()


def test_a_frozen_reference_takes_the_place_of_its_samples(tmp_path: Path) -> None:
    """And of no other's."""
    other = ReferenceKey("default", "model", 5)
    reference = Normalisation.of([{"score_gap": i / 30} for i in range(30)], version="v", depth=10, scorer="model")
    state = State(tmp_path / "s.db")
    state.save(Step({}, samples=[(KEY, {"a": 1.0}), (other, {"a": 2.0})]))
    state.save(Step({}, frozen=[(KEY, reference)]))
    assert state.normalisations() == {KEY: reference}
    assert state.samples() == [(other, {"a": 2.0})]
    state.close()


def test_the_window_of_identities_is_bounded(tmp_path: Path) -> None:
    """The oldest go."""
    state = State(tmp_path / "s.db", window=3)
    state.save(Step({}, [bytes([i]) for i in range(5)]))
    state.save(Step({}, [bytes([9])]))
    assert state.digests() == [b"\x03", b"\x04", b"\x09"]
    state.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO seen", "DELETE FROM seen", "INSERT INTO reference_samples", "DELETE FROM told", "INSERT INTO told",
        "INSERT OR REPLACE INTO pieces", "INSERT OR REPLACE INTO windows", "DELETE FROM windows", "INSERT INTO alarms",
        "COMMIT",
    ],
)  # fmt: skip
def test_a_crash_in_the_middle_of_a_write_leaves_the_state_before_it(tmp_path: Path, statement: str) -> None:
    """Killed with -9 as it begins a statement of the transaction."""
    code = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from detectors.records import Alarm
from monitor.deciding.changes import Changes
from monitor.deciding.windows import WindowKey
from monitor.state import ReferenceKey, State, Step
state = State(Path(sys.argv[1]))
def step(n):
    alarm = Alarm(alarm=str(n), pipeline="p", scenario="_all", state="raised", at=datetime.now(UTC), since=None,
                  evidence=1.0, signal="hit_at_5")
    key = WindowKey("p", 10, "none", "cheap", "", "")
    decided = Changes(bytes([n]), True, [("pipeline", "p", bytes([n]))], [(key, bytes([n]))], [("p", n)], [alarm])
    return Step({"a": {"offset": n}}, [bytes([n]) * 16], [(ReferenceKey("p", "s", 1), {"x": float(n)})], [], decided)
state.save(step(1))
def crash(statement):
    if statement.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
state._connection.set_trace_callback(crash)
state.save(step(2))
"""
    path = tmp_path / "s.db"
    killed = subprocess.run(
        [sys.executable, "-c", code, str(path), statement], cwd=ROOT, capture_output=True, check=False
    )
    assert killed.returncode == -9, killed.stderr
    state = State(path)
    assert state.position("a") == {"offset": 1}
    assert state.digests() == [b"\x01" * 16]
    assert state.samples() == [(ReferenceKey("p", "s", 1), {"x": 1.0})]
    decided = state.decided()
    assert (decided.pieces, list(decided.log)) == ([("pipeline", "p", b"\x01")], [b"\x01"])
    assert [body for _, body in decided.windows("p", 0)] == [b"\x01"]
    assert [alarm.alarm for alarm in state.alarms()] == ["1"]
    state.close()


def test_a_file_of_an_older_leadline_is_brought_up_to_date(tmp_path: Path) -> None:
    """Positions stay, and the right half begins."""
    path = tmp_path / "s.db"
    state = State(path)
    state.save(Step({"a": {"offset": 1}}))
    state.close()
    with sqlite3.connect(path) as connection:
        for table in ("pieces", "windows", "told", "alarms"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version=1")
    connection.close()
    state = State(path)
    assert state.position("a") == {"offset": 1}
    assert (list(state.decided().log), state.alarms()) == ([], [])
    state.close()


def test_windows_of_before_there_was_a_judge_are_kept(tmp_path: Path) -> None:
    """As of no judge, beside those that come now."""
    path, key = tmp_path / "s.db", WindowKey("p", 10, "none", "cheap", "scale", "v1")
    state = State(path)
    state.save(Step({}, decided=Changes(windows=[(key, b"old")])))
    state.close()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE before AS SELECT * FROM windows")
        connection.execute("ALTER TABLE before DROP COLUMN judge")
        connection.execute("DROP TABLE windows")
        connection.execute("ALTER TABLE before RENAME TO windows")
        connection.execute("PRAGMA user_version=2")
    connection.close()
    state = State(path)
    judged = key._replace(judge="model prompts")
    state.save(Step({}, decided=Changes(windows=[(judged, b"new")])))
    assert sorted(state.decided().windows("p", 0)) == [(key, b"old"), (judged, b"new")]
    state.close()


def test_a_save_that_fails_leaves_the_state_before_it(tmp_path: Path) -> None:
    """All of a step or nothing, also without a crash."""
    state = State(tmp_path / "s.db")
    state.save(Step({"a": {"offset": 1}}))
    reference = Normalisation("v", 10, "model", 0, {})
    with pytest.raises(sqlite3.IntegrityError):
        state.save(Step({"a": {"offset": 2}}, frozen=[(KEY, reference), (KEY, reference)]))
    assert state.position("a") == {"offset": 1}
    assert state.normalisations() == {}
    state.close()


def test_a_newer_file_is_refused_in_one_line(tmp_path: Path) -> None:
    """It names both schemas and what to do."""
    path = tmp_path / "s.db"
    State(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(LeadlineError, match=r"s\.db: written by a newer leadline \(schema 7\), expected at most 3"):
        State(path)


def test_two_processes_do_not_share_a_state(tmp_path: Path) -> None:
    """The second is refused, and may have it once the first has gone."""
    first = State(tmp_path / "s.db")
    with pytest.raises(LeadlineError, match=r"s\.db: in use by another leadline"):
        State(tmp_path / "s.db")
    first.close()
    State(tmp_path / "s.db").close()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """It may hold what users asked."""
    State(tmp_path / "s.db").close()
    assert (tmp_path / "s.db").stat().st_mode & 0o077 == 0
