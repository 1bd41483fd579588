"""Repeats within a window."""

from monitor.dedupe import Deduplicator, digest
from tests.builders import trace


def test_a_repeat_is_dropped_and_another_identity_is_not() -> None:
    seen = Deduplicator()
    first = trace("a", span_id="1")
    others = [trace("a"), trace("a", span_id="2"), trace("b", span_id="1"), trace("a", span_id="1", pipeline="p")]
    assert seen.new(first.identity)
    assert all(seen.new(other.identity) for other in others)
    assert not any(seen.new(again.identity) for again in [first, *others])


def test_what_was_asked_and_served_does_not_make_a_trace_new() -> None:
    seen = Deduplicator()
    assert seen.new(trace("a").identity)
    assert not seen.new(trace("a", query="another", documents=[]).identity)


def test_parts_of_an_identity_do_not_run_together() -> None:
    assert digest(trace("ab", span_id="c").identity) != digest(trace("a", span_id="bc").identity)


def test_forgets_the_oldest_beyond_its_window() -> None:
    """And does not grow."""
    seen = Deduplicator(window=3)
    for name in "abcd":
        assert seen.new(trace(name).identity)
    assert not seen.new(trace("b").identity)
    assert seen.new(trace("a").identity)
    assert len(seen._seen) == 3


def test_remembers_what_another_process_saw() -> None:
    seen = Deduplicator(seen=[digest(trace("a").identity)])
    assert [seen.new(trace(name).identity) for name in "ab"] == [None, digest(trace("b").identity)]
