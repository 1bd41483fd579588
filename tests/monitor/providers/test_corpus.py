"""Reading the user's corpus; how served documents are found in it is in test_prepare."""

from pathlib import Path

import pytest

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
