import numpy as np
import pytest

from monitor.config_alerts import HIT
from monitor.deciding.windows import Row, Windows
from monitor.planning.coverage import hardly_seen, lacks
from tests.monitor.deciding.traffic import DAY, MONDAY, WEEK, hours, observation


def rows(*times: float, hit: float | None = 0.8) -> list[Row]:
    windows = Windows()
    windows.add([observation(time, hit) for time in times])
    return list(windows.of("search"))


def test_it_says_how_many_days_there_are() -> None:
    assert lacks(rows(MONDAY, MONDAY + 2.5 * DAY), HIT) == "covers 2.5 of 7 days"


def test_days_count_from_the_first_value_to_the_last() -> None:
    """Traces without one do not help."""
    found = [*rows(MONDAY, hit=None), *rows(MONDAY + WEEK)]
    assert lacks(found, HIT) == "covers 1 of 168 hours"
    assert lacks(found, "lexical_rbo") == "values on Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday are missing"
    assert lacks(rows(MONDAY, MONDAY + WEEK, hit=None), HIT) == "there are no values"


def test_it_names_the_days_that_were_not_seen() -> None:
    times = [MONDAY + day * DAY for day in (0, 1, 2, 3, 4, 7, 8)]
    assert lacks(rows(*times), HIT) == "values on Saturday, Sunday are missing"


def test_a_week_with_hardly_any_traffic_is_too_little() -> None:
    windows = Windows()
    windows.add(hours(MONDAY, 168, 1, seed=1))
    assert lacks(list(windows.of("search")), HIT) == "168 effective values, expected 336 or more"
    windows.add(hours(MONDAY, 168, 2, seed=2))
    assert lacks(list(windows.of("search")), HIT) is None


@pytest.mark.parametrize(
    ("few", "said"),
    [
        ([], ""),
        (range(24), "Mon 00-24"),
        ([0, 1, 5, 167], "Mon 00-02, 05-06; Sun 23-24"),
        ([23, 24], "Mon 23-24; Tue 00-01"),
    ],
)
def test_hours_of_the_week_with_few_values(few: list[int], said: str) -> None:
    values = np.full(168, 5.0)
    values[list(few)] = 4.0
    assert hardly_seen(values) == said
