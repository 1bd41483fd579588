from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from detectors.baseline import HOURS, Baseline, build, build_from, from_json, hours_of_week, to_json
from detectors.deciders import Abstained
from detectors.moments import Moments

MONDAY = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
CALLED: dict[str, Any] = {
    "pipeline": "p",
    "measure": "hit_at_5",
    "version": "1",
    "built": datetime(2026, 12, 1, tzinfo=UTC),
}


def traffic(an_hour: int, weeks: int = 1, noise: float = 0.1) -> tuple[Any, list[str], Any, Any]:
    """Two scenarios of levels .8 and .6, both .1 worse at night; times, scenarios, values, true means."""
    hour = np.repeat(np.arange(HOURS * weeks), an_hour)
    scenario = np.tile(["easy", "hard"], len(hour))[: len(hour)]
    truth = np.where(scenario == "easy", 0.8, 0.6) - 0.1 * (hour % 24 < 6)
    rng = np.random.default_rng(2)
    times = MONDAY + 3600 * (hour + np.linspace(0, 0.99, len(hour)))
    times[-1] = MONDAY + 604800 * weeks
    return times, scenario.tolist(), truth + rng.uniform(-noise, noise, len(hour)), truth


def built(*of: Any, **called: Any) -> Baseline:
    found = build(*of, **{**CALLED, **called})
    assert isinstance(found, Baseline)
    return found


def test_hours_are_counted_from_monday() -> None:
    sunday = datetime(2026, 11, 29, 23, 30, tzinfo=UTC).timestamp()
    assert hours_of_week([MONDAY, MONDAY + 3599, MONDAY + 3600, sunday]).tolist() == [0, 0, 1, 167]


def test_with_much_traffic_a_cell_has_its_own_mean() -> None:
    times, scenarios, values, truth = traffic(200, noise=0.15)
    baseline = built(times, scenarios, values)
    for name in ("easy", "hard"):
        here = np.array(scenarios) == name
        hour = hours_of_week(times[here])
        own = np.bincount(hour, values[here]) / np.bincount(hour)
        assert np.abs(np.array(baseline.strata[name].mean) - own).max() < 0.03
    assert np.sqrt(np.square(values - truth - baseline.residuals(times, scenarios, values)).mean()) < 0.01


def test_with_little_traffic_shrinking_beats_the_cells_own_means() -> None:
    """Twelve values an hour, six a cell. The truth is additive, so most of what a cell's own mean says is noise."""
    times, scenarios, values, truth = traffic(12, noise=0.2)
    baseline = built(times, scenarios, values)
    cell = hours_of_week(times) + HOURS * (np.array(scenarios) == "hard")
    own = (np.bincount(cell, values) / np.maximum(1, np.bincount(cell)))[cell]
    shrunken = values - baseline.residuals(times, scenarios, values)
    raw_error, error = (np.sqrt(np.square(mean - truth).mean()) for mean in (own, shrunken))
    assert error < 0.7 * raw_error
    claimed = np.array([baseline.strata[name].error for name in baseline.strata])
    assert 0.5 * error < np.sqrt(np.square(claimed).mean()) < 2 * error


def test_a_cell_without_values_has_the_mean_that_its_scenario_and_hour_suggest() -> None:
    times, scenarios, values, _ = traffic(40, weeks=2)
    kept = ~((hours_of_week(times) == 2) & (np.array(scenarios) == "hard"))
    baseline = built(times[kept], [s for s, k in zip(scenarios, kept, strict=True) if k], values[kept])
    hard = baseline.strata["hard"]
    assert hard.values[2] == 0
    assert hard.mean[2] == pytest.approx(0.5, abs=0.04)
    assert hard.error[2] >= hard.error[3]


def test_weights_undo_the_sampling() -> None:
    """Values under .7 were taken at .5, so they weigh 2."""
    times, scenarios, values, _ = traffic(400)
    taken = (values > 0.7) | (np.arange(len(values)) // 2 % 2 == 0)
    taken[-1] = True
    some = [s for s, t in zip(scenarios, taken, strict=True) if t]
    weights = np.where(values > 0.7, 1.0, 2.0)[taken]
    whole, plain, weighted = (
        built(*of).level for of in ((times, scenarios, values), (times[taken], some, values[taken]),
                                    (times[taken], some, values[taken], weights))
    )  # fmt: skip
    assert abs(weighted - whole) < 0.003 < abs(plain - whole)


def test_it_abstains_until_a_full_week_is_covered() -> None:
    times, _, values, _ = traffic(20, weeks=2)
    for kept in (times < MONDAY + 6.9 * 86400, hours_of_week(times) < 144):  # not a week; no Sunday
        assert build(times[kept], ["one"] * kept.sum(), values[kept], **CALLED) is Abstained.WEEK_NOT_COVERED
    assert build([], [], [], **CALLED) is Abstained.WEEK_NOT_COVERED


def test_it_abstains_with_under_two_values_an_hour() -> None:
    times, scenarios, values, _ = traffic(1)
    assert build(times, scenarios, values, **CALLED) is Abstained.TOO_FEW_VALUES


@pytest.mark.parametrize("wrong", [1.1, -0.1, float("nan")])
def test_a_value_out_of_range_is_refused(wrong: float) -> None:
    times, scenarios, values, _ = traffic(4)
    values[3] = wrong
    with pytest.raises(ValueError, match="value 3: expected a number from 0 to 1"):
        build(times, scenarios, values, **CALLED)


def test_the_residual_is_what_is_left_of_the_cells_mean() -> None:
    times, scenarios, values, _ = traffic(40)
    baseline = built(times, scenarios, values)
    noon = datetime(2026, 11, 24, 12, 59, tzinfo=UTC)
    expected = 0.9 - baseline.strata["easy"].mean[36]
    assert baseline.residuals([noon.timestamp()], ["easy"], [0.9]).tolist() == pytest.approx([expected])
    assert baseline.residuals([], [], []).tolist() == []


def test_a_stratum_that_was_never_seen_is_taken_to_be_as_all_together() -> None:
    """Or as those that were made of as much evidence."""
    times, scenarios, values, _ = traffic(40)
    noon = datetime(2026, 11, 24, 12, 59, tzinfo=UTC).timestamp()
    baseline = built(times, scenarios, values)
    assert baseline.residuals([noon], ["never seen"], [0.9]).tolist() == pytest.approx([0.9 - 0.7], abs=0.01)
    named = built(times, ["a/cheap" if one == "easy" else "b/scorer" for one in scenarios], values)
    for name, level in (("c/cheap", 0.8), ("c/scorer", 0.6), ("c/judge", 0.7)):
        assert named.residuals([noon], [name], [0.9]).tolist() == pytest.approx([0.9 - level], abs=0.01)


def test_no_residual_is_above_the_highest() -> None:
    times, scenarios, values, _ = traffic(40)
    baseline = built(times, scenarios, values)
    assert baseline.residuals(times, scenarios, np.ones(len(times))).max() == pytest.approx(baseline.highest_residual)


def test_levels_and_their_errors_worked_by_hand() -> None:
    """One scenario of zeros and ones in turn: level .5, spread .5, error .5 / sqrt(n)."""
    times, _, values, _ = traffic(10)
    baseline = built(times, ["one"] * len(times), np.tile([0.0, 1.0], len(values) // 2))
    assert (baseline.level, baseline.spread) == pytest.approx((0.5, 0.5))
    assert baseline.level_error == pytest.approx(0.5 / np.sqrt(len(values)))
    assert baseline.strata["one"].level_error == pytest.approx(baseline.level_error)


def test_it_is_saved_as_json_that_a_person_can_read_and_read_back_the_same() -> None:
    times, scenarios, values, _ = traffic(10)
    baseline = built(times, scenarios, values)
    text = to_json(baseline)
    assert from_json(text) == baseline
    lines = text.decode().splitlines()
    assert ' "pipeline": "p",' in lines
    assert sum(line.count(", ") == 23 for line in lines) == 2 * (4 * 7 + 4)  # 168 is seven lines, 101 four and a rest
    assert max(map(len, lines)) < 300


def test_constant_values_make_a_baseline_without_error() -> None:
    times, scenarios, values, _ = traffic(4)
    baseline = built(times, scenarios, np.full(len(values), 0.7))
    assert set(baseline.strata["easy"].mean) == {0.7}
    assert max(baseline.strata["easy"].error) < 1e-4


def test_a_row_of_another_length_is_refused() -> None:
    times, _, values, _ = traffic(4)
    text = to_json(built(times, ["one"] * len(times), values)).decode()
    with pytest.raises(ValueError, match=r"strata\.one: expected 168 numbers"):
        from_json(text.replace('"mean": [', '"mean": [0.5, ').encode())


def test_the_error_of_a_streams_level_is_that_of_any_of_its_strata() -> None:
    """Two strata of equal traffic: as far off as one of them, whatever the mix turns to; the common mean is less."""
    times, scenarios, values, _ = traffic(40)
    baseline = built(times, scenarios, values)
    alone = baseline.strata["easy"].level_error
    assert baseline.level_error_of(["easy"]) == pytest.approx(alone)
    assert baseline.level_error_of(["easy", "hard"]) == pytest.approx(alone, rel=0.01)
    assert baseline.level_error == pytest.approx(alone / np.sqrt(2), rel=0.01)


def test_the_shape_of_residuals_is_that_of_the_values() -> None:
    times, scenarios, values, _ = traffic(40)
    baseline = built(times, scenarios, values)
    shape = np.array(baseline.shape(["easy", "hard"], 500))
    within = np.concatenate([values[np.array(scenarios) == n] - baseline.strata[n].level for n in ("easy", "hard")])
    assert len(shape) == 500
    assert np.quantile(shape, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(within, [0.1, 0.5, 0.9]), abs=0.01)


def test_values_a_day_are_those_of_the_strata() -> None:
    times, scenarios, values, _ = traffic(40, weeks=2)
    baseline = built(times, scenarios, values)
    assert baseline.values_a_day(["easy"]) == pytest.approx(480)
    assert baseline.values_a_day(["easy", "hard"]) == pytest.approx(960)


def test_its_moments_over_hours_are_its_cells_at_the_weight_that_came_later() -> None:
    """Only Monday's sixth hour, three times as much: level and share of that hour."""
    times, scenarios, values, _ = traffic(40)
    baseline = built(times, scenarios, values)
    later = np.zeros(HOURS)
    later[5] = 120.0
    easy, hard = (baseline.moments(later)[name] for name in ("easy", "hard"))
    assert (float(easy.weight), float(hard.weight)) == pytest.approx((60, 60))
    assert (float(easy.values), float(easy.effective)) == pytest.approx((20, 20))
    assert float(easy.mean) == pytest.approx(baseline.strata["easy"].mean[5])
    assert float(np.sqrt(easy.around(easy.mean)[1] / easy.squares)) == pytest.approx(baseline.spread)


def test_sums_make_the_same_baseline_as_values() -> None:
    times, scenarios, values, _ = traffic(20)
    tables, quantiles = {}, {}
    for name in ("easy", "hard"):
        here = np.array(scenarios) == name
        terms = Moments.each(values[here], np.ones(here.sum()))
        tables[name] = Moments(*(np.bincount(hours_of_week(times[here]), term, HOURS) for term in terms))
        quantiles[name] = np.quantile(values[here], np.linspace(0, 1, 101))
    since, until = (datetime.fromtimestamp(float(end), UTC) for end in (times.min(), times.max()))
    assert build_from(tables, quantiles, since, until, **CALLED) == built(times, scenarios, values)


def test_of_less_than_a_week_there_is_something_to_plan_with_and_nothing_to_watch_by() -> None:
    """Hours that were not seen get what their stratum suggests, with an error that says so."""
    times, _, values, _ = traffic(4)
    early = slice(0, 200)
    table = Moments.from_array(np.zeros((HOURS, len(Moments._fields))))
    sums = Moments.each(values[early], np.ones(200)).array
    rows = table.array
    np.add.at(rows, hours_of_week(times[early]), sums)
    since, until = (datetime.fromtimestamp(times[i], UTC) for i in (0, 199))
    called = {"since": since, "until": until, **CALLED}
    assert build_from({"s": Moments.from_array(rows)}, {"s": ()}, **called) == Abstained.WEEK_NOT_COVERED
    found = build_from({"s": Moments.from_array(rows)}, {"s": ()}, **called, whole_week=False)
    assert isinstance(found, Baseline)
    [stratum] = found.strata.values()
    assert found.level == pytest.approx(values[early].mean())
    assert np.mean(stratum.error[150:]) > np.mean(stratum.error[:40])
