"""Baselines from hourly windows: built once there has been enough healthy traffic, then frozen."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TypeVar

import msgspec
import numpy as np

from detectors.baseline import HOURS, Baseline, build_from, hours_of_week
from detectors.deciders import Abstained
from detectors.moments import Floats, Moments, added
from detectors.quantiles import read_quantiles
from detectors.signals import SIGNALS
from monitor.config_alerts import HIT
from monitor.deciding.observation import MEASURES, Evidence, maker, stratum
from monitor.deciding.windows import BOUNDS, HOUR_SECONDS, Row, WindowKey, bins_to_one

MOST_DAYS = 28  # after so many a baseline is frozen as it is, however thin
ENOUGH = 0.3  # of the smallest drop that matters: how far the level of a pipeline's baseline may be off by then
Numbers = TypeVar("Numbers", float, Floats)
_SHARES = np.linspace(0, 1, 101).tolist()


def worse_is_lower(moments: Moments, measure: str) -> Moments:
    """Sums of what a decider watches: the measure itself, or one less it where a rise is for the worse."""
    return moments.flipped() if rises(measure) else moments


def goodness(values: Numbers, measure: str) -> Numbers:
    """The same of a value, or of values."""
    return 1 - values if rises(measure) else values


def rises(measure: str) -> bool:
    """Whether a rise is for the worse."""
    return measure != HIT and SIGNALS[measure].direction > 0


def stratum_of(key: WindowKey) -> str:
    """The stratum that a window belongs to."""
    return stratum(key.scenario, key.evidence)


def summed_by(name: Callable[[WindowKey], str], rows: Iterable[Row], measure: str) -> dict[str, Moments]:
    """Sums of what a decider watches, over all windows of the same name."""
    found: dict[str, list[Moments]] = defaultdict(list)
    for key, window in rows:
        found[name(key)].append(window.moments(measure))
    return {of: worse_is_lower(added(parts), measure) for of, parts in found.items()}


def usable(rows: Iterable[Row], measure: str, scale: str) -> list[Row]:
    """Of windows, those in which a measure is of one scale (or judge) and nothing of ours was broken."""
    return [row for row in rows if maker(row[0], measure) == scale and row[0].evidence != Evidence.DEGRADED]


def build_baseline(
    rows: Sequence[Row], pipeline: str, measure: str, scale: str, now: float, *, whole_week: bool = True
) -> Baseline | Abstained:
    """The baseline that usable windows make; the reason where there is none yet.

    Without `whole_week` it is made of whatever there is, to plan with.
    """
    place = MEASURES.index(measure)
    rows = [row for row in rows if row[1].sums[place, 0] > 0]  # its days are those that have values
    if not rows:
        return Abstained.WEEK_NOT_COVERED
    tables: dict[str, Floats] = defaultdict(lambda: np.zeros((HOURS, len(Moments._fields))))
    bins: dict[str, Floats] = defaultdict(lambda: np.zeros(len(BOUNDS[measure]) + 1))
    hours = hours_of_week([key.hour * HOUR_SECONDS for key, _ in rows]).tolist()
    for (key, window), hour in zip(rows, hours, strict=True):
        name = stratum_of(key)
        tables[name][hour] += window.sums[place]
        bins[name] += window.histogram(measure)
    found = build_from(
        {name: worse_is_lower(Moments.from_array(table), measure) for name, table in tables.items()},
        {name: _quantiles(measure, bins[name]) for name in bins},
        _start(min(key.hour for key, _ in rows)), _start(max(key.hour for key, _ in rows) + 1),
        pipeline=pipeline, measure=measure, version="", built=datetime.fromtimestamp(now, UTC), scale=scale,
        whole_week=whole_week,
    )  # fmt: skip
    return found if isinstance(found, Abstained) else _named(found)


def _start(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_SECONDS, UTC)


def _quantiles(measure: str, weight: Floats) -> Floats:
    if not weight.sum():
        return np.zeros(len(_SHARES))
    found = read_quantiles(*bins_to_one(measure, weight), _SHARES)
    return 1 - found[::-1] if rises(measure) else found


def _named(baseline: Baseline) -> Baseline:
    content = blake2b(msgspec.json.encode(baseline.strata), digest_size=4).hexdigest()
    return msgspec.structs.replace(baseline, version=f"{baseline.pipeline}-{baseline.built.date()}-{content}")


def enough(baseline: Baseline, smallest_drop: float) -> bool:
    """Whether more traffic would not make it much surer, for who watches for drops of a size."""
    sure = baseline.level_error_of(list(baseline.strata)) <= ENOUGH * smallest_drop
    return sure or baseline.days >= MOST_DAYS
