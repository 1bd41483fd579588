"""What the windows say: means and quantiles of every measure with their intervals, and what of a change is what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from detectors.baseline import HOURS, Baseline, hours_of_week
from detectors.estimate import Estimate, mean_of
from detectors.mix import Decomposition, decompose
from detectors.ppi import SHAPE, NestedEstimate, effective_labelled, labelled_in, nested_estimate, without_labels
from detectors.quantiles import Quantile, binned_quantile
from detectors.records import ALL
from detectors.signals import SIGNALS
from monitor.config_alerts import HIT
from monitor.deciding.baselines import stratum_of, summed_by
from monitor.deciding.observation import JUDGED, MEASURES, TRACES, Floats, scenario_of
from monitor.deciding.windows import HOUR_SECONDS, Row, Window, bins_to_one, merged

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


class JudgeEstimate(msgspec.Struct, frozen=True):
    """What one version of the judge says of some windows; no `estimate` below its minimum sample."""

    judge: str
    judged: int
    effective_samples: float
    estimate: NestedEstimate | None


def measured(rows: Iterable[Row], judge: str = "", quantiles: Sequence[float] = QUANTILES) -> dict[str, Measured]:
    """Every measure that has values in some windows; of what judges say, that of one."""
    rows = list(rows)
    total = merged(window for _, window in rows)
    of_judge = merged(window for key, window in rows if key.judge == judge) if judge else total
    traces = float(total.moments(TRACES).weight)
    held = {name: of_judge if name in JUDGED else total for name in MEASURES if name != TRACES}
    known = {name: window for name, window in held.items() if window.moments(name).values > 0}
    return {name: _measured(window, name, traces, quantiles) for name, window in known.items()}


def judge_context_relevance(rows: Iterable[Row], judge: str) -> JudgeEstimate | None:
    """The mean grade, of 1, that a version of the judge would give the first five documents of all traffic; None where
    it judged nothing.
    """
    sums = sums_of_judge([(key.hour, key.judge, window.nested) for key, window in rows], judge)
    if not labelled_in(sums):
        return None
    return JudgeEstimate(judge, labelled_in(sums), effective_labelled(sums), nested_estimate(sums))


def sums_of_judge(parts: Sequence[tuple[int, str, Floats]], judge: str) -> Floats:
    """Of the sums of some hours and judges, those for one judge: its own labels, and the proxies of all traces from the
    first to the last hour in which it judged.
    """
    hours = [hour for hour, by, own in parts if by == judge and labelled_in(own)] if judge else []
    within = [(by, own) for hour, by, own in parts if hours and min(hours) <= hour <= max(hours)]
    return sum((own if by == judge else without_labels(own) for by, own in within), np.zeros(SHAPE))


def _measured(total: Window, name: str, traces: float, quantiles: Sequence[float]) -> Measured:
    moments = total.moments(name)
    bounded = name == HIT or SIGNALS[name].bounded
    effective = float(moments.effective)
    ends = (0.0, 1.0) if bounded else (-np.inf, np.inf)
    bounds, weight = bins_to_one(name, total.histogram(name))
    found = {
        f"{share:g}": quantile
        for share in quantiles
        if (quantile := binned_quantile(bounds, weight, share, effective)) is not None
    }
    coverage = min(1.0, float(moments.weight) / traces) if traces else 0.0
    return Measured(mean_of(moments, low=ends[0], high=ends[1]), found, coverage, effective)


def by_scenario(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Windows of all traffic (ALL), and of each scenario."""
    found: dict[str, list[Row]] = {ALL: list(rows)}
    for row in sorted(found[ALL], key=lambda row: row[0].scenario):
        found.setdefault(row[0].scenario, []).append(row)
    return found


def change_since(baseline: Baseline, rows: Iterable[Row], measure: str = HIT) -> Decomposition | None:
    """How some windows differ from the same hours of the week in the baseline: quality, and mix of the scenarios.

    Strata that the baseline never saw are mix.
    """
    rows = list(rows)
    if not rows:
        return None
    weight_by_hour = np.zeros(HOURS)
    hours = hours_of_week([key.hour * HOUR_SECONDS for key, _ in rows])
    np.add.at(weight_by_hour, hours, [float(window.moments(measure).weight) for _, window in rows])
    return decompose(baseline.moments(weight_by_hour), summed_by(stratum_of, rows, measure))


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
