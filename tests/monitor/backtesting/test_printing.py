import msgspec
import pytest

from detectors.backtest import Backtest, Delay, Fall, FalseAlarms, Outcome
from detectors.records import ALL
from detectors.simulated_stack import AlarmSettings, Simulation
from monitor.backtesting.printing import kept, notes
from monitor.backtesting.results import Drawn, Report

DRAWN = Drawn("traces.jsonl", 60, 60, {"none": 60}, recorded_depth=20, assessed_depth=10)
UNSEEN = Outcome(
    change=-0.01, true_change=None, unwatched=0.0, found=0.0, delay_traces=Delay(None, None),
    delay_hours=Delay(None, None), first={}, steepest=Fall(ALL, 0.008, 0.012),
)  # fmt: skip


def report(outcome: Outcome, drawn: Drawn = DRAWN) -> Report:
    result = Backtest({}, FalseAlarms.of(0, 10.0), None, {"none": UNSEEN, "broken": outcome})
    return Report(drawn, AlarmSettings(), Simulation(), {"broken": "something"}, result)


@pytest.mark.parametrize(
    ("alarms", "years", "verdict"),
    [(0, 8.0, "kept"), (0, 0.5, "not shown to be kept"), (3, 1.0, "not shown to be kept"), (50, 8.0, "exceeded")],
)
def test_a_budget_is_kept_only_where_the_end_of_the_interval_is_within_it(
    alarms: int, years: float, verdict: str
) -> None:
    assert kept(FalseAlarms.of(alarms, years), 4.0).endswith(f"the budget of 4 is {verdict}")


def test_what_is_not_seen_has_its_reason_and_what_is_seen_needs_none() -> None:
    [note] = notes(report(UNSEEN))
    assert note == (
        "broken: not seen: the number falls by 0.8 points where it falls furthest (all traces), and 1.2 are tolerated"
    )
    slow = msgspec.structs.replace(UNSEEN, found=0.5, steepest=Fall("numeric", 0.02, 0.012))
    [note] = notes(report(slow))
    assert note.startswith(
        "broken: seen late or not at all: the number falls by 2.0 points where it falls furthest (num"
    )
    assert notes(report(msgspec.structs.replace(UNSEEN, found=1.0))) == []
    nothing = msgspec.structs.replace(UNSEEN, unwatched=1.0, steepest=None)
    assert [note.split(":")[1] for note in notes(report(nothing))] == [
        " not seen",
        " 100% of its traces are not watched",
    ]


def test_scenarios_of_a_few_traces_are_named() -> None:
    seen = msgspec.structs.replace(UNSEEN, found=1.0)
    drawn = msgspec.structs.replace(DRAWN, scenarios={"none": 40, "numeric": 19, "temporal": 1})
    assert notes(report(seen, drawn)) == [
        "fewer than 20 recorded traces: numeric, temporal: their streams say what those few say"
    ]


def test_a_recording_that_is_no_deeper_than_what_is_assessed_is_named() -> None:
    seen = msgspec.structs.replace(UNSEEN, found=1.0)
    [note] = notes(report(seen, msgspec.structs.replace(DRAWN, recorded_depth=10)))
    assert note.startswith("recorded 10 deep, assessed 10 deep: ")
