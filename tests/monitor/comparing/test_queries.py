"""Which queries changed most, with what was gained and lost."""

import msgspec
import numpy as np

from detectors.records import Evidence
from monitor.comparing.pairing import Row
from monitor.comparing.queries import NAMED, most_changed
from monitor.comparing.results import Document
from tests.monitor.comparing.kit import row


def unit(query: str, documents: str, relevance: tuple[float, ...] = ()) -> list[Row]:
    return [row(query, document_ids=tuple(documents), evidence=Evidence(relevance=list(relevance)))]


def test_the_strongest_come_first_and_unknown_ones_not_at_all() -> None:
    changes = np.array([*np.linspace(-0.8, 0.7, 16), 0.0, np.nan])
    units = [unit(f"q{i}", "ab") for i in range(len(changes))]
    improved, worsened = most_changed(units, units, changes)
    assert [one.query for one in worsened] == ["q0", "q1", "q2", "q3", "q4"]
    assert [one.query for one in improved] == ["q15", "q14", "q13", "q12", "q11"]
    assert len(worsened) == NAMED


def test_where_nothing_got_worse_nothing_is_named() -> None:
    units = [unit("q", "ab")]
    improved, worsened = most_changed(units, units, np.array([0.1]))
    assert ([one.query for one in improved], worsened) == (["q"], [])


def test_only_the_first_five_count() -> None:
    """Document g comes in, d falls out, and e moves among them."""
    before, after = unit("q", "abcdefg"), unit("q", "eabcgd", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    [found] = most_changed([before], [after], np.array([0.5]))[0]
    assert found.gained == [Document("g", 0.5)]
    assert found.lost == [Document("d", None)]


def test_without_the_right_to_keep_text_a_query_is_named_by_its_trace() -> None:
    [known] = unit("q", "a")
    bare = known._replace(assessment=msgspec.structs.replace(known.assessment, query=None))
    [found] = most_changed([[bare]], [[bare]], np.array([0.5]))[0]
    assert found.query == "trace q"
