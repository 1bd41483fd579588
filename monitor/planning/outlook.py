"""What each stream of an alert will see before it is enabled, or why it will see nothing."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
import numpy as np
from scipy.special import betaincinv

from detectors import budget
from detectors.baseline import Baseline
from detectors.budget import DAYS_A_YEAR, TOLERATED, Stream
from detectors.deciders import Abstained
from detectors.moments import Floats
from detectors.records import ALL
from monitor.config_alerts import Alert
from monitor.deciding.baselines import ENOUGH, MOST_DAYS, build_baseline, usable
from monitor.deciding.deciding import Deciding
from monitor.deciding.ledger import HISTORY_HOURS
from monitor.deciding.observation import maker
from monitor.deciding.streams import Streams, budget_of
from monitor.planning.coverage import lacks

LEAST_DAYS = 7
LEAST_VALUES = 100  # from which anything is said
WITHIN_HOURS = 24.0
ASSUMED = (6, 3)  # of a Beta distribution: about as wide as the real risks of docs/alarms.md
ASSUMED_TRACES = (100, 1_000, 10_000)  # a day
ASSUMED_STREAMS = 11  # all traffic, and ten kinds of query


class Sight(msgspec.Struct, frozen=True):
    """What one stream will see; `why_not` instead where it will not watch.

    `found`: the smallest drop found within a day, on average. `pages`: false ones a year, at most; None where the
    decider promises nothing.
    """

    stream: str
    traces_a_day: float
    tolerance: float = 0.0
    found: float = 0.0
    delay_traces: float = 0.0
    delay_hours: float = 0.0
    pages: float | None = None
    why_not: str = ""


class View(msgspec.Struct, frozen=True):
    """The streams of one pipeline, and what is known of them `by`."""

    pipeline: str
    by: str
    sights: tuple[Sight, ...] = ()


class Outlook(msgspec.Struct, frozen=True):
    """What an alert will see, of a threshold nothing that could be foretold; `streams` share its budget."""

    alert: Alert
    streams: int = 0
    views: tuple[View, ...] = ()


class _Known(NamedTuple):
    """What is known of the streams of a pipeline after some days; `spread` is that of their residuals."""

    by: str
    days: float = 0.0
    spread: float = 0.0
    streams: Mapping[str, Stream] = {}


def outlooks(deciding: Deciding) -> list[Outlook]:
    """Of every alert: by the baselines that are there, else by what was seen so far, else by an assumption."""
    return [
        Outlook(alert) if alert.decider == "threshold" else _outlook(deciding, alert)
        for alert in deciding.settings.alerts.values()
    ]


def _outlook(deciding: Deciding, alert: Alert) -> Outlook:
    names = sorted({*deciding.pipelines, *deciding.settings.given})
    if not names:
        return Outlook(alert, ASSUMED_STREAMS, (_assumed(alert),))
    known = {name: _known(deciding, name, alert) for name in names}
    wanted = budget_of(alert, 1)
    watchable = (
        not isinstance(budget.esr_config(wanted, stream), Abstained)
        for of in known.values()
        for stream in of.streams.values()
    )
    streams = sum(watchable)
    views = (
        View(name, of.by, tuple(_sight(alert, each, stream, streams, of) for each, stream in of.streams.items()))
        for name, of in known.items()
    )
    return Outlook(alert, streams, tuple(views))


def _known(deciding: Deciding, pipeline: str, alert: Alert) -> _Known:
    state = deciding.pipelines.get(pipeline)
    given = deciding.settings.given_for(pipeline, alert.signal)
    if state is None:
        if not given:
            return _Known(f"its file has no baseline of {alert.signal}, and there was no traffic yet")
        return _by_baseline(Streams(alert, pipeline, given[0]), given[0])
    streams = state.streams[alert.called]
    if streams.baseline is not None:
        return _by_baseline(streams, streams.baseline)
    if given:
        return _Known(
            f"does not watch: baseline {given[0].version} is of values made by {given[0].scale!r}, those of now are "
            f"made by {maker(state, alert.signal)!r}; make another"
        )
    return _preliminary(deciding, pipeline, alert)


def _by_baseline(streams: Streams, baseline: Baseline) -> _Known:
    by = f"by baseline {baseline.version}, from {baseline.days:.1f} days until {baseline.until:%Y-%m-%d %H:%M}"
    return _Known(by, baseline.days, baseline.spread, dict(_each(streams)))


def _each(streams: Streams) -> Iterator[tuple[str, Stream]]:
    for name in streams.streams:
        known = streams.known(name)
        if known is not None:
            yield name, known


def _preliminary(deciding: Deciding, pipeline: str, alert: Alert) -> _Known:
    """As it will be once the baseline is frozen: with the errors that it will have by then."""
    scale = maker(deciding.pipelines[pipeline], alert.signal)
    rows = usable(deciding.rows(pipeline), alert.signal, scale)
    built = build_baseline(rows, pipeline, alert.signal, scale, 0.0, whole_week=False)
    values = 0 if isinstance(built, Abstained) else sum(sum(one.values) for one in built.strata.values())
    if isinstance(built, Abstained) or values < LEAST_VALUES:
        return _Known(f"does not watch yet: {values} values in hours that are over, {LEAST_VALUES} say something")
    streams = Streams(alert, pipeline, built)
    frozen = max(
        built.days, _frozen_after(built.days, built.level_error_of(list(built.strata)), _smallest(deciding, alert))
    )
    shrink = float(np.sqrt(built.days / frozen))
    later = {
        name: msgspec.structs.replace(known, reference_error=known.reference_error * shrink)
        for name, known in _each(streams)
    }
    why = lacks(rows, alert.signal) or "not sure enough"
    by = f"preliminary, from {built.days:.1f} days ({why}); does not watch before the baseline is frozen, after about "
    return _Known(f"{by}{frozen:.0f} days", frozen, built.spread, later)


def _smallest(deciding: Deciding, alert: Alert) -> float:
    """The smallest drop that any alert watches this signal for: they share a baseline."""
    alike = (one for one in deciding.settings.alerts.values() if one.signal == alert.signal)
    return min(one.smallest_drop for one in alike if one.decider != "threshold")


def _frozen_after(days: float, error: float, smallest_drop: float) -> float:
    """Days until the level is known well enough, if it is known to `error` after `days`."""
    return min(MOST_DAYS, max(LEAST_DAYS, days * (error / (ENOUGH * smallest_drop)) ** 2))


def _sight(alert: Alert, name: str, stream: Stream, streams: int, known: _Known) -> Sight:
    plan = budget.plan(budget_of(alert, max(1, streams)), stream, WITHIN_HOURS)
    if isinstance(plan, Abstained):
        return Sight(name, stream.traces_a_day, why_not=_too_thin(alert, stream, known.days))
    pages = DAYS_A_YEAR * stream.traces_a_day / plan.config.average_run_length
    sight = Sight(
        name,
        stream.traces_a_day,
        plan.config.tolerance,
        plan.detectable_drop,
        plan.delay_traces,
        plan.delay_hours,
        pages,
    )
    if alert.decider == "e_detector":
        return sight
    return _by_cusum(sight, alert.smallest_drop, plan.config.average_run_length, known.spread)


def _by_cusum(sight: Sight, drop: float, average_run_length: float, spread: float) -> Sight:
    """To first order: what a drop adds to the sum at each value, less the allowance, until it is at the limit."""
    allowance = drop / 2
    limit = budget.cusum_limit(average_run_length, allowance, spread)
    delay, values = limit / (drop - allowance), sight.traces_a_day * WITHIN_HOURS / 24
    return msgspec.structs.replace(
        sight, tolerance=allowance, found=min(1.0, allowance + limit / values), delay_traces=delay,
        delay_hours=24 * delay / sight.traces_a_day, pages=None,
    )  # fmt: skip


def _too_thin(alert: Alert, stream: Stream, days: float) -> str:
    share = 0.5 - TOLERATED  # of the smallest drop, that the error may be
    error = stream.reference_error
    needed = days * (error / (share * alert.smallest_drop)) ** 2
    longer = f", or a baseline of {np.ceil(needed):.0f} days" if 24 * needed <= HISTORY_HOURS else ""
    return f"reference too thin, its level errs by {error:.3f}: would watch for {error / share + 5e-4:.3f}{longer}"


def _assumed(alert: Alert) -> View:
    values = betaincinv(*ASSUMED, (np.arange(1000) + 0.5) / 1000)
    mean, spread = float(values.mean()), float(values.std())
    by = (
        f"what if its values were as Beta{ASSUMED}: mean {mean:.2f}, standard deviation {spread:.2f}, one kind of "
        "query, no cycles; a baseline of as many days as it takes"
    )
    return View("", by, tuple(_sights_of(alert, values - mean, spread, 1 - mean)))


def _sights_of(alert: Alert, residuals: Floats, spread: float, highest: float) -> Iterator[Sight]:
    for rate in ASSUMED_TRACES:
        days = _frozen_after(1.0, spread / rate**0.5, alert.smallest_drop)
        stream = Stream(
            traces_a_day=rate, residuals=tuple(residuals.tolist()), reference_error=spread / (rate * days) ** 0.5,
            highest=highest,
        )  # fmt: skip
        yield _sight(alert, ALL, stream, ASSUMED_STREAMS, _Known("", days, spread))
