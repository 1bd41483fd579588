"""What alerts will see: by a baseline, by what there is so far, by an assumption."""

from pathlib import Path

import numpy as np
import pytest

from detectors import budget
from detectors.baseline import Baseline
from detectors.budget import Stream, simulated_delays
from detectors.deciders import Abstained, Cusum, CusumConfig
from detectors.records import ALL
from monitor.config_alerts import HIT, Alert
from monitor.deciding.baselines import build_baseline
from monitor.deciding.deciding import Deciding
from monitor.deciding.settings import Settings
from monitor.deciding.streams import budget_of
from monitor.deciding.windows import Windows
from monitor.planning.machine import machine_of
from monitor.planning.outlook import ASSUMED, Outlook, Sight, outlooks
from tests.monitor.deciding.traffic import MONDAY, SCALE, hours
from tests.monitor.planning.states import write_state


def looked(path: Path, *alerts: Alert, given: Baseline | None = None) -> list[Outlook]:
    settings = Settings({one.called: one for one in alerts}, {"search": [given]} if given else {})
    with machine_of(path, settings) as deciding:
        return outlooks(deciding)


def by_stream(outlook: Outlook) -> dict[str, Sight]:
    [view] = outlook.views
    return {sight.stream: sight for sight in view.sights}


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight days and a bit, so that the baseline was frozen."""
    return write_state(tmp_path_factory.mktemp("state") / "s.db", hours(MONDAY, 200, 60, seed=1))


def baseline(scale: str = SCALE) -> Baseline:
    windows = Windows()
    windows.add(hours(MONDAY, 170, 30, seed=3))
    built = build_baseline(list(windows.of("search")), "search", HIT, scale, MONDAY)
    assert isinstance(built, Baseline)
    return built


def test_it_says_what_the_sidecar_is_watching_with(watching: Path) -> None:
    """The very deciders of the state file: their limits, tolerances and shares of the budget."""
    with machine_of(watching, Settings({HIT: Alert()})) as deciding:
        [found] = outlooks(deciding)
        streams = deciding.pipelines["search"].streams[HIT]
        sights = by_stream(found)
        assert sights.keys() == {ALL, "negation", "none"} == streams.streams.keys()
        assert found.streams == deciding.streams(HIT) == 3
        for name, sight in sights.items():
            known = streams.known(name)
            assert known is not None
            plan = budget.plan(budget_of(streams.alert, 3), known)
            assert not isinstance(plan, Abstained)
            assert (sight.tolerance, sight.delay_traces) == (plan.config.tolerance, plan.delay_traces)
            assert sight.traces_a_day == known.traces_a_day
    assert sum(sight.pages or 0 for sight in sights.values()) == pytest.approx(Alert().false_pages_per_year)
    assert found.views[0].by.startswith("by baseline search-2026-11-09-")


def test_before_a_week_it_says_what_the_baseline_will_allow(tmp_path: Path, watching: Path) -> None:
    """From two days, nearly what is said once it is frozen; and marked as preliminary."""
    early = write_state(tmp_path / "s.db", hours(MONDAY, 55, 60, seed=1))
    [found] = looked(early, Alert())
    assert found.views[0].by.startswith("preliminary, from 2.2 days (covers 2.2 of 7 days)")
    [later] = looked(watching, Alert())
    for name, sight in by_stream(found).items():
        assert sight.tolerance == pytest.approx(by_stream(later)[name].tolerance, rel=0.15)
        assert sight.delay_traces == pytest.approx(by_stream(later)[name].delay_traces, rel=0.15)


def test_with_hardly_any_values_it_says_nothing(tmp_path: Path) -> None:
    [found] = looked(write_state(tmp_path / "s.db", hours(MONDAY, 30, 2, seed=1)), Alert())
    assert found.views[0].sights == ()
    assert found.views[0].by == "does not watch yet: 58 values in hours that are over, 100 say something"


def test_where_the_reference_is_too_thin_it_says_what_could_be_watched(watching: Path) -> None:
    """An alert for that drop watches, and one for a little less does not."""
    [found] = looked(watching, Alert(smallest_drop=0.006))
    sight = by_stream(found)["negation"]
    assert sight.why_not.startswith("reference too thin, its level errs by 0.00")
    could = float(sight.why_not.split("would watch for ")[1].split(",")[0])
    [wider] = looked(watching, Alert(smallest_drop=could))
    assert not by_stream(wider)["negation"].why_not
    [narrower] = looked(watching, Alert(smallest_drop=could - 0.002))
    assert by_stream(narrower)["negation"].why_not


def test_streams_that_do_not_watch_leave_their_share_to_the_others(watching: Path) -> None:
    [found] = looked(watching, Alert(smallest_drop=0.01))
    pages = [sight.pages for sight in by_stream(found).values() if sight.pages is not None]
    assert 0 < len(pages) == found.streams < 3
    assert sum(pages) == pytest.approx(Alert().false_pages_per_year)


def test_a_new_alert_on_another_signal_is_preliminary(watching: Path) -> None:
    """Before it is enabled: of what nobody watched, the last two days are there."""
    [first, second] = looked(watching, Alert(), Alert(signal="best_covered_terms", smallest_drop=0.1))
    assert first.views[0].by.startswith("by baseline")
    assert second.views[0].by.startswith("preliminary, from 2.")
    assert by_stream(second)[ALL].delay_traces > 1


def test_a_baseline_in_the_configuration_goes_before_the_frozen_one(watching: Path) -> None:
    given = baseline()
    [found] = looked(watching, Alert(), given=given)
    assert given.version in found.views[0].by
    [alone] = outlooks(Deciding(Settings({HIT: Alert()}, {"search": [given]})))
    assert given.version in alone.views[0].by
    assert by_stream(alone)[ALL].traces_a_day == pytest.approx(720, rel=0.01)


def test_a_baseline_of_other_versions_watches_nothing(watching: Path) -> None:
    [found] = looked(watching, Alert(), given=baseline("another scorer"))
    assert found.views[0].sights == ()
    assert "made by 'another scorer', those of now are made by 'scorer - own prior - depth-10'" in found.views[0].by


def test_a_baseline_without_the_signal_is_said() -> None:
    [found] = outlooks(Deciding(Settings({"x": Alert(name="x", signal="lexical_rbo")}, {"search": [baseline()]})))
    assert found.views[0].by == "its file has no baseline of lexical_rbo, and there was no traffic yet"


def test_without_traffic_it_assumes_some() -> None:
    """What it says of a thousand traces a day is what a simulation of such values finds."""
    [found] = outlooks(Deciding(Settings({HIT: Alert()})))
    [_, sight, _] = found.views[0].sights
    assert sight.traces_a_day == 1000
    values = np.random.default_rng(0).beta(*ASSUMED, 4000)
    stream = Stream(
        traces_a_day=1000,
        residuals=tuple(values - values.mean()),
        reference_error=sight.tolerance - 0.01,
        highest=1 / 3,
    )
    wanted = budget.Budget(smallest_drop=0.05, false_pages_a_year=4, streams=found.streams)
    config = budget.esr_config(wanted, stream)
    assert not isinstance(config, Abstained)
    assert sight.delay_traces == pytest.approx(simulated_delays(config, stream.residuals, 0.05).mean(), rel=0.15)


def test_a_cusum_takes_as_long_as_is_said(watching: Path) -> None:
    """Simulated on normal values; and it promises no number of false pages."""
    [found] = looked(watching, Alert(decider="cusum"))
    sight = by_stream(found)[ALL]
    with machine_of(watching, Settings({HIT: Alert(decider="cusum")})) as deciding:
        decider = deciding.pipelines["search"].streams[HIT].streams[ALL].decider
    assert isinstance(decider, Cusum)
    spread = 0.15
    rng = np.random.default_rng(0)
    delays = []
    for _ in range(100):
        fresh = Cusum(CusumConfig(allowance=decider.config.allowance, limit=decider.config.limit))
        delays.append(fresh.update(rng.normal(-0.05, spread, 5000).clip(-1, 1)).raised[0] + 1)
    assert sight.delay_traces == pytest.approx(np.mean(delays), rel=0.1)
    assert sight.pages is None


def test_of_a_threshold_nothing_is_foretold() -> None:
    alert = Alert(decider="threshold", limit=0.7)
    assert outlooks(Deciding(Settings({HIT: alert}))) == [Outlook(alert)]
