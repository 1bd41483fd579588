"""Assessments in a file."""

import json
import resource
from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.sinks.jsonl import JsonlSink
from tests.monitor.kit import assessment


def ids(path: Path) -> list[str]:
    return [json.loads(line)["trace_id"] for line in path.read_text().splitlines()]


def test_appends_and_closes_a_line_that_a_crash_cut_short(tmp_path: Path) -> None:
    """The half line stays on its own."""
    path = tmp_path / "out.jsonl"
    path.write_text('{"trace_id": "whole"}\n{"trace_id": "ha')
    sink = JsonlSink(path)
    sink.write([assessment("a"), assessment("b")])
    sink.close()
    sink.close()
    found = path.read_text().splitlines()
    assert found[1] == '{"trace_id": "ha'
    assert [json.loads(line)["trace_id"] for line in found[2:]] == ["a", "b"]


def test_a_write_that_fails_leaves_nothing_of_the_batch(tmp_path: Path) -> None:
    """So that trying again repeats nothing: the disk is full (a limit of the process), then it is not."""
    path = tmp_path / "out.jsonl"
    sink = JsonlSink(path)
    sink.write([assessment("a")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            sink.write([assessment("b"), assessment("c")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ids(path) == ["a"]
    sink.write([assessment("b"), assessment("c")])
    assert ids(path) == ["a", "b", "c"]
    sink.close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """In one line, at the start."""
    with pytest.raises(LeadlineError, match=r"nowhere/out\.jsonl: cannot be written: No such file"):
        JsonlSink(tmp_path / "nowhere" / "out.jsonl")
