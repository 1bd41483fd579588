"""`leadline backtest`: assess, simulate, print."""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from detectors.backtest import HEALTHY, MIX_SHIFT, backtest
from detectors.simulated_stack import AlarmSettings, NotWatchedError, Simulation
from monitor import report
from monitor.backtesting.faults import FAULTS
from monitor.backtesting.made_up import DROPS, SCENARIO_DROP, made_up
from monitor.backtesting.picture import draw
from monitor.backtesting.pools import Pools, assessed
from monitor.backtesting.printing import print_report
from monitor.backtesting.results import Drawn, Report
from monitor.commands import console, file_config, look_for, look_for_folder, steps
from monitor.config import Config
from monitor.config_alerts import HIT, Alert
from monitor.errors import LeadlineError
from monitor.logs import configure_logs
from monitor.pictures import load_pyplot

SHIFTED = "other scenarios are asked more often, no trace is worse: an alarm is a false one"
LOWER = {name: f"every value is lower by {100 * drop:g} points" for name, drop in DROPS.items()} | {
    SCENARIO_DROP: "values of `negation`, 12% of the traffic, are lower by 20 points"
}


def backtest_command(
    traces: Path | None, corpus: Path | None, config_file: Path | None, *,
    scorer: str | None, depth: int | None, faults: Sequence[str], smallest_drop: float | None,
    false_pages: float | None, simulation: Simulation, plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """`leadline backtest`."""
    configure_logs(logging.WARNING)
    broken = {name: fault.broken for name, fault in FAULTS.items()} if traces is not None else LOWER
    broken = _asked(broken | {MIX_SHIFT: SHIFTED}, faults)
    if traces is not None:
        look_for(traces)
    if plot is not None:  # before anything is scored for nothing
        load_pyplot()
        look_for_folder(plot)
    config = file_config(config_file, corpus, depth, scorer)
    settings = _settings(config, smallest_drop, false_pages)
    with steps() as on_step:
        found = _report(traces, config, broken, settings, simulation, on_step)
    if plot is not None:
        draw(plot, found)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())  # noqa: T201
    else:
        print_report(console(), found)


def _settings(config: Config, smallest_drop: float | None, false_pages: float | None) -> AlarmSettings:
    """What the options say, else the first e-detector over `hit_at_5` among the alerts, else its defaults."""
    alert = next((one for one in config.alerts if (one.signal, one.decider) == (HIT, "e_detector")), Alert())
    return AlarmSettings(
        smallest_drop=alert.smallest_drop if smallest_drop is None else smallest_drop,
        false_pages_a_year=alert.false_pages_per_year if false_pages is None else false_pages,
    )


def _asked(known: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    for name in names:
        if name not in known:
            raise LeadlineError(f"--fault: expected one of {', '.join(known)}, not {name!r}")
    return {name: known[name] for name in names} if names else known


def _report(
    traces: Path | None, config: Config, broken: dict[str, str], settings: AlarmSettings, simulation: Simulation,
    on_step: Callable[[str], None],
) -> Report:  # fmt: skip
    names = [name for name in broken if name != MIX_SHIFT]
    if traces is None:
        pools = made_up(simulation.seed)
        pools = pools._replace(faults={name: pools.faults[name] for name in names})
    else:
        pools = assessed(traces, config, names, simulation.seed, on_step)
        for problem in pools.problems[: report.PROBLEMS]:
            print(problem.describe(traces), file=sys.stderr)  # noqa: T201
    on_step("simulating")
    try:
        result = backtest(pools.healthy, pools.faults, settings, simulation, shift=MIX_SHIFT in broken)
    except NotWatchedError as error:
        raise LeadlineError(
            f"nothing can be watched ({error}): expected more --traces-per-day or --reference-days, or a larger "
            "--smallest-drop"
        ) from error
    return Report(_drawn(traces, pools), settings, simulation, {HEALTHY: "nothing", **broken}, result)


def _drawn(traces: Path | None, pools: Pools) -> Drawn:
    rated = np.isfinite(pools.healthy.hits)
    return Drawn(
        recording=None if traces is None else str(traces),
        traces=pools.traces,
        rated=int(rated.sum()),
        scenarios=dict(Counter(pools.healthy.scenarios[rated].tolist()).most_common()),
        recorded_depth=pools.recorded_depth,
        assessed_depth=pools.assessed_depth,
    )
