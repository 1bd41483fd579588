"""Which spans are the same retrieval, and what was served."""

from typing import Any

from monitor.otlp.nests import Nest, find_nests
from monitor.otlp.notes import ANSWER_CHARACTERS, Note
from tests.monitor.otlp.kit import note


def nests(*notes: Note) -> list[tuple[str, set[str]]]:
    """Served span and inner ones, by id."""
    found = find_nests({one.span_id: one for one in notes})
    return [(nest.served.span_id, {inner.span_id for inner in nest.inner}) for nest in found]


def the_nest(*notes: Note) -> Nest:
    (nest,) = find_nests({one.span_id: one for one in notes})
    return nest


def under(parent: Note, kind: Any = "retriever", *ids: str, **fields: Any) -> Note:
    return note(kind, *ids, parent_id=parent.span_id, **fields)


def test_of_nested_retrievers_the_outermost_was_served() -> None:
    """However many levels, whatever is between them."""
    outer = note("retriever", "b")
    middle = under(outer, "link")
    inner = under(middle, "retriever", "a", "b")
    innermost = under(inner, "retriever", "a", "b", "c")
    assert nests(innermost, inner, middle, outer) == [(outer.span_id, {inner.span_id, innermost.span_id})]


def test_siblings_are_retrievals_of_their_own() -> None:
    """An agent's hops under one root."""
    root = note("link")
    hops = [under(root, "retriever", "a") for _ in range(3)]
    assert nests(root, *hops) == [(hop.span_id, set()) for hop in hops]


def test_without_the_span_between_them_two_are_two() -> None:
    """What is not known joins nothing."""
    outer = note("retriever", "a")
    inner = note("retriever", "a", parent_id="f" * 16)
    assert nests(outer, inner) == [(outer.span_id, set()), (inner.span_id, set())]


def test_a_span_without_documents_inside_one_that_has_them_is_inner() -> None:
    """LlamaIndex."""
    outer = note("retriever", "a")
    inner = under(outer)
    assert nests(inner, outer) == [(outer.span_id, {inner.span_id})]


def test_a_span_without_documents_around_one_that_has_them_does_not_serve() -> None:
    """The outermost one that says what it returned does; around several, it is told once."""
    outer = note()
    first, second = under(outer, "retriever", "a"), under(outer, "retriever", "b")
    assert nests(outer, first) == [(first.span_id, {outer.span_id})]
    assert nests(outer, first, second) == [(first.span_id, {outer.span_id}), (second.span_id, set())]


def test_retrievers_that_never_say_what_they_returned_are_one_nest() -> None:
    """Counted once, as unusable."""
    outer = note()
    inner = under(outer)
    assert nests(inner, outer) == [(outer.span_id, {inner.span_id})]


def test_a_circle_of_parents_ends() -> None:
    """Two spans that call each other their parent, and one that calls itself so."""
    one = note("retriever", "a", span_id="a" * 16, parent_id="b" * 16)
    two = note("retriever", "b", span_id="b" * 16, parent_id="a" * 16)
    own = note("retriever", "c", span_id="c" * 16, parent_id="c" * 16)
    assert len(nests(one, two, own)) >= 1


def test_the_query_is_its_own_else_that_of_the_nearest_span_above() -> None:
    """Else the only one inside."""
    root = note("link", query="root's")
    chain = under(root, "link", query="chain's")
    assert the_nest(root, chain, under(chain, "retriever", "a", query=None)).query == "chain's"
    assert the_nest(root, under(root, "retriever", "a", query="own")).query == "own"
    outer = note("retriever", "a", query=None)
    inner = [under(outer, "retriever", "a", query="x") for _ in range(2)]
    assert the_nest(outer, *inner).query == "x"
    assert the_nest(outer, *inner, under(outer, "retriever", "a", query="y")).query is None


class TestRerankers:
    """Beside the retriever, as LlamaIndex and Haystack have them."""

    def test_a_reranker_takes_over_what_it_was_given(self) -> None:
        """It was served."""
        root = note("link")
        retriever = under(root, "retriever", "a", "b")
        reranker = under(root, "reranker", "b", before=retriever.documents)
        assert nests(root, retriever, reranker) == [(reranker.span_id, {retriever.span_id})]

    def test_a_hybrid_search_is_one_retrieval(self) -> None:
        """Two retrievers, joined, reranked; also where both found the same."""
        root = note("link")
        words = under(root, "retriever", "a", "b")
        vectors = under(root, "retriever", "b", "a", query=None)
        reranker = under(root, "reranker", "b", before=words.documents)
        assert nests(root, words, vectors, reranker) == [(reranker.span_id, {words.span_id, vectors.span_id})]

    def test_a_second_stage_takes_over_the_first(self) -> None:
        """Three spans, one retrieval."""
        root = note("link")
        retriever = under(root, "retriever", "a", "b", "c")
        first = under(root, "reranker", "c", "b", before=retriever.documents)
        second = under(root, "reranker", "b", before=first.documents)
        assert nests(root, retriever, first, second) == [(second.span_id, {retriever.span_id, first.span_id})]

    def test_hops_with_a_reranker_each_stay_apart(self) -> None:
        """Though they found the same documents: each takes the latest before it, for its own query."""
        root = note("link")
        spans: list[Note] = []
        for query in ("first", "second"):
            retriever = under(root, "retriever", "a", "b", query=query)
            spans += [retriever, under(root, "reranker", "b", before=retriever.documents, query=query)]
        assert nests(root, *spans) == [(spans[1].span_id, {spans[0].span_id}), (spans[3].span_id, {spans[2].span_id})]

    def test_a_reranker_does_not_take_the_hop_of_another_query(self) -> None:
        """Beside it, with the same documents, and not reranked."""
        root = note("link")
        other = under(root, "retriever", "a", "b", query="first")
        retriever = under(root, "retriever", "a", "b", query="second")
        reranker = under(root, "reranker", "b", before=retriever.documents, query="second")
        assert nests(root, other, retriever, reranker) == [
            (other.span_id, set()),
            (reranker.span_id, {retriever.span_id}),
        ]

    def test_a_reranker_takes_nothing_that_came_later_or_has_nothing_in_common(self) -> None:
        """It cannot have been given that."""
        root = note("link")
        other = under(root, "retriever", "x")
        reranker = under(root, "reranker", "a", before=note("retriever", "a").documents)
        later = under(root, "retriever", "a")
        assert nests(root, other, reranker, later) == [(one.span_id, set()) for one in (other, reranker, later)]

    def test_a_reranker_inside_a_retriever_is_inner(self) -> None:
        """The retriever returned what it made."""
        outer = note("retriever", "b", start=1, end=10**9)
        base = under(outer, "retriever", "a", "b")
        reranker = under(outer, "reranker", "b", before=base.documents)
        assert nests(outer, base, reranker) == [(outer.span_id, {base.span_id, reranker.span_id})]


class TestAnswers:
    """Of what is above, else of what came after."""

    def test_the_outermost_span_above_says_what_was_answered(self) -> None:
        """Whatever models said below it, and what came after it in time."""
        root = note("link", answer="final", start=1, end=10**9)
        chain = under(root, "link", answer="draft")
        retriever = under(chain, "retriever", "a")
        later = under(root, "generation", answer="a title for the chat")
        assert the_nest(root, chain, retriever, later).answer == "final"
        assert the_nest(root, chain, retriever).answer == "final"

    def test_else_the_last_generation_that_began_after_the_retrieval(self) -> None:
        """A model that wrote the query, or ran at the same time, has not seen what was served."""
        root = note("link")
        before = under(root, "generation", answer="a better query", start=1, end=999)
        retriever = under(root, "retriever", "a", start=1000, end=1010)
        beside = under(root, "generation", answer="beside", start=1009, end=3000)
        after = [
            under(root, "generation", answer=text, start=1010, end=end) for text, end in (("2", 2000), ("1", 1500))
        ]
        assert the_nest(root, before, retriever, beside).answer is None
        assert the_nest(root, before, retriever, beside, *after).answer == "2"

    def test_what_other_branches_return_is_no_answer(self) -> None:
        """A parser beside the retriever, after it."""
        root = note("link")
        retriever = under(root, "retriever", "a")
        assert the_nest(root, retriever, under(root, "link", answer="beside")).answer is None

    def test_retrievals_of_a_trace_have_the_same_answer(self) -> None:
        """An agent's hops."""
        root = note("link", answer="final")
        hops = [under(root, "retriever", "a") for _ in range(2)]
        found = find_nests({one.span_id: one for one in (root, *hops)})
        assert [nest.answer for nest in found] == ["final", "final"]

    def test_a_text_with_all_that_was_served_is_a_context(self) -> None:
        """A chain that formats documents; the next best is taken."""
        context = "text of a\n\ntext of b"
        root = note("link", answer=context)
        retriever = under(root, "retriever", "a", "b")
        generation = under(root, "generation", answer="text of a, I think")
        assert the_nest(root, retriever).answer is None
        assert the_nest(root, retriever, generation).answer == "text of a, I think"
        cut = note("link", answer=f"{context}{'x' * ANSWER_CHARACTERS}"[:ANSWER_CHARACTERS])
        assert the_nest(cut, under(cut, "retriever", "a", "b", "beyond the cut")).answer is None
        nothing = note("retriever", documents=(), parent_id=root.span_id)
        assert the_nest(root, nothing).answer == context
