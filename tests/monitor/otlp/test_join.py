"""The window: order, lateness, repeats, bounds, and the position that may be committed."""

import random
from typing import Any

import pytest

from monitor.otlp.join import MEMORY_WINDOWS, Join, Ready
from monitor.otlp.notes import Note
from tests.monitor.otlp.kit import documents, new_id, note

WINDOW = 10.0


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def join_of(clock: Clock, **bounds: Any) -> Join:
    return Join(clock, window_seconds=WINDOW, **bounds)


def served(taken: list[Ready]) -> list[tuple[str, set[str]]]:
    return [(r.nest.served.span_id, {n.span_id for n in r.nest.inner}) for r in taken if r.nest is not None]


def nested(trace_id: str) -> tuple[Note, Note, Note]:
    """Outer retriever, what is between, inner retriever."""
    outer = note("retriever", "b", trace_id=trace_id)
    between = note("link", trace_id=trace_id, parent_id=outer.span_id)
    return outer, between, note("retriever", "a", "b", trace_id=trace_id, parent_id=between.span_id)


def test_nothing_is_decided_before_its_window_is_over(clock: Clock) -> None:
    """From the first span of the trace; later ones do not make it longer."""
    join = join_of(clock)
    outer, between, inner = nested(new_id(32))
    join.add([inner], 1)
    clock.now += WINDOW - 0.1
    join.add([between, outer], 2)
    assert join.take(10) == []
    clock.now += 0.1
    assert served(join.take(10)) == [(outer.span_id, {inner.span_id})]
    assert join.take(10) == []


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_arrival_does_not_matter(clock: Clock, seed: int) -> None:
    """Spans of several traces in any order, in any number of requests."""
    join = join_of(clock)
    families = [nested(new_id(32)) for _ in range(5)]
    notes = [one for family in families for one in family]
    random.Random(seed).shuffle(notes)
    for position, one in enumerate(notes):
        join.add([one], position)
        clock.now += 0.1
    clock.now += WINDOW
    expected = [(outer.span_id, {inner.span_id}) for outer, _, inner in families]
    assert sorted(served(join.take(100))) == sorted(expected)
    assert (join.counts, join.open_spans, join.oldest_open()) == ({}, 0, None)


def test_a_parent_that_comes_too_late_is_counted_and_never_assessed(clock: Clock) -> None:
    """Its retrieval was decided without it."""
    join = join_of(clock)
    outer, between, inner = nested(new_id(32))
    join.add([between, inner], 1)
    clock.now += WINDOW
    assert served(join.take(10)) == [(inner.span_id, set())]
    join.add([outer], 2)
    clock.now += WINDOW
    (late,) = join.take(10)
    assert (late.nest, [one.span_id for one in late.spent]) == (None, [outer.span_id])
    assert join.counts == {"late": 1}


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_whatever_part_of_a_retrieval_is_late_nothing_is_assessed_twice(clock: Clock, missing: int) -> None:
    """Outer, between, inner: the late one is no retrieval of its own, as far as that can be known."""
    join = join_of(clock)
    family = list(nested(new_id(32)))
    late = family.pop(missing)
    join.add(family, 1)
    clock.now += WINDOW
    first = served(join.take(10))
    join.add([late], 2)
    clock.now += WINDOW
    assert served(join.take(10)) == []
    assert len(first) == (2 if missing == 1 else 1)  # without the link, two retrievals were seen
    assert join.counts["late"] == (0 if missing == 1 else 1)


def test_a_reranker_or_its_retriever_that_comes_too_late_is_recognised_by_its_documents(clock: Clock) -> None:
    """They are beside each other: no span above says so."""
    for first, second in ((0, 1), (1, 0)):
        join = join_of(clock)
        trace_id = new_id(32)
        retriever = note("retriever", "a", "b", trace_id=trace_id)
        pair = [retriever, note("reranker", "b", trace_id=trace_id, before=documents("a", "b"))]
        join.add([pair[first]], 1)
        clock.now += WINDOW
        assert len(served(join.take(10))) == 1
        join.add([pair[second]], 2)
        clock.now += WINDOW
        assert (served(join.take(10)), join.counts["late"]) == ([], 1)


def test_a_later_hop_of_the_same_trace_is_a_retrieval_of_its_own(clock: Clock) -> None:
    """An agent that thinks for a minute."""
    join = join_of(clock)
    root = note("link")
    hops = [note("retriever", "a", "b", parent_id=root.span_id, query=f"hop {i}") for i in range(3)]
    for position, hop in enumerate(hops):
        join.add([hop], position)
        clock.now += WINDOW
        assert served(join.take(10)) == [(hop.span_id, set())]
    join.add([root], 9)
    clock.now += WINDOW
    assert join.take(10) == []
    assert join.counts == {}


def test_a_reranked_hop_after_one_that_was_decided_is_not_late(clock: Clock) -> None:
    """Same documents, another query."""
    join = join_of(clock)
    join.add([note("retriever", "a", "b", query="first")], 1)
    clock.now += WINDOW
    join.take(10)
    retriever = note("retriever", "a", "b", query="second")
    reranker = note("reranker", "b", before=retriever.documents, query="second")
    join.add([retriever, reranker], 2)
    clock.now += WINDOW
    assert served(join.take(10)) == [(reranker.span_id, {retriever.span_id})]
    assert join.counts == {}


def test_each_retrieval_of_a_trace_has_a_window_of_its_own(clock: Clock) -> None:
    """What came before in the same trace, link or retrieval, does not make it shorter."""
    join = join_of(clock)
    trace_id = new_id(32)
    early = note("retriever", "x", trace_id=trace_id)
    join.add([note("link", trace_id=trace_id), early], 1)
    clock.now += WINDOW - 0.1
    outer, between, inner = nested(trace_id)
    join.add([inner, between], 2)
    clock.now += 0.1
    assert served(join.take(10)) == [(early.span_id, set())]
    clock.now += WINDOW - 1
    join.add([outer], 3)
    assert (join.take(10), join.oldest_open()) == ([], 1)
    clock.now += 0.9
    assert served(join.take(10)) == [(outer.span_id, {inner.span_id})]
    assert (join.counts, join.open_spans, join.oldest_open()) == ({}, 0, None)


def test_repeats_are_counted_once_decided_or_not(clock: Clock) -> None:
    """An exporter that did not get its answer sends again."""
    join = join_of(clock)
    one = note("retriever", "a")
    join.add([one], 1)
    join.add([one], 2)
    clock.now += WINDOW
    assert served(join.take(10)) == [(one.span_id, set())]
    join.add([one], 3)
    assert join.oldest_open() is None
    clock.now += WINDOW
    assert (join.take(10), join.counts) == ([], {"duplicate": 2})


def test_the_oldest_open_position_is_what_may_be_committed(clock: Clock) -> None:
    """It moves on when what was read there has been taken, not before."""
    join = join_of(clock)
    first, second = note("retriever", "a", trace_id=new_id(32)), note("retriever", "a", trace_id=new_id(32))
    assert join.oldest_open() is None
    join.add([first], "p1")
    clock.now += 1
    join.add([], "p2")
    join.add([second], "p3")
    assert join.oldest_open() == "p1"
    clock.now += WINDOW - 1
    assert served(join.take(10)) == [(first.span_id, set())]
    assert join.oldest_open() == "p3"
    clock.now += 1
    assert join.oldest_open() == "p3"
    join.take(10)
    assert join.oldest_open() is None


def test_the_position_moves_with_each_retrieval_that_is_taken(clock: Clock) -> None:
    """Three of one trace by two positions, taken one at a time."""
    join = join_of(clock)
    for position, count in ((1, 2), (2, 1)):
        join.add([note("retriever", "a") for _ in range(count)], position)
    clock.now += WINDOW
    assert (len(join.take(1)), join.oldest_open()) == (1, 1)
    assert (len(join.take(1)), join.oldest_open()) == (1, 2)
    assert (len(join.take(1)), join.oldest_open(), join.backlog) == (1, None, 0)


def test_links_hold_their_position_too(clock: Clock) -> None:
    """Without them what is read again after a crash would be joined otherwise."""
    join = join_of(clock)
    outer, between, inner = nested(new_id(32))
    join.add([between], 1)
    join.add([inner, outer], 2)
    assert join.oldest_open() == 1
    clock.now += WINDOW
    join.take(10)
    assert join.oldest_open() is None


def test_says_how_long_there_is_nothing_to_take(clock: Clock) -> None:
    """So that nobody sleeps longer."""
    join = join_of(clock)
    assert join.wait_seconds() == float("inf")
    join.add([note("retriever", "a"), note("retriever", "b")], 1)
    clock.now += 1
    assert join.wait_seconds() == WINDOW - 1
    clock.now += WINDOW
    assert join.wait_seconds() == 0
    assert len(join.take(1)) == 1
    assert join.wait_seconds() == 0
    assert len(join.take(1)) == 1
    assert join.wait_seconds() == float("inf")


def test_links_alone_hold_their_position_for_their_window_each(clock: Clock) -> None:
    """A retrieval may still come."""
    join = join_of(clock)
    for position in (1, 2):
        join.add([note("link")], position)
        clock.now += WINDOW / 2
    assert (join.take(10), join.oldest_open()) == ([], 2)
    clock.now += WINDOW / 2
    assert (join.take(10), join.oldest_open(), join.open_spans) == ([], None, 0)


def test_streams_have_positions_of_their_own(clock: Clock) -> None:
    """Partitions: one trace may come by several."""
    join = join_of(clock)
    outer, between, inner = nested(new_id(32))
    join.add([inner, between], 7, "a")
    join.add([outer], 3, "b")
    assert (join.oldest_open("a"), join.oldest_open("b"), join.oldest_open("c")) == (7, 3, None)
    clock.now += WINDOW
    assert served(join.take(10)) == [(outer.span_id, {inner.span_id})]
    assert join.oldest_open("a") is join.oldest_open("b") is None


def test_a_stream_that_another_reads_now_is_let_go(clock: Clock) -> None:
    """Its undecided spans come again there; those of other streams are decided here."""
    join = join_of(clock)
    gone, kept = note("retriever", "a", trace_id=new_id(32)), note("retriever", "a", trace_id=new_id(32))
    join.add([gone], 1, "a")
    join.add([kept], 1, "b")
    join.drop("a")
    assert (join.oldest_open("a"), join.open_spans) == (None, 1)
    clock.now += WINDOW
    assert served(join.take(10)) == [(kept.span_id, set())]
    join.add([gone], 1, "a")
    clock.now += WINDOW
    assert served(join.take(10)) == [(gone.span_id, set())]


def test_nothing_is_left_of_a_stream_that_was_let_go(clock: Clock) -> None:
    """Partitions come and go for years."""
    join = join_of(clock)
    join.add([note("retriever", "a", trace_id=new_id(32)) for _ in range(10)], 1, "a")
    join.drop("a")
    clock.now += (MEMORY_WINDOWS + 1) * WINDOW
    join.take(10)
    assert (join._groups, join._forget_at, join._tickets, join._spans, join._bytes) == ({}, {}, {}, 0, 0)


def test_too_many_spans_are_not_waited_for(clock: Clock) -> None:
    """Decided ones are forgotten first, then the oldest undecided one is decided early, and counted."""
    join = join_of(clock, max_spans=4)
    old = note("retriever", "a", trace_id=new_id(32))
    join.add([old], 0)
    clock.now += WINDOW
    assert len(served(join.take(10))) == 1
    waiting = [note("retriever", "a", trace_id=new_id(32)) for _ in range(4)]
    join.add(waiting, 1)
    assert (join.take(10), join.counts) == ([], {})
    join.add([old], 2)  # forgotten, so that it is new again
    assert served(join.take(10)) == [(waiting[0].span_id, set())]
    assert join.counts == {"early": 1}
    assert join.open_spans == 4


def test_too_many_bytes_are_not_waited_for(clock: Clock) -> None:
    """Texts are let go with the decision."""
    join = join_of(clock, max_bytes=50_000)
    texts = [
        note(documents=(documents("a")[0].__class__(id="a", text="x" * 20_000),), trace_id=new_id(32)) for _ in range(3)
    ]
    for position, one in enumerate(texts):
        join.add([one], position)
    assert served(join.take(10)) == [(texts[0].span_id, set())]
    assert join.counts == {"early": 1}


def test_a_trace_without_end_is_cut(clock: Clock) -> None:
    """Every span of a broken emitter in one trace: each part is decided by itself, and fast."""
    join = join_of(clock, max_trace_spans=100)
    join.add([note("retriever", "a") for _ in range(1050)], 1)
    taken = []
    while part := join.take(128):
        taken += part
    assert len(served(taken)) == 1000
    clock.now += WINDOW
    assert len(served(join.take(128))) == 50
    assert (join.counts["early"], join.oldest_open()) == (1000, None)


def test_memory_does_not_grow(clock: Clock) -> None:
    """After an hour of traffic there is as much as after some minutes, and in the end nothing."""
    join = join_of(clock)
    sizes = []
    for _ in range(360):
        join.add([one for _ in range(5) for one in nested(new_id(32))], 1)
        clock.now += 10
        join.take(100)
        sizes.append(join._spans)
    assert max(sizes) == max(sizes[: MEMORY_WINDOWS + 5]) <= 15 * (MEMORY_WINDOWS + 2)
    clock.now += MEMORY_WINDOWS * WINDOW + WINDOW
    join.take(100)
    clock.now += MEMORY_WINDOWS * WINDOW
    join.take(100)
    assert (join._spans, join._bytes, len(join._groups), join.open_spans) == (0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_comes_every_retrieval_is_taken_once_and_every_position_let_go(clock: Clock, seed: int) -> None:
    """Random traces, repeats, pauses and limits, with bounds that bite."""
    chance = random.Random(seed)
    join = join_of(clock, max_spans=60, max_trace_spans=10, max_bytes=30_000)
    spent: list[str] = []
    added = set()
    last = -1
    for position in range(300):
        notes = [one for _ in range(chance.randint(0, 3)) for one in nested(f"{chance.randint(1, 40):032x}")]
        chance.shuffle(notes)
        added |= {one.span_id for one in notes if one.is_retrieval}
        join.add(notes, position)
        clock.now += chance.choice([0, 0.1, 3, 12])
        spent += [one.span_id for ready in join.take(chance.randint(0, 4)) for one in ready.spent]
        oldest = join.oldest_open()
        assert oldest is None or oldest >= last
        last = oldest if oldest is not None else last
    join.end_windows()
    while taken := join.take(50):
        spent += [one.span_id for ready in taken for one in ready.spent]
    assert sorted(spent) == sorted(added)
    assert (join.oldest_open(), join.open_spans, join.backlog) == (None, 0, 0)


def test_an_answer_that_comes_within_the_window_is_there(clock: Clock) -> None:
    """And nothing waits longer for one that does not; that one is neither late nor assessed."""
    join = join_of(clock)
    early, other = note("retriever", "a", trace_id=new_id(32)), note("retriever", "a", trace_id=new_id(32))
    join.add([early, other], 1)
    clock.now += WINDOW - 1
    join.add([note("generation", answer="five days", trace_id=early.trace_id)], 2)
    clock.now += 1
    assert [ready.nest.answer for ready in join.take(10) if ready.nest] == ["five days", None]
    join.add([note("generation", answer="late", trace_id=other.trace_id)], 3)
    clock.now += WINDOW
    assert (join.take(10), join.counts, join.open_spans, join.oldest_open()) == ([], {}, 0, None)


def test_answers_count_in_the_bound_and_are_let_go(clock: Clock) -> None:
    """As all texts: the oldest are decided before their time, and the last trace is whole."""
    join = join_of(clock, max_bytes=50_000)
    served = []
    for position in range(10):
        trace_id = new_id(32)
        generation = note("generation", answer="x" * 20_000, trace_id=trace_id, start=10**15)
        join.add([note("retriever", "a", trace_id=trace_id), generation], position)
        served += [len(ready.nest.answer or "") for ready in join.take(10) if ready.nest]
    assert (served, join.counts) == ([20_000] * 8, {"early": 16})
