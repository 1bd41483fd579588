"""The right half as a whole: what it alarms of, what not, and what it needs before."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import pytest

from detectors.baseline import Baseline
from detectors.deciders import Abstained
from detectors.records import ALL, Alarm
from monitor.config_alerts import Alert
from monitor.deciding.deciding import MAX_PIPELINES, Deciding, Entry
from monitor.deciding.estimates import change_since, shares
from monitor.deciding.gauges import last_hours
from monitor.deciding.observation import Evidence, Observation
from monitor.deciding.settings import Settings
from monitor.deciding.streams import Streams
from tests.monitor.deciding.traffic import DAY, HOUR, MONDAY, SCALE, entries, hours, observation

THEN = MONDAY + 8 * DAY  # a day after the baseline was frozen


def deciding(*alerts: Alert) -> Deciding:
    return Deciding(Settings({alert.called: alert for alert in alerts or (Alert(),)}))


def fed(machine: Deciding, observations: Sequence[Observation], batch: int = 64) -> list[Alarm]:
    return [alarm for entry in entries(observations, batch) for alarm in machine.apply(entry).alarms]


@pytest.fixture(scope="module")
def healthy() -> list[Observation]:
    return hours(MONDAY, 8 * 24, 80, seed=1)


@pytest.fixture
def learnt(healthy: list[Observation]) -> Deciding:
    """Eight healthy days: a baseline after the first seven, and a day watched."""
    machine = deciding()
    assert fed(machine, healthy) == []
    return machine


def streams(machine: Deciding, alert: str = "hit_at_5", pipeline: str = "search") -> Streams:
    return machine.pipelines[pipeline].streams[alert]


def places(alarms: Iterable[Alarm]) -> set[tuple[str, str]]:
    return {(alarm.scenario, alarm.state) for alarm in alarms}


def test_it_abstains_until_a_week_is_covered_and_then_freezes_a_baseline(healthy: list[Observation]) -> None:
    machine = deciding()
    week = [one for one in healthy if one.time < MONDAY + 7 * DAY]
    fed(machine, week)
    assert streams(machine).streams[ALL].abstained is Abstained.WEEK_NOT_COVERED
    assert machine.counted["watched", "hit_at_5", "search", "no_reference"] == len(week)
    fed(machine, [one for one in healthy if one.time >= MONDAY + 7 * DAY])
    watching = streams(machine)
    assert watching.baseline is not None
    assert watching.baseline.version.startswith("search-2026-11-09-")
    assert watching.baseline.scale == SCALE
    assert set(watching.streams) == {ALL, "none", "negation"}
    assert all(stream.evidence is not None and stream.abstained is None for stream in watching.streams.values())


def test_too_little_traffic_is_collected_for_longer() -> None:
    """Fifty traces a day: after a week the level is too unsure for drops of three points, and for those of a kind of
    query that is rare it still is when that of the whole is sure.
    """
    machine = deciding(Alert(smallest_drop=0.03))
    fed(machine, hours(MONDAY, 8 * 24, 2, seed=2))
    assert streams(machine).baseline is None
    fed(machine, hours(MONDAY + 8 * DAY, 21 * 24, 2, seed=3))
    found = streams(machine).baseline
    assert found is not None
    assert 14 < found.days < 28
    assert found.level_error_of(list(found.strata)) <= 0.3 * 0.03
    assert streams(machine).streams["negation"].abstained is Abstained.REFERENCE_TOO_THIN
    assert streams(machine).streams["negation"].decider is None


def test_healthy_weeks_raise_nothing(learnt: Deciding) -> None:
    assert fed(learnt, hours(THEN, 21 * 24, 80, seed=4)) == []


def test_a_drop_is_found_and_says_since_when(learnt: Deciding) -> None:
    alarms = fed(learnt, hours(THEN, 24, 80, seed=5, lower=0.1))
    assert places(alarms) == {(ALL, "raised"), ("none", "raised"), ("negation", "raised")}
    first = alarms[0]
    assert first.scenario == ALL
    assert THEN < first.at.timestamp() < THEN + 4 * HOUR
    assert first.since is not None
    assert abs(first.since.timestamp() - THEN) < HOUR
    assert first.reference == streams(learnt).reference


def test_an_alarm_ends_when_the_drop_does(learnt: Deciding) -> None:
    fed(learnt, hours(THEN, 24, 80, seed=5, lower=0.1))
    ends = fed(learnt, hours(THEN + DAY, 24, 80, seed=6))
    assert places(ends) == {(ALL, "resolved"), ("none", "resolved"), ("negation", "resolved")}


def test_a_lasting_drop_never_becomes_the_baseline(learnt: Deciding) -> None:
    """Two weeks on it is as much of an alarm as on the first day."""
    before = streams(learnt).reference
    raised = fed(learnt, hours(THEN, 14 * 24, 80, seed=5, lower=0.1))
    assert places(raised) == {(ALL, "raised"), ("none", "raised"), ("negation", "raised")}
    assert streams(learnt).reference == before
    assert streams(learnt).streams[ALL].raised is not None


def test_a_drop_in_one_kind_of_query_is_found_there(learnt: Deciding) -> None:
    rest = [one for one in hours(THEN, 12, 80, seed=7) if one.scenario == "none"]
    worse = [one for one in hours(THEN, 12, 80, seed=8, lower=0.2) if one.scenario == "negation"]
    alarms = fed(learnt, sorted([*rest, *worse], key=lambda one: one.time))
    assert alarms[0].scenario == "negation"
    assert "none" not in {alarm.scenario for alarm in alarms}


def test_other_questions_are_no_fault(learnt: Deciding) -> None:
    """Of the harder kind six in seven instead of three in ten: the mean falls, no alarm is raised, and the metric of
    the mix says why.
    """
    some, more = hours(THEN, 72, 40, seed=9), hours(THEN, 72, 260, seed=10)
    turned = [one for one in some if one.scenario == "none"] + [one for one in more if one.scenario == "negation"]
    assert fed(learnt, sorted(turned, key=lambda one: one.time)) == []
    state = learnt.pipelines["search"]
    rows = last_hours(learnt, state, 24)
    assert shares(rows)["negation"] > 0.7
    baseline = streams(learnt).baseline
    assert baseline is not None
    change = change_since(baseline, rows)
    assert change is not None
    assert change.mix.high < -0.05
    assert not change.quality.shown


def test_less_evidence_is_no_fault() -> None:
    """Risks with a cross-encoder lie five points lower here; when its share goes from half to nothing, so do they."""
    rng = np.random.default_rng(3)

    def traffic(start: float, days: int, scored: float) -> list[Observation]:
        times = start + np.sort(rng.random(days * 1920)) * days * DAY
        asked = rng.random(len(times)) < scored
        hits = np.clip(rng.normal(0.7 + 0.1 * asked, 0.15), 0, 1)
        kinds = np.where(asked, Evidence.SCORER, Evidence.CHEAP)
        return [observation(t, h, evidence=Evidence(e)) for t, h, e in zip(times, hits.tolist(), kinds, strict=True)]

    machine = deciding()
    assert fed(machine, traffic(MONDAY, 8, 0.5)) == []
    assert fed(machine, traffic(THEN, 4, 0.0)) == []
    assert streams(machine).baseline is not None


def test_what_a_broken_part_of_ours_lets_through_is_not_watched(learnt: Deciding) -> None:
    broken = hours(THEN, 24, 80, seed=11, lower=0.3, evidence=Evidence.DEGRADED)
    assert fed(learnt, broken) == []
    assert learnt.counted["watched", "hit_at_5", "search", "degraded"] == len(broken)


def test_risks_made_by_something_else_need_a_baseline_of_their_own(learnt: Deciding) -> None:
    """And an alarm that stands ends with the reference that it fell from."""
    fed(learnt, hours(THEN, 12, 80, seed=5, lower=0.1))
    other = hours(THEN + DAY, 24, 80, seed=12, lower=0.3, scale="other")
    alarms = fed(learnt, other)
    assert {(alarm.state, alarm.why) for alarm in alarms} == {("resolved", "new_reference")}
    assert streams(learnt).streams[ALL].abstained is Abstained.WEEK_NOT_COVERED
    again = fed(learnt, hours(THEN + 2 * DAY, 12, 80, seed=13, lower=0.1))  # the scorer that was there before
    assert (ALL, "raised") in places(again)


def test_a_kind_of_query_that_the_baseline_never_saw_is_taken_to_be_as_all(learnt: Deciding) -> None:
    """As good as all: counted, and no alarm. Much worse: nothing excuses it, and all traffic has fallen."""
    new = [msgspec.structs.replace(one, scenario="temporal") for one in hours(THEN, 6, 80, seed=14)]
    assert fed(learnt, new) == []
    assert learnt.counted["watched", "hit_at_5", "search", "unseen_stratum"] == len(new)
    worse = [msgspec.structs.replace(one, scenario="temporal") for one in hours(THEN + DAY, 6, 80, seed=15, lower=0.3)]
    assert places(fed(learnt, worse)) == {(ALL, "raised")}


def test_how_traffic_is_cut_into_batches_does_not_matter(healthy: list[Observation]) -> None:
    worse = hours(THEN, 12, 80, seed=5, lower=0.1)
    found = []
    for batch in (1, 7, 500):
        machine = deciding()
        fed(machine, healthy)
        found.append({(one.scenario, one.state, one.at) for one in fed(machine, worse, batch)})
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3


def test_traces_out_of_order_count_by_their_own_time(learnt: Deciding) -> None:
    """An hour late, they are watched; over a day late, only estimates hold them; over two days, nothing."""
    fed(learnt, [observation(THEN + 3 * HOUR)])
    before = learnt.counted.copy()
    fed(learnt, [observation(THEN + 2 * HOUR), observation(THEN - 25 * HOUR), observation(THEN - 50 * HOUR)])
    added = learnt.counted - before
    assert added == {("watched", "hit_at_5", "search", "fed"): 1, ("late", "search"): 1, ("too_late", "search"): 1}
    held = {key.hour for key, _ in learnt.windows.of("search")}
    assert (THEN - 25 * HOUR) // HOUR in held


def test_a_clock_that_is_ahead_moves_nothing(learnt: Deciding) -> None:
    """A trace of next year counts as of now, and those after it are not late."""
    now = THEN + HOUR
    learnt.apply(Entry(now, (observation(THEN + 365 * DAY),)))
    assert learnt.counted["ahead", "search"] == 1
    assert learnt.pipelines["search"].newest == now
    fed(learnt, [observation(now)])
    assert learnt.counted["late", "search"] == 0


def test_pipelines_beyond_the_most_are_counted_and_not_watched() -> None:
    machine = deciding()
    names = [f"p{i}" for i in range(MAX_PIPELINES + 3)]
    machine.apply(Entry(THEN, tuple(observation(THEN, pipeline=name) for name in names)))
    assert len(machine.pipelines) == MAX_PIPELINES
    assert machine.counted["too_many_pipelines", "_other"] == 3


@pytest.mark.parametrize("decider", ["cusum", "threshold"])
def test_other_deciders_find_a_drop_too(healthy: list[Observation], decider: str) -> None:
    limit = {"limit": 0.65} if decider == "threshold" else {}
    machine = deciding(Alert.model_validate({"decider": decider, **limit}))
    assert fed(machine, healthy) == []
    alarms = fed(machine, hours(THEN, 48, 80, seed=5, lower=0.12))
    assert (ALL, "raised") in places(alarms)


def test_a_limit_may_be_as_high_as_there_is() -> None:
    machine = deciding(Alert(decider="threshold", limit=0.995))
    assert (ALL, "raised") in places(fed(machine, hours(MONDAY, 24, 80, seed=5)))


def test_a_signal_can_be_watched_in_the_direction_in_which_it_is_bad(healthy: list[Observation]) -> None:
    """uncovered_terms is the worse the higher it is."""

    def turned(observations: Sequence[Observation]) -> list[Observation]:
        flipped = [(one, {"uncovered_terms": 1 - one.signals["best_covered_terms"]}) for one in observations]
        return [msgspec.structs.replace(one, signals=signals) for one, signals in flipped]

    machine = deciding(Alert(signal="uncovered_terms"), Alert(signal="lexical_rbo"))
    assert fed(machine, turned(healthy)) == []
    alarms = fed(machine, turned(hours(THEN, 24, 80, seed=5, lower=0.1)))
    assert {alarm.alarm for alarm in alarms} == {"uncovered_terms"}
    assert machine.counted["watched", "lexical_rbo", "search", "no_value"] > 10_000


def test_a_given_baseline_takes_the_place_of_the_frozen_one(learnt: Deciding) -> None:
    """From the next trace on; what was frozen comes back when it is gone."""
    own = streams(learnt).baseline
    assert isinstance(own, Baseline)
    given = msgspec.structs.replace(own, version="by-hand")
    learnt.use(Settings({"hit_at_5": Alert()}, {"search": [given]}))
    assert streams(learnt).reference == "by-hand"
    assert (ALL, "raised") in places(fed(learnt, hours(THEN, 12, 80, seed=5, lower=0.1)))
    ended = learnt.use(Settings({"hit_at_5": Alert()})).alarms
    assert {alarm.why for alarm in ended} == {"new_reference"}
    assert streams(learnt).reference == own.version


def test_an_alert_that_is_removed_ends_its_alarms(learnt: Deciding) -> None:
    fed(learnt, hours(THEN, 12, 80, seed=5, lower=0.1))
    ended = learnt.use(Settings({})).alarms
    assert {(alarm.state, alarm.why) for alarm in ended} == {("resolved", "alert_removed")}


def test_the_budget_is_shared_by_all_streams(learnt: Deciding) -> None:
    """A second pipeline doubles the streams, and so each one's run length; what they remember goes on."""
    first = streams(learnt).streams[ALL]
    assert first.decider is not None
    alone, evidence = first.decider.config.average_run_length, first.decider.state  # type: ignore[attr-defined]
    assert learnt.streams("hit_at_5") == 3
    other = [msgspec.structs.replace(one, pipeline="other") for one in hours(MONDAY, 8 * 24, 80, seed=1)]
    for entry in entries(other):
        learnt.apply(entry)
    assert learnt.streams("hit_at_5") == 6
    assert first.decider.config.average_run_length == pytest.approx(2 * alone, rel=0.01)  # type: ignore[attr-defined]
    assert first.decider.state == evidence


def test_a_new_configuration_of_the_same_alert_goes_on(learnt: Deciding) -> None:
    before = streams(learnt).streams[ALL].state
    learnt.use(Settings({"hit_at_5": Alert(false_pages_per_year=1)}))
    assert streams(learnt).streams[ALL].state == before
