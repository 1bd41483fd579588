"""A labelled collection that is small enough to work out by hand.

24 queries, `topic0` to `topic23`. Each has an answer (grade 2) and a side remark (grade 1), and noise of its own. The
first 12 were served answer and side remark first; the next 2 the answer at rank 3; the last 10 nothing of use.
"""

import random
from pathlib import Path
from typing import Any

from tests.builders import write_lines

GOOD, LATE, FAILED = range(12), range(12, 14), range(14, 24)
QUERIES = 24
ANSWER, SIDE, NOISE = 0.9, 0.5, 0.1  # what the scorer of the tests says of their passages


def corpus_rows() -> list[dict[str, str]]:
    rows = []
    for i in range(QUERIES):
        rows.append({"_id": f"answer{i}", "text": f"topic{i} answer"})
        rows.append({"_id": f"side{i}", "text": f"topic{i} topic{i} side"})
        rows += [{"_id": f"noise{i}-{k}", "text": f"noise of no use {i} {k}"} for k in range(4)]
    return rows


def relevance() -> dict[str, float]:
    """By passage, for a `TableScorer`."""
    known = {"answer": ANSWER, "side": SIDE}
    return {row["text"]: known.get(row["text"].split()[-1], NOISE) for row in corpus_rows()}


def served(i: int) -> list[str]:
    noise = [f"noise{i}-{k}" for k in range(4)]
    if i in GOOD:
        return [f"answer{i}", f"side{i}", *noise[:2]]
    return [*noise[:2], f"answer{i}", noise[2]] if i in LATE else noise


def gap(i: int) -> float:
    """First score less last: small for 7 of the 10 failures, large for 3."""
    if i in FAILED:
        return 0.7 if i >= 21 else 0.1
    return 0.5


def trace(i: int, **changes: Any) -> dict[str, Any]:
    """Every other trace knows its query only by its text."""
    documents = [{"id": key, "score": 0.9 - gap(i) * rank / 3} for rank, key in enumerate(served(i))]
    known = {"query_id": f"q{i}"} if i % 2 else {}
    return {"trace_id": f"t{i}", "query": f"topic{i}", "documents": documents, **known, **changes}


def write_collection(directory: Path, *more: bytes | dict[str, Any]) -> Path:
    """The collection in BEIR's layout with its recording; `more` lines go to the end of that."""
    write_lines(directory / "corpus.jsonl", corpus_rows())
    queries = [{"_id": f"q{i}", "text": f"topic{i}"} for i in range(QUERIES)]
    twins = [{"_id": f"twin{i}", "text": "asked twice"} for i in range(2)]
    write_lines(directory / "queries.jsonl", [*queries, *twins, {"_id": "hopeless", "text": "hopeless"}])
    judged = [f"q{i}\tanswer{i}\t2\nq{i}\tside{i}\t1" for i in range(QUERIES)]
    twin_lines = [f"twin{i}\tanswer{i}\t1" for i in range(2)]
    lines = ["query-id\tcorpus-id\tscore", *judged, *twin_lines, "hopeless\tanswer0\t0"]
    write_lines(directory / "qrels" / "test.tsv", [line.encode() for line in lines])
    write_lines(directory / "traces.jsonl", [*(trace(i) for i in range(QUERIES)), *more])
    return directory


def write_collections(folder: Path, names: str = "a b c", recordings: str = "traces traces.e5") -> Path:
    """Several of them under one folder, by two retrievers, each query three times: enough to fit priors on.

    They differ in their scores, which are noisy, and the second retriever serves nothing of use for the late ones too.
    """
    for name in names.split():
        directory = write_collection(folder / name)
        (directory / "traces.jsonl").unlink()
        for recording in recordings.split():
            dice = random.Random(name + recording)
            lines = [_noisy(i, f"{k}-{i}", dice, recording) for k in range(3) for i in range(QUERIES)]
            write_lines(directory / f"{recording}.jsonl", lines)
    return folder


def _noisy(i: int, trace_id: str, dice: random.Random, recording: str) -> dict[str, Any]:
    keys = served(i) if recording == "traces" or i not in LATE else [f"noise{i}-{k}" for k in range(4)]
    width = max(0.05, gap(i) + dice.gauss(0, 0.15))
    documents = [{"id": key, "score": 0.9 - width * rank / 3} for rank, key in enumerate(keys)]
    return trace(i, trace_id=trace_id, documents=documents)
