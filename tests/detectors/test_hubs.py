"""Which documents a pipeline serves to many queries."""

from detectors.hubs import MINIMUM_QUERIES, Hubs


def _filled(hubs: Hubs, queries: int, pipeline: str = "bot") -> None:
    """Different queries, each with `hub`, and one document of its own."""
    for number in range(queries):
        hubs.add(pipeline, f"query {number}", ["hub", f"own {number}"])


def test_a_share_is_that_of_the_other_queries() -> None:
    """60 others: the hub was served to all, the document of query 7 to one; what is asked about does not count."""
    hubs = Hubs()
    _filled(hubs, 60)
    assert hubs.add("bot", "new", ["hub", "own 7", "never"]) == (1.0, 1 / 60, 0.0)


def test_there_is_nothing_to_say_before_enough_queries() -> None:
    hubs = Hubs()
    _filled(hubs, MINIMUM_QUERIES - 1)
    assert hubs.add("bot", "new", ["hub"]) is None
    assert hubs.add("bot", "next", ["hub"]) == (1.0,)


def test_a_question_that_everybody_asks_makes_no_hub() -> None:
    """However it is written, and with the list that was served last."""
    hubs = Hubs()
    _filled(hubs, 60)
    for query in ("How do I pay?", "how do  I pay?") * 500:
        hubs.add("bot", query, ["asked", "hub"])
    hubs.add("bot", "HOW DO I PAY?", ["other"])
    assert hubs.add("bot", "new", ["asked", "other", "hub"]) == (0.0, 1 / 61, 60 / 61)


def test_a_document_that_is_served_twice_in_a_list_was_served_to_one_query() -> None:
    hubs = Hubs()
    _filled(hubs, 59)
    hubs.add("bot", "twice", ["double", "double"])
    assert hubs.add("bot", "new", ["double"]) == (1 / 60,)


def test_only_the_last_queries_count() -> None:
    hubs = Hubs(window_queries=100)
    _filled(hubs, 100)
    for number in range(100):
        hubs.add("bot", f"later {number}", ["else"])
    assert hubs.add("bot", "new", ["hub", "else"]) == (0.0, 1.0)


def test_pipelines_are_counted_apart() -> None:
    hubs = Hubs()
    _filled(hubs, 60)
    assert hubs.add("other", "new", ["hub"]) is None


def test_it_does_not_grow_once_full() -> None:
    """Neither with queries nor with pipelines; the pipeline not heard of for longest goes."""
    hubs = Hubs(window_queries=80, pipelines=2)
    for pipeline in ("a", "b", "a", "c"):
        _filled(hubs, 500, pipeline)
    windows = hubs._windows
    assert list(windows) == ["a", "c"]
    assert {(len(window._lists), len(window._served)) for window in windows.values()} == {(80, 81)}
