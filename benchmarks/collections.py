"""How well the monitor foretells failures, on every labelled collection under a folder: tables in Markdown.

    python benchmarks/collections.py ../shared/collections --signals /tmp/signals > table.md

Takes the assessments that `tools/fit_prior.py --signals` kept. Says so and ends where there are no collections.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from detectors.records import Assessment
from detectors.signals import SIGNALS
from monitor.build import build_index
from monitor.evaluation import Evaluation, judge
from monitor.providers.corpus import read_corpus

RECORDINGS = {"traces.jsonl": "MiniLM", "traces.e5.jsonl": "e5"}
DEPTH = 10
RISKS = {"no_relevant_at_5": "risk", "no_relevant_at_1": "risk_at_1", "ndcg_below_half": "risk"}


def evaluated(directory: Path, recording: str, signals: Path) -> Evaluation:
    kept = signals / f"{directory.name}.{recording}"
    unrated = [msgspec.json.decode(line, type=Assessment) for line in kept.read_bytes().splitlines()]
    index = build_index(read_corpus(directory / "corpus.jsonl"))
    return judge(directory, unrated, index, reference="self", depth=DEPTH, skipped={})


def auroc(result: Evaluation, name: str, kind: str) -> float:
    row = (getattr(result, name) if name in RISKS.values() else result.signals[name])[kind]
    return row["auroc"] if row is not None else float("nan")


def print_table(title: str, columns: list[str], rows: dict[str, list[Any]]) -> None:
    print(f"\n**{title}**\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, cells in rows.items():
        shown = ["-" if cell != cell else f"{cell:.2f}".lstrip("0") for cell in cells]  # noqa: PLR0124
        print(f"| {name} | {' | '.join(shown)} |")


def print_by_signal(results: list[Evaluation], kind: str, recording: str) -> None:
    names = [*SIGNALS, RISKS[kind]]
    columns = [result.collection for result in results]
    table = np.array([[auroc(result, name, kind) for result in results] for name in names])
    known = ~np.isnan(table).all(axis=1)
    rows = {n: [*row, np.nanmean(row)] for n, row, k in zip(names, table, known, strict=True) if k}
    print_table(f"AUROC, {kind}, {RECORDINGS[recording]}", [*columns, "mean"], rows)


def print_levels(results: list[Evaluation], recording: str) -> None:
    said: dict[str, Callable[[Evaluation], Any]] = {
        "true rate": lambda r: r.failure_rate["no_relevant_at_5"],
        "estimated": lambda r: (r.estimated_failure_rate["no_relevant_at_5"] or {}).get("mean"),
        "Brier skill": lambda r: (r.risk["no_relevant_at_5"] or {}).get("brier_skill"),
        "precision of riskiest 10%": lambda r: (r.risk["no_relevant_at_5"] or {}).get("precision_of_riskiest"),
        "nDCG@10 served": lambda r: r.ndcg_at_10["served"],
        "nDCG@10 cross-encoder": lambda r: r.ndcg_at_10["cross_encoder"],
        "nDCG@10 BM25": lambda r: r.ndcg_at_10["bm25"],
    }
    rows = {}
    for name, say in said.items():
        values = [float("nan") if (value := say(result)) is None else value for result in results]
        rows[name] = [*values, float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")]
    title = f"Levels, no_relevant_at_5, and rankings, {RECORDINGS[recording]}"
    print_table(title, [*(r.collection for r in results), "mean"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--signals", type=Path, required=True)
    arguments = parser.parse_args()
    directories = sorted(path.parent for path in arguments.collections.glob("*/corpus.jsonl"))
    if not directories:
        print(f"skipped: no labelled collections in {arguments.collections}")
        return
    for recording in RECORDINGS:
        results = [evaluated(directory, recording, arguments.signals) for directory in directories]
        for kind in RISKS:
            print_by_signal(results, kind, recording)
        print_levels(results, recording)


if __name__ == "__main__":
    main()
