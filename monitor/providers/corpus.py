"""The user's corpus: the source texts, found by id, by parent id or by the hash of their text."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from types import NoneType
from typing import Any, Literal

import msgspec

from detectors.records import Passage, RetrievedDocument
from detectors.text import passage, text_key
from monitor.errors import LeadlineError
from monitor.providers.corpus_files import Columns, Fingerprint, fingerprint, read_rows

TextSource = Literal["trace", "corpus", "parent", "missing"]
JSON_TYPES = (NoneType, bool, int, float, str, list, dict)


class CorpusDocument(msgspec.Struct, frozen=True, gc=False):
    """One document as it is indexed; `metadata` holds the configured keys that filters may name.

    `timestamp` is in seconds since 1970, None where the document has no date.
    """

    id: str
    passage: str
    metadata: dict[str, Any] | None = None
    timestamp: float | None = None


class Corpus:
    """All documents in memory, with the three ways to find one (DESIGN: text of a document).

    `fingerprint` is that of the file they were read from, from before it was read.
    """

    def __init__(
        self, documents: Sequence[CorpusDocument], metadata_keys: Sequence[str] = (), fingerprint: Fingerprint = ()
    ) -> None:
        self.fingerprint = fingerprint
        self.documents = documents
        self.metadata_keys = frozenset(metadata_keys)
        self._number = {document.id: number for number, document in enumerate(documents)}
        self._timestamps = sorted(d.timestamp for d in documents if d.timestamp is not None)
        self._by_text: dict[str, CorpusDocument] | None = None

    def __len__(self) -> int:
        return len(self.documents)

    def find(self, document: RetrievedDocument) -> CorpusDocument | None:
        """The corpus's own copy of a served document: by id, then parent id, then text."""
        for known in (document.id, document.parent_id):
            if known is not None and known in self._number:
                return self.documents[self._number[known]]
        found = None
        if document.text:
            found = self._text_index.get(text_key(passage(document.title, document.text)))
            found = found or self._text_index.get(text_key(document.text))
        return found

    def newer(self, document: CorpusDocument) -> float | None:
        """The share of the dated documents that are newer than one of them; None where it has no date."""
        if document.timestamp is None:
            return None
        return 1 - bisect_right(self._timestamps, document.timestamp) / len(self._timestamps)

    def number_of(self, document_id: str) -> int:
        """Which of the documents has this id, from 0."""
        return self._number[document_id]

    @property
    def _text_index(self) -> dict[str, CorpusDocument]:
        if self._by_text is None:
            self._by_text = {text_key(document.passage): document for document in self.documents}
        return self._by_text


def resolve(document: RetrievedDocument, corpus: Corpus | None) -> Passage:
    """A served document with its key and its text; the trace's own text wins over the corpus's."""
    found = corpus.find(document) if corpus is not None else None
    text = found.passage if found is not None else None
    if document.text:
        text = passage(document.title, document.text)
    if corpus is not None and found is not None:
        return Passage(found.id, text, in_corpus=True, newer=corpus.newer(found))
    return Passage(document.id or text_key(text or ""), text)


def text_source(document: RetrievedDocument, served: Passage) -> TextSource:
    """Where `resolve` had the text of a served document from."""
    if document.text:
        return "trace"
    if not served.text:
        return "missing"
    return "corpus" if served.key == document.id else "parent"


class CorpusFormat(msgspec.Struct, frozen=True):
    """Which keys or columns of a corpus hold what, and which table of a database; the defaults read BEIR's layout.

    `timestamp`, where it is given, dates a document.
    """

    id: str = "_id"
    title: str = "title"
    text: str = "text"
    metadata: tuple[str, ...] = ()
    table: str | None = None
    timestamp: str | None = None


def read_corpus(path: Path, layout: CorpusFormat = CorpusFormat()) -> Corpus:  # noqa: B008 - immutable
    """Read a corpus: JSONL, Parquet or SQLite, as the suffix of its file says.

    The first bad row ends it: a corpus with holes would call documents missed that are not.

    Raises
    ------
    LeadlineError
        With file, line or row and key, where one is not as expected, or an id comes twice.
    """
    before = fingerprint(path)
    documents = list(_documents(path, layout))
    if not documents:
        raise LeadlineError(f"{path}: the corpus is empty, expected at least one document")
    return Corpus(documents, layout.metadata, before)


def _documents(path: Path, layout: CorpusFormat) -> Iterator[CorpusDocument]:
    seen: set[str] = set()
    dated = () if layout.timestamp is None else (layout.timestamp,)
    columns = Columns((layout.id, layout.text, *layout.metadata, *dated), optional=layout.title)
    for where, row in read_rows(path, layout.table, columns):
        document_id = _identifier(row, layout.id, where)
        if document_id in seen:
            raise LeadlineError(f"{where}: {layout.id}: {document_id!r} came before, expected ids that are unique")
        seen.add(document_id)
        text, title = row.get(layout.text), row.get(layout.title)
        if not isinstance(text, str):
            raise LeadlineError(f"{where}: {layout.text}: expected a string, got {_kind(text)}")
        if title is not None and not isinstance(title, str):
            raise LeadlineError(f"{where}: {layout.title}: expected a string or null, got {_kind(title)}")
        metadata = {key: _metadata(row, key, where) for key in layout.metadata} if layout.metadata else None
        timestamp = _timestamp(row, layout.timestamp, where) if layout.timestamp is not None else None
        yield CorpusDocument(document_id, passage(title, text), metadata, timestamp)


def _identifier(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise LeadlineError(f"{where}: {key}: expected a string, got {_kind(value)}")
    return str(value)


def _metadata(row: dict[str, Any], key: str, where: str) -> Any:
    """A filter of a trace is JSON and could never equal anything else."""
    value = row.get(key)
    if not isinstance(value, JSON_TYPES):
        raise LeadlineError(f"{where}: {key}: expected a value that JSON has, got {_kind(value)}")
    return value


def _timestamp(row: dict[str, Any], key: str, where: str) -> float | None:
    """Seconds since 1970; a date without a zone is in UTC."""
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    try:
        moment = datetime.fromisoformat(value.isoformat() if isinstance(value, date) else value)
    except (TypeError, ValueError) as error:
        shown = repr(value) if isinstance(value, str) else _kind(value)
        raise LeadlineError(f"{where}: {key}: expected ISO 8601, seconds since 1970 or null, got {shown}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
