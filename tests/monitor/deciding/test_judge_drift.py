"""The alarm over the judge: what raises and ends it, and that nothing of two judges is mixed."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import pytest

from detectors.deciders import Abstained
from detectors.judging.drift import DriftBudget, round_order
from detectors.judging.simulated_judge import Judge, moved, steady, swapped
from detectors.records import ALL, Alarm
from monitor.config_alerts import JUDGE_DRIFT, Alert
from monitor.deciding.deciding import Deciding, Entry
from monitor.deciding.judge_drift import JudgeDrift, Rejudged, SavedJudge
from monitor.deciding.settings import Settings
from tests.monitor.deciding.traffic import MONDAY, entries, hours

NAMES = [f"anchor-{i}" for i in range(100)]
GRADES = np.repeat(np.arange(4.0), 25)
SECONDS = 120.0
NOISY = steady(flips=0.1)


def rounds(judge: Judge, turns: range, version: str = "a", seed: int = 0) -> Iterator[Rejudged]:
    """Every anchor once in each, one in two minutes, from Monday on."""
    rng = np.random.default_rng(seed)
    for turn in turns:
        verdicts = dict(zip(NAMES, judge(GRADES[None], rng)[0].tolist(), strict=True))
        for place, name in enumerate(round_order(NAMES, turn)):
            human = float(GRADES[NAMES.index(name)]) if int(name[7:]) % 2 else None
            yield Rejudged(MONDAY + SECONDS * (100 * turn + place), version, name, verdicts[name], human)


def watched(*parts: Iterator[Rejudged]) -> tuple[JudgeDrift, list[Alarm]]:
    machine = JudgeDrift(DriftBudget())
    return machine, [alarm for part in parts for alarm in machine.take([*part])]


def test_it_abstains_until_every_anchor_had_its_first_verdicts() -> None:
    machine, alarms = watched(rounds(NOISY, range(3)))
    assert alarms == []
    assert machine.current is not None
    assert machine.current.reference is None
    assert machine.current.abstained is Abstained.TOO_FEW_VALUES
    assert [*machine.take([*rounds(NOISY, range(3, 4))])] == []
    assert machine.current.reference is not None
    assert machine.current.reference.anchors == 100
    assert machine.current.abstained is None
    assert machine.current.evidence is not None


def test_a_noisy_judge_that_stays_what_it_was_raises_nothing() -> None:
    _, alarms = watched(rounds(NOISY, range(200)))
    assert alarms == []


@pytest.mark.parametrize("other", [moved(NOISY, -0.25), moved(NOISY, 0.25), swapped(NOISY, 0.5)])
def test_a_judge_that_moves_is_found_and_when(other: Judge) -> None:
    machine, alarms = watched(rounds(NOISY, range(10)), rounds(other, range(10, 20), seed=1))
    [alarm] = alarms
    assert (alarm.alarm, alarm.pipeline, alarm.scenario, alarm.state) == (JUDGE_DRIFT, ALL, ALL, "raised")
    assert (alarm.signal, alarm.reference) == ("anchor_shift", "a")
    change = MONDAY + SECONDS * 1000
    assert change < alarm.at.timestamp() < change + SECONDS * 500
    assert alarm.since is not None
    assert abs(alarm.since.timestamp() - change) < SECONDS * 100
    [standing] = machine.standing()
    assert msgspec.structs.replace(standing, evidence=alarm.evidence) == alarm


def test_it_ends_when_the_judge_is_what_it_was() -> None:
    machine, alarms = watched(
        rounds(NOISY, range(10)), rounds(moved(NOISY, -0.5), range(10, 15)), rounds(NOISY, range(15, 40))
    )
    assert [(alarm.state, alarm.why) for alarm in alarms] == [("raised", "evidence"), ("resolved", "evidence")]
    assert alarms[0].since == alarms[1].since
    assert [*machine.standing()] == []


def test_another_version_starts_anew_and_the_first_is_remembered() -> None:
    """One that is a grade stricter throughout is no drift: it is another judge. Nor is it when the first comes back."""
    other = moved(NOISY, -0.5)
    machine, alarms = watched(
        rounds(NOISY, range(10)), rounds(other, range(10, 30), "b"), rounds(NOISY, range(30, 40), "a")
    )
    assert alarms == []
    assert [*machine.versions] == ["b", "a"]
    assert machine.versions["a"].since == MONDAY


def test_an_alarm_ends_with_its_version_and_what_was_drifted_from_is_forgotten() -> None:
    machine, alarms = watched(
        rounds(NOISY, range(10)), rounds(moved(NOISY, -0.5), range(10, 15)), rounds(NOISY, range(15, 16), "b")
    )
    assert [(alarm.state, alarm.why, alarm.reference) for alarm in alarms] == [
        ("raised", "evidence", "a"), ("resolved", "new_reference", "a"),
    ]  # fmt: skip
    assert [*machine.versions] == ["b"]


def test_versions_do_not_pile_up() -> None:
    machine, _ = watched(*(rounds(NOISY, range(1), name) for name in "abcdef"))
    assert [*machine.versions] == ["d", "e", "f"]


def test_too_few_anchors_are_never_watched() -> None:
    few = [one for one in rounds(moved(NOISY, -0.5), range(20)) if one.anchor < "anchor-30"][:200]
    machine = JudgeDrift(DriftBudget())
    assert [*machine.take(few)] == []
    assert machine.current is not None
    assert machine.current.abstained is Abstained.TOO_FEW_VALUES


def test_it_agrees_with_itself_and_with_people() -> None:
    """A judge that moves a tenth of its verdicts by a grade; people graded every other anchor, without an error."""
    machine, _ = watched(rounds(NOISY, range(6)))
    assert machine.current is not None
    own, human = machine.current.pairs(), machine.current.human_pairs()
    assert (len(own), len(human)) == (100, 50)
    assert np.mean([round(normal) == last for normal, last in own]) == pytest.approx(0.9, abs=0.07)
    assert np.mean([label == last for label, last in human]) == pytest.approx(0.9, abs=0.1)
    assert len(machine.current.pairs(MONDAY + SECONDS * 570)) == 30


def test_without_a_judge_in_the_configuration_the_alarm_ends_and_nothing_is_kept() -> None:
    machine, _ = watched(rounds(NOISY, range(10)), rounds(moved(NOISY, -0.5), range(10, 15)))
    assert [(alarm.state, alarm.why) for alarm in machine.use(None)] == [("resolved", "alert_removed")]
    assert [*machine.take([*rounds(NOISY, range(1))])] == []
    assert machine.saved() == SavedJudge({})


def test_another_budget_goes_on_with_what_was_gathered() -> None:
    machine, _ = watched(rounds(NOISY, range(10)), rounds(moved(NOISY, -0.25), range(10, 11)))
    assert machine.current is not None
    before = machine.saved()
    assert [*machine.use(DriftBudget(false_alarms_a_year=4))] == []
    assert machine.saved() == before


def test_an_alarm_ends_where_another_budget_leaves_nothing_to_watch_by() -> None:
    """A tenth of a grade is less than the reference is sure of."""
    machine, _ = watched(rounds(NOISY, range(10)), rounds(moved(NOISY, -0.5), range(10, 15)))
    assert [*machine.use(DriftBudget(smallest_shift=0.05))] == []
    [alarm] = machine.take([*rounds(NOISY, range(15, 16))])
    assert alarm.state == "resolved"
    assert machine.current is not None
    assert machine.current.abstained is Abstained.REFERENCE_TOO_THIN


def test_retrieval_alarms_do_not_depend_on_it() -> None:
    """The same alarms with and without a judge that drifts, and each its own."""
    alert = Settings({"hit_at_5": Alert()}, judge=DriftBudget())
    traffic = [*hours(MONDAY, 8 * 24, 40, seed=1), *hours(MONDAY + 8 * 86400.0, 12, 40, seed=2, lower=0.15)]
    drifting = [*rounds(NOISY, range(10)), *rounds(moved(NOISY, -0.5), range(10, 15))]
    alone, beside = Deciding(alert), Deciding(alert)
    told = [alarm for entry in entries(traffic) for alarm in alone.apply(entry).alarms]
    chunks = [tuple(drifting[i : i + 10]) for i in range(0, len(drifting), 10)]
    both: list[Alarm] = []
    for i, entry in enumerate(entries(traffic)):
        more = chunks[i] if i < len(chunks) else ()
        both += beside.apply(msgspec.structs.replace(entry, rejudged=more)).alarms
    assert [alarm for alarm in both if alarm.alarm != JUDGE_DRIFT] == told != []
    assert len(both) == len(told) + 1
    assert JUDGE_DRIFT in {alarm.alarm for alarm in beside.standing()}


def test_an_entry_of_verdicts_alone_is_not_empty() -> None:
    assert Entry(MONDAY).empty
    assert not Entry(MONDAY, rejudged=tuple(rounds(NOISY, range(1)))).empty


def split(told: Sequence[Rejudged], at: int) -> JudgeDrift:
    """Saved and restored in between, through what is written."""
    first, second = JudgeDrift(DriftBudget()), JudgeDrift(DriftBudget())
    [*first.take(told[:at])]
    second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.saved()), type=SavedJudge))
    [*second.take(told[at:])]
    return second


def test_restored_anywhere_it_is_as_one_that_never_stopped() -> None:
    told = [*rounds(NOISY, range(10)), *rounds(moved(NOISY, -0.5), range(10, 12)), *rounds(NOISY, range(12, 14), "b")]
    whole = split(told, 0).saved()
    for at in range(50, len(told), 90):
        assert msgspec.msgpack.encode(split(told, at).saved()) == msgspec.msgpack.encode(whole)
