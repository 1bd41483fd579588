"""Following a file: partial lines, rotation, truncation, restart."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.sources.jsonl import JsonlSource
from tests.monitor.kit import lines, replace_by_empty, trace, traces


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "traces.jsonl"


Open = Callable[..., JsonlSource]


@pytest.fixture
def opened(path: Path) -> Iterator[Open]:
    """Opens sources, and closes them at the end."""
    sources = []

    def build(position: dict[str, Any] | None = None, **options: Any) -> JsonlSource:
        sources.append(JsonlSource(path, **{"grace_seconds": 0.0, **options}))
        sources[-1].open(position)
        return sources[-1]

    yield build
    for source in sources:
        source.close()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def read(source: JsonlSource) -> list[str]:
    found = []
    while (batch := source.poll(100, 0.0)).records:
        found += [trace.trace_id for trace in batch.traces] + [f"bad: {bad.reason}" for bad in batch.malformed]
    return found


def test_a_last_line_waits_for_its_newline(path: Path, opened: Open) -> None:
    """Half a line is nobody's trace yet."""
    whole = lines(traces(1))
    append(path, whole + whole[:30])
    source = opened()
    assert read(source) == ["t0"]
    append(path, whole[30:].replace(b'"t0"', b'"t1"'))
    assert len(read(source)) == 1


def test_a_restart_in_the_middle_of_a_line_begins_at_its_start(path: Path, opened: Open) -> None:
    """The position is after the last whole line."""
    second = lines([trace("second")])
    append(path, lines([trace("first")]) + second[:20])
    source = opened()
    batch = source.poll(10, 0.0)
    source.close()
    append(path, second[20:])
    assert read(opened(batch.position)) == ["second"]


def test_a_file_that_is_not_there_yet_is_waited_for(path: Path, opened: Open) -> None:
    """And read from its beginning even with `start: end`: all of it is new."""
    source = opened(start="end")
    assert source.poll(10, 0.0).position is None
    append(path, lines(traces(2)))
    assert read(source) == ["t0", "t1"]


def test_start_end_skips_what_is_there_and_keeps_the_line_being_written(path: Path, opened: Open) -> None:
    """The decision is in the position at once, so that a restart does not skip what came since."""
    half = lines([trace("half")])
    append(path, lines(traces(3)) + half[:10])
    position = opened(start="end").poll(10, 0.0).position
    append(path, half[10:] + lines([trace("new")]))
    assert read(opened(position, start="end")) == ["half", "new"]


def test_rotation_finishes_the_old_file_first(path: Path, opened: Open) -> None:
    """Lines that were written just before the rename are read, then the new file."""
    append(path, lines(traces(2)))
    source = opened()
    assert read(source) == ["t0", "t1"]
    append(path, lines([trace("late")]))
    replace_by_empty(path)
    append(path, lines([trace("new")]))
    assert read(source) == ["late", "new"]


def test_a_writer_may_go_on_for_a_moment_in_the_file_that_was_renamed(path: Path, opened: Open) -> None:
    """Only a file that has been quiet is left, and its last line counts without a newline."""
    append(path, lines(traces(1)))
    source = opened(grace_seconds=0.2)
    assert read(source) == ["t0"]
    replace_by_empty(path)
    append(path, lines([trace("new")]))
    old = path.with_name("traces.jsonl.1")
    append(old, lines([trace("goes on")])[:-20])
    assert read(source) == []
    append(old, lines([trace("goes on")])[-20:-1])
    assert read(source) == []
    assert [t.trace_id for t in source.poll(10, 1.0).traces] == ["goes on", "new"]


def test_several_rotations_at_once_lose_nothing(path: Path, opened: Open) -> None:
    """Files that came and went between two polls are read in the order in which they were written."""
    append(path, lines([trace("a")]))
    source = opened()
    assert read(source) == ["a"]
    for number, name in enumerate(("b", "c")):
        path.rename(path.with_name(f"traces.jsonl.{9 - number}"))
        append(path, lines([trace(name)]))
        os.utime(path, ns=(0, path.with_name(f"traces.jsonl.{9 - number}").stat().st_mtime_ns + 1000))
    append(path, lines([trace("d")]))
    assert read(source) == ["b", "c", "d"]


def test_restart_after_a_rotation_finds_the_old_file(path: Path, opened: Open) -> None:
    """By inode and beginning, whatever it is called now."""
    append(path, lines(traces(3)))
    source = opened()
    position = source.poll(2, 0.0).position
    source.close()
    path.rename(path.with_name("old-name.txt"))
    append(path, lines([trace("new")]))
    assert read(opened(position)) == ["t2", "new"]


def test_restart_when_the_old_file_is_gone_reads_the_new_one(path: Path, opened: Open) -> None:
    """What was deleted unread is lost, and said so; the rest is not."""
    append(path, lines(traces(3)))
    source = opened()
    position = source.poll(2, 0.0).position
    source.close()
    new = path.with_name("other")
    append(new, lines([trace("new")]))
    new.replace(path)
    assert read(opened(position)) == ["new"]


def test_copytruncate_starts_again_at_the_beginning(path: Path, opened: Open) -> None:
    """The file is shorter than what was read of it."""
    append(path, lines(traces(5)))
    source = opened()
    assert len(read(source)) == 5
    shutil.copy(path, path.with_name("traces.jsonl.1"))
    os.truncate(path, 0)
    append(path, lines([trace("new")]))
    assert read(source) == ["new"]


def test_a_truncated_file_that_has_grown_past_the_offset_is_noticed(path: Path, opened: Open) -> None:
    """Its beginning is another one."""
    append(path, lines(traces(1)))
    source = opened()
    assert len(read(source)) == 1
    position = source.poll(1, 0.0).position
    path.write_bytes(lines(traces(3, "new")))
    assert read(source) == ["new0", "new1", "new2"]
    assert read(opened(position)) == ["new0", "new1", "new2"]


def test_a_reused_inode_is_noticed(path: Path, opened: Open) -> None:
    """The same device and inode, and another beginning: read from 0."""
    append(path, lines(traces(2)))
    source = opened()
    position = source.poll(1, 0.0).position
    assert position is not None
    source.close()
    path.unlink()
    append(path, lines(traces(3, "other")))
    stat = path.stat()
    assert read(opened({**position, "inode": stat.st_ino, "device": stat.st_dev})) == ["other0", "other1", "other2"]


def test_a_device_number_that_changed_with_a_reboot_is_no_other_file(path: Path, opened: Open) -> None:
    """Inode and beginning are enough."""
    append(path, lines(traces(2)))
    position = opened().poll(1, 0.0).position
    assert position is not None
    assert read(opened({**position, "device": 424242})) == ["t1"]


def test_a_line_that_is_too_long_costs_itself_only(path: Path, opened: Open) -> None:
    """It is set aside with its size; memory holds its beginning."""
    append(path, lines([trace("a")]) + b'{"query": "' + b"x" * 3_000_000 + b'"}\n' + lines([trace("b")]))
    source = opened(max_line_bytes=100_000)
    batch = source.poll(10, 0.0)
    (bad,) = batch.malformed
    assert bad.reason == "expected a line of at most 100000 bytes, got 3000014"
    assert len(bad.record) < 10_000
    assert [t.trace_id for t in batch.traces] + read(source) == ["a", "b"]


def test_a_file_that_was_removed_in_the_middle_of_a_line_hands_it_over(path: Path, opened: Open) -> None:
    """A last line without newline is a line once nothing more can come; half a trace is malformed."""
    append(path, lines(traces(1)) + b'{"trace_id": "cut')
    source = opened()
    assert read(source) == ["t0"]
    path.unlink()
    (bad,) = source.poll(10, 0.5).malformed
    assert bad.record == b'{"trace_id": "cut'


def test_blank_lines_are_nothing(path: Path, opened: Open) -> None:
    """Neither traces nor malformed."""
    append(path, b"\n  \n" + lines(traces(1)) + b"\r\n")
    assert read(opened()) == ["t0"]
