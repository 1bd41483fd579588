"""Windows over passages that are too long for a model."""

from itertools import pairwise

import pytest

from monitor.providers.windows import MOST_WINDOWS, OVERLAP, cut, reach, window_starts


@pytest.mark.parametrize("tokens", [101, 150, 199, 200, 333, 600])
def test_windows_cover_every_token_and_the_last_ends_with_the_text(tokens: int) -> None:
    starts = window_starts(tokens, 100)
    assert starts[-1] + 100 == tokens
    assert {token for start in starts for token in range(start, start + 100)} == set(range(tokens))


def test_neighbours_share_a_quarter_at_least() -> None:
    starts = window_starts(500, 100)
    assert all(after - before <= 100 * (1 - OVERLAP) for before, after in pairwise(starts))


def test_a_book_has_no_more_windows_than_a_chapter() -> None:
    assert len(window_starts(1_000_000, 100)) == MOST_WINDOWS


def test_a_window_is_cut_at_whole_tokens() -> None:
    text = "one two three four five"
    offsets = [(0, 3), (4, 7), (8, 13), (14, 18), (19, 23)]
    assert cut(text, offsets, 2) == ["one two", "two three", "three four", "four five"]
    assert cut(text, offsets, 5) == [text]


@pytest.mark.parametrize("room", [5, 64, 100, 253])
def test_windows_reach_as_far_as_is_said_and_no_farther(room: int) -> None:
    assert window_starts(reach(room), room)[-1] + room == reach(room)
    assert window_starts(reach(room) + 1, room)[-1] + room == reach(room)
