"""What the commands print for people: tables on stdout."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detectors.records import Assessment
from detectors.risk import Prior
from detectors.signals import SIGNALS
from monitor.calibrating import Calibrated
from monitor.calibrating_risk import CalibratedRisk
from monitor.recording import Recording
from monitor.replay import BY_PRIOR, Summary

PROBLEMS = 10
QUERY_WIDTH = 44


def print_replay(console: Console, summary: Summary, recording: Recording, references: list[str], prior: Prior) -> None:
    """The summary of a replay: what was assessed, how signals are distributed, which queries look worst."""
    counts = recording.counts()
    console.print(line("traces", ", ".join(f"{number:,} {decision}" for decision, number in counts.most_common())))
    console.print(line("reference", f"{', '.join(references)}; prior {prior.version}"))
    console.print(line("hit@5", _hit(summary)))
    console.print(_scenarios(summary))
    console.print(_signals(summary))
    if summary.riskiest:
        console.print(riskiest_table("Riskiest queries", summary.riskiest))
    if len(recording.problems) > PROBLEMS:
        console.print(f"{len(recording.problems) - PROBLEMS} more lines were no query traces.")


def line(name: str, value: str) -> Text:
    """A name, and what there is to say of it."""
    return Text.assemble((f"{name:<11}", "bold"), value)


def _hit(summary: Summary) -> str:
    estimate = summary.hit_at_5()
    if estimate is None:
        return "no estimate: too few traces with a risk"
    return (
        f"{estimate.mean:.3f}, 95% interval {estimate.low:.3f} to {estimate.high:.3f} "
        f"({estimate.effective_samples:,.0f} effective samples; a level by {', '.join(sorted(summary.levels))}"
        f"{': trust changes more' if BY_PRIOR in summary.levels else ''})"
    )


def _scenarios(summary: Summary) -> Table:
    table = Table(title="hit@5 by kind of query", title_justify="left", box=None, padding=(0, 1))
    for column in ("scenario", "traces", "hit@5", "95% interval"):
        table.add_column(column, justify="left" if column == "scenario" else "right")
    for scenario, (traces, estimate) in summary.by_scenario().items():
        known = (f"{estimate.mean:.3f}", f"{estimate.low:.3f} to {estimate.high:.3f}") if estimate else ("-", "-")
        table.add_row(scenario, f"{traces:,}", *known)
    return table


def _signals(summary: Summary) -> Table:
    table = Table(title="Signals", title_justify="left", box=None, padding=(0, 1))
    table.add_column("signal")
    for column in ("traces", "10%", "median", "90%"):
        table.add_column(column, justify="right")
    table.add_column("abstained")
    known = [name for name in SIGNALS if name in summary.signals or name in summary.abstentions]
    for name in [*known, *(name for name in summary.abstentions if name not in SIGNALS)]:
        values = summary.signals[name]
        quantiles = [f"{q:.3f}" for q in np.quantile(values, [0.1, 0.5, 0.9])] if values else ["-"] * 3
        reasons = summary.abstentions[name]
        table.add_row(
            name, f"{len(values):,}", *quantiles, ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
        )
    return table


def riskiest_table(title: str, assessments: Iterable[Assessment], against_width: int | None = None) -> Table:
    """Risk, query and what speaks against it, a row each; the last cut at `against_width`, else wrapped."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    table.add_column("risk", justify="right")
    table.add_column("query", width=QUERY_WIDTH)
    table.add_column("what speaks against it")
    for assessment in assessments:
        query = assessment.query if assessment.query is not None else f"trace {assessment.trace_id}"
        reasons = _clip(printable(against(assessment)), against_width)
        table.add_row(f"{assessment.risk:.2f}", Text(_clip(printable(query), QUERY_WIDTH)), Text(reasons))
    return table


def printable(text: str) -> str:
    """Text of others on one line, and without the characters that would command the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _clip(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


def against(assessment: Assessment) -> str:
    """Drivers with their values, then the first document that was missed."""
    signals = assessment.signals
    drivers = [f"{name} {signals[name]:.2f}" if name in signals else name for name in assessment.drivers]
    missed = [f"{m.id}: {m.why}" for m in assessment.evidence.missed[:1]]
    return "; ".join([", ".join(drivers), *missed])


def print_evaluation(console: Console, result: dict[str, Any]) -> None:
    """AUROC of every signal and of the risks, a row each."""
    console.print(
        line("collection", f"{result['collection']}, {result['traces']} traces, reference {result['reference']}")
    )
    if result["skipped"]:
        console.print(line("skipped", ", ".join(f"{count} {reason}" for reason, count in result["skipped"].items())))
    rates = (f"{kind} {rate:.3f}" for kind, rate in result["failure_rate"].items())
    console.print(line("failures", ", ".join(rates)))
    ndcg = (f"{name} {value:.3f}" for name, value in result["ndcg_at_10"].items() if value is not None)
    console.print(line("nDCG@10", ", ".join(ndcg)))
    kinds = list(result["failure_rate"])
    table = Table(title="AUROC (95% interval)", title_justify="left", box=None, padding=(0, 1))
    table.add_column("signal")
    for kind in kinds:
        table.add_column(kind, justify="right")
    table.add_column("n", justify="right")
    table.add_column("tau", justify="right")
    rows = {**result["signals"], "risk": result["risk"], "risk_at_1": result["risk_at_1"]}
    for name, row in rows.items():
        cells = [_auroc(row[kind]) for kind in kinds]
        counted = next((str(row[kind]["n"]) for kind in kinds if row[kind]), "-")
        table.add_row(name, *cells, counted, _number(result["kendall_tau"][name]))
    console.print(table)
    _print_risk(console, result, kinds)


def _print_risk(console: Console, result: dict[str, Any], kinds: list[str]) -> None:
    table = Table(title="Risk as a probability", title_justify="left", box=None, padding=(0, 1))
    for column in ("kind", "true rate", "estimated (95% interval)", "Brier skill", "AURC", "failures in riskiest 10%"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind in kinds[:2]:
        row = result["risk" if kind == kinds[0] else "risk_at_1"][kind]
        estimate = result["estimated_failure_rate"][kind]
        shown = f"{estimate['mean']:.3f} ({estimate['low']:.2f}-{estimate['high']:.2f})" if estimate else "-"
        values = [_number(row and row.get(key)) for key in ("brier_skill", "aurc", "precision_of_riskiest")]
        table.add_row(kind, f"{result['failure_rate'][kind]:.3f}", shown, *values)
    console.print(table)


def print_calibration(console: Console, result: Calibrated, left_out: Mapping[str, int], out: Path) -> None:
    """What a calibration was made of, and what it is worth where it was held out."""
    calibration = result.calibration
    console.print(line("scorer", calibration.scorer))
    console.print(line("pairs", f"{calibration.pairs:,} judged, of {calibration.groups} collections or pipelines"))
    _print_left_out(console, left_out)
    table = Table(title="Reliability", title_justify="left", box=None, padding=(0, 1))
    for column in ("", "Brier score", "calibration error"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("bare scores", f"{result.bare.brier:.4f}", f"{result.bare.error:.4f}")
    table.add_row("calibrated, held out", f"{result.held_out.brier:.4f}", f"{result.held_out.error:.4f}")
    console.print(table)
    if calibration.level_error is not None:
        console.print(line("level", f"between collections or pipelines off by {calibration.level_error:.3f} (sd)"))
    console.print(line("written", f"{out}, version {calibration.version}: name it under scorer.calibration"))


def print_risk_calibration(console: Console, result: CalibratedRisk, left_out: Mapping[str, int], out: Path) -> None:
    """What a calibration of the risk was made of, and what it is worth on labels that were held out."""
    calibration = result.calibration
    console.print(line("pipeline", f"{calibration.pipeline}; prior {calibration.prior}; scorer {calibration.scorer}"))
    _print_left_out(console, left_out)
    table = Table(title="Risk, by the prior and calibrated (held out)", title_justify="left", box=None, padding=(0, 1))
    columns = ("kind", "labels", "failed", "mean risk", "Brier score", "slope", "intercept", "level error")
    for column in columns:
        table.add_column(column, justify="left" if column == "kind" else "right")
    rows = (("at 5", calibration.at_5, result.at_5), ("at 1", calibration.at_1, result.at_1))
    for kind, learnt, worth in rows:
        table.add_row(
            kind, f"{learnt.labels:,}", f"{worth.failed:.3f}", f"{worth.by_prior:.3f} -> {worth.held_out:.3f}",
            f"{worth.brier_by_prior:.4f} -> {worth.brier_held_out:.4f}",
            f"{learnt.slope:.2f}", f"{learnt.intercept:+.2f}", f"{learnt.level_error:.3f}",
        )  # fmt: skip
    console.print(table)
    where = f"pipelines.{calibration.pipeline}.risk_calibration"
    console.print(line("written", f"{out}, version {calibration.version}: name it under {where}"))


def _print_left_out(console: Console, left_out: Mapping[str, int]) -> None:
    if any(left_out.values()):
        console.print(line("left out", ", ".join(f"{count:,} {reason}" for reason, count in left_out.items() if count)))


def _auroc(row: dict[str, Any] | None) -> str:
    return f"{row['auroc']:.3f} ({row['low']:.2f}-{row['high']:.2f})" if row and row["auroc"] is not None else "-"


def _number(value: float | None) -> str:
    return f"{value:.3f}" if value is not None else "-"
