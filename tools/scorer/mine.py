"""Mine hard negatives for the bundled cross-encoder.

Reads question-passage pairs (`query`, `passage_id`, `passage`, `article`, one JSON object a line) and writes, for each
question, its positive and up to `--per-source` negatives from each of three sources: BM25 over all passages, BM25
within the positive's article, and the bi-encoder whose weights the cross-encoder starts from.

    python tools/scorer/mine.py ../shared/training/*.jsonl --encoder DIR --out mined.jsonl --seed 0

Two kinds of false negatives are kept out: passages known as an answer to the same question in any file, and passages
whose words overlap a known answer by more than `SAME_PASSAGE` (Jaccard).
"""

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

SAME_PASSAGE = 0.5
MEDQUAD_CAP = 5000  # templated questions: more of them teach the template, not relevance
STOP_DOCUMENT_SHARE = 0.1  # words in more passages than this find nothing and cost most of the time
CHUNK_QUERIES = 256

Row = dict[str, str]


def read_pairs(paths: list[Path], seed: int) -> list[Row]:
    rows = []
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            file_rows = [json.loads(line) for line in lines]
        if path.stem == "medquad":
            keep = np.random.default_rng(seed).permutation(len(file_rows))[:MEDQUAD_CAP]
            file_rows = [file_rows[i] for i in sorted(keep)]
        rows += [{**row, "source": path.stem} for row in file_rows]
    return rows


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class Bm25:
    """BM25 (k1 1.5, b .75, Lucene idf) as one sparse matrix, for tens of thousands of queries at once."""

    def __init__(self, passages: list[str]) -> None:
        self.vocabulary: dict[str, int] = {}
        counts = [self._count(passage, grow=True) for passage in passages]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        norm = 1.5 * (0.25 + 0.75 * lengths / lengths.mean())
        rows = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
        columns = np.concatenate([np.fromiter(count, dtype=np.int64) for count in counts])
        tf = np.concatenate([np.fromiter(count.values(), dtype=np.float32) for count in counts])
        frequency = np.bincount(columns, minlength=len(self.vocabulary))
        idf = np.log(1 + (len(counts) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        idf[frequency > STOP_DOCUMENT_SHARE * len(counts)] = 0
        weights = idf[columns] * tf * 2.5 / (tf + norm[rows])
        self._terms_by_passage = csr_matrix((weights, (columns, rows)), shape=(len(self.vocabulary), len(counts)))

    def _count(self, text: str, grow: bool = False) -> dict[int, int]:
        count: dict[int, int] = defaultdict(int)
        for word in words(text):
            term = self.vocabulary.setdefault(word, len(self.vocabulary)) if grow else self.vocabulary.get(word)
            if term is not None:
                count[term] += 1
        return count

    def scores(self, queries: list[str]) -> np.ndarray:
        """Scores of shape (queries, passages)."""
        counts = [self._count(query) for query in queries]
        rows = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
        columns = np.array([term for count in counts for term in count], dtype=np.int64)
        matrix = csr_matrix(
            (np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(queries), len(self.vocabulary))
        )
        return (matrix @ self._terms_by_passage).toarray()


def encode(model_path: str, texts: list[str], name: str) -> np.ndarray:
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_path, device="cuda" if torch.cuda.is_available() else "cpu")
    model.max_seq_length = 128
    print(f"encoding {len(texts)} {name}", file=sys.stderr, flush=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = model.encode(
            texts, batch_size=64, convert_to_numpy=False, convert_to_tensor=True, normalize_embeddings=True
        )
    return vectors.float().cpu().numpy()


def top(scores: np.ndarray, count: int) -> np.ndarray:
    candidates = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
    return candidates[np.argsort(-scores[candidates], kind="stable")]


def mine(rows: list[Row], encoder: str, per_source: int) -> Iterator[dict[str, object]]:
    ids = list(dict.fromkeys(row["passage_id"] for row in rows))
    number = {passage_id: i for i, passage_id in enumerate(ids)}
    first = {row["passage_id"]: row for row in reversed(rows)}
    passages = [first[passage_id]["passage"] for passage_id in ids]
    bags = [frozenset(words(passage)) for passage in passages]
    by_article: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, passage_id in enumerate(ids):
        by_article[first[passage_id]["source"], first[passage_id]["article"]].append(i)
    answers: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        answers[" ".join(words(row["query"]))].add(number[row["passage_id"]])

    lexical = Bm25(passages)
    passage_vectors = encode(encoder, passages, "passages")
    query_vectors = encode(encoder, [row["query"] for row in rows], "questions")

    def acceptable(candidate: int, known: set[int]) -> bool:
        if candidate in known:
            return False
        bag = bags[candidate]
        return all(len(bag & bags[k]) <= SAME_PASSAGE * len(bag | bags[k]) for k in known)

    for start in range(0, len(rows), CHUNK_QUERIES):
        chunk = rows[start : start + CHUNK_QUERIES]
        bm25 = lexical.scores([row["query"] for row in chunk])
        dense = query_vectors[start : start + CHUNK_QUERIES] @ passage_vectors.T
        for row, bm25_scores, dense_scores in zip(chunk, bm25, dense, strict=True):
            known = answers[" ".join(words(row["query"]))]
            siblings = np.array(by_article[row["source"], row["article"]])
            ranked = {
                "bm25": top(bm25_scores, 4 * per_source + 8),
                "dense": top(dense_scores, 4 * per_source + 8),
                "article": siblings[top(bm25_scores[siblings] + dense_scores[siblings], 2 * per_source + 4)],
            }
            negatives = {
                source: [passages[i] for i in candidates if acceptable(int(i), known)][:per_source]
                for source, candidates in ranked.items()
            }
            yield {"query": row["query"], "positive": row["passage"], "source": row["source"], "negatives": negatives}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=Path)
    parser.add_argument("--encoder", required=True, help="a sentence-transformers bi-encoder")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--per-source", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = read_pairs(arguments.pairs, arguments.seed)
    np.random.default_rng(arguments.seed).shuffle(rows)
    with arguments.out.open("w", encoding="utf-8") as out:
        for record in mine(rows, arguments.encoder, arguments.per_source):
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
