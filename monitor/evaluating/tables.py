"""Figures as cells, and rows of cells as Markdown tables."""

from collections.abc import Iterable, Sequence

from detectors.resampling import Interval, Mean

NONE = "-"


def plain(value: float | None, digits: int = 2) -> str:
    """A number without its leading zero; a dash for none.

    >>> plain(0.825), plain(-0.031, 3), plain(None), plain(float("nan"))
    ('.82', '-.031', '-', '-')
    """
    if value is None or value != value:  # noqa: PLR0124
        return NONE
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("0.", ".", 1) if abs(value) < 1 and text.lstrip("-").startswith("0.") else text


def ranged(figure: Interval | None, digits: int = 2) -> str:
    """A figure with its interval.

    >>> ranged(Interval(0.8, 0.75, 0.86))
    '.80 (.75 to .86)'
    """
    if figure is None:
        return NONE
    return f"{plain(figure.value, digits)} ({plain(figure.low, digits)} to {plain(figure.high, digits)})"


def doubly_ranged(mean: Mean | None, digits: int = 3) -> str:
    """A mean with both of its intervals: other queries, and other collections too."""
    if mean is None:
        return NONE
    wide = f"{plain(mean.low_collections, digits)} to {plain(mean.high_collections, digits)}"
    return f"{ranged(mean, digits)}; {wide}"


def share(value: float) -> str:
    """As a percentage.

    >>> share(0.126), share(0.0004), share(0)
    ('13%', '<1%', '0%')
    """
    return "<1%" if 0 < value < 0.005 else f"{100 * value:.0f}%"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, with the empty line after it."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]
