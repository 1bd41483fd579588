"""The dialects in which instrumentations speak of retrieval, each a function from span to what it says."""

from collections.abc import Callable

from monitor.otlp.dialects import genai, openinference, traceloop
from monitor.otlp.dialects.said import Said
from monitor.otlp.spans import Span

DIALECTS: dict[str, Callable[[Span], Said | None]] = {
    "openinference": openinference.read,
    "traceloop": traceloop.read,  # before genai: it uses some of its names
    "genai": genai.read,
}


def understand(span: Span) -> tuple[str, Said] | None:
    """The first dialect that a span speaks, and what it says; None where it speaks none."""
    for name, read in DIALECTS.items():
        said = read(span)
        if said is not None:
            return name, said
    return None
