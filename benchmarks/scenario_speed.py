"""Telling the scenarios of queries, against cutting the same queries into BM25's terms.

    python benchmarks/scenario_speed.py ../shared

Says so and ends where there are no queries.
"""

import argparse
import json
from pathlib import Path

from common import ratio

from detectors.scenarios import Classifier
from detectors.text import terms
from monitor.providers.corpus import read_corpus
from monitor.providers.vocabulary import vocabulary_of

FOLDERS = ("wikiqa", "squad2_dev", "rageval_dragonball", "capretrieval-en")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    collections = parser.parse_args().shared / "collections"
    files = [path for name in FOLDERS if (path := collections / name / "queries.jsonl").exists()]
    if not files:
        print(f"skipped: no queries in {collections}")
        return
    queries = [json.loads(line)["text"] for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    classify = Classifier(vocabulary=vocabulary_of(read_corpus(files[-1].with_name("corpus.jsonl")))).classify
    name = f"scenarios of {len(queries)} queries against their BM25 terms"
    ratio(name, lambda: [classify(query) for query in queries], lambda: [terms(query) for query in queries], rounds=9)


if __name__ == "__main__":
    main()
