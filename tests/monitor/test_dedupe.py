"""Repeats within a window."""

from monitor.dedupe import Deduplicator, digest
from tests.builders import trace


def test_a_repeat_is_dropped_and_another_identity_is_not() -> None:
    new = Deduplicator()
    first = trace("a", span_id="1")
    others = [trace("a"), trace("a", span_id="2"), trace("b", span_id="1"), trace("a", span_id="1", pipeline="p")]
    assert new.is_new(first)
    assert [new.is_new(other) for other in others] == [True] * 4
    assert not any(new.is_new(seen) for seen in [first, *others])


def test_what_was_asked_and_served_does_not_make_a_trace_new() -> None:
    new = Deduplicator()
    assert new.is_new(trace("a"))
    assert not new.is_new(trace("a", query="another", documents=[]))


def test_parts_of_an_identity_do_not_run_together() -> None:
    assert digest(trace("ab", span_id="c").identity) != digest(trace("a", span_id="bc").identity)


def test_forgets_the_oldest_beyond_its_window() -> None:
    """And does not grow."""
    new = Deduplicator(window=3)
    for name in "abcd":
        assert new.is_new(trace(name))
    assert not new.is_new(trace("b"))
    assert new.is_new(trace("a"))
    assert len(new._seen) == 3


def test_remembers_what_another_process_saw() -> None:
    new = Deduplicator(seen=[digest(trace("a").identity)])
    assert [new.is_new(trace(name)) for name in "ab"] == [False, True]
