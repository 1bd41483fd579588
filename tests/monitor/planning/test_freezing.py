"""What a baseline is made of, and when there is none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.config import Config, build_config
from monitor.config_alerts import HIT, Alert
from monitor.deciding.observation import Evidence
from monitor.deciding.settings import read_baselines, write_baselines
from monitor.errors import LeadlineError
from monitor.planning.freezing import Collected, Frozen, freeze, from_state, moment, signals_of
from tests.monitor.deciding.traffic import DAY, HOUR, JUDGE, MONDAY, OTHER, WEEK, days, hours
from tests.monitor.planning.states import write_state

NOW = MONDAY + 30 * DAY


def config_of(state: Path) -> Config:
    return build_config({"state": {"path": str(state)}}, "test")


OLDER = hours(MONDAY, 48, 10, seed=1, scale="older")
HEALTHY = hours(MONDAY + 2 * DAY, 150, 10, seed=2)
DEGRADED = hours(MONDAY + 2 * DAY + 150 * HOUR, 1, 10, seed=3, evidence=Evidence.DEGRADED)
LAST = hours(MONDAY + 2 * DAY + 151 * HOUR, 41, 10, seed=4)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    """Ten days: in the first two another scorer made the risks, and in one hour the scorer was broken."""
    traffic = [*OLDER, *HEALTHY, *DEGRADED, *LAST]
    state = write_state(tmp_path_factory.mktemp("state") / "s.db", traffic, Alert(), Alert(signal="best_covered_terms"))
    return from_state(config_of(state), "search")


def frozen(collected: Collected, *signals: str, since: float | None = None, until: float | None = None) -> Frozen:
    return freeze(collected, "search", signals or (HIT,), since, until, NOW)


def test_only_traces_of_the_newest_versions_count(collected: Collected) -> None:
    """The last hour is not over, and what was degraded says nothing of retrieval; both sorts left out are counted."""
    found = frozen(collected)
    assert found.left_out == {"degraded": 10, "made_by_others": 480}
    over = [one for one in LAST if one.time // HOUR < LAST[-1].time // HOUR]
    assert found.traces == len(HEALTHY) + len(over)
    [baseline] = found.baselines
    assert baseline.since == datetime(2026, 11, 4, tzinfo=UTC)
    assert baseline.until == datetime(2026, 11, 11, 23, tzinfo=UTC)
    assert sum(sum(one.values) for one in baseline.strata.values()) == found.traces


def test_what_a_judge_says_is_frozen_of_the_newest_judge_whatever_the_scorer(tmp_path: Path) -> None:
    """And not of the one before it; whether a trace was preferred makes no difference to a weighted mean."""
    traffic = [*days(0, 2, seed=1, judge=OTHER), *days(2, 4, seed=2, scale="older"), *days(6, 4, seed=3)]
    state = write_state(tmp_path / "s.db", traffic, Alert(signal="context_relevance"))
    [baseline] = frozen(from_state(config_of(state), "search"), "context_relevance").baselines
    over = [one for one in traffic if one.judge == JUDGE and one.time // HOUR < traffic[-1].time // HOUR]
    assert baseline.scale == JUDGE
    assert sum(sum(one.values) for one in baseline.strata.values()) == len(over)
    mean = sum(one.weights[2] * one.signals["context_relevance"] for one in over) / sum(one.weights[2] for one in over)
    assert baseline.level == pytest.approx(mean)


def test_a_range_is_of_whole_hours(collected: Collected) -> None:
    """An hour that began before it, or ends after it, is out."""
    begin, end = MONDAY + 2.2 * DAY + 60, MONDAY + 9.4 * DAY - 60
    [baseline] = frozen(collected, since=begin, until=end).baselines
    assert baseline.since.timestamp() == -(-begin // HOUR) * HOUR
    assert baseline.until.timestamp() == end // HOUR * HOUR


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        (MONDAY + 3 * DAY, MONDAY + 6 * DAY, "hit_at_5: covers 3.0 of 7 days"),
        (None, MONDAY + 2 * DAY, "hit_at_5, as made by 'scorer - own prior - depth-10': there are no values"),
    ],
)
def test_too_little_is_refused_with_the_reason(
    collected: Collected, since: float | None, until: float | None, why: str
) -> None:
    with pytest.raises(LeadlineError) as caught:
        frozen(collected, since=since, until=until)
    assert str(caught.value) == f"baseline: search: {why}"


def test_of_what_no_alert_watches_two_days_are_kept(collected: Collected) -> None:
    frozen(collected, "best_covered_terms")
    with pytest.raises(
        LeadlineError, match=r"lexical_rbo: covers 2\.\d of 7 days; of a signal that no alert watches 48 h"
    ):
        frozen(collected, "lexical_rbo")


def test_the_file_is_what_a_configuration_reads(collected: Collected, tmp_path: Path) -> None:
    """And a person: a line a day, and not a line a number."""
    found = frozen(collected, HIT, "best_covered_terms")
    path = tmp_path / "baseline.json"
    write_baselines(path, found.baselines)
    assert read_baselines(path, "search") == found.baselines
    assert len(path.read_text().splitlines()) < 400


def test_an_unknown_pipeline_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    state = write_state(tmp_path / "s.db", hours(MONDAY, 3, 10, seed=1))
    with pytest.raises(LeadlineError) as caught:
        from_state(config_of(state), "shop")
    assert str(caught.value) == "baseline: no traces of pipeline 'shop' in s.db, there are those of: search"


def test_signals_are_those_of_the_alerts_unless_chosen() -> None:
    """A threshold needs no baseline."""
    alerts = [
        {"signal": "lexical_rbo"},
        {"signal": HIT},
        {"signal": HIT, "name": "ticket", "smallest_drop": 0.03},
        {"signal": "union_rbo", "decider": "threshold", "limit": 0.5},
    ]
    assert signals_of(build_config({"alerts": alerts}, "test"), ()) == ["lexical_rbo", HIT]
    assert signals_of(build_config({"alerts": alerts}, "test"), ["regret"]) == ["regret"]
    assert signals_of(build_config({"alerts": []}, "test"), ()) == [HIT]
    with pytest.raises(LeadlineError, match=r"--signal: got 'top_score', expected one of hit_at_5, "):
        signals_of(Config(), ["top_score"])


@pytest.mark.parametrize("text", ["yesterday", "2026-11-02", "2026-11-02T10:00:00"])
def test_a_time_has_a_zone(text: str) -> None:
    with pytest.raises(LeadlineError, match=f"--since: got '{text}', expected ISO 8601 with a zone"):
        moment(text, "--since")
    assert moment("2026-11-09T00:00:00Z", "--until") == MONDAY + WEEK
