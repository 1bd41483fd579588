"""What a cross-encoder is worth on every labelled collection under a folder, as a ranker and as a sign of failure.

    python benchmarks/scorer_quality.py ../shared/collections --model monitor/models/compact

For each collection and recording: nDCG@10 of the recorded order, and of the recorded top 20 reranked; AUROC for
`no_relevant_at_5` of the best score of the first five, and of a noisy-or of the first five that was calibrated on the
other collections; AUROC for `no_relevant_at_1` of the first score. Says so and ends where there are no collections.
`--queries` takes that many of each collection; `--scores` keeps what was scored, to make the table again without the
model; `--calibration` writes the one that all of it makes, with its reliability diagram beside it.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from detectors.calibration import JudgedPair, fit, noisy_or
from detectors.labels import graded, ndcg
from detectors.records import RetrievedDocument
from detectors.skill import auroc
from monitor.calibrating import Judgements, calibrate
from monitor.evaluation import Labels, read_labels
from monitor.pictures import draw_reliability
from monitor.providers.corpus import read_corpus, resolve
from monitor.providers.cross_encoder import CrossEncoderScorer

RECORDINGS = {"traces.jsonl": "MiniLM", "traces.e5.jsonl": "e5"}
RERANKED = 20
CHECKED = 5


class Scored(msgspec.Struct, frozen=True):
    """A served list that the model could read: grades and scores by rank, and all grades of the query."""

    grades: list[int]
    judged: list[int]
    scores: list[float]


class Worth(NamedTuple):
    """What the scores of one recording were worth."""

    served: float
    reranked: float
    best: float
    noisy_or: float
    first: float


Recordings = dict[str, list[Scored]]  # by "collection recording"


def lists_of(directory: Path, recording: str, queries: int) -> Iterator[tuple[str, list[str], list[int], list[int]]]:
    """Query, served ids, their grades and all grades of a sample of the recorded queries with a relevant document."""
    labels = Labels(*read_labels(directory))
    lines = (directory / recording).read_text(encoding="utf-8").splitlines()
    if queries:
        lines = random.Random(0).sample(lines, min(queries, len(lines)))
    for line in lines:
        trace = msgspec.json.decode(line)
        qrels = labels.of(trace.get("query_id"), trace["query"])
        ids = [document["id"] for document in trace["documents"]][:RERANKED]
        if qrels and max(qrels.values()) > 0 and len(ids) >= CHECKED:
            yield trace["query"], ids, graded(ids, qrels), list(qrels.values())


def score_all(directories: list[Path], scorer: CrossEncoderScorer, queries: int) -> Recordings:
    found = {}
    for directory in directories:
        corpus = read_corpus(directory / "corpus.jsonl")
        for recording, retriever in RECORDINGS.items():
            lists = list(lists_of(directory, recording, queries))
            pairs = [
                (query, resolve(RetrievedDocument(key), corpus).text or "") for query, ids, _, _ in lists for key in ids
            ]
            scores = iter(scorer.score(pairs).tolist())
            scored = [Scored(grades, judged, [next(scores) for _ in ids]) for _, ids, grades, judged in lists]
            found[f"{directory.name} {retriever}"] = [x for x in scored if np.isfinite(x.scores).all()]
    return found


def judged_pairs(recordings: Recordings) -> list[JudgedPair]:
    return [
        JudgedPair(score, rank, grade > 0, name.split(maxsplit=1)[0], f"{name} {number}")
        for name, lists in recordings.items()
        for number, listed in enumerate(lists)
        for rank, (score, grade) in enumerate(zip(listed.scores, listed.grades, strict=True), start=1)
    ]


def worth(recordings: Recordings, name: str, pairs: list[JudgedPair]) -> Worth:
    others = [pair for pair in pairs if pair.group != name.split(maxsplit=1)[0]]
    lists = recordings[name]
    scores = np.array([x.scores[:CHECKED] for x in lists])
    grades = np.array([x.grades[:CHECKED] for x in lists])
    none, first_bad = ~(grades > 0).any(axis=1), grades[:, 0] < 1
    reordered = [[x.grades[i] for i in np.argsort(-np.array(x.scores), kind="stable")] for x in lists]
    return Worth(
        float(np.mean([ndcg(x.grades, x.judged) for x in lists])),
        float(np.mean([ndcg(grades, x.judged) for grades, x in zip(reordered, lists, strict=True)])),
        auroc(-scores.max(axis=1), none),
        auroc(-noisy_or(fit(others, scorer="").of_list(scores)), none) if others else float("nan"),
        auroc(-scores[:, 0], first_bad),
    )


def print_table(title: str, table: dict[str, Worth]) -> None:
    print(f"\n**{title}**\n\n| | served | reranked | best@5 | noisy-or@5 | first@1 |\n|---|---|---|---|---|---|")
    mean = Worth(*np.nanmean(list(table.values()), axis=0))
    for name, row in {**table, "mean": mean}.items():
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in row)} |")
    better = sum(row.reranked > row.served for row in table.values())
    print(f"\nreranking better on {better} of {len(table)}, by {mean.reranked - mean.served:+.4f} on average")


def ship(path: Path, pairs: list[JudgedPair], scorer: str) -> None:
    """Write the calibration of all pairs, and draw what it is worth on collections that it was not fitted on."""
    judgements = Judgements()
    judgements.scorer, judgements.pairs = scorer, pairs
    result = calibrate(judgements, "platt")
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result.calibration), indent=1) + b"\n")
    curves = {"scores": result.bare.bins, "calibrated, on collections held out": result.held_out.bins}
    draw_reliability(path.with_suffix(".png"), f"{scorer}, {len(pairs):,} pairs", curves)
    for name, found in (("bare scores", result.bare), ("held out", result.held_out)):
        print(f"{name}: Brier score {found.brier:.4f}, expected calibration error {found.error:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--queries", type=int, default=0, help="of each collection; 0: all")
    parser.add_argument("--scores", type=Path)
    parser.add_argument("--calibration", type=Path)
    arguments = parser.parse_args()
    directories = sorted(path.parent for path in arguments.collections.glob("*/corpus.jsonl"))
    if not directories:
        print(f"skipped: no labelled collections in {arguments.collections}")
        return
    if arguments.scores and arguments.scores.exists():
        recordings = msgspec.json.decode(arguments.scores.read_bytes(), type=Recordings)
    else:
        recordings = score_all(directories, CrossEncoderScorer(arguments.model), arguments.queries)
        if arguments.scores:
            arguments.scores.write_bytes(msgspec.json.encode(recordings))
    pairs = judged_pairs(recordings)
    if arguments.calibration:
        ship(arguments.calibration, pairs, CrossEncoderScorer(arguments.model).name)
    for retriever in RECORDINGS.values():
        names = [name for name in recordings if name.endswith(f" {retriever}")]
        print_table(f"{arguments.model}, {retriever}'s lists", {name: worth(recordings, name, pairs) for name in names})


if __name__ == "__main__":
    main()
