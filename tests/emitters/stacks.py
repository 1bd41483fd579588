"""Real LangChain, LlamaIndex and Haystack retrievers under real instrumentation, exported by the real OTLP exporter.

Runs in the environment of requirements.txt, knows nothing of leadline, and needs no network but the endpoint:

    python stacks.py ENDPOINT protobuf|json STACK
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TEXTS = {
    "kb-refund": "Refunds take five working days after the order was returned.",
    "kb-order": "Order 88-1023 was shipped on Monday and signed for by the customer.",
    "kb-password": "Open settings, choose security and reset the password.",
    "kb-toner": "Printer toner RX-20b fits the printers of the RX series.",
}
QUERY = "refund policy for order 88-1023"


def overlap(query: str, text: str) -> float:
    """The share of a query's words that a text has."""
    words = query.lower().split()
    return sum(word in text.lower() for word in words) / len(words)


def ranked(query: str, count: int) -> list[tuple[str, str, float]]:
    """Id, text and score of the best texts."""
    found = sorted(((overlap(query, text), key) for key, text in TEXTS.items()), reverse=True)
    return [(key, TEXTS[key], score) for score, key in found[:count]]


@contextmanager
def exported(endpoint: str, encoding: str, service: str) -> Iterator[Any]:
    """A tracer provider whose spans have left for the endpoint at the end."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if encoding == "json":
        from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # type: ignore[assignment]
            OTLPSpanExporter,
        )
    resource = Resource({"service.name": service, "service.version": "1.4.2", "deployment.environment.name": "test"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    try:
        yield provider
    finally:
        provider.shutdown()


def langchain_parts() -> tuple[Any, Any, Any]:
    """A retriever, one that reranks what it finds, and one that asks several questions, all in memory."""
    from langchain_classic.retrievers import ContextualCompressionRetriever, MultiQueryRetriever
    from langchain_core.documents import BaseDocumentCompressor, Document
    from langchain_core.language_models import FakeListLLM
    from langchain_core.retrievers import BaseRetriever

    class KnowledgeBase(BaseRetriever):
        scored: bool = True

        def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
            return [
                Document(id=key, page_content=text, metadata={"score": score} if self.scored else {})
                for key, text, score in ranked(query, 3)
            ]

    class Reverse(BaseDocumentCompressor):
        def compress_documents(self, documents: Any, query: str, callbacks: Any = None) -> list[Document]:
            del query, callbacks
            best = list(reversed(documents))[:2]
            return [
                Document(id=d.id, page_content=d.page_content, metadata={"relevance_score": 0.9 - i / 10})
                for i, d in enumerate(best)
            ]

    base = KnowledgeBase()
    reranking = ContextualCompressionRetriever(base_compressor=Reverse(), base_retriever=base)
    rewriter = FakeListLLM(responses=["when are refunds paid\nwhere is order 88-1023"])
    several = MultiQueryRetriever.from_llm(retriever=KnowledgeBase(scored=False), llm=rewriter)
    return base, reranking, several


def langchain_chain(retriever: Any) -> Any:
    """Retrieval and an answer, as applications write it."""
    from langchain_core.language_models import FakeListLLM
    from langchain_core.prompts import PromptTemplate
    from langchain_core.runnables import RunnablePassthrough

    prompt = PromptTemplate.from_template("{context}\n{question}")
    return {"context": retriever, "question": RunnablePassthrough()} | prompt | FakeListLLM(responses=["five days"])


def langgraph_query() -> None:
    """A graph of one node that retrieves and has a model answer."""
    from langchain_core.language_models import FakeListChatModel
    from langgraph.graph import END, START, MessagesState, StateGraph

    base, model = langchain_parts()[0], FakeListChatModel(responses=["five days"])

    def rag(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(f"{base.invoke(state['messages'][-1].content)}")]}

    graph = StateGraph(MessagesState)
    graph.add_node("rag", rag)
    graph.add_edge(START, "rag")
    graph.add_edge("rag", END)
    graph.compile().invoke({"messages": [("user", QUERY)]})


def langchain_queries() -> None:
    """A plain retrieval, a chain, a reranking retriever, several queries under one retriever, a batch in one trace."""
    from langchain_core.runnables import RunnableLambda

    base, reranking, several = langchain_parts()
    base.invoke(QUERY)
    langchain_chain(base).invoke(QUERY)
    reranking.invoke(QUERY)
    several.invoke(QUERY)
    RunnableLambda(lambda question: base.batch([question, "reset the password"])).invoke("toner RX-20b")


def openinference_langchain(provider: Any) -> None:
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=provider)
    langchain_queries()


def openinference_langgraph(provider: Any) -> None:
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=provider)
    langgraph_query()


def openinference_langchain_redacted(provider: Any) -> None:
    from openinference.instrumentation import TraceConfig
    from openinference.instrumentation.langchain import LangChainInstrumentor

    config = TraceConfig(hide_inputs=True, hide_outputs=True)
    LangChainInstrumentor().instrument(tracer_provider=provider, config=config)
    langchain_parts()[0].invoke(QUERY)


def traceloop_langchain(provider: Any) -> None:
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    LangchainInstrumentor().instrument(tracer_provider=provider)
    langchain_queries()


def traceloop_langgraph(provider: Any) -> None:
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    LangchainInstrumentor().instrument(tracer_provider=provider)
    langgraph_query()


def _genai_instrumented(provider: Any) -> None:
    from opentelemetry.instrumentation.genai.langchain import LangChainInstrumentor

    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"
    LangChainInstrumentor().instrument(tracer_provider=provider)


def genai_langchain(provider: Any) -> None:
    _genai_instrumented(provider)
    langchain_queries()


def genai_langgraph(provider: Any) -> None:
    _genai_instrumented(provider)
    langgraph_query()


def genai_langchain_without_content(provider: Any) -> None:
    from opentelemetry.instrumentation.genai.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=provider)
    langchain_parts()[0].invoke(QUERY)


def llama_index_queries() -> None:
    """A retrieval, a query engine with an answer, and one that reranks."""
    from llama_index.core import Settings
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.embeddings import MockEmbedding
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
    from llama_index.core.llms import MockLLM
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

    dispatcher = get_dispatcher("stacks")

    class KnowledgeBase(BaseRetriever):
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [
                NodeWithScore(node=TextNode(id_=key, text=text), score=score)
                for key, text, score in ranked(query_bundle.query_str, 3)
            ]

    class Nothing(BaseRetriever):
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            del query_bundle
            return []

    class Reverse(BaseNodePostprocessor):
        def _postprocess_nodes(self, nodes: Any, query_bundle: QueryBundle | None = None) -> list[NodeWithScore]:
            dispatcher.event(ReRankStartEvent(query=query_bundle, nodes=nodes, top_n=2, model_name="reverse"))
            best = [NodeWithScore(node=n.node, score=0.9 - i / 10) for i, n in enumerate(list(reversed(nodes))[:2])]
            dispatcher.event(ReRankEndEvent(nodes=best))
            return best

    Settings.embed_model = MockEmbedding(embed_dim=3)
    base, llm = KnowledgeBase(), MockLLM(max_tokens=8)
    base.retrieve(QUERY)
    RetrieverQueryEngine.from_args(base, llm=llm).query(QUERY)
    RetrieverQueryEngine.from_args(base, llm=llm, node_postprocessors=[Reverse()]).query(QUERY)
    Nothing().retrieve("does not exist")


def openinference_llama_index(provider: Any) -> None:
    from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument(tracer_provider=provider)
    llama_index_queries()


def haystack_queries() -> None:
    """Retrieval by words, by embedding, and with a ranker behind it."""
    from haystack import Document, Pipeline
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_parts import ReverseRanker, TinyTextEmbedder

    store = InMemoryDocumentStore()
    vectors = {key: [float(i == j) for j in range(4)] for i, key in enumerate(TEXTS)}
    store.write_documents([Document(id=key, content=text, embedding=vectors[key]) for key, text in TEXTS.items()])

    words = Pipeline()
    words.add_component("retriever", InMemoryBM25Retriever(store, top_k=3))
    words.run({"retriever": {"query": QUERY}})

    embedding = Pipeline()
    embedding.add_component("embedder", TinyTextEmbedder(list(TEXTS.values())))
    embedding.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=3))
    embedding.connect("embedder.embedding", "retriever.query_embedding")
    embedding.run({"embedder": {"text": QUERY}})

    reranking = Pipeline()
    reranking.add_component("retriever", InMemoryBM25Retriever(store, top_k=3))
    reranking.add_component("ranker", ReverseRanker())
    reranking.connect("retriever.documents", "ranker.documents")
    reranking.run({"retriever": {"query": QUERY}, "ranker": {"query": QUERY, "top_k": 2}})


def openinference_haystack(provider: Any) -> None:
    from openinference.instrumentation.haystack import HaystackInstrumentor

    HaystackInstrumentor().instrument(tracer_provider=provider)
    haystack_queries()


def openinference_haystack_answered(provider: Any) -> None:
    """Retrieval, a prompt and a model, whose replies the pipeline's output has as reprs only."""
    from haystack import Document, Pipeline
    from haystack.components.builders import ChatPromptBuilder
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.dataclasses import ChatMessage
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_parts import TinyGenerator
    from openinference.instrumentation.haystack import HaystackInstrumentor

    HaystackInstrumentor().instrument(tracer_provider=provider)
    store = InMemoryDocumentStore()
    store.write_documents([Document(id=key, content=text) for key, text in TEXTS.items()])
    answering = Pipeline()
    answering.add_component("retriever", InMemoryBM25Retriever(store, top_k=3))
    template = "{% for document in documents %}{{ document.content }}\n{% endfor %}{{ query }}"
    answering.add_component("prompt", ChatPromptBuilder([ChatMessage.from_user(template)]))
    answering.add_component("llm", TinyGenerator())
    answering.connect("retriever.documents", "prompt.documents")
    answering.connect("prompt.prompt", "llm.messages")
    answering.run({"retriever": {"query": QUERY}, "prompt": {"query": QUERY}})


def traceloop_chroma(provider: Any) -> None:
    """A vector store asked directly, by embedding: its events hold what was found, nothing holds the question."""
    import chromadb
    from opentelemetry.instrumentation.chromadb import ChromaInstrumentor

    ChromaInstrumentor().instrument(tracer_provider=provider)
    client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection("knowledge-base", embedding_function=None)
    vectors = [[float(i == j) for j in range(4)] for i in range(4)]
    collection.add(ids=list(TEXTS), documents=list(TEXTS.values()), embeddings=vectors)
    tracer = provider.get_tracer("shop")
    with tracer.start_as_current_span("answer", attributes={"traceloop.entity.input": f'{{"query": "{QUERY}"}}'}):
        collection.query(query_embeddings=[[0.9, 0.4, 0.1, 0.0]], n_results=3)


STACKS: dict[str, Callable[[Any], None]] = {
    stack.__name__: stack
    for stack in (
        openinference_langchain, openinference_langchain_redacted, openinference_llama_index, openinference_haystack,
        openinference_haystack_answered, openinference_langgraph, genai_langchain, genai_langchain_without_content,
        genai_langgraph, traceloop_langchain, traceloop_langgraph, traceloop_chroma,
    )
}  # fmt: skip


def main(endpoint: str, encoding: str, name: str) -> None:
    """Run one stack: instrumentation is global, so each has a process of its own."""
    with exported(endpoint, encoding, name.replace("_", "-")) as provider:
        STACKS[name](provider)


if __name__ == "__main__":
    main(*sys.argv[1:])
