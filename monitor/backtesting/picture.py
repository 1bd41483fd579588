"""The backtest as one picture: how soon each fault is seen, and false alarms against their budget."""

from pathlib import Path

from detectors.backtest import HEALTHY, MIX_SHIFT
from monitor.backtesting.results import Report
from monitor.pictures import load_pyplot, save


def draw(path: Path, found: Report) -> None:
    """Delays by fault, from the median to what nine of ten take, beside false alarms a year.

    Raises
    ------
    LeadlineError
        Where matplotlib is missing, or cannot write the file.
    """
    faults = {name: one for name, one in found.result.outcomes.items() if name not in (HEALTHY, MIX_SHIFT)}
    figure, (left, right) = load_pyplot().subplots(
        1, 2, figsize=(11, 1.8 + 0.4 * len(faults)), width_ratios=(3, 1), layout="constrained"
    )
    furthest = 1.5 * found.simulation.traces_a_day * found.simulation.watched_days
    for row, one in enumerate(faults.values()):
        median, late = one.delay_traces.median, one.delay_traces.nine_of_ten
        if median is not None:
            left.plot([median, late or furthest], [row, row], color="tab:blue", linewidth=2)
            left.plot(median, row, "o", color="tab:blue")
        if late is None:
            left.plot(furthest, row, ">", color="tab:red")
            left.annotate(
                f"found in {one.found:.0%}  ", (furthest, row), ha="right", va="bottom", color="tab:red", fontsize=8
            )
    left.set_xscale("log")
    left.set(xlim=(1, 1.3 * furthest), xlabel="traces until the first alarm: median to nine of ten")
    left.set_yticks(range(len(faults)), [f"{name} ({100 * one.change:+.1f})" for name, one in faults.items()])
    left.set_title("Delay by fault (change of the number in points)", fontsize=10)
    left.invert_yaxis()
    alarms = {"healthy": found.result.healthy, "mix shifted": found.result.shifted}
    known = {name: one for name, one in alarms.items() if one is not None}
    for column, counted in enumerate(known.values()):
        right.plot([column, column], [counted.a_year, counted.upper_a_year], color="tab:blue", linewidth=2)
        right.plot(column, counted.a_year, "o", color="tab:blue")
    right.axhline(found.settings.false_pages_a_year, color="tab:red", linestyle="--", linewidth=1, label="budget")
    right.set_xticks(range(len(known)), list(known))
    right.set(xlim=(-0.6, len(known) - 0.4), ylabel="a year, with the end of the 95% interval")
    right.set_ylim(bottom=0)
    right.set_title("False alarms", fontsize=10)
    right.legend(frameon=False)
    save(figure, path)
