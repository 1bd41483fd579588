"""How well the rules tell the ten scenarios: tables in Markdown, against labels that a reader gave.

    python benchmarks/scenarios/run.py ../shared > table.md

`labels.tsv` holds ids and labels only; the queries are read from the folder. Says so and ends where there is none.
"""

import argparse
import csv
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from generated import generated
from scipy.stats import binomtest

from detectors.scenarios import NAMES, Classifier
from monitor.demo.corpus import build_corpus
from monitor.demo.queries import QueryStream
from monitor.providers.corpus import Corpus, CorpusDocument, read_corpus
from monitor.providers.vocabulary import vocabulary_of

LONGEST = 300  # characters: what is longer is a pasted abstract, and was not labelled
DEMO_DRAWS = 6000


class Labelled(NamedTuple):
    """A query, what its reader says of it and what the rules say."""

    query: str
    part: str  # random, chosen; fresh: random, drawn and labelled once the rules were there, before they were asked
    half: str  # tuning, held out, fresh
    truth: frozenset[str]
    found: frozenset[str]


class Folder:
    """A collection's or a probe's queries, and a classifier that knows its corpus."""

    def __init__(self, path: Path) -> None:
        pairs = path / "test.jsonl"
        self.queries: dict[str, str] = {}
        if pairs.exists():  # nevir: two queries and two documents a line
            lines = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
            self.queries = {f"{row['id']}/{name}": row[name] for row in lines for name in ("q1", "q2")}
            texts = dict.fromkeys(row[name] for row in lines for name in ("doc1", "doc2"))
            corpus = Corpus([CorpusDocument(str(number), text) for number, text in enumerate(texts)])
        else:
            rows = (json.loads(line) for line in (path / "queries.jsonl").read_text(encoding="utf-8").splitlines())
            self.queries = {row["_id"]: row["text"] for row in rows}
            corpus = read_corpus(path / "corpus.jsonl")
        self._classifier = Classifier(vocabulary=vocabulary_of(corpus))

    def found(self, query: str) -> frozenset[str]:
        return frozenset(self._classifier.classify(query))


def labelled(folders: dict[str, Folder]) -> Iterator[Labelled]:
    with Path(__file__).with_name("labels.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            folder, query_id = row["folder"], row["query_id"]
            query = folders[folder].queries[query_id]
            half = "held out" if zlib.crc32((folder + query_id).encode()) % 2 else "tuning"
            half = "fresh" if row["part"] == "fresh" else half
            truth = frozenset(row["scenarios"].split()) - {"none"}
            yield Labelled(query, row["part"], half, truth, folders[folder].found(query))


def share(hits: int, of: int) -> str:
    """A share with its Wilson interval."""
    if not of:
        return "unmeasured"
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits / of:.2f} ({interval.low:.2f}-{interval.high:.2f}), {hits} of {of}"


def print_table(title: str, columns: list[str], rows: dict[str, list[str]]) -> None:
    print(f"\n**{title}**\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, cells in rows.items():
        print(f"| `{name}` | {' | '.join(cells)} |")


def print_precision_and_recall(title: str, queries: Iterable[Labelled]) -> None:
    judged = list(queries)
    rows = {}
    for name in NAMES:
        both = sum(name in q.truth & q.found for q in judged)
        rows[name] = [
            share(both, sum(name in q.found for q in judged)),
            share(both, sum(name in q.truth for q in judged)),
        ]
    print_table(f"{title}: {len(judged)} queries", ["precision", "recall"], rows)


def print_generated() -> None:
    classify = Classifier().classify
    by_name: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for language, name, belongs, query in generated():
        by_name[name][f"{language}, {'belongs' if belongs else 'near miss'}"].append(name in classify(query))
    columns = [f"{language}, {kind}" for language in ("English", "Chinese") for kind in ("belongs", "near miss")]
    rows = {
        name: [f"{sum(kinds[column])} of {len(kinds[column])}" if kinds[column] else "unmeasured" for column in columns]
        for name, kinds in ((name, by_name[name]) for name in NAMES)
    }
    print_table("Generated queries, how many the rules took for theirs", columns, rows)


def print_demo() -> None:
    documents = build_corpus(1)
    corpus = Corpus([CorpusDocument(document.id, document.passage) for document in documents])
    classify = Classifier(vocabulary=vocabulary_of(corpus)).classify
    stream = QueryStream(documents, 1)
    drawn = {query.query: query.scenario for query in (stream.draw() for _ in range(DEMO_DRAWS))}
    counts = Counter(drawn.values())
    hits = Counter(name for query, name in drawn.items() if name in classify(query))
    print_table("The demo's queries, one scenario each", ["recall"], {n: [share(hits[n], counts[n])] for n in NAMES})


def print_prevalence(folders: dict[str, Folder]) -> None:
    flagged: dict[str, Counter[str]] = {}
    sizes = {}
    for name, folder in folders.items():
        queries = [query for query in folder.queries.values() if len(query) <= LONGEST]
        flagged[name] = Counter(scenario for query in queries for scenario in folder.found(query))
        sizes[name] = len(queries)
    columns = [f"{name.split('/')[1]} ({sizes[name]})" for name in folders]
    rows = {scenario: [f"{flagged[name][scenario] / sizes[name]:.3f}" for name in folders] for scenario in NAMES}
    print_table("Share of all queries that the rules take for theirs", columns, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    found = [*sorted(shared.glob("collections/*/queries.jsonl")), *sorted(shared.glob("probes/*/[qt]*.jsonl"))]
    paths = {
        path.parent.name: path for path in reversed(found)
    }.values()  # a probe that is a collection too counts once
    if not paths:
        print(f"skipped: no labelled queries in {shared}")
        return
    folders = {f"{path.parent.parent.name}/{path.parent.name}": Folder(path.parent) for path in paths}
    queries = list(labelled(folders))
    print_precision_and_recall("Held out", (q for q in queries if q.half == "held out"))
    print_precision_and_recall(
        "Held out, of the random part", (q for q in queries if q.half == "held out" and q.part == "random")
    )
    print_precision_and_recall("Drawn at random once the rules were there", (q for q in queries if q.half == "fresh"))
    print_precision_and_recall("Used for tuning", (q for q in queries if q.half == "tuning"))
    print_generated()
    print_demo()
    print_prevalence(folders)


if __name__ == "__main__":
    main()
