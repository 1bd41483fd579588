"""What the real emitters sent, as query traces: each emitter's traps, on what it really writes."""

import msgspec
import pytest

from detectors.records import QueryTrace
from monitor.otlp.convert import Unusable
from tests.monitor.otlp.kit import QUERY, joined, read, recorded, traces_of

ORDER = "Order 88-1023 was shipped on Monday and signed for by the customer."


def ids(trace: QueryTrace) -> list[str | None]:
    return [document.id for document in trace.documents]


def scores(trace: QueryTrace) -> list[float | None]:
    return [document.score for document in trace.documents]


def candidates(trace: QueryTrace) -> list[str | None] | None:
    return [document.id for document in trace.candidates] if trace.candidates is not None else None


LANGCHAIN_QUERIES = [QUERY, QUERY, QUERY, QUERY, "toner RX-20b", "reset the password"]


def test_langchain_under_openinference() -> None:
    """Ids come from the output, scores from the metadata; nested ones count once; a batch stays two retrievals."""
    plain, chained, reranked, several, *batch = traces_of("openinference_langchain")
    assert [trace.query for trace in (plain, chained, reranked, several, *batch)] == LANGCHAIN_QUERIES
    for trace in (plain, chained):
        assert (ids(trace), scores(trace)) == (["kb-order", "kb-refund", "kb-toner"], [0.6, 0.4, 0.0])
        assert (trace.documents[0].text, trace.candidates) == (ORDER, None)
    assert (ids(reranked), scores(reranked)) == (["kb-toner", "kb-refund"], [0.9, 0.8])
    assert candidates(reranked) == ["kb-order", "kb-refund", "kb-toner"]
    assert (ids(several), scores(several)) == (["kb-refund", "kb-toner", "kb-password", "kb-order"], [None] * 4)
    assert several.candidates is None
    assert batch[0].trace_id == batch[1].trace_id
    assert batch[0].span_id != batch[1].span_id


def test_deployment_and_metadata_are_carried_and_content_is_not() -> None:
    """Resource, span and what the application attached."""
    plain = traces_of("openinference_langchain")[0]
    assert plain.pipeline == "openinference-langchain"
    assert plain.attributes == {
        "service.name": "openinference-langchain", "service.version": "1.4.2", "deployment.environment.name": "test",
        "metadata.ls_retriever_name": "knowledgebase", "openinference.span.kind": "RETRIEVER",
    }  # fmt: skip


def test_llama_index_under_openinference() -> None:
    """Two spans a query, the inner one without documents; a reranker beside the retriever; an empty result."""
    plain, engine, reranked, nothing = traces_of("openinference_llama_index")
    for trace in (plain, engine):
        assert (trace.query, ids(trace), scores(trace)) == (
            QUERY,
            ["kb-order", "kb-refund", "kb-toner"],
            [0.6, 0.4, 0.0],
        )
        assert (trace.documents[0].text, trace.candidates) == (ORDER, None)
    assert (reranked.query, ids(reranked), scores(reranked)) == (QUERY, ["kb-toner", "kb-refund"], [0.9, 0.8])
    assert (candidates(reranked), reranked.top_k) == (["kb-order", "kb-refund", "kb-toner"], 2)
    assert (nothing.query, nothing.documents) == ("does not exist", ())


def test_haystack_under_openinference() -> None:
    """The query of an embedding retriever is its pipeline's; a ranker's list is served, without borrowed scores."""
    words, embedding, reranked = traces_of("openinference_haystack")
    assert (words.query, ids(words), scores(words)) == (
        QUERY,
        ["kb-order", "kb-refund"],
        [5.095090928522075, 0.8770002436962722],
    )
    assert (embedding.query, ids(embedding)) == (QUERY, ["kb-order", "kb-refund", "kb-password"])
    assert (reranked.query, ids(reranked), candidates(reranked)) == (
        QUERY,
        ["kb-refund", "kb-order"],
        ["kb-order", "kb-refund"],
    )
    assert reranked.candidates is not None
    assert reranked.candidates[0].score == 5.095090928522075
    assert (scores(reranked), reranked.top_k) == ([None, None], 2)


def test_langchain_under_genai() -> None:
    """Ids and scores, no texts; what is nested the emitter itself leaves out."""
    plain, chained, reranked, several, *batch = traces_of("genai_langchain")
    assert [trace.query for trace in (plain, chained, reranked, several, *batch)] == LANGCHAIN_QUERIES
    assert (ids(plain), scores(plain)) == (["kb-order", "kb-refund", "kb-toner"], [0.6, 0.4, 0.0])
    assert [document.text for document in plain.documents] == [None] * 3
    assert scores(reranked) == [0.9, 0.8]
    assert scores(several) == [None] * 4


def test_langchain_under_traceloop() -> None:
    """Texts and scores, no ids."""
    plain, _, reranked, several, *batch = traces_of("traceloop_langchain")
    assert (plain.query, ids(plain), scores(plain)) == (QUERY, [None] * 3, [0.6, 0.4, 0.0])
    assert plain.documents[0].text == ORDER
    assert scores(reranked) == [0.9, 0.8]
    assert reranked.candidates is not None
    assert [document.text for document in reranked.candidates] == [document.text for document in plain.documents]
    assert several.candidates is None
    assert [trace.query for trace in batch] == ["toner RX-20b", "reset the password"]


def test_chroma_under_traceloop() -> None:
    """What was found is in the events, what was asked above it; distances are scores, polarity is configured."""
    (trace,) = traces_of("traceloop_chroma")
    assert (trace.query, ids(trace), trace.top_k) == (QUERY, ["kb-refund", "kb-order", "kb-password"], 3)
    assert (trace.documents[1].text, trace.score_kind) == (ORDER, None)
    assert scores(trace) == pytest.approx([0.18, 1.18, 1.78], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("openinference_langchain_redacted", "redacted"), ("genai_langchain_without_content", "no_documents")],
)
def test_content_that_was_not_captured_is_said_and_not_guessed(name: str, reason: str) -> None:
    """One retrieval each, unusable."""
    assert joined(read(recorded(name)).notes) == [Unusable(name.replace("_", "-"), reason)]


def test_spans_of_models_and_prompts_are_ignored_and_counted() -> None:
    """Most of what comes is no retrieval; model calls are not even kept as links."""
    reading = read(recorded("openinference_llama_index"))
    assert reading.counts == {
        ("openinference", "retriever"): 8,
        ("openinference", "reranker"): 1,
        ("openinference", "ignored"): 20,
    }
    kept = {note.span_id for note in reading.notes}
    kinds = {
        span["spanId"]: next(
            a["value"]["stringValue"] for a in span["attributes"] if a["key"] == "openinference.span.kind"
        )
        for span in recorded("openinference_llama_index")["resourceSpans"][0]["scopeSpans"][0]["spans"]
    }
    assert {kinds[span_id] for span_id in kept} == {"RETRIEVER", "RERANKER", "CHAIN"}


WORDS = "text text text text text text text text"  # of LlamaIndex' mock model
ANSWERS: dict[str, list[str | None]] = {
    "openinference_langchain": [None, "five days", None, None, None, None],
    "openinference_langgraph": ["five days"],
    "openinference_llama_index": [None, WORDS, WORDS, None],
    "openinference_haystack": [None, None, None],
    "openinference_haystack_answered": ["five days"],
    "traceloop_langchain": [None, "five days", None, None, None, None],
    "traceloop_langgraph": ["five days"],
    "traceloop_chroma": [None],
    "genai_langchain": [None] * 6,
    "genai_langgraph": ["five days"],
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_those_of_what_answered(name: str) -> None:
    """Not the queries that a model made, nor the documents that a chain returned; and nothing else is another."""
    traces = traces_of(name, answers=True)
    assert [trace.answer for trace in traces] == ANSWERS[name]
    assert [msgspec.structs.replace(trace, answer=None) for trace in traces] == traces_of(name)


@pytest.mark.parametrize("name", ANSWERS)
def test_counts_do_not_change_for_answers(name: str) -> None:
    """Spans that answer are ignored ones, as before; without answers nothing of them is kept."""
    with_answers, without = read(recorded(name), answers=True), read(recorded(name))
    assert with_answers.counts == without.counts
    assert not [note for note in without.notes if note.answer or note.kind == "generation"]
    plain = [msgspec.structs.replace(note, answer=None) for note in with_answers.notes if note.kind != "generation"]
    assert plain == without.notes
