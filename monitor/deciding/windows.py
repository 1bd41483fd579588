"""Hourly windows: sums over the traces of an hour, from which estimates, references and comparisons are made."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from detectors.moments import Moments
from detectors.ppi import SHAPE, nested_terms
from detectors.signals import SIGNALS
from monitor.deciding.observation import MEASURES, Floats, Observation, matrices

HOUR_SECONDS = 3600
DAY_HOURS = 24
KEPT_HOURS = 48  # in memory, with every signal; a trace that comes later than that is late
_HIT_BOUNDS = tuple((np.arange(1, 20) / 20).tolist())
BOUNDS = {name: SIGNALS[name].buckets if name in SIGNALS else _HIT_BOUNDS for name in MEASURES}
PROXY, LABEL = "mean_relevance", "context_relevance"
NESTED = "judge_context_relevance"  # what the two estimate together
_SUMS = len(Moments._fields)
_WIDEST = max(map(len, BOUNDS.values()))
_EDGES = np.array([[*bounds, *[np.inf] * (_WIDEST - len(bounds))] for bounds in BOUNDS.values()])


class WindowKey(NamedTuple):
    """Whose traces: `hour` counts from 1970."""

    pipeline: str
    hour: int
    scenario: str
    evidence: str
    scale: str
    release: str
    judge: str = ""


class Window(NamedTuple):
    """Sums and histograms of every measure over the same traces; shapes (measures, 8) and (measures, bins).

    `nested` are the sums of `detectors/ppi.py` for the judge's LABEL and its PROXY; shape (6, 3, 3). The upper bounds
    of a measure's bins are its `BOUNDS`; the bin after the last is without bound.
    """

    sums: Floats
    bins: Floats
    nested: Floats

    def moments(self, measure: str) -> Moments:
        """Sums over the values of a measure; scalars."""
        return Moments.from_array(self.sums[MEASURES.index(measure)])

    def histogram(self, measure: str) -> Floats:
        """Weight in each bin of a measure."""
        return np.asarray(self.bins[MEASURES.index(measure), : len(BOUNDS[measure]) + 1])


def bins_to_one(measure: str, weight: Floats) -> tuple[tuple[float, ...], Floats]:
    """Bounds of a measure's bins and the weight in them, where the last bound is below 1 with one more bin that ends
    there: what `quantiles` reads.
    """
    bounds = BOUNDS[measure]
    return (bounds, weight) if bounds[-1] >= 1 else ((*bounds, 1.0), np.append(weight, 0.0))


Row = tuple[WindowKey, Window]


def merged(windows: Iterable[Window]) -> Window:
    """Over the traces of all."""
    total = _nothing()
    for window in windows:
        total.sums.__iadd__(window.sums)
        total.bins.__iadd__(window.bins)
        total.nested.__iadd__(window.nested)
    return total


def _nothing() -> Window:
    return Window(np.zeros((len(MEASURES), _SUMS)), np.zeros((len(MEASURES), _WIDEST + 1)), np.zeros(SHAPE))


class Windows:
    """The windows of the last `KEPT_HOURS` hours of each pipeline, by the times of its traces.

    `touched` holds the keys of those that changed; who writes them down takes it out.
    """

    def __init__(self, windows: Iterable[Row] = ()) -> None:
        self._pipelines: dict[str, dict[WindowKey, Window]] = defaultdict(dict)
        for key, window in windows:
            self._pipelines[key.pipeline][key] = window
        self.touched: set[WindowKey] = set()

    def add(self, observations: Sequence[Observation]) -> None:
        """Count every trace in its window."""
        if not observations:
            return
        values, weights, errors = matrices(observations)
        terms = Moments.each(values, weights, errors).array
        nested = _nested(observations, values, weights)
        places = (values[:, :, None] > _EDGES).sum(axis=2)
        rows: dict[WindowKey, list[int]] = defaultdict(list)
        for row, one in enumerate(observations):
            rows[key_of(one)].append(row)
        measures = np.broadcast_to(np.arange(len(MEASURES)), weights.shape)
        for key, chosen in rows.items():
            window = self._pipelines[key.pipeline].get(key) or _nothing()
            window.sums.__iadd__(terms[chosen].sum(axis=0))
            window.nested.__iadd__(nested[chosen].sum(axis=0))
            np.add.at(window.bins, (measures[chosen], places[chosen]), weights[chosen])
            self._pipelines[key.pipeline][key] = window
        self.touched.update(rows)

    def expire(self, pipeline: str, before_hour: int) -> None:
        """Let go of hours before one, all that was touched being written down."""
        gone = [key for key in self._pipelines[pipeline] if key.hour < before_hour]
        for key in gone:
            del self._pipelines[pipeline][key]
        self.touched = {key for key in self.touched if key.pipeline != pipeline}

    def of(self, pipeline: str, since_hour: int = 0) -> Iterator[Row]:
        """Those of a pipeline from an hour on."""
        windows = self._pipelines.get(pipeline, {})
        return ((key, window) for key, window in windows.items() if key.hour >= since_hour)

    def get(self, key: WindowKey) -> Window | None:
        """One of them, if it is still there."""
        return self._pipelines.get(key.pipeline, {}).get(key)

    @property
    def pipelines(self) -> list[str]:
        """Those that have any."""
        return [name for name, windows in self._pipelines.items() if windows]


def key_of(one: Observation) -> WindowKey:
    """The window that a trace belongs to."""
    hour = int(one.time // HOUR_SECONDS)
    return WindowKey(one.pipeline, hour, one.scenario, one.evidence.value, one.scale, one.release, one.judge)


def _nested(observations: Sequence[Observation], values: Floats, weights: Floats) -> Floats:
    """Of each trace; where the scorer gave no relevance the proxy is 0, for judged traces and others alike."""
    proxy, label = MEASURES.index(PROXY), MEASURES.index(LABEL)
    scorer = np.array([one.weights[1] for one in observations])
    return nested_terms(values[:, label], weights[:, label], values[:, proxy], scorer)


def encode_window(window: Window, measures: Collection[str] = (*MEASURES, NESTED)) -> bytes:
    """Only the measures that have values, by name: measures may be added and go."""
    known = (i for i in np.flatnonzero(window.sums[:, 0]) if MEASURES[i] in measures)
    plain = {MEASURES[i]: (window.sums[i].tolist(), window.bins[i].tolist()) for i in known}
    if NESTED in measures and window.nested.any():
        plain[NESTED] = (window.nested.ravel().tolist(), [])
    return msgspec.msgpack.encode(plain)


def decode_window(body: bytes) -> Window:
    """What `encode_window` wrote; measures that are no more are left out."""
    window = _nothing()
    plain: Mapping[str, tuple[list[float], list[float]]] = msgspec.msgpack.decode(
        body, type=dict[str, tuple[list[float], list[float]]]
    )
    for name, (sums, bins) in plain.items():
        if name == NESTED:
            window.nested[:] = np.reshape(sums, SHAPE)
        elif name in MEASURES and len(bins) <= _WIDEST + 1:
            window.sums[MEASURES.index(name)] = sums
            window.bins[MEASURES.index(name), : len(bins)] = bins
    return window
