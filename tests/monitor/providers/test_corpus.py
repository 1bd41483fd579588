"""Reading the user's corpus; how served documents are found in it is in test_prepare."""

import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from detectors.records import RetrievedDocument
from monitor.errors import LeadlineError
from monitor.providers.corpus import Corpus, CorpusDocument, CorpusFormat, read_corpus
from tests.builders import write_lines


def test_reads_beirs_layout(tmp_path: Path) -> None:
    """A title is optional, ids may be numbers, blank lines and other keys do not matter."""
    rows = [
        {"_id": "a", "title": "Refunds", "text": "Five days.", "url": "x"},
        b"",
        {"_id": 7, "title": "", "text": "No title."},
        {"_id": "c", "title": None, "text": ""},
    ]
    found = read_corpus(write_lines(tmp_path / "corpus.jsonl", rows))
    assert list(found.documents) == [
        CorpusDocument("a", "Refunds. Five days."),
        CorpusDocument("7", "No title."),
        CorpusDocument("c", ""),
    ]
    assert len(found) == 3
    assert found.metadata_keys == frozenset()


def test_reads_the_keys_that_it_is_told(tmp_path: Path) -> None:
    """A document without a metadata key has none there, and filters on it do not match."""
    rows = [{"key": "a", "head": "H", "body": "B", "tenant": "acme"}, {"key": "b", "body": "B"}]
    layout = CorpusFormat("key", "head", "body", ("tenant",))
    found = read_corpus(write_lines(tmp_path / "corpus.jsonl", rows), layout)
    assert [(document.passage, document.metadata) for document in found.documents] == [
        ("H. B", {"tenant": "acme"}),
        ("B", {"tenant": None}),
    ]
    assert found.metadata_keys == {"tenant"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "expected a JSON object: "),
        (b"[]", "expected a JSON object: "),
        (b'{"_id": "a", "text": "\xff"}', "expected a JSON object: "),
        (b'{"text": "x"}', "_id: expected a string, got nothing"),
        (b'{"_id": true, "text": "x"}', "_id: expected a string, got bool"),
        (b'{"_id": 1.5, "text": "x"}', "_id: expected a string, got float"),
        (b'{"_id": "a"}', "text: expected a string, got nothing"),
        (b'{"_id": "a", "text": ["x"]}', "text: expected a string, got list"),
        (b'{"_id": "a", "text": "x", "title": 3}', "title: expected a string or null, got int"),
        (b'{"_id": "first", "text": "x"}', "_id: 'first' came before, expected ids that are unique"),
    ],
)
def test_a_bad_line_is_named_by_file_and_line(tmp_path: Path, line: bytes, reason: str) -> None:
    path = write_lines(tmp_path / "corpus.jsonl", [{"_id": "first", "text": "x"}, b"", line, b"{never read"])
    with pytest.raises(LeadlineError) as caught:
        read_corpus(path)
    assert str(caught.value).startswith(f"{path}:3: {reason}")
    assert "\n" not in str(caught.value)


def test_a_number_and_its_text_are_the_same_id(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "corpus.jsonl", [{"_id": 1, "text": "x"}, {"_id": "1", "text": "y"}])
    with pytest.raises(LeadlineError, match=r":2: _id: '1' came before"):
        read_corpus(path)


def make_directory(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_corpus_that_is_not_there_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match=r"gone.jsonl: cannot read the corpus: No such file or directory"):
        read_corpus(tmp_path / "gone.jsonl")
    with pytest.raises(LeadlineError, match=r"cannot read the corpus: Is a directory"):
        read_corpus(make_directory(tmp_path / "directory.jsonl"))
    with pytest.raises(LeadlineError, match=r"empty.jsonl: the corpus is empty, expected at least one document"):
        read_corpus(write_lines(tmp_path / "empty.jsonl", [b"", b""]))


def test_the_id_goes_before_the_parent_and_the_parent_before_the_text() -> None:
    known = Corpus([CorpusDocument(key, f"text of {key}") for key in ("own", "parent", "text")])
    everything = RetrievedDocument(id="own", parent_id="parent", text="text of text")
    found = [
        known.find(everything),
        known.find(RetrievedDocument(id="x", parent_id="parent", text="text of text")),
        known.find(RetrievedDocument(id="x", parent_id="y", text=" TEXT of  text")),
        known.find(RetrievedDocument(id="x", parent_id="y", text="")),
    ]
    assert [document.id if document else None for document in found] == ["own", "parent", "text", None]


ROWS = [
    {"key": "a", "head": "H", "body": "B", "tenant": "acme"},
    {"key": "b", "head": None, "body": "B", "tenant": None},
]
LAYOUT = CorpusFormat("key", "head", "body", ("tenant",))
COLUMNAR = ["corpus.parquet", "corpus.db"]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> tuple[Path, str | None]:
    """A corpus in the format of its suffix; its path and its table."""
    if path.suffix == ".jsonl":
        return write_lines(path, rows), None
    if path.suffix == ".parquet":
        write_table(pa.Table.from_pylist(rows), path)
        return path, None
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f'CREATE TABLE "my ""docs" ({", ".join(rows[0])})')
        slots = ", ".join("?" * len(rows[0]))
        database.executemany(f'INSERT INTO "my ""docs" VALUES ({slots})', [tuple(row.values()) for row in rows])  # noqa: S608
        database.execute('CREATE VIEW seen AS SELECT * FROM "my ""docs"')
    return path, 'my "docs'


def read_rows(path: Path, rows: list[dict[str, Any]], layout: CorpusFormat = LAYOUT) -> Corpus:
    path, table = write_rows(path, rows)
    return read_corpus(path, CorpusFormat(layout.id, layout.title, layout.text, layout.metadata, table))


@pytest.mark.parametrize("name", ["corpus.jsonl", *COLUMNAR])
def test_every_format_gives_the_same_corpus(tmp_path: Path, name: str) -> None:
    found = read_rows(tmp_path / name, ROWS)
    assert list(found.documents) == [
        CorpusDocument("a", "H. B", {"tenant": "acme"}),
        CorpusDocument("b", "B", {"tenant": None}),
    ]


@pytest.mark.parametrize("name", COLUMNAR)
def test_a_bad_row_is_named_by_file_and_row(tmp_path: Path, name: str) -> None:
    with pytest.raises(LeadlineError, match=r": row 2: body: expected a string, got nothing$"):
        read_rows(tmp_path / name, [ROWS[0], {**ROWS[1], "body": None}])


@pytest.mark.parametrize("name", COLUMNAR)
def test_an_id_that_comes_twice_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LeadlineError, match=r": row 2: key: 'a' came before, expected ids that are unique$"):
        read_rows(tmp_path / name, [ROWS[0], ROWS[0]])


@pytest.mark.parametrize("name", COLUMNAR)
@pytest.mark.parametrize(
    ("layout", "column"),
    [
        (CorpusFormat(), "_id"),
        (CorpusFormat("key", "head", "text"), "text"),
        (CorpusFormat("key", "head", "body", ("language",)), "language"),
    ],
)
def test_a_column_that_is_not_there_is_named(tmp_path: Path, name: str, layout: CorpusFormat, column: str) -> None:
    with pytest.raises(LeadlineError, match=f": {column}: no such column, expected one of key, head, body, tenant$"):
        read_rows(tmp_path / name, ROWS, layout)


def test_metadata_that_no_filter_could_equal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match=r"row 1: tenant: expected a value that JSON has, got date$"):
        read_rows(tmp_path / "corpus.parquet", [{**ROWS[0], "tenant": date(2026, 1, 1)}])


DAY = 1_775_001_600.0  # 2026-04-01 in UTC


def dated(path: Path, *values: Any) -> Corpus:
    """One document for each date, with the ids 0, 1, ..."""
    written, table = write_rows(path, [{"key": str(i), "body": "B", "seen": value} for i, value in enumerate(values)])
    return read_corpus(written, CorpusFormat("key", "head", "body", table=table, timestamp="seen"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-04-01", DAY),
        ("2026-04-01T12:00:00", DAY + 43_200),
        ("2026-04-01T12:00:00Z", DAY + 43_200),
        ("2026-04-01T12:00:00+02:00", DAY + 36_000),
        (1_775_001_600, DAY),
        (1_775_001_600.5, DAY + 0.5),
        (None, None),
    ],
)
@pytest.mark.parametrize("name", ["corpus.jsonl", *COLUMNAR])
def test_a_date_is_iso_8601_or_seconds_since_1970(tmp_path: Path, name: str, value: Any, seconds: float | None) -> None:
    """Without a zone it is in UTC."""
    assert dated(tmp_path / name, value).documents[0].timestamp == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (date(2026, 4, 1), DAY),
        (datetime(2026, 4, 1, 12), DAY + 43_200),  # noqa: DTZ001 - what Parquet gives where a column has no zone
        (datetime(2026, 4, 1, 12, tzinfo=UTC), DAY + 43_200),
        (datetime(2026, 4, 1, 12, tzinfo=timezone(timedelta(hours=2))), DAY + 36_000),
    ],
)
def test_a_column_of_dates_is_one_of_dates(tmp_path: Path, value: date, seconds: float) -> None:
    assert dated(tmp_path / "corpus.parquet", value).documents[0].timestamp == seconds


@pytest.mark.parametrize(
    ("value", "shown"), [("last week", "'last week'"), ("", "''"), (True, "bool"), (["2026-04-01"], "list")]
)
def test_what_is_no_date_is_refused(tmp_path: Path, value: Any, shown: str) -> None:
    expected = rf"corpus.jsonl:2: seen: expected ISO 8601, seconds since 1970 or null, got {re.escape(shown)}$"
    with pytest.raises(LeadlineError, match=expected):
        dated(tmp_path / "corpus.jsonl", DAY, value)


def test_newer_is_the_share_of_the_dated_documents_after_one(tmp_path: Path) -> None:
    """Of four with a date; two share one, and neither is newer than the other."""
    known = dated(tmp_path / "corpus.jsonl", DAY, None, DAY + 2, DAY + 1, DAY + 1)
    assert [known.newer(document) for document in known.documents] == [0.75, None, 0.0, 0.25, 0.25]


def test_a_view_is_read_and_another_table_is_refused_with_those_there_are(tmp_path: Path) -> None:
    path, _ = write_rows(tmp_path / "corpus.db", ROWS)
    assert len(read_corpus(path, CorpusFormat("key", "head", "body", table="seen"))) == 2
    with pytest.raises(LeadlineError, match=r': docs: no such table or view, expected one of my "docs, seen$'):
        read_corpus(path, CorpusFormat(table="docs"))


@pytest.mark.parametrize("name", COLUMNAR)
def test_a_file_that_is_something_else_or_missing_is_one_line(tmp_path: Path, name: str) -> None:
    path, table = tmp_path / name, "docs" if name.endswith(".db") else None
    with pytest.raises(LeadlineError, match="cannot read the corpus: No such file or directory"):
        read_corpus(path, CorpusFormat(table=table))
    assert not path.exists()
    path.write_bytes(b"something else, and long enough" * 100)
    with pytest.raises(LeadlineError, match=r"cannot read the corpus[^\n]*: [^\n]+$"):
        read_corpus(path, CorpusFormat(table=table))


def test_parquet_without_its_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = write_rows(tmp_path / "corpus.parquet", ROWS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LeadlineError, match=r"pip install 'leadline\[parquet\]'$"):
        read_corpus(path, LAYOUT)


def test_a_suffix_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match=r"corpus.csv: expected a path that ends in .jsonl, "):
        read_corpus(tmp_path / "corpus.csv")
