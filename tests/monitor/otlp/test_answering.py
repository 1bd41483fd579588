"""What reads as an answer, where a recording does not have the case."""

import json
from typing import Any

import pytest

from monitor.otlp.dialects.answering import Answer, answer_of
from monitor.otlp.notes import ANSWER_CHARACTERS

MESSAGE = "llm.output_messages.0.message."
CHAIN = {"openinference.span.kind": "CHAIN", "output.mime_type": "application/json"}
WORKFLOW = {"traceloop.span.kind": "workflow"}
AI = {"type": "ai", "content": "five days"}
ASKED = {"type": "human", "content": "when?"}
CALLING = {**AI, "tool_calls": [{"name": "search"}]}
DOCUMENT = {"id": "kb-1", "content": "text of kb-1", "score": 0.9}


def generated(attributes: dict[str, Any]) -> str | None:
    answer = answer_of(attributes)
    assert answer is None or answer.generated
    return answer.text if answer is not None else None


@pytest.mark.parametrize(
    "output",
    [
        "five days",
        {"answer": "five days", "context": [DOCUMENT]},
        {"query": "when?", "result": "five days"},
        {"input": "when?", "output": "five days"},
        {"response": "five days", "source_nodes": ["<NodeWithScore(...)>"]},
        {"generation": "five days", "documents": [DOCUMENT]},
        AI,
        {"type": "ai", "data": AI},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"], "kwargs": AI},
        {"messages": [ASKED, CALLING, {"type": "tool", "content": "text of kb-1"}, AI]},
        {"output": {"messages": [{"role": "assistant", "content": "five days"}]}},
        {**AI, "content": [{"type": "reasoning", "text": "well"}, {"type": "text", "text": "five days"}]},
    ],
)
def test_what_frameworks_return(output: Any) -> None:
    """In OpenInference and, below `outputs` or alone, in Traceloop."""
    assert answer_of({**CHAIN, "output.value": json.dumps(output)}) == Answer("five days", generated=False)
    assert answer_of({**WORKFLOW, "traceloop.entity.output": json.dumps({"outputs": output})}) is not None
    assert answer_of({**WORKFLOW, "traceloop.entity.output": json.dumps(output)}) == Answer(
        "five days", generated=False
    )


@pytest.mark.parametrize(
    "output",
    [
        [], {}, None, 3, " ", [DOCUMENT], [[DOCUMENT]], DOCUMENT, {"documents": [DOCUMENT]}, {"retriever": DOCUMENT},
        ["when are refunds paid", "where is it"], ["<NodeWithScore(...)>"], {"context": [DOCUMENT], "question": "q"},
        ASKED, CALLING, {"messages": [AI, ASKED]}, {"messages": []}, {"text": "the whole prompt"},
        {"messages": ["five days"]}, {"output": ["x"]},
        {**AI, "content": [{"type": "text", "text": "I look"}, {"type": "tool_use", "name": "search"}]},
        {**AI, "content": ["five days"]}, {"a": {"answer": "five days"}},
    ],
)  # fmt: skip
def test_what_is_no_answer(output: Any) -> None:
    """Documents, queries, what the user said, and models that call tools."""
    assert answer_of({**CHAIN, "output.value": json.dumps(output)}) is None
    assert answer_of({**WORKFLOW, "traceloop.entity.output": json.dumps(output)}) is None


def test_outputs_that_nest_without_end() -> None:
    """They are not followed to the end."""
    nested: Any = "five days"
    for _ in range(50):
        nested = {"output": nested}
    assert answer_of({**CHAIN, "output.value": json.dumps(nested)}) is None


def test_a_plain_output_is_the_answer() -> None:
    """Unless it was hidden; and not of other kinds of spans."""
    for kind, found in (("AGENT", True), ("CHAIN", True), ("TOOL", False), ("RETRIEVER", False), ("PROMPT", False)):
        assert (answer_of({"openinference.span.kind": kind, "output.value": "five days"}) is not None) is found
    assert answer_of({"openinference.span.kind": "CHAIN", "output.value": "__REDACTED__"}) is None
    assert answer_of({"openinference.span.kind": ["CHAIN"], "output.value": "x"}) is None
    assert answer_of({"traceloop.span.kind": ["workflow"], "traceloop.entity.output": '"five days"'}) is None
    assert answer_of({"traceloop.span.kind": "task", "traceloop.entity.output": '"five days"'}) is None


def test_a_model_call_under_openinference() -> None:
    """Its first message, in one piece or in parts; a prompt builder is of that kind too and has none."""
    model = {"openinference.span.kind": "LLM", "output.value": "the whole prompt"}
    parts = {f"{MESSAGE}contents.{i}.message_content.text": text for i, text in enumerate(("five", "days"))}
    assert generated({**model, f"{MESSAGE}content": "five days"}) == "five days"
    assert generated({**model, **parts}) == "five\ndays"
    assert generated(model) is None
    calling = {f"{MESSAGE}tool_calls.0.tool_call.function.name": "search"}
    assert generated({**model, f"{MESSAGE}content": "I look", **calling}) is None


def said(*parts: dict[str, Any], role: str = "assistant") -> dict[str, Any]:
    messages = [{"role": role, "parts": list(parts), "finish_reason": "stop"}]
    return {"gen_ai.output.messages": json.dumps(messages)}


def test_a_model_call_under_otel() -> None:
    """Texts of the last message; an agent's span is around, a chat generates."""
    text, thought = {"type": "text", "content": "five days"}, {"type": "reasoning", "content": "well"}
    for operation in ("chat", "text_completion", "generate_content"):
        assert generated({"gen_ai.operation.name": operation, **said(thought, text)}) == "five days"
    around = {"gen_ai.operation.name": "invoke_agent", **said(text)}
    assert answer_of(around) == Answer("five days", generated=False)
    chat = {"gen_ai.operation.name": "chat"}
    assert generated({**chat, **said(text, {"type": "tool_call", "name": "search"})}) is None
    assert generated({**chat, **said(text, role="user")}) is None
    for broken in ("[]", "{", "[3]", '[{"role": "assistant"}]', "null"):
        assert generated({**chat, "gen_ai.output.messages": broken}) is None
    assert generated({**chat, "gen_ai.output.messages": [{"role": "assistant", "parts": [text]}]}) == "five days"


def test_a_model_call_under_older_traceloop() -> None:
    """Flattened, with or without the name of an operation."""
    completion = {"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "five days"}
    for more in ({}, {"gen_ai.operation.name": "chat"}, {"traceloop.workflow.name": "w", "llm.request.type": "chat"}):
        assert generated({**completion, **more}) == "five days"
    assert generated({**completion, "gen_ai.completion.0.tool_calls.0.name": "search"}) is None


def test_a_long_answer_is_cut() -> None:
    """To what is worth grading."""
    answer = answer_of({"openinference.span.kind": "CHAIN", "output.value": "x" * (ANSWER_CHARACTERS + 1)})
    assert answer is not None
    assert len(answer.text) == ANSWER_CHARACTERS


def test_spans_of_other_worlds_answer_nothing() -> None:
    assert answer_of({"http.request.method": "GET"}) is None
    assert answer_of({}) is None
