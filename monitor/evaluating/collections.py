"""Which labelled collections and which recordings of them a folder holds."""

from pathlib import Path
from typing import NamedTuple

from monitor.errors import LeadlineError

LAYOUT = "corpus.jsonl, queries.jsonl, qrels/test.tsv and traces*.jsonl"


class Collection(NamedTuple):
    """A labelled collection in BEIR's layout, with the recordings of one retriever each."""

    directory: Path
    recordings: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.directory.name


def find_collections(folder: Path) -> list[Collection]:
    """The collections directly under `folder`, by name; a folder without a corpus is none.

    Raises
    ------
    LeadlineError
        Where there is none, or one lacks its queries, its labels or a recording.
    """
    found = [_collection(corpus.parent) for corpus in sorted(folder.glob("*/corpus.jsonl"))]
    if not found:
        raise LeadlineError(f"{folder}: no collections here, expected folders that hold {LAYOUT}")
    return found


def _collection(directory: Path) -> Collection:
    for name in ("queries.jsonl", "qrels/test.tsv"):
        if not (directory / name).is_file():
            raise LeadlineError(f"{directory}: no {name}, expected {LAYOUT}")
    recordings = tuple(sorted(directory.glob("traces*.jsonl"), key=lambda path: path.stem))
    if not recordings:
        raise LeadlineError(f"{directory}: no recording, expected {LAYOUT}")
    return Collection(directory, recordings)
