"""What a span says was answered, in any dialect: model calls by their first message, what is around by its output."""

from collections.abc import Callable
from typing import Any, NamedTuple

from monitor.otlp.dialects.genai import LEAVES, OPERATION
from monitor.otlp.dialects.openinference import SPAN_KIND
from monitor.otlp.dialects.traceloop import OUTPUTS, first
from monitor.otlp.dialects.values import DEPTH, content, parsed
from monitor.otlp.notes import ANSWER_CHARACTERS

KEYS = ("answer", "output", "outputs", "result", "response", "generation")  # under which frameworks return an answer
MODEL = frozenset({"assistant", "model", "ai", "AIMessageChunk"})  # who speaks in a message that answers
LANGCHAIN = ("data", "kwargs")  # where LangChain puts the message in its own serialisations
MESSAGE, COMPLETION = "llm.output_messages.0.message.", "gen_ai.completion.0."
PARTS, PART_TEXT = f"{MESSAGE}contents.", ".message_content.text"


class Answer(NamedTuple):
    """A text, and whether a model call gave it: such a span has no retrieval below it."""

    text: str
    generated: bool


def answer_of(attributes: dict[str, Any]) -> Answer | None:
    """What a span answered; None where it does not say, or where a model called tools instead."""
    kind = attributes.get(SPAN_KIND)
    if kind is not None:
        read = _OPENINFERENCE.get(str(kind))
        text = read(attributes) if read is not None else None
        generated = kind == "LLM"
    else:
        text = _genai(attributes)
        generated = attributes.get(OPERATION) in LEAVES or f"{COMPLETION}content" in attributes
    return Answer(text[:ANSWER_CHARACTERS], generated) if text is not None else None


def _around(attributes: dict[str, Any]) -> str | None:
    output = attributes.get("output.value")
    return _in(parsed(output)) if attributes.get("output.mime_type") == "application/json" else content(output)


def _message(attributes: dict[str, Any]) -> str | None:
    if any(key.startswith(f"{MESSAGE}tool_calls.") for key in attributes):
        return None
    parts = [value for key, value in attributes.items() if key.startswith(PARTS) and key.endswith(PART_TEXT)]
    return content(attributes.get(f"{MESSAGE}content")) or content("\n".join(filter(None, map(content, parts))))


_OPENINFERENCE: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "CHAIN": _around, "AGENT": _around, "LLM": _message,
}  # fmt: skip


def _genai(attributes: dict[str, Any]) -> str | None:
    """OTel's conventions and Traceloop's, which uses some of their names."""
    messages = parsed(attributes.get("gen_ai.output.messages"))
    if messages is not None:
        return _last(messages)
    if attributes.get("traceloop.span.kind") in ("workflow", "agent"):
        return _in(first(attributes, OUTPUTS))
    if any(key.startswith(f"{COMPLETION}tool_calls.") for key in attributes):
        return None
    return content(attributes.get(f"{COMPLETION}content"))


def _in(output: Any, depth: int = DEPTH) -> str | None:
    """The answer in what a framework returned: a text, a message, the last one of several, or one of `KEYS`."""
    if isinstance(output, str):
        return content(output)
    if not isinstance(output, dict) or depth == 0:
        return None
    said = _said(output) or _last(output.get("messages"))
    return said or next((text for key in KEYS if (text := _in(output.get(key), depth - 1))), None)


def _last(messages: Any) -> str | None:
    return _said(messages[-1]) if isinstance(messages, list) and messages and isinstance(messages[-1], dict) else None


def _said(message: dict[str, Any]) -> str | None:
    """The text of a model's message that calls no tools."""
    inner = next((message[key] for key in LANGCHAIN if isinstance(message.get(key), dict)), message)
    if MODEL.isdisjoint({str(inner.get("role")), str(inner.get("type"))}) or inner.get("tool_calls"):
        return None
    said = inner.get("parts", inner.get("content"))
    parts = said if isinstance(said, list) else [{"type": "text", "text": said}]
    if not all(isinstance(part, dict) for part in parts) or any("tool" in str(part.get("type")) for part in parts):
        return None
    texts = [part.get("text", part.get("content")) for part in parts if part.get("type") == "text"]
    return content("\n".join(filter(None, map(content, texts))))
