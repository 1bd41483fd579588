"""Which documents a pipeline serves to many queries."""

from detectors.hubs import MINIMUM_QUERIES, Hubs


def _filled(hubs: Hubs, queries: int, pipeline: str = "bot") -> None:
    """Different queries, each with `hub`, and one document of its own."""
    for number in range(queries):
        hubs.add(pipeline, f"query {number}", ["hub", f"own {number}"])


def _share(keys: list[str]) -> float | None:
    hubs = Hubs()
    _filled(hubs, 60)
    return hubs.add("bot", "new", keys)


def test_a_share_is_that_of_the_queries_before() -> None:
    """Of 60 the document of query 7 was served to one, the hub to all."""
    assert _share(["own 7"]) == 1 / 60
    assert _share(["own 7", "hub", "own 7"]) == 1
    assert _share(["never"]) == 0
    assert _share([]) == 0


def test_there_is_nothing_to_say_before_enough_queries() -> None:
    hubs = Hubs()
    _filled(hubs, MINIMUM_QUERIES - 1)
    assert hubs.add("bot", "new", ["hub"]) is None
    assert hubs.add("bot", "next", ["hub"]) == 1


def test_a_question_that_everybody_asks_makes_no_hub() -> None:
    hubs = Hubs()
    _filled(hubs, 60)
    for query in ("How do I pay?", "how do i PAY?") * 500:
        hubs.add("bot", query, ["asked"])
    assert hubs.add("bot", "new", ["asked"]) == 1 / 61


def test_a_document_that_is_served_twice_in_a_list_was_served_to_one_query() -> None:
    hubs = Hubs()
    _filled(hubs, 59)
    hubs.add("bot", "twice", ["double", "double"])
    assert hubs.add("bot", "new", ["double"]) == 1 / 60


def test_what_was_served_is_forgotten_by_half_lives() -> None:
    """A hub of 100 queries, then as many without it: 50 of 50 + 99. After another halving 25 of 75."""
    hubs = Hubs(half_life_queries=100)
    _filled(hubs, 100)
    for number in range(99):
        hubs.add("bot", f"later {number}", ["else"])
    assert hubs.add("bot", "later 98", ["hub"]) == 50 / 149
    hubs.add("bot", "one more", ["else"])
    assert hubs.add("bot", "new", ["hub"]) == 25 / 75


def test_pipelines_are_counted_apart() -> None:
    hubs = Hubs()
    _filled(hubs, 60)
    assert hubs.add("other", "new", ["hub"]) is None


def test_it_does_not_grow_once_full() -> None:
    """Neither with queries nor with pipelines; the pipeline not heard of for longest goes."""
    hubs = Hubs(half_life_queries=80, pipelines=2)
    for pipeline in ("a", "b", "a", "c"):
        _filled(hubs, 5000, pipeline)
    assert list(hubs._traffic) == ["a", "c"]
    for traffic in hubs._traffic.values():
        assert traffic.queries < 160
        assert len(traffic.seen) < 80
        assert len(traffic.served) <= 81
