"""Which retrievals of two recordings belong together."""

from pathlib import Path

import pytest

from monitor.comparing.pairing import pair, read_side
from monitor.errors import LeadlineError
from tests.builders import assessor, plain_trace, write_lines
from tests.monitor.comparing.kit import row


def test_by_id_first_and_by_text_where_ids_are_not_shared() -> None:
    before = [row("one", "a"), row("two", "b"), row("three"), row("four")]
    after = [row("THREE  "), row("reworded", "a"), row("two", "other")]
    found = pair(before, after)
    pairs = [(one[0].assessment.query, other[0].assessment.query) for one, other in zip(*found[:2], strict=True)]
    assert pairs == [("one", "reworded"), ("two", "two"), ("three", "THREE  ")]
    assert found.unmatched == (1, 0)


def test_a_query_that_comes_again_is_one_query() -> None:
    found = pair([row("a"), row("a"), row("b")], [row("a")])
    assert [len(rows) for rows in found.before] == [2]
    assert found.unmatched == (1, 0)


def test_a_recording_is_read_whole_whatever_is_sampled(tmp_path: Path) -> None:
    """Bad lines and repeats are counted; the scores of documents are kept by their keys."""
    path = write_lines(tmp_path / "t.jsonl", [plain_trace("a"), plain_trace("a"), b"bad", plain_trace("b")])
    sampled = assessor(None, pipelines={"default": {"sample": {"cheap": 0.001, "scorer": 0.001, "judge": 0.0}}})
    found = read_side(path, sampled)
    assert [one.assessment.trace_id for one in found.rows] == ["a", "b"]
    assert found.skipped == {"duplicate": 1, "unusable": 1}
    assert [problem.line for problem in found.problems] == [3]
    assert found.rows[0].scores.keys() == set(found.rows[0].assessment.document_ids)


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match=r"t\.jsonl: expected query traces, found none"):
        read_side(write_lines(tmp_path / "t.jsonl", [b"bad"]), assessor(None))
