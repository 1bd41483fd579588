"""The dialects' rules, each where a recording does not have the case."""

import json
from typing import Any

import pytest

from monitor.otlp.dialects import understand
from monitor.otlp.dialects.said import Said
from monitor.otlp.dialects.values import asked, count, identifier, number, parsed
from monitor.otlp.spans import Event
from tests.monitor.otlp.kit import said, span

STORE = {"db.system": "chroma", "db.operation": "query", "db.chroma.query.n_results": 5}
RETRIEVER = {"openinference.span.kind": "RETRIEVER", "input.value": "q"}


def flattened(*rows: dict[str, Any], prefix: str = "retrieval.documents") -> dict[str, Any]:
    return {f"{prefix}.{i}.document.{key}": value for i, row in enumerate(rows) for key, value in row.items()}


def ids_of(heard: Said) -> list[str | None]:
    return [document.id for document in heard.documents or ()]


def scores_of(heard: Said) -> list[float | None]:
    return [document.score for document in heard.documents or ()]


def test_spans_of_other_worlds_speak_no_dialect() -> None:
    """HTTP, SQL, and a database that merely has a query in its name."""
    for attributes in ({"http.request.method": "GET"}, {"db.system": "postgresql", "db.operation": "SELECT"}, {}):
        assert understand(span(attributes)) is None


@pytest.mark.parametrize(
    "attributes",
    [
        {"openinference.span.kind": "LLM"},
        {"openinference.span.kind": "EMBEDDING"},
        {"gen_ai.operation.name": "chat"},
        {"traceloop.entity.path": "", "gen_ai.operation.name": "text_completion"},
    ],
)
def test_model_calls_are_leaves(attributes: dict[str, Any]) -> None:
    """Nothing that retrieves is below them."""
    assert said(attributes) == Said(leaf=True)


class TestOpenInference:
    def test_documents_are_in_the_order_of_their_numbers(self) -> None:
        """Not in that of their names: 10 comes after 9."""
        rows = [{"id": f"d{i}", "content": "t"} for i in range(12)]
        shuffled = dict(sorted(flattened(*rows).items()))
        assert ids_of(said({**RETRIEVER, **shuffled})) == [f"d{i}" for i in range(12)]

    def test_a_gap_means_that_the_sdk_cut_some(self) -> None:
        """Its limit of attributes takes the first ones: what is left has other ranks."""
        rows = flattened({"id": "a"}, {"id": "b"}, {"id": "c"})
        del rows["retrieval.documents.0.document.id"]
        heard = said({**RETRIEVER, **rows})
        assert (heard.documents, heard.problem) == (None, "truncated")

    def test_what_was_cut_is_taken_from_the_output_where_that_has_it(self) -> None:
        """The whole list, in JSON."""
        rows = flattened({"content": "a"}, {"content": "b"})
        del rows["retrieval.documents.0.document.content"]
        output = json.dumps({"documents": [{"id": "1", "page_content": "a", "metadata": {}}, {"id": 2, "text": "b"}]})
        heard = said({**RETRIEVER, **rows, "output.value": output})
        assert (ids_of(heard), heard.problem) == (["1", "2"], None)
        assert heard.documents is not None
        assert [document.text for document in heard.documents] == ["a", "b"]

    def test_ids_of_an_output_that_lists_others_are_not_taken(self) -> None:
        """Same length, another text."""
        output = json.dumps({"documents": [{"id": "1", "page_content": "another"}]})
        heard = said({**RETRIEVER, **flattened({"content": "a"}), "output.value": output})
        assert ids_of(heard) == [None]

    @pytest.mark.parametrize("key", ["score", "relevance_score", "similarity", "distance"])
    def test_scores_hide_in_the_metadata(self, key: str) -> None:
        """One name for the whole list; a document without it has none."""
        rows = flattened({"content": "a", "metadata": json.dumps({key: 0.5})}, {"content": "b", "metadata": "{}"})
        assert scores_of(said({**RETRIEVER, **rows})) == [0.5, None]

    def test_a_score_of_its_own_wins_over_the_metadata(self) -> None:
        """And different names are never mixed."""
        rows = flattened(
            {"content": "a", "score": 0.1, "metadata": '{"score": 9}'}, {"content": "b", "metadata": '{"score": 8}'}
        )
        assert scores_of(said({**RETRIEVER, **rows})) == [0.1, None]
        rows = flattened({"content": "a", "metadata": '{"score": 1}'}, {"content": "b", "metadata": '{"distance": 2}'})
        assert scores_of(said({**RETRIEVER, **rows})) == [1.0, None]

    def test_nan_is_no_score(self) -> None:
        """As Python writes it."""
        rows = flattened({"content": "a", "metadata": '{"score": NaN}'}, {"content": "b", "score": float("inf")})
        assert scores_of(said({**RETRIEVER, **rows})) == [None, None]

    def test_redacted_texts_with_ids_are_documents_without_text(self) -> None:
        """The corpus may have the texts."""
        heard = said({**RETRIEVER, **flattened({"id": "a", "content": "__REDACTED__"})})
        assert heard.documents is not None
        assert (heard.documents[0].id, heard.documents[0].text) == ("a", None)

    def test_one_document_with_neither_id_nor_text_spoils_the_list(self) -> None:
        """Left out, it would move all others up."""
        heard = said({**RETRIEVER, **flattened({"id": "a"}, {"score": 0.3})})
        assert (heard.documents, heard.problem) == (None, "no_content")

    def test_a_redacted_query_is_none(self) -> None:
        """And said to be redacted."""
        heard = said({**RETRIEVER, **flattened({"id": "a"}), "input.value": "__REDACTED__"})
        assert (heard.query, heard.problem) == (None, "redacted")

    @pytest.mark.parametrize(
        ("output", "documents"), [("[]", ()), ('{"documents": []}', ()), ('["<Node>"]', None), ("x", None)]
    )
    def test_an_empty_list_in_the_output_is_an_empty_result(self, output: str, documents: Any) -> None:
        """Anything else that has no documents is not known."""
        assert said({**RETRIEVER, "output.value": output}).documents == documents

    def test_haystack_filters(self) -> None:
        """A plain equality is ours too; anything else is carried as what no corpus can apply."""

        def filters(plain: Any) -> Any:
            arguments = json.dumps({"query": "q", "filters": plain, "top_k": 5})
            heard = said({**RETRIEVER, "input.value": arguments, "input.mime_type": "application/json"})
            assert heard.top_k == 5
            return heard.filters

        assert filters({"field": "meta.tenant", "operator": "==", "value": "acme"}) == {"tenant": "acme"}
        complex_ = {"operator": "AND", "conditions": []}
        assert filters(complex_) == {"haystack.filters": complex_}
        assert filters(None) is filters({}) is None

    def test_a_reranker(self) -> None:
        """Its query, what it was given and what it made of it; the query of its input where it has none of its own."""
        attributes = {
            "openinference.span.kind": "RERANKER", "input.value": "from the input", "reranker.top_k": 3,
            **flattened({"id": "a"}, {"id": "b"}, prefix="reranker.input_documents"),
            **flattened({"id": "b", "score": 0.9}, prefix="reranker.output_documents"),
        }  # fmt: skip
        heard = said(attributes)
        assert (heard.kind, heard.query, heard.top_k, ids_of(heard)) == ("reranker", "from the input", 3, ["b"])
        assert [document.id for document in heard.before or ()] == ["a", "b"]
        assert said({**attributes, "reranker.query": "own"}).query == "own"


class TestGenAI:
    def test_structured_documents_are_read_like_json(self) -> None:
        """Some SDKs send complex attributes."""
        plain = [{"id": "a", "score": 0.5}, {"id": 7, "score": None}]
        for value in (plain, json.dumps(plain)):
            heard = said({"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": value})
            assert (ids_of(heard), scores_of(heard)) == (["a", "7"], [0.5, None])

    def test_no_documents_attribute_is_not_an_empty_result(self) -> None:
        """With capture off there is none; an empty list says that nothing was found."""
        retrieval = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q"}
        assert said(retrieval).documents is None
        assert said({**retrieval, "gen_ai.retrieval.documents": "[]", "gen_ai.retrieval.top_k": 4}) == Said(
            kind="retriever", query="q", documents=(), top_k=4
        )

    def test_other_operations_link(self) -> None:
        """An agent, a workflow."""
        assert said({"gen_ai.operation.name": "invoke_agent"}) == Said()


class TestTraceloop:
    def event(self, **values: Any) -> Event:
        return Event("db.query.result", {f"db.query.result.{key}": value for key, value in values.items()})

    def test_several_queries_in_one_call_cannot_be_told_apart(self) -> None:
        """Nothing says which result is whose."""
        heard = said({**STORE, "db.chroma.query.embeddings_count": 2}, [self.event(id="a"), self.event(id="b")])
        assert (heard.documents, heard.problem) == (None, "several_queries")
        results = [Event("db.search.result", {"db.search.result.id": "a", "db.search.query.id": i}) for i in (0, 1)]
        assert said(STORE, results).problem == "several_queries"

    def test_milvus_writes_distances_as_text(self) -> None:
        """Read as numbers all the same."""
        event = Event("db.search.result", {"db.search.result.id": 12, "db.search.result.distance": "0.25"})
        heard = said({"db.system": "milvus", "db.milvus.search.limit": 3}, [event])
        assert (ids_of(heard), scores_of(heard), heard.top_k) == (["12"], [0.25], 3)

    def test_a_score_wins_over_a_distance(self) -> None:
        """Where an event has both."""
        assert scores_of(said(STORE, [self.event(id="a", score=0.0, distance=3.0)])) == [0.0]

    def test_filters_make_the_lexical_check_abstain(self) -> None:
        """What they mean cannot be told, so that nothing may be said to be missing."""
        where = "{'tenant': 'acme'}"
        heard = said({**STORE, "db.chroma.query.where": where}, [self.event(id="a")])
        assert heard.filters == {"db.chroma.query.where": where}

    def test_a_search_without_results_is_unknown_unless_it_counts_none(self) -> None:
        """Qdrant's instrumentation never tells what was found."""
        qdrant = {"db.system": "Qdrant", "db.vector.query.top_k": 3}
        assert (said(qdrant).kind, said(qdrant).documents) == ("retriever", None)
        assert said({**qdrant, "db.milvus.search.result_count": 0}).documents == ()

    def test_writing_to_a_store_is_no_retrieval(self) -> None:
        """Nor anything else."""
        assert understand(span({"db.system": "chroma", "db.operation": "add", "db.chroma.add.ids_count": 4})) is None

    def test_an_empty_result(self) -> None:
        """Counted by LangChain's handler."""
        output = '{"documents": [], "count": 0}'
        heard = said({"gen_ai.operation.name": "vector_db_retrieve", "traceloop.entity.output": output})
        assert (heard.kind, heard.documents) == ("retriever", ())


class TestValues:
    def test_numbers(self) -> None:
        """Finite ones only; truth is none."""
        assert [number(value) for value in (1, 0.5, "0.25", " 3 ", True, "x", float("nan"), "inf", None, 10**400)] == [
            1.0, 0.5, 0.25, 3.0, None, None, None, None, None, None,
        ]  # fmt: skip
        assert [count(value) for value in (3, 3.0, "4", 0, -1, 2.5, None)] == [3, 3, 4, None, None, None, None]
        assert [identifier(value) for value in ("a", 7, " ", True, None, 1.5)] == ["a", "7", None, None, None, None]

    def test_json_that_cannot_be_kept_is_none(self) -> None:
        """Halves of surrogate pairs, and what is no JSON."""
        assert parsed('{"a": NaN}') is not None
        assert parsed('{"a": "\\ud83d"}') is None
        assert parsed("{") is parsed("[" * 100_000) is None

    @pytest.mark.parametrize(
        ("arguments", "query"),
        [
            ("plain", "plain"),
            ({"query": "a", "text": "b"}, "a"),
            ({"query_bundle": {"query_str": "a", "embedding": None}}, "a"),
            ({"data": {"embedder": {"text": "a"}}}, "a"),
            ({"data": {"one": {"text": "a"}, "two": {"text": "a"}}}, "a"),
            ({"data": {"one": {"text": "a"}, "two": {"text": "b"}}}, None),
            ({"retriever": {"query": "a"}, "ranker": {"query": "b"}}, None),
            ({"args": ["a"], "kwargs": {}}, "a"),
            ({"args": ["a", "b"]}, None),
            ({"inputs": "a", "tags": ["x"]}, "a"),
            ({"query": "__REDACTED__"}, None),
            ({"query": 3}, None),
            ([1, 2], None),
            (None, None),
        ],
    )
    def test_the_query_among_arguments_where_there_is_exactly_one(self, arguments: Any, query: str | None) -> None:
        """Two different ones are none: we do not choose."""
        assert asked(arguments) == query
