"""The ring of recent assessments."""

from monitor.sinks.memory import MemorySink
from tests.monitor.kit import assessment


def test_keeps_the_last_ones_and_finds_the_riskiest() -> None:
    """Worst first; what has no risk is not among them."""
    sink = MemorySink(limit=3)
    sink.write([assessment("a", risk=0.9), assessment("b", risk=0.2)])
    sink.write([assessment("c", risk=None), assessment("d", risk=0.7)])
    assert [a.trace_id for a in sink.recent()] == ["b", "c", "d"]
    assert [a.trace_id for a in sink.riskiest(5)] == ["d", "b"]
    sink.close()
    sink.close()
