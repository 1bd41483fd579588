"""Cuts passages that are too long for a model into windows that overlap, so that none of it goes unread."""

from collections.abc import Sequence

OVERLAP = 0.25  # share of a window that it has in common with the next: an answer at a seam is whole in one of them
MOST_WINDOWS = 8


def window_starts(tokens: int, room: int) -> list[int]:
    """First tokens of the windows of `room` tokens that cover a text of `tokens`, at most `MOST_WINDOWS` of them.

    The last window ends with the text, where it is among them.

    >>> window_starts(90, 100), window_starts(200, 100), window_starts(230, 100)
    ([0], [0, 75, 100], [0, 75, 130])
    """
    if tokens <= room:
        return [0]
    step = max(1, int(room * (1 - OVERLAP)))
    starts = [*range(0, tokens - room, step), tokens - room]
    return starts[:MOST_WINDOWS]


def reach(room: int) -> int:
    """How many tokens `MOST_WINDOWS` windows of `room` tokens cover; of a longer text the end goes unread.

    >>> reach(100)
    625
    """
    return (MOST_WINDOWS - 1) * max(1, int(room * (1 - OVERLAP))) + room


def cut(text: str, offsets: Sequence[tuple[int, int]], room: int) -> list[str]:
    """The windows of a text whose tokens lie at `offsets` (first character, character after the last)."""
    if len(offsets) <= room:
        return [text]
    ends = (min(start + room, len(offsets)) - 1 for start in window_starts(len(offsets), room))
    starts = (offsets[start][0] for start in window_starts(len(offsets), room))
    return [text[start : offsets[end][1]] for start, end in zip(starts, ends, strict=True)]
