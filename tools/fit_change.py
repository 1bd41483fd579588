"""Fit the calibration of a change on labelled collections, from recordings made of them with a known change.

    python tools/fit_change.py ../shared/collections --kept /tmp/kept

writes detectors/data/change.json. `--kept` holds scores and assessments, which cost an hour to make without. What it
is worth on a collection that it was not fitted on: benchmarks/comparing/run.py.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from detectors.change import shipped_scale
from detectors.change_fit import fit_change

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.comparing.known import known_changes

OUT = Path(__file__).parents[1] / "detectors" / "data" / "change.json"
VERSION = "change-1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--kept", type=Path, required=True, help="folder that keeps scores and assessments")
    arguments = parser.parse_args()
    directories = sorted(path.parents[1] for path in arguments.collections.glob("*/qrels/test.tsv"))
    known = [one.seen() for directory in directories for one in known_changes(directory, arguments.kept)]
    scale = fit_change(known, shipped_scale().evidence, VERSION)
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(scale), indent=1) + b"\n")


if __name__ == "__main__":
    main()
