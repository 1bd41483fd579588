"""Fit the shipped prior on labelled collections.

    python tools/fit_prior.py ../shared/collections --signals /tmp/signals

writes detectors/data/prior.json. `--signals` keeps the assessments, which cost
minutes to score. What the prior would be worth on a collection that it was not fitted on: `leadline evaluate --all`.
"""

import argparse
import json
import re
from pathlib import Path

import msgspec
import numpy as np

from detectors.labels import FAILURE_KINDS, against_labels
from detectors.prior_fit import DEPTH, Recorded, fit_prior
from detectors.records import Assessment
from detectors.risk import Prior
from monitor.commands import file_assessor, file_config
from monitor.config import EVERYTHING
from monitor.evaluation import Labels, read_labels
from monitor.recording import Recording, assess_all
from monitor.sampling import Sampler
from monitor.sinks.jsonl import encode_line

OUT = Path(__file__).parents[1] / "detectors" / "data" / "prior.json"
RECORDINGS = ("traces.jsonl", "traces.e5.jsonl")
VERSION = "4"


def load(directory: Path, recording: str, cache: Path, scorer: str) -> Recorded:
    """One recording's signals and outcomes; its assessments are made where `cache` does not hold them."""
    config = file_config(None, directory / "corpus.jsonl", DEPTH, scorer)
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
    return Recorded(directory.name, recording, signals, failed)


def written(prior: Prior) -> bytes:
    """As JSON that can be read: an indented object, its long columns of numbers on one line each."""
    plain = msgspec.to_builtins(prior)
    for sketch in plain["common"]["sketches"].values():
        sketch["knots"] = [float(f"{knot:.5g}") for knot in sketch["knots"]]
    text = json.dumps(plain, indent=1)
    return re.sub(r"\[[^\[\]{}]*\]", lambda column: " ".join(column.group().split()), text).encode() + b"\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--signals", type=Path, required=True, help="folder that keeps the assessments")
    parser.add_argument("--cross-encoder", default="bundled")
    arguments = parser.parse_args()
    arguments.signals.mkdir(parents=True, exist_ok=True)
    directories = sorted(path.parent for path in arguments.collections.glob("*/corpus.jsonl"))
    data = [load(d, r, arguments.signals, arguments.cross_encoder) for d in directories for r in RECORDINGS]
    OUT.write_bytes(written(fit_prior(data, f"prior-{VERSION}", arguments.cross_encoder)))


if __name__ == "__main__":
    main()
