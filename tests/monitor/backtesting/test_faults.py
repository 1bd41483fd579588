from collections.abc import Sequence

import pytest

from detectors.records import QueryTrace, RetrievedDocument
from monitor.backtesting.faults import (
    COPIES,
    FAULTS,
    Inject,
    ann_loss,
    hidden_filter,
    language_shift,
    near_duplicate_flood,
    other_embedding_model,
    stale_index,
    truncated_chunks,
    typos,
)
from monitor.providers.corpus import Corpus, CorpusDocument, resolve

DOCUMENTS = 200
TEXT = "the document of number {} says what it is about at some length"
CORPUS = Corpus([CorpusDocument(f"d{i}", TEXT.format(i)) for i in range(DOCUMENTS)])
SEED = 3


def recorded(count: int = 60, depth: int = 20) -> list[QueryTrace]:
    return [
        QueryTrace(
            trace_id=f"t{i}", query_id=f"q{i}", query=f"where would somebody find article {i}",
            documents=tuple(
                RetrievedDocument(id=f"d{(7 * i + 3 * rank) % DOCUMENTS}", score=0.9 - rank / 100)
                for rank in range(depth)
            ),
        )
        for i in range(count)
    ]  # fmt: skip


TRACES = recorded()


def ids(traces: Sequence[QueryTrace]) -> list[list[str | None]]:
    return [[document.id for document in trace.documents] for trace in traces]


def left_out(traces: Sequence[QueryTrace]) -> set[str | None]:
    """The documents that are in no list; all that are left keep their order and their scores."""
    for before, after in zip(TRACES, traces, strict=True):
        kept = set(after.documents)
        assert tuple(d for d in before.documents if d in kept) == after.documents
        assert (before.query, before.trace_id) == (after.query, after.trace_id)
    served = {document for served in ids(traces) for document in served}
    return {document for served in ids(TRACES) for document in served} - served


@pytest.mark.parametrize(("fault", "share"), [(stale_index, 0.2), (hidden_filter, 0.5), (other_embedding_model, 0.3)])
@pytest.mark.parametrize("corpus", [CORPUS, None])
def test_documents_are_missing_from_all_lists_or_from_none(fault: Inject, share: float, corpus: Corpus | None) -> None:
    changed = fault(TRACES, corpus, SEED)
    gone = left_out(changed)
    assert len(gone) / DOCUMENTS == pytest.approx(share, abs=0.08)
    assert ids(changed) == [[key for key in served if key not in gone] for served in ids(TRACES)]


def test_the_newest_fifth_is_missing_where_the_corpus_has_dates() -> None:
    dated = Corpus([CorpusDocument(f"d{i}", f"text {i}", timestamp=float(i)) for i in range(DOCUMENTS)])
    assert left_out(stale_index(TRACES, dated, SEED)) == {f"d{i}" for i in range(160, DOCUMENTS)}


def test_a_document_without_a_date_is_not_new() -> None:
    some = Corpus(
        [CorpusDocument(f"d{i}", f"text {i}", timestamp=None if i % 2 else float(i)) for i in range(DOCUMENTS)]
    )
    assert {int((key or "")[1:]) % 2 for key in left_out(stale_index(TRACES, some, SEED))} == {0}


def test_each_query_loses_other_neighbours() -> None:
    changed = ann_loss(TRACES, CORPUS, SEED)
    assert left_out(changed) == set()
    assert sum(len(trace.documents) for trace in changed) / (20 * len(TRACES)) == pytest.approx(0.7, abs=0.05)


def test_texts_are_cut_and_nothing_else() -> None:
    changed = truncated_chunks(TRACES, CORPUS, SEED)
    assert ids(changed) == ids(TRACES)
    for before, after in zip(TRACES[0].documents, changed[0].documents, strict=True):
        whole, cut = resolve(before, CORPUS), resolve(after, CORPUS)
        assert after.score == before.score
        assert cut.key == whole.key
        assert whole.text is not None
        assert cut.text is not None
        assert whole.text.startswith(cut.text)
        assert len(cut.text) == len(whole.text) // 3
    assert truncated_chunks(TRACES, None, SEED) == TRACES  # no text, nothing to cut


def test_copies_come_behind_their_originals_and_are_the_same_document() -> None:
    changed = near_duplicate_flood(TRACES, CORPUS, SEED)
    originals = [[document for document in trace.documents if "~" not in (document.id or "")] for trace in changed]
    assert [tuple(documents) for documents in originals] == [trace.documents for trace in TRACES]
    copies = [
        (trace.documents[at - 1], document)
        for trace in changed
        for at, document in enumerate(trace.documents)
        if "~" in (document.id or "")
    ]
    assert len(copies) / sum(map(len, originals)) == pytest.approx(COPIES * 0.1, abs=0.2)
    assert all(resolve(one, CORPUS) == resolve(copy, CORPUS) for one, copy in copies)
    assert all(one.score == copy.score and one.id != copy.id for one, copy in copies)


def test_foreign_queries_get_what_another_query_got() -> None:
    changed = language_shift(TRACES, CORPUS, SEED)
    foreign = [(before, after) for before, after in zip(TRACES, changed, strict=True) if before != after]
    assert len(foreign) / len(TRACES) == pytest.approx(0.3, abs=0.12)
    lists = [trace.documents for trace in TRACES]
    for before, after in foreign:
        assert not any("a" <= letter <= "z" for letter in after.query)
        assert before.query.split()[-1] == after.query.split()[-1]  # digits stay
        assert len(before.query) == len(after.query)
        assert after.documents in lists
        assert after.query_id == before.query_id
    assert sum(before.documents != after.documents for before, after in foreign) > len(foreign) / 2


def test_typos_swap_letters_within_words_and_leave_the_lists() -> None:
    changed = typos(TRACES, CORPUS, SEED)
    assert ids(changed) == ids(TRACES)
    words = [
        pair
        for b, a in zip(TRACES, changed, strict=True)
        for pair in zip(b.query.split(), a.query.split(), strict=True)
    ]
    touched = [(before, after) for before, after in words if before != after]
    assert all(sorted(before) == sorted(after) and before[0] == after[0] for before, after in touched)
    assert min(len(before) for before, _ in touched) >= 4
    assert 0.1 < len(touched) / len(words) < 0.35


@pytest.mark.parametrize("name", FAULTS)
def test_the_seed_decides_everything_and_the_recording_stays_as_it_is(name: str) -> None:
    given = recorded()
    inject = FAULTS[name].inject
    changed = inject(given, CORPUS, SEED)
    assert changed == inject(given, CORPUS, SEED)
    assert given == TRACES
    assert changed != TRACES
    assert (inject(given, CORPUS, SEED + 1) == changed) == (name == "truncated_chunks")
    assert [trace.identity for trace in changed] == [trace.identity for trace in TRACES]


@pytest.mark.parametrize("name", FAULTS)
def test_empty_lists_and_queries_are_no_trouble(name: str) -> None:
    empty = [QueryTrace(trace_id="t", query="", documents=())]
    assert FAULTS[name].inject(empty, CORPUS, SEED) == empty
