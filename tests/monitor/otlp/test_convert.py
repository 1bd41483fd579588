"""A retrieval as a query trace: what spans say, and nothing else."""

from datetime import UTC, datetime

import msgspec

from detectors.records import QueryTrace, RetrievedDocument
from monitor.otlp.convert import Unusable, query_trace
from monitor.otlp.nests import Nest
from monitor.otlp.notes import Note
from tests.monitor.otlp.kit import documents, note


def convert(served: Note, *inner: Note, asked: str | None = "q") -> QueryTrace:
    found = query_trace(Nest(served, inner, asked))
    assert isinstance(found, QueryTrace)
    return found


def unscored(*ids: str) -> tuple[RetrievedDocument, ...]:
    return tuple(msgspec.structs.replace(one, score=None) for one in documents(*ids))


def test_every_field_comes_from_the_served_span() -> None:
    """Its time of start is that of the query."""
    served = note("retriever", "a", pipeline="shop", top_k=5, attributes={"v": 1}, start=1_795_574_765_500_000_000)
    trace = convert(served, asked="what")
    assert trace.identity == ("shop", served.trace_id, served.span_id)
    assert (trace.query, trace.documents, trace.top_k, trace.attributes) == ("what", served.documents, 5, {"v": 1})
    assert trace.timestamp == datetime(2026, 11, 25, 2, 46, 5, 500_000, UTC)
    assert (trace.candidates, trace.filters, trace.score_kind, trace.answer) == (None, None, None, None)


def test_the_answer_is_carried() -> None:
    """As the nest has it."""
    found = query_trace(Nest(note("retriever", "a"), (), "q", "five days"))
    assert isinstance(found, QueryTrace)
    assert found.answer == "five days"


def test_what_is_missing_makes_it_unusable_with_the_reason() -> None:
    """Of the two, the documents are told first."""
    assert query_trace(Nest(note(pipeline="p"), (), "q")) == Unusable("p", "no_documents")
    assert query_trace(Nest(note(problem="several_queries"), (), "q")) == Unusable("default", "several_queries")
    assert query_trace(Nest(note("retriever", "a", query=None), (), None)) == Unusable("default", "no_query")
    assert query_trace(Nest(note("retriever", "a", query=None, problem="redacted"), (), None)).__class__ is Unusable


def test_candidates_are_the_list_inside_where_it_is_another_one() -> None:
    """A wrapper that changes nothing has none; the order counts."""
    served = note("retriever", "a", "b")
    assert convert(served, note("retriever", "a", "b")).candidates is None
    assert convert(served, note("retriever", "b", "a")).candidates == documents("b", "a")
    assert convert(served, note("retriever", "a", "b", "c"), note()).candidates == documents("a", "b", "c")


def test_of_several_lists_inside_only_a_reranker_knows_the_order() -> None:
    """Else there is none."""
    several = note("retriever", "a", "c"), note("retriever", "b", "d")
    assert convert(note("retriever", "a", "b"), *several).candidates is None
    merged = documents("a", "b", "c", "d")
    assert convert(note("reranker", "d", before=merged), *several).candidates == merged
    assert convert(note("retriever", "d"), *several, note("reranker", "d", before=merged)).candidates == merged


def test_ids_come_from_spans_inside_with_the_same_text() -> None:
    """A framework above a vector store: one has the order, the other the ids."""
    anonymous = tuple(msgspec.structs.replace(one, id=None) for one in documents("b", "a", "z"))
    trace = convert(note(documents=anonymous), note("retriever", "a", "b"))
    assert [document.id for document in trace.documents] == ["b", "a", None]


def test_scores_come_from_a_span_inside_with_the_same_list_only() -> None:
    """Another order, other scores."""
    served = note(documents=unscored("a", "b"))
    assert convert(served, note("retriever", "a", "b")).documents == documents("a", "b")
    assert convert(served, note("retriever", "b", "a")).documents == unscored("a", "b")


def test_scores_that_a_reranker_passed_on_are_dropped() -> None:
    """They belong to the order before; where that order is kept, they stay."""
    scored = documents("a", "b", "c")
    retriever = note(documents=scored)
    turned = note("reranker", documents=(scored[2], scored[0]), before=scored)
    assert [document.score for document in convert(turned, retriever).documents] == [None, None]
    cut = note("reranker", documents=scored[:2], before=scored)
    assert convert(cut, retriever).documents == scored[:2]
    own = note("reranker", documents=documents("c", "a"), before=scored)
    assert convert(own, retriever).documents == documents("c", "a")


def test_filters_of_every_span_inside_hold() -> None:
    """What a search was restricted to must never be lost: documents of others would be called missed."""
    trace = convert(note("retriever", "a", filters={"x": 1}), note("retriever", "b", filters={"tenant": "acme"}))
    assert trace.filters == {"x": 1, "tenant": "acme"}
