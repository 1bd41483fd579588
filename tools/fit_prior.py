"""Fit the shipped prior and normalisation reference on labelled collections.

    python tools/fit_prior.py ../shared/collections --signals /tmp/signals

writes detectors/data/prior.json and detectors/data/normalisation.json, and prints what it would have been worth on
each collection had it been fitted on the others. `--signals` keeps the assessments, which cost minutes to score.

A prior is a rank sum (equal weights, chosen below) of signals as percentiles within their own pipeline, and a rising
curve from it to a probability: isotonic regression over bins of the pooled recordings, each collection with the same
weight.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from detectors.evaluate import FAILURE_KINDS, against_labels, auroc, brier_skill
from detectors.records import Assessment
from detectors.reference import Normalisation
from detectors.risk import Prior, Target, badness, rank_sum
from monitor.commands import file_assessor, file_config
from monitor.config import EVERYTHING
from monitor.evaluation import Labels, read_labels
from monitor.recording import Recording, assess_all
from monitor.sampling import Sampler
from monitor.sinks.jsonl import encode_line

DATA = Path(__file__).parents[1] / "detectors" / "data"
RECORDINGS = ("traces.jsonl", "traces.e5.jsonl")
SHIPPED_RECORDING = "traces.jsonl"
WEIGHTS = {
    "at_5": (
        "score_gap",
        "score_spread",
        "lexical_rbo",
        "best_covered_terms",
        "first_covered_terms",
        "relevance_contrast",
        "union_rbo",
    ),
    "at_1": ("score_gap", "score_z", "lexical_rbo", "first_covered_terms", "first_contrast", "first_regret"),
}
KINDS = {"at_5": "no_relevant_at_5", "at_1": "no_relevant_at_1"}
BINS = 24
VERSION = "3"

Floats = NDArray[np.float64]


class Recorded(NamedTuple):
    """One recording: its collection, signals, and outcomes by kind of failure."""

    collection: str
    recording: str
    signals: list[dict[str, float]]
    failed: dict[str, NDArray[np.bool_]]
    depth: int


def load(directory: Path, recording: str, cache: Path, scorer: str) -> Recorded:
    config = file_config(None, directory / "corpus.jsonl", None, scorer)
    kept = cache / f"{directory.name}.{recording}"
    if not kept.exists():
        assessor, _ = file_assessor(config)
        traces = Recording(directory / recording, Sampler(lambda _: EVERYTHING))
        kept.write_bytes(b"".join(map(encode_line, assess_all(traces, assessor))))
    labels = Labels(*read_labels(directory))
    signals, failures = [], []
    for line in kept.read_bytes().splitlines():
        assessment = msgspec.json.decode(line, type=Assessment)
        judged = against_labels(assessment, labels.of(assessment.query_id, assessment.query) or {})
        if judged is not None:
            signals.append(judged.signals)
            failures.append(judged.failures)
    failed = {kind: np.array([f[kind] for f in failures]) for kind in FAILURE_KINDS}
    return Recorded(directory.name, recording, signals, failed, config.pipeline("default").depth)


def evidence(recorded: Recorded, names: Sequence[str]) -> Floats:
    """The rank sum of every query against the recording's own reference."""
    reference = Normalisation.of(recorded.signals, version="self", depth=recorded.depth, scorer="")
    sums = [rank_sum(badness(signals, reference), dict.fromkeys(names, 1.0)) for signals in recorded.signals]
    return np.array([0.5 if value is None else value for value in sums])


def fit_curve(recordings: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> tuple[list[float], list[float]]:
    """Points of a rising curve; every recording has the same weight, every bin the same share of it."""
    x = np.concatenate([e for e, _ in recordings])
    y = np.concatenate([f for _, f in recordings]).astype(float)
    w = np.concatenate([np.full(len(e), 1 / len(e)) for e, _ in recordings])
    order = np.argsort(x, kind="stable")
    x, y, w = x[order], y[order], w[order]
    bins = np.minimum((np.cumsum(w) / w.sum() * BINS).astype(int), BINS - 1)
    weight = np.bincount(bins, w)
    centre, rate = np.bincount(bins, w * x) / weight, np.bincount(bins, w * y) / weight
    rising = isotonic_regression(rate, weights=weight).x
    points = [0.0, *centre, 1.0], [rising[0], *rising, rising[-1]]
    return [np.round(column, 4).tolist() for column in points]


def fit_target(data: Sequence[Recorded], target: str) -> tuple[Target, list[dict[str, float]]]:
    names, kind = WEIGHTS[target], KINDS[target]
    known = [(r, evidence(r, names), r.failed[kind]) for r in data]
    rows = []
    for held_out in sorted({r.collection for r in data}):
        curve = fit_curve([(e, f) for r, e, f in known if r.collection != held_out])
        for r, e, f in known:
            if r.collection == held_out:
                p = np.interp(e, *curve)
                rows.append({"collection": held_out, "recording": r.recording, "rate": f.mean(), "estimate": p.mean(),
                             "auroc": auroc(e, f), "brier_skill": brier_skill(p, f)})  # fmt: skip
    error = float(np.sqrt(np.mean([(row["estimate"] - row["rate"]) ** 2 for row in rows])))
    x, p = fit_curve([(e, f) for _, e, f in known])
    return Target(dict.fromkeys(names, 1.0), tuple(x), tuple(p), round(error, 4)), rows


def fit_normalisation(data: Sequence[Recorded], scorer: str) -> Normalisation:
    """Pooled over collections, the same number of traces of each."""
    shipped = [r for r in data if r.recording == SHIPPED_RECORDING]
    fewest = min(len(r.signals) for r in shipped)
    rng = np.random.default_rng(0)
    pooled = [r.signals[i] for r in shipped for i in rng.permutation(len(r.signals))[:fewest]]
    return Normalisation.of(pooled, version=f"shipped-{VERSION}", depth=data[0].depth, scorer=scorer)


def print_rows(kind: str, rows: Sequence[dict[str, float]]) -> None:
    numbers = ("rate", "estimate", "auroc", "brier_skill")
    print(f"{kind}, fitted on the other collections: {', '.join(numbers)}")
    for row in rows:
        print(f"  {row['collection']:<20}{row['recording']:<18}", *(f"{row[key]:.3f}" for key in numbers))
    print(f"  {'mean':<38}", *(f"{np.mean([row[key] for row in rows]):.3f}" for key in numbers))


def rounded(normalisation: Normalisation) -> bytes:
    plain = msgspec.to_builtins(normalisation)
    for sketch in plain["sketches"].values():
        sketch["knots"] = [float(f"{knot:.5g}") for knot in sketch["knots"]]
    return json.dumps(plain, separators=(",", ":")).encode() + b"\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--signals", type=Path, required=True, help="folder that keeps the assessments")
    parser.add_argument("--cross-encoder", default="bundled")
    arguments = parser.parse_args()
    arguments.signals.mkdir(parents=True, exist_ok=True)
    directories = sorted(path.parent for path in arguments.collections.glob("*/corpus.jsonl"))
    data = [load(d, r, arguments.signals, arguments.cross_encoder) for d in directories for r in RECORDINGS]
    targets = {}
    for target, kind in KINDS.items():
        targets[target], rows = fit_target(data, target)
        print_rows(kind, rows)
        print(f"  level error {targets[target].level_error}")
    prior = Prior(f"prior-{VERSION}", **targets)
    (DATA / "prior.json").write_bytes(msgspec.json.format(msgspec.json.encode(prior), indent=1) + b"\n")
    (DATA / "normalisation.json").write_bytes(rounded(fit_normalisation(data, arguments.cross_encoder)))


if __name__ == "__main__":
    main()
