from __future__ import annotations

from monitor.demo.tables import Entry, parse_entries, parse_rows


def test_a_block_has_head_body_and_questions() -> None:
    table = """
# key | one | two
Body that
goes on.
? a question
? another one
# next
Short.
"""
    assert parse_entries(table) == (
        Entry("key", ("one", "two"), "Body that goes on.", ("a question", "another one")),
        Entry("next", (), "Short.", ()),
    )


def test_wrapped_chinese_is_joined_without_a_space() -> None:
    assert parse_entries("# key\n重新\n启动 Beacon\n下载")[0].body == "重新启动 Beacon 下载"


def test_rows_are_parted_by_bars_and_keep_empty_cells() -> None:
    assert parse_rows("a | | c\nd | e | f\n") == (("a", "", "c"), ("d", "e", "f"))
