"""What a judge says in the right half: kept by its version, estimated over all traffic, watched on a uniform sample."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from detectors.ppi import MINIMUM_LABELLED, nested_estimate, nested_terms
from detectors.records import ALL
from monitor.config_alerts import HIT, Alert
from monitor.deciding.deciding import Deciding
from monitor.deciding.estimates import JudgeEstimate, judge_context_relevance, measured
from monitor.deciding.gauges import report
from monitor.deciding.judge_drift import SavedJudge
from monitor.deciding.observation import MEASURES, Observation
from monitor.deciding.pipeline_state import SCALES
from monitor.deciding.served import estimates
from monitor.deciding.settings import Settings
from monitor.deciding.streams import Streams
from monitor.deciding.windows import KEPT_HOURS, Windows, decode_window, encode_window
from monitor.metrics import Metrics
from tests.monitor.deciding.traffic import HOUR, JUDGE, MONDAY, OTHER, SCALE, days, entries, judged


def windows_of(*groups: Sequence[Observation]) -> Windows:
    windows = Windows()
    for group in groups:
        windows.add(group)
    return windows


def directly(traces: Sequence[Observation]) -> tuple[float, float, float]:
    """By the values themselves."""
    labels, proxies = (
        [one.signals.get(name, 0.0) for one in traces] for name in ("context_relevance", "mean_relevance")
    )
    terms = nested_terms(labels, [one.weights[2] for one in traces], proxies, [one.weights[1] for one in traces])
    found = nested_estimate(terms.sum(axis=0))
    assert found is not None
    return found.mean, found.low, found.high


def interval(found: JudgeEstimate | None) -> tuple[float, float, float]:
    assert found is not None
    assert found.estimate is not None
    return found.estimate.mean, found.estimate.low, found.estimate.high


def test_hours_add_up_to_what_their_traces_say_together() -> None:
    """Whether judged or not, of every scenario."""
    groups = [judged(MONDAY + i * HOUR, 400, i) for i in range(3)]
    windows = windows_of(*groups)
    found = judge_context_relevance(windows.of("search"), JUDGE)
    every = [one for group in groups for one in group]
    assert interval(found) == pytest.approx(directly(every))
    assert found is not None
    assert found.judged == sum(one.judge == JUDGE for one in every)


def test_versions_of_the_judge_are_never_mixed() -> None:
    """The other judge grades lower; its traces of before say nothing of this one, and those not judged since do."""
    old, new = judged(MONDAY, 1000, 1, OTHER, level=0.3), judged(MONDAY + HOUR, 1000, 2)
    windows = windows_of(old, new)
    assert interval(judge_context_relevance(windows.of("search"), JUDGE)) == pytest.approx(directly(new))
    assert {key.judge for key, _ in windows.of("search")} == {"", JUDGE, OTHER}
    within_the_hour = windows_of(new, judged(MONDAY + HOUR, 1000, 3, OTHER, level=0.6))
    both = judge_context_relevance(within_the_hour.of("search"), JUDGE)
    assert both is not None
    assert both.judged == sum(one.judge == JUDGE for one in new)


def test_other_means_of_judged_signals_are_of_one_version_too() -> None:
    old, new = judged(MONDAY, 1000, 1, OTHER, level=0.3), judged(MONDAY + HOUR, 1000, 2)
    found = measured(windows_of(old, new).of("search"), JUDGE)["context_relevance"]
    grades = [(one.signals["context_relevance"], one.weights[2]) for one in new if one.judge]
    values, weights = zip(*grades, strict=True)
    assert found.mean is not None
    assert found.mean.mean == pytest.approx(np.average(values, weights=weights))


def test_a_judge_that_said_nothing_has_no_estimate_and_a_few_verdicts_no_interval() -> None:
    windows = windows_of(judged(MONDAY, 100, 4, share=0.2))
    few = judge_context_relevance(windows.of("search"), JUDGE)
    assert few is not None
    assert 0 < few.effective_samples < MINIMUM_LABELLED
    assert few.estimate is None
    assert judge_context_relevance(windows.of("search"), OTHER) is None
    assert judge_context_relevance(windows.of("search"), "") is None


def test_sums_survive_being_written_down_and_old_windows_have_none() -> None:
    windows = windows_of(judged(MONDAY, 300, 5))
    for _, window in windows.of("search"):
        assert decode_window(encode_window(window)).nested.tobytes() == window.nested.tobytes()
        assert not decode_window(encode_window(window, MEASURES)).nested.any()


def test_scenarios_are_served_each_and_together() -> None:
    machine = deciding()
    fed(machine, judged(MONDAY, 2000, 6))
    (found,) = estimates(machine, "search", 24)
    assert set(found.judge_context_relevance) == {ALL, "none", "negation"}
    assert interval(found.judge_context_relevance[ALL]) == pytest.approx(directly(judged(MONDAY, 2000, 6)))
    encoded = msgspec.json.decode(msgspec.json.encode(found))["judge_context_relevance"]["negation"]
    assert encoded["judge"] == JUDGE
    assert set(encoded["estimate"]) >= {
        "mean",
        "low",
        "high",
        "effective_samples",
        "labelled",
        "lam",
        "rho",
        "classical",
    }


def test_gauges_show_the_last_day_and_nothing_below_the_minimum() -> None:
    """A scenario with few verdicts has only their number."""
    machine, metrics = deciding(), Metrics()
    traces = judged(MONDAY, 500, 7)
    fed(machine, [one for one in traces if one.scenario == "none" or one.time < MONDAY + HOUR / 4])
    report(machine, metrics)
    shown = metrics.exposition()[0].decode()
    for end in ("ratio", "lower_ratio", "upper_ratio", "effective_samples"):
        assert f'judge_context_relevance_{end}{{pipeline="search",scenario="_all"}}' in shown
    assert 'judge_context_relevance_effective_samples{pipeline="search",scenario="negation"}' in shown
    assert 'judge_context_relevance_ratio{pipeline="search",scenario="negation"}' not in shown


def deciding() -> Deciding:
    alerts = (Alert(), Alert(signal="context_relevance", smallest_drop=0.1))
    return Deciding(Settings({alert.called: alert for alert in alerts}))


def fed(machine: Deciding, observations: Sequence[Observation]) -> None:
    for entry in entries(observations):
        machine.apply(entry)


def streams(machine: Deciding, alert: str) -> Streams:
    return machine.pipelines["search"].streams[alert]


@pytest.fixture(scope="module")
def week() -> list[Observation]:
    return days(0, 8, seed=100)


def test_deciders_get_a_uniform_sample_of_what_was_judged(week: list[Observation]) -> None:
    """What the judge preferred is counted and not fed."""
    machine = deciding()
    fed(machine, week)
    counted = {key[3]: count for key, count in machine.counted.items() if key[:2] == ("watched", "context_relevance")}
    assert counted["not_sampled"] == sum(not one.judge for one in week)
    assert counted["not_uniform"] == sum(bool(one.judge) and not one.judge_uniform for one in week)
    assert counted["fed"] + counted["no_reference"] == sum(one.judge_uniform > 0 for one in week)
    assert counted["fed"] > 0
    assert streams(machine, "context_relevance").reference


def test_another_scorer_changes_nothing_for_the_judge_and_another_judge_nothing_for_the_risk(
    week: list[Observation],
) -> None:
    machine = deciding()
    fed(machine, week)
    of_judge, of_risk = (streams(machine, name).baseline for name in ("context_relevance", HIT))
    assert of_judge is not None
    assert of_risk is not None
    assert (of_judge.scale, of_risk.scale) == (JUDGE, SCALE)
    fed(machine, days(8, 1, seed=900, scale="another"))
    assert streams(machine, "context_relevance").baseline == of_judge
    assert streams(machine, HIT).baseline is None
    fed(machine, days(9, 1, seed=1300, judge=OTHER))
    assert streams(machine, "context_relevance").baseline is None
    assert streams(machine, HIT).baseline == of_risk
    fed(machine, days(10, 1, seed=1700))
    assert streams(machine, "context_relevance").baseline == of_judge


def test_many_judges_leave_the_baseline_of_the_risk_where_it_is(week: list[Observation]) -> None:
    """The last of each measure are kept."""
    machine = deciding()
    fed(machine, week)
    state, of_judge = machine.pipelines["search"], streams(machine, "context_relevance").baseline
    assert of_judge is not None
    for i in range(SCALES):
        state.freeze(msgspec.structs.replace(of_judge, scale=f"judge {i}"))
    assert set(state.frozen) == {SCALE, *(f"judge {i}" for i in range(SCALES))}
    assert state.frozen[SCALE].keys() == {HIT}


def test_the_judge_is_remembered_across_a_restart(week: list[Observation]) -> None:
    machine = deciding()
    fed(machine, week)
    saved = {name: state.saved() for name, state in machine.pipelines.items()}
    again = deciding()
    again.restore(saved, machine.windows.of("search"), [], SavedJudge({}), [])
    assert again.pipelines["search"].judge == JUDGE
    assert streams(again, "context_relevance").baseline == streams(machine, "context_relevance").baseline
    assert estimates(again, "search", KEPT_HOURS) == estimates(machine, "search", KEPT_HOURS)
