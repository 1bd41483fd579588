"""What the windows say: means and quantiles of every measure with their intervals, and what of a change is what."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
import numpy as np

from detectors.baseline import HOURS, Baseline, hours_of_week
from detectors.estimate import Estimate, mean_of
from detectors.mix import Decomposition, decompose
from detectors.moments import Floats, Moments, added
from detectors.quantiles import Quantile, binned_quantile
from detectors.signals import SIGNALS
from monitor.config_alerts import HIT
from monitor.deciding.baselines import worse_is_lower
from monitor.deciding.observation import MEASURES, TRACES, scenario_of, stratum
from monitor.deciding.windows import BOUNDS, HOUR_SECONDS, Row, Window, merged

QUANTILES = (0.1, 0.5, 0.9)


class Measured(msgspec.Struct, frozen=True):
    """An estimate of one measure over some windows.

    `coverage` is the estimated share of the traffic for which the measure has a value at all. Below the minimum sample
    there is no `mean` and there are no `quantiles`.
    """

    mean: Estimate | None
    quantiles: dict[str, Quantile]
    coverage: float
    effective_samples: float


def measured(rows: Iterable[Row]) -> dict[str, Measured]:
    """Every measure that has values in some windows."""
    total = merged(window for _, window in rows)
    traces = float(total.moments(TRACES).weight)
    known = (name for name in MEASURES if name != TRACES and total.moments(name).values > 0)
    return {name: _measured(total, name, traces) for name in known}


def _measured(total: Window, name: str, traces: float) -> Measured:
    moments = total.moments(name)
    bounded = name == HIT or SIGNALS[name].bounded
    effective = float(moments.effective)
    ends = (0.0, 1.0) if bounded else (-np.inf, np.inf)
    found = {
        f"{share:g}": quantile
        for share in QUANTILES
        if (quantile := binned_quantile(_bounds(name), _weight(total, name), share, effective)) is not None
    }
    coverage = min(1.0, float(moments.weight) / traces) if traces else 0.0
    return Measured(mean_of(moments, low=ends[0], high=ends[1]), found, coverage, effective)


def _bounds(name: str) -> tuple[float, ...]:
    return (*BOUNDS[name], 1.0) if BOUNDS[name][-1] < 1 else BOUNDS[name]


def _weight(total: Window, name: str) -> Floats:
    weight = total.histogram(name)
    return np.append(weight, 0.0) if BOUNDS[name][-1] < 1 else weight


def change_since(baseline: Baseline, rows: Iterable[Row], measure: str = HIT) -> Decomposition | None:
    """How some windows differ from the same hours of the week in the baseline: quality, and mix of the scenarios.

    Strata that the baseline never saw are mix.
    """
    after: dict[str, list[Moments]] = defaultdict(list)
    weight_by_hour = np.zeros(HOURS)
    for key, window in rows:
        moments = worse_is_lower(window.moments(measure), measure)
        after[stratum(key.scenario, key.evidence)].append(moments)
        (hour,) = hours_of_week([key.hour * HOUR_SECONDS])
        weight_by_hour[hour] += float(moments.weight)
    if not after:
        return None
    return decompose(baseline.moments(weight_by_hour), {name: added(parts) for name, parts in after.items()})


def shares(rows: Iterable[Row]) -> dict[str, float]:
    """Of each scenario in the traffic of some windows."""
    weight: dict[str, float] = defaultdict(float)
    for key, window in rows:
        weight[key.scenario] += float(window.moments(TRACES).weight)
    total = sum(weight.values())
    return {name: part / total for name, part in weight.items()} if total else {}


def normal_shares(baseline: Baseline) -> dict[str, float]:
    """Of each scenario in the traffic that a baseline was built from."""
    weight: dict[str, float] = defaultdict(float)
    for name, one in baseline.strata.items():
        weight[scenario_of(name)] += sum(one.weight)
    total = sum(weight.values())
    return {name: part / total for name, part in weight.items()}
