import numpy as np
import pytest

from detectors.moments import Moments
from monitor.deciding.observation import MEASURES
from monitor.deciding.windows import BOUNDS, Windows, decode_window, encode_window, merged
from tests.monitor.deciding.traffic import HOUR, MONDAY, hours, observation


def test_an_hours_sums_are_those_of_its_traces() -> None:
    """Of the risk with the weights of the cheap tier; of a signal of the scorer's with those of the scorer."""
    traces = [
        observation(MONDAY + i, 0.1 * i, weights=(2.0, 20.0 * (i % 2), 0.0), signals={"regret": 0.05 * i})
        for i in range(9)
    ]
    windows = Windows()
    windows.add(traces[:4])
    windows.add(traces[4:])
    ((key, window),) = windows.of("search")
    assert key.hour == MONDAY // HOUR
    expected = Moments.of([0.1 * i for i in range(9)], [2.0] * 9, 0.05)
    assert np.allclose(window.moments("hit_at_5").array, expected.array)
    odd = Moments.of([0.05 * i for i in (1, 3, 5, 7)], [20.0] * 4)
    assert np.allclose(window.moments("regret").array, odd.array)
    assert window.moments("traces").weight == 18
    assert window.moments("lexical_rbo").values == 0


def test_a_trace_without_a_risk_still_counts_as_one() -> None:
    windows = Windows()
    windows.add([observation(MONDAY, None), observation(MONDAY, 0.5)])
    ((_, window),) = windows.of("search")
    assert (window.moments("traces").values, window.moments("hit_at_5").values) == (2, 1)


def test_histograms_count_weight_by_upper_bounds() -> None:
    """A value at a bound is in the bin below it, as in Prometheus."""
    windows = Windows()
    windows.add([observation(MONDAY, hit, weights=(3.0, 0, 0)) for hit in (0.0, 0.05, 0.051, 1.0)])
    ((_, window),) = windows.of("search")
    histogram = window.histogram("hit_at_5")
    assert len(histogram) == len(BOUNDS["hit_at_5"]) + 1
    assert (histogram[0], histogram[1], histogram[-1]) == (6.0, 3.0, 3.0)


def test_hours_scenarios_and_releases_are_kept_apart_and_add_up() -> None:
    traces = hours(MONDAY, 5, 50, seed=1)
    windows = Windows()
    windows.add(traces)
    keys = [key for key, _ in windows.of("search")]
    assert {key.hour for key in keys} == {MONDAY // HOUR + i for i in range(5)}
    assert {key.scenario for key in keys} == {"none", "negation"}
    together = merged(window for _, window in windows.of("search"))
    weights = [one.weights[0] for one in traces]
    expected = Moments.of([one.hit for one in traces], weights, 0.05)
    assert np.allclose(together.moments("hit_at_5").array, expected.array)


def test_what_is_written_is_read_back_to_the_last_bit() -> None:
    windows = Windows()
    windows.add(hours(MONDAY, 1, 300, seed=2))
    for _, window in windows.of("search"):
        again = decode_window(encode_window(window))
        assert again.sums.tobytes() == window.sums.tobytes()
        assert again.bins.tobytes() == window.bins.tobytes()


def test_a_measure_that_is_no_more_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows()
    windows.add([observation(MONDAY)])
    ((_, window),) = windows.of("search")
    body = encode_window(window)
    names = tuple("gone" if name == "lexical_rbo" else name for name in MEASURES)
    monkeypatch.setattr("monitor.deciding.windows.MEASURES", names)
    again = decode_window(body)
    assert again.sums[names.index("gone")].sum() == 0
    assert again.moments("hit_at_5").values == 1


def test_hours_are_let_go_of() -> None:
    windows = Windows()
    windows.add(hours(MONDAY, 5, 20, seed=3))
    windows.expire("search", int(MONDAY // HOUR) + 3)
    assert {key.hour for key, _ in windows.of("search")} == {MONDAY // HOUR + 3, MONDAY // HOUR + 4}
    assert windows.touched == set()
