"""What Grafana makes of variables."""

import doctest

from dashboards import asking
from dashboards.asking import filled, named


def test_the_example() -> None:
    assert doctest.testmod(asking) == (0, 1)


def test_a_single_value_stands_as_it_is_and_names_are_whole() -> None:
    """`$scenario` is not `$s` and the rest."""
    assert filled('a{b=~"_all|$scenario"}[$s]', {"s": "5m", "scenario": ".*"}) == 'a{b=~"_all|.*"}[5m]'


def test_a_series_is_called_by_its_labels() -> None:
    assert named("{{a}} of {{b_c}}", {"a": "x", "b_c": "y"}) == "x of y"
