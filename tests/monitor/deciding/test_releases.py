"""Deploys: what begins a comparison, when it is made, and what it says."""

from collections.abc import Sequence

import msgspec
import pytest

from monitor.config_alerts import Alert
from monitor.deciding.deciding import Deciding, Entry, Told
from monitor.deciding.observation import Observation
from monitor.deciding.releases import MOST, OTHER, Comparison, Event
from monitor.deciding.settings import Settings
from tests.monitor.deciding.traffic import DAY, HOUR, MONDAY, entries, hours

NOON = MONDAY + DAY + 12 * HOUR


def machine() -> Deciding:
    return Deciding(Settings({"hit_at_5": Alert()}))


def told(of: Deciding, observations: Sequence[Observation]) -> list[Comparison]:
    found: list[Told] = [of.apply(entry) for entry in entries(observations)]
    return [comparison for one in found for comparison in one.comparisons]


def served(start: float, count: int, seed: int, release: str, lower: float = 0.0) -> list[Observation]:
    return hours(start, count, 80, seed=seed, lower=lower, release=release)


def test_a_change_of_a_version_begins_a_comparison_and_a_thousand_traces_end_it() -> None:
    of = machine()
    assert told(of, served(MONDAY, 36, 1, "index_version=1")) == []
    begun, ended = told(of, served(NOON, 20, 2, "index_version=2", lower=0.1))
    assert (begun.before, begun.after, begun.verdict) == ("index_version=1", "index_version=2", None)
    verdict = ended.verdict
    assert verdict is not None
    assert verdict.verdict == "worse"
    assert verdict.change is not None
    assert verdict.change.quality.change == pytest.approx(-0.1, abs=0.02)
    assert set(verdict.families) == {"lexical"}


def test_a_deploy_that_is_announced_does_the_same() -> None:
    """From its time on, and only in its pipeline."""
    of = machine()
    told(of, served(MONDAY, 36, 1, ""))
    of.apply(Entry(NOON, event=Event("new chunks", NOON, "search")))
    of.apply(Entry(NOON, event=Event("of another", NOON, "chat")))
    begun, ended = told(of, served(NOON, 20, 3, ""))
    assert (begun.before, begun.after) == ("", "new chunks")
    assert ended.verdict is not None
    assert ended.verdict.verdict == "no difference shown"


def test_a_canary_is_compared_with_what_is_served_beside_it() -> None:
    """Both versions come in turn; each trace counts for its own."""
    of = machine()
    told(of, served(MONDAY, 36, 1, "v=1"))
    old, new = served(NOON, 30, 4, "v=1"), served(NOON, 30, 5, "v=2", lower=-0.08)
    comparisons = told(of, sorted([*old, *new], key=lambda one: one.time))
    assert [one.verdict is not None for one in comparisons] == [False, True]
    assert comparisons[1].verdict is not None
    assert comparisons[1].verdict.verdict == "better"


def test_a_baseline_is_not_made_anew_by_a_deploy() -> None:
    of = machine()
    told(of, served(MONDAY, 8 * 24, 1, "v=1"))
    before = of.pipelines["search"].streams["hit_at_5"].reference
    told(of, served(MONDAY + 8 * DAY, 24, 2, "v=2", lower=0.1))
    assert before
    assert of.pipelines["search"].streams["hit_at_5"].reference == before


def test_scores_alone_convince_nobody() -> None:
    """The risk moved and what the documents say did not: two models' scores are on two scales."""
    of = machine()
    still = {"best_covered_terms": 0.5}
    steady = [msgspec.structs.replace(one, signals=still) for one in served(MONDAY, 36, 1, "v=1")]
    moved = [msgspec.structs.replace(one, signals=still) for one in served(NOON, 20, 2, "v=2", lower=0.1)]
    told(of, steady)
    verdict = told(of, moved)[1].verdict
    assert verdict is not None
    assert verdict.verdict == "no difference shown"
    assert "scores" in verdict.why


def test_evidence_that_disagrees_gives_no_verdict() -> None:
    of = machine()
    told(of, served(MONDAY, 36, 1, "v=1"))
    against = [
        msgspec.structs.replace(one, signals={"best_covered_terms": min(1.0, (one.hit or 0.0) + 0.3)})
        for one in served(NOON, 20, 2, "v=2", lower=0.1)
    ]
    verdict = told(of, against)[1].verdict
    assert verdict is not None
    assert verdict.verdict == "no difference shown"
    assert "disagrees: lexical" in verdict.why


def test_too_few_traces_before_are_said_so() -> None:
    of = machine()
    told(of, served(MONDAY, 36, 1, "v=1")[:20])
    verdict = told(of, served(NOON, 20, 2, "v=2"))[1].verdict
    assert verdict is not None
    assert verdict.verdict == "too few traces"


def test_a_trace_that_says_nothing_is_no_deploy() -> None:
    of = machine()
    told(of, served(MONDAY, 2, 1, "v=1"))
    assert told(of, served(MONDAY + 2 * HOUR, 2, 2, "")) == []


def test_names_that_never_repeat_do_not_pile_up() -> None:
    """A request id for a version: beyond a number they count as one."""
    of = machine()
    traces = [msgspec.structs.replace(one, release=f"v={i}") for i, one in enumerate(hours(MONDAY, 1, 200, seed=6))]
    told(of, traces)
    assert len(of.pipelines["search"].releases.known) == MOST + 1
    assert OTHER in of.pipelines["search"].releases.known
