from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.evaluating.collections import find_collections
from tests.labelled import write_collections


def test_collections_and_their_recordings_come_by_name(tmp_path: Path) -> None:
    """A folder without a corpus is none, nor is a file."""
    write_collections(tmp_path, "b a")
    (tmp_path / "notes").mkdir()
    (tmp_path / "README.md").write_text("x")
    found = find_collections(tmp_path)
    assert [collection.name for collection in found] == ["a", "b"]
    assert [path.name for path in found[0].recordings] == ["traces.jsonl", "traces.e5.jsonl"]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("queries.jsonl", "no queries.jsonl"),
        ("qrels/test.tsv", "no qrels/test.tsv"),
        ("traces.jsonl", "no recording"),
    ],
)
def test_what_a_collection_lacks_is_named(tmp_path: Path, gone: str, said: str) -> None:
    write_collections(tmp_path, "a", "traces")
    (tmp_path / "a" / gone).unlink()
    with pytest.raises(LeadlineError, match=rf"/a: {said}, expected corpus.jsonl, queries.jsonl, qrels/test.tsv"):
        find_collections(tmp_path)


def test_a_folder_without_collections_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match="no collections here, expected folders that hold corpus"):
        find_collections(tmp_path)
