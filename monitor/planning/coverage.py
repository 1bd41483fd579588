"""What a stretch of windows lacks to become a baseline."""

from collections.abc import Sequence

import numpy as np

from detectors.baseline import HOURS, LEAST_VALUES, hours_of_week
from detectors.moments import Floats, added
from monitor.deciding.windows import HOUR_SECONDS, Row

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HARDLY = 5  # values in an hour of the week


def lacks(rows: Sequence[Row], measure: str) -> str | None:
    """Why usable windows make no baseline of a measure; None where they do."""
    moments = [(key.hour, of) for key, window in rows if (of := window.moments(measure)).values > 0]
    if not moments:
        return "there are no values"
    covered = max(hour for hour, _ in moments) + 1 - min(hour for hour, _ in moments)
    if covered < HOURS:
        return f"covers {covered / 24:.1f} of 7 days" if covered >= 24 else f"covers {covered} of {HOURS} hours"
    seen = {int(hour) // 24 for hour in hours_of_week([hour * HOUR_SECONDS for hour, _ in moments])}
    if missing := [name for day, name in enumerate(DAYS) if day not in seen]:
        return f"values on {', '.join(missing)} are missing"
    effective = float(added([of for _, of in moments]).effective)
    return None if effective >= LEAST_VALUES else f"{effective:,.0f} effective values, expected {LEAST_VALUES} or more"


def hardly_seen(values: Floats) -> str:
    """Stretches of the week with under `HARDLY` values an hour, of the values in each of 168 hours; empty for none.

    >>> hardly_seen(np.array([9.0] * 162 + [4.0] * 6))
    'Sun 18-24'
    """
    few = (np.asarray(values) < HARDLY).reshape(len(DAYS), HOURS // len(DAYS))
    found = []
    for name, day in zip(DAYS, few, strict=True):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], day, [False]])))
        stretches = ", ".join(f"{begin:02}-{end:02}" for begin, end in edges.reshape(-1, 2))
        found += [f"{name[:3]} {stretches}"] if stretches else []
    return "; ".join(found)
