"""Nothing relevant is left in what was served, nor in what BM25 finds."""

from pathlib import Path

from monitor.evaluating.emptied import EmptiedIndex, emptied
from monitor.providers.lexical import Bm25Index
from tests.builders import corpus, trace

TEXTS = {f"d{i}": f"toner cartridge {'toner ' * i}" for i in range(8)}


def test_bm25_finds_as_many_without_what_was_removed(tmp_path: Path) -> None:
    """The first five of eight, without two of them: the next two move up, scores and idf as they were."""
    index = Bm25Index(corpus(tmp_path, TEXTS))
    whole = index.search("toner", 8, None)
    removed = frozenset(hit.key for hit in whole.hits[1:3])
    found = EmptiedIndex(index, {"toner": removed}).search("toner", 5, None)
    assert list(found.hits) == [whole.hits[0], *whole.hits[3:7]]
    assert found.idf == whole.idf


def test_the_served_list_closes_up(tmp_path: Path) -> None:
    """A chunk goes with the document that it is of; scores stay with their documents."""
    known = corpus(tmp_path, TEXTS)
    documents = [{"id": "d1", "score": 0.9}, {"id": "c7", "parent_id": "d7", "score": 0.8}, {"id": "d3", "score": 0.7}]
    left = emptied(trace(documents=documents), frozenset(["d1", "d7"]), known)
    assert [(document.id, document.score) for document in left.documents] == [("d3", 0.7)]
