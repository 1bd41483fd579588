"""Whatever the moment at which it stops, the right half goes on as if it never had."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from detectors.judging.drift import DriftBudget
from detectors.judging.simulated_judge import moved
from detectors.records import Alarm
from monitor.config_alerts import JUDGE_DRIFT, Alert
from monitor.deciding.deciding import Deciding, Entry
from monitor.deciding.ledger import SNAPSHOT_OBSERVATIONS, Ledger, history
from monitor.deciding.releases import Event
from monitor.deciding.settings import Settings
from monitor.deciding.windows import KEPT_HOURS, Window
from monitor.state import State, Step
from tests.monitor.deciding.test_judge_drift import NOISY, rounds
from tests.monitor.deciding.traffic import DAY, MONDAY, entries, hours

SETTINGS = Settings(
    {"hit_at_5": Alert(), "level": Alert(name="level", decider="threshold", limit=0.7)}, judge=DriftBudget()
)


class Running:
    """A ledger over a state on disk, as the service has it."""

    def __init__(self, path: Path, settings: Settings = SETTINGS) -> None:
        self.state = State(path)
        self.ledger = Ledger(Deciding(settings, lambda name: history(self.state.windows(name))))
        self.ledger.restore(self.state.decided())

    def tell(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            _, changes = self.ledger.told(entry)
            self.state.save(Step({}, decided=changes))

    def close(self) -> None:
        self.state.close()

    def remembers(self) -> tuple[object, ...]:
        """All of it, as bytes where a number could differ in its last bit."""
        machine = self.ledger.deciding
        saved = {name: msgspec.msgpack.encode(state.saved()) for name, state in machine.pipelines.items()}
        windows = {
            key: (window.sums.tobytes(), window.bins.tobytes())
            for name in machine.pipelines
            for key, window in machine.windows.of(name, machine.pipelines[name].hour - KEPT_HOURS)
        }
        return saved, windows, machine.events, msgspec.msgpack.encode(machine.judge.saved())


@pytest.fixture(scope="module")
def told() -> list[Entry]:
    """Nine days, the last one ten points lower, with two deploys in between, and a judge that moves half-way."""
    healthy, worse = hours(MONDAY, 8 * 24, 40, seed=1), hours(MONDAY + 8 * DAY, 24, 40, seed=2, lower=0.1)
    found = list(entries([*healthy, *worse], batch=50))
    for place, name in ((len(found) // 2, "index 2"), (len(found) - 5, "index 3")):
        now = found[place].now
        found.insert(place, Entry(now, event=Event(name, now)))
    verdicts = [*rounds(NOISY, range(8)), *rounds(moved(NOISY, -0.5), range(8, 11))]
    each = len(verdicts) // len(found) + 1
    for i, entry in enumerate(found):
        found[i] = msgspec.structs.replace(entry, rejudged=tuple(verdicts[i * each : (i + 1) * each]))
    return [one for i, entry in enumerate(found) for one in ((entry,) if i % 7 else alone(entry))]


def alone(entry: Entry) -> Sequence[Entry]:
    """An entry with its re-judgements apart."""
    return [Entry(entry.now, rejudged=entry.rejudged), msgspec.structs.replace(entry, rejudged=())]


def uninterrupted(path: Path, told: Sequence[Entry]) -> Running:
    running = Running(path)
    running.tell(told)
    return running


def test_stopped_and_started_anywhere_it_ends_as_one_that_never_stopped(tmp_path: Path, told: list[Entry]) -> None:
    """Killed between two transactions, thirty times: with a log behind it, or just after a snapshot."""
    whole = uninterrupted(tmp_path / "whole.db", told)
    for start in range(0, len(told), len(told) // 30):
        part = Running(tmp_path / "parts.db")
        part.tell(told[start : start + len(told) // 30])
        part.close()
    parts = Running(tmp_path / "parts.db")
    assert parts.remembers() == whole.remembers()
    assert parts.state.alarms() == whole.state.alarms()
    assert {alarm.scenario for alarm in parts.state.alarms()} == {"_all", "none", "negation"}
    assert JUDGE_DRIFT in {alarm.alarm for alarm in parts.state.alarms()}


def test_alarms_are_written_once(tmp_path: Path, told: list[Entry]) -> None:
    """What is read again from the log was raised before."""
    running = uninterrupted(tmp_path / "s.db", told)
    alarms = running.state.alarms()
    assert len(set(map(msgspec.json.encode, alarms))) == len(alarms) > 0
    running.close()
    again = Running(tmp_path / "s.db")
    assert again.state.alarms() == alarms
    assert all(isinstance(alarm, Alarm) for alarm in alarms)


def test_the_log_stays_short(tmp_path: Path, told: list[Entry]) -> None:
    """A snapshot takes its place: a start reads seconds of traffic again, not days."""
    running = uninterrupted(tmp_path / "s.db", told)
    left = sum(len(msgspec.msgpack.decode(body, type=Entry).observations) for body in running.state.decided().log)
    assert left < SNAPSHOT_OBSERVATIONS


def test_hours_that_memory_has_let_go_of_are_kept_for_baselines(tmp_path: Path, told: list[Entry]) -> None:
    """Only what alerts watch: a tenth of the bytes."""
    running = uninterrupted(tmp_path / "s.db", told)
    hour = running.ledger.deciding.pipelines["search"].hour
    stored = list(running.state.windows("search"))
    assert min(key.hour for key, _ in stored) == MONDAY // 3600
    old = [body for key, body in stored if key.hour < hour - KEPT_HOURS - 1]
    new = [body for key, body in stored if key.hour > hour - KEPT_HOURS + 1]
    kept: list[Window] = [window for _, window in history([(stored[0][0], old[0])])]
    assert kept[0].moments("hit_at_5").values > 0
    assert kept[0].moments("lexical_rbo").values == 0
    assert sum(map(len, old)) / len(old) < 0.8 * sum(map(len, new)) / len(new)


def test_the_baseline_is_built_over_a_restart_and_hours_long_gone(tmp_path: Path, told: list[Entry]) -> None:
    """The first days are only in the file by then."""
    days = [entry for entry in told if entry.now < MONDAY + 6 * DAY]
    first = Running(tmp_path / "s.db")
    first.tell(days)
    first.close()
    second = Running(tmp_path / "s.db")
    assert min(key.hour for key, _ in second.ledger.deciding.windows.of("search")) > MONDAY // 3600 + 24
    second.tell(told[len(days) :])
    baseline = second.ledger.deciding.pipelines["search"].streams["hit_at_5"].baseline
    assert baseline is not None
    assert baseline.since.timestamp() == MONDAY


def test_another_configuration_survives_a_crash(tmp_path: Path, told: list[Entry]) -> None:
    """It is in no log: the next batch brings a snapshot, with the alarms that it ended."""
    running = uninterrupted(tmp_path / "s.db", told)
    running.ledger.use(Settings({}))
    running.tell([Entry(told[-1].now + 1, told[-1].observations[:1])])
    assert list(running.state.decided().log) == []
    assert {alarm.alarm for alarm in running.state.alarms() if alarm.why == "alert_removed"} == {
        "hit_at_5", "level", JUDGE_DRIFT,
    }  # fmt: skip


def test_re_judgements_alone_are_logged_and_make_snapshots(tmp_path: Path) -> None:
    """A night without traffic: its judge is watched, and the log stays short."""
    running = Running(tmp_path / "s.db")
    verdicts = [*rounds(NOISY, range(4))]
    running.tell([Entry(one.time, rejudged=(one,)) for one in verdicts])
    assert len(list(running.state.decided().log)) <= 1
    running.close()
    again = Running(tmp_path / "s.db")
    current = again.ledger.deciding.judge.current
    assert current is not None
    assert current.reference is not None


def test_what_was_written_before_there_was_a_judge_is_read(tmp_path: Path, told: list[Entry]) -> None:
    """A log whose entries have three fields, and a snapshot without the piece of the judge."""
    running = Running(tmp_path / "s.db")
    running.tell([*told[:40], msgspec.structs.replace(told[40], now=told[39].now)])
    saved = running.state.decided()
    old = [msgspec.msgpack.encode(msgspec.msgpack.decode(body)[:3]) for body in saved.log]
    pieces = [piece for piece in saved.pieces if piece[0] != "judge"]
    assert old
    assert len(pieces) < len(saved.pieces)
    machine = Deciding(SETTINGS)
    Ledger(machine).restore(saved._replace(log=old, pieces=pieces))
    assert machine.pipelines["search"].newest == running.ledger.deciding.pipelines["search"].newest
    assert machine.judge.versions == {}


def test_nothing_is_written_for_nothing(tmp_path: Path) -> None:
    running = Running(tmp_path / "s.db")
    _, changes = running.ledger.told(Entry(MONDAY))
    assert not any(changes)
