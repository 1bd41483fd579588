"""The backtest for people, on stdout."""

from rich.console import Console
from rich.table import Table

from detectors.backtest import HEALTHY, MIX_SHIFT, Delay, FalseAlarms, Outcome
from detectors.budget import Plan
from detectors.records import ALL
from monitor.backtesting.results import Drawn, Report
from monitor.report import line, printable

UNWATCHED = "they have no risk"
SHALLOW = "faults leave lists shorter than they would be; record deeper lists, or give a smaller --depth"
FEW = 20  # recorded traces of a scenario
SURE = 0.9  # of the stacks: a fault that fewer find is one that is not reliably seen


def print_report(console: Console, found: Report) -> None:
    """What was put in, false alarms, what each stream was planned to see, and what became of each fault."""
    for name, value in facts(found):
        console.print(line(name, value))
    console.print(_plans(found))
    console.print(_outcomes(found))
    for note in notes(found):
        console.print(note)


def facts(found: Report) -> list[tuple[str, str]]:
    """What was put in and whether the budget was kept, by name."""
    settings, simulation, result = found.settings, found.simulation, found.result
    watched = sum(isinstance(plan, Plan) for plan in result.plans.values())
    pages = settings.false_pages_a_year
    wanted = (
        f"smallest drop {_points(settings.smallest_drop)} points, {pages:g} false pages a year over all "
        f"{watched} streams of a stack"
    )
    traffic = (
        f"{simulation.stacks} stacks, {simulation.traces_a_day:,.0f} traces a day: {simulation.reference_days} days "
        f"make the baseline, {simulation.watched_days} are watched; seed {simulation.seed}"
    )
    rows = [
        ("traces", _drawn(found.drawn)),
        ("settings", wanted),
        ("simulated", traffic),
        ("healthy", kept(result.healthy, pages)),
    ]
    if result.shifted is not None:
        rows.append(("mix shift", kept(result.shifted, pages)))
    return rows


def kept(alarms: FalseAlarms, budget: float) -> str:
    """How many, and what that says of the budget."""
    verdict = "not shown to be kept"
    if alarms.a_year > budget:
        verdict = "exceeded"
    elif alarms.upper_a_year <= budget:
        verdict = "kept"
    return (
        f"false alarms: {alarms.alarms} in {alarms.years:.1f} years, {alarms.a_year:.1f} a year, at most "
        f"{alarms.upper_a_year:.1f} (95%); the budget of {budget:g} is {verdict}"
    )


def notes(found: Report) -> list[str]:
    """Why faults are not seen, or not of some traces, and what in the recording is too little to rely on."""
    rows = []
    for name, one in found.result.outcomes.items():
        if name in (HEALTHY, MIX_SHIFT):
            continue
        if one.found < SURE:
            rows.append(f"{name}: {_why(one)}")
        if one.unwatched >= 0.01:
            rows.append(f"{name}: {one.unwatched:.0%} of its traces are not watched: {UNWATCHED}")
    few = [printable(name) for name, count in found.drawn.scenarios.items() if count < FEW]
    if few:
        rows.append(f"fewer than {FEW} recorded traces: {', '.join(few)}: their streams say what those few say")
    depth, recorded = found.drawn.assessed_depth, found.drawn.recorded_depth
    if depth is not None and recorded is not None and recorded < 2 * depth:
        rows.append(f"recorded {recorded} deep, assessed {depth} deep: {SHALLOW}")
    return rows


def _why(one: Outcome) -> str:
    furthest = one.steepest
    if furthest is None:
        return "not seen: none of its traces is watched"
    seen = "not seen" if furthest.fall <= furthest.tolerance else "seen late or not at all"
    return (
        f"{seen}: the number falls by {_points(furthest.fall)} points where it falls furthest "
        f"({_stream(furthest.stream)}), and {_points(furthest.tolerance)} are tolerated"
    )


def _drawn(drawn: Drawn) -> str:
    kinds = ", ".join(f"{count:,} {printable(name)}" for name, count in drawn.scenarios.items())
    if drawn.recording is None:
        return f"made up: {kinds}"
    return (
        f"{drawn.recording}: {drawn.traces:,}, {drawn.rated:,} with a risk ({kinds}); recorded {drawn.recorded_depth} "
        f"deep, assessed {drawn.assessed_depth} deep"
    )


def _plans(found: Report) -> Table:
    drop = _points(found.settings.smallest_drop)
    table = _table("Planned, by formula", "stream", "tolerated", f"{drop} points found after", "found within a day")
    for name, plan in found.result.plans.items():
        cells = _planned(plan) if isinstance(plan, Plan) else (f"not watched: {plan}", "-", "-")
        table.add_row(_stream(name), *cells)
    return table


def _planned(plan: Plan) -> tuple[str, str, str]:
    return (
        f"{_points(plan.config.tolerance)} points",
        f"{plan.delay_traces:,.0f} of its traces, {plan.delay_hours:,.0f} hours",
        f"{_points(plan.detectable_drop)} points",
    )


def _outcomes(found: Report) -> Table:
    columns = ("number", "truth", "found", "traces", "nine of ten", "hours", "nine of ten", "seen first in")
    table = _table("Each fault, beginning at a random hour; changes in points, delays as medians", "fault", *columns)
    for name, one in found.result.outcomes.items():
        first = next(iter(one.first.items()), None)
        table.add_row(
            name,
            _signed(one.change),
            _signed(one.true_change),
            f"{one.found:.0%}",
            *_delay(one.delay_traces),
            *_delay(one.delay_hours),
            f"{_stream(first[0])} ({first[1]})" if first is not None else "-",
        )
    return table


def _delay(delay: Delay) -> tuple[str, str]:
    return _count(delay.median), _count(delay.nine_of_ten)


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _stream(name: str) -> str:
    return "all traces" if name == ALL else printable(name)


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.1f}"


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    table.add_column(first)
    for column in others:
        table.add_column(column, justify="left" if column == "seen first in" else "right")
    return table
