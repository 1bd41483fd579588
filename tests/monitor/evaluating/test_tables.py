from detectors.resampling import Interval, Mean
from monitor.evaluating.tables import doubly_ranged, plain, ranged, share, table


def test_numbers_are_short_and_honest() -> None:
    assert [plain(x) for x in (0.824, -0.031, 1.0, 0.0, -0.001, None)] == [".82", "-.03", "1.00", "0.00", "0.00", "-"]
    assert ranged(Interval(0.8, 0.75, 0.861)) == ".80 (.75 to .86)"
    assert doubly_ranged(Mean(0.8, 0.75, 0.86, 0.7, 0.9, 3)) == ".800 (.750 to .860); .700 to .900"
    assert (ranged(None), doubly_ranged(None)) == ("-", "-")
    assert [share(x) for x in (0, 0.002, 0.126, 1)] == ["0%", "<1%", "13%", "100%"]


def test_a_table_has_a_line_for_each_row_and_an_empty_one_behind() -> None:
    assert table(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |", ""]
