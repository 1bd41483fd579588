"""Assessments in a file."""

import json
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.sinks.jsonl import JsonlSink, encode_line
from tests.monitor.kit import ROOT, assessment


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


def rotated(path: Path) -> dict[str, list[str]]:
    """Trace ids by the end of the file's name."""
    files = sorted(path.parent.glob(f"{path.name}*"), key=lambda file: file.name)
    return {file.name.removeprefix(path.name): ids(file) for file in files}


def test_a_full_file_is_renamed_and_the_oldest_replaced(tmp_path: Path) -> None:
    """A batch stays together, and only `keep` old ones stay."""
    path = tmp_path / "out.jsonl"
    sink = JsonlSink(path, max_bytes=2 * len(encode_line(assessment("a"))), keep=2)
    for batch in ("ab", "cde", "f", "g", "h"):
        sink.write([assessment(name) for name in batch])
    assert rotated(path) == {"": ["h"], ".1": ["f", "g"], ".2": ["c", "d", "e"]}
    sink.close()
    JsonlSink(path, max_bytes=4096).close()
    assert ids(path) == ["h"]


def test_a_gap_that_a_crash_left_is_filled_and_nothing_replaced(tmp_path: Path) -> None:
    """Killed between the second and the third rename of a rotation."""
    path = tmp_path / "out.jsonl"
    sink = JsonlSink(path, max_bytes=1, keep=4)
    for name in "abcd":
        sink.write([assessment(name)])
    path.with_name("out.jsonl.3").rename(path.with_name("out.jsonl.4"))
    path.with_name("out.jsonl.2").rename(path.with_name("out.jsonl.3"))
    sink.write([assessment("e")])
    sink.close()
    assert rotated(path) == {"": ["e"], ".1": ["d"], ".2": ["c"], ".3": ["b"], ".4": ["a"]}


def test_a_directory_in_which_nothing_can_be_renamed_is_an_error_that_passes(tmp_path: Path) -> None:
    """What cannot be rotated is not written, so that it comes again."""
    path = tmp_path / "out.jsonl"
    sink = JsonlSink(path, max_bytes=1, keep=1)
    sink.write([assessment("a")])
    (blocked := path.with_name("out.jsonl.1")).mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        sink.write([assessment("b")])
    blocked.rmdir()
    sink.write([assessment("b")])
    sink.close()
    assert rotated(path) == {"": ["b"], ".1": ["a"]}


def test_two_of_them_take_turns_at_one_file(tmp_path: Path) -> None:
    """At a reload the one before has batches in hand, and rotates, while the next one is open already."""
    path = tmp_path / "out.jsonl"
    before, after = (JsonlSink(path, max_bytes=1, keep=9) for _ in range(2))
    before.write([assessment("a")])
    before.write([assessment("b")])
    after.write([assessment("c")])
    before.write([assessment("d")])
    before.close()
    after.close()
    assert rotated(path) == {"": ["d"], ".1": ["c"], ".2": ["b"], ".3": ["a"]}


WRITER = """
import sys
from pathlib import Path
from monitor.sinks.jsonl import JsonlSink
from tests.monitor.kit import assessment
sink = JsonlSink(Path(sys.argv[1]), max_bytes=4096, keep=1000)
for number in range(int(sys.argv[2]), 10**9):
    sink.write([assessment(str(number))])
    print(number, flush=True)
"""


def test_kill_9_while_it_rotates_loses_nothing(tmp_path: Path) -> None:
    """Every line that was written is in one of the files, whole, once; a life begins where the one before had come."""
    path, written = tmp_path / "out.jsonl", 0
    for life in range(1, 4):
        command = [sys.executable, "-c", WRITER, str(path), str(written)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                written = int(line) + 1
                if written >= 150 * life:
                    writer.kill()
    found = Counter(number for numbers in rotated(path).values() for number in numbers)
    assert {str(number) for number in range(written)} <= found.keys()
    assert found.total() - len(found) <= 2, "at most what was in flight at each crash came again"
    assert len(rotated(path)) > 50
