"""The provider against bare `CrossEncoder.predict` on pairs of real traces, and what its short cuts cost.

    python benchmarks/scorer_provider.py ../shared/collections

Three aims: of bare single-precision throughput at least .95 in single precision on torch, 3 times with the fastest
backend; the fast backend's order of a list with Kendall tau of .98 to single precision's, on average; and on a mix in
which queries repeat (`REQUESTS` drawn by Zipf's law from the traces) the share of the pairs that the cache saves.
The peer is given what the provider's model reads: long passages in the same windows, of which it would read the first
alone. Says so and ends where there are no collections.
"""

import random
import sys
from pathlib import Path

import msgspec
import numpy as np
import torch
from common import ratio
from scipy.stats import kendalltau
from sentence_transformers import CrossEncoder

from detectors.records import RetrievedDocument
from monitor.providers.corpus import read_corpus, resolve
from monitor.providers.cross_encoder import BUNDLED_DIRECTORY, CrossEncoderScorer, Usage
from monitor.providers.torch_model import BATCH_PAIRS

TRACES = 8  # of each collection
SERVED = 10
REQUESTS = 500
BACKENDS = ("torch", "onnx", "auto")

Pairs = list[tuple[str, str]]


class _Noted(CrossEncoderScorer):
    """Keeps what its model was given, for the peer."""

    def _predict(self, pairs):  # noqa: ANN001, ANN202
        self.read = list(pairs)
        return super()._predict(pairs)


def lists_of(collections: list[Path]) -> list[Pairs]:
    """The pairs of each trace."""
    lists = []
    for directory in collections:
        corpus = read_corpus(directory / "corpus.jsonl")
        lines = (directory / "traces.jsonl").read_text(encoding="utf-8").splitlines()
        for line in random.Random(0).sample(lines, TRACES):
            trace = msgspec.json.decode(line)
            served = [RetrievedDocument(document["id"]) for document in trace["documents"][:SERVED]]
            lists.append([(trace["query"], resolve(document, corpus).text or "") for document in served])
    return lists


def agreement(lists: list[Pairs], scorer: CrossEncoderScorer, exact: CrossEncoderScorer) -> float:
    """Kendall's tau-b between the two orders of each list, on average."""
    return float(np.nanmean([kendalltau(scorer.score(pairs), exact.score(pairs)).statistic for pairs in lists]))


def saved(lists: list[Pairs]) -> tuple[float, float]:
    """Shares of the pairs, and of the requests' pairs among the first tenth, whose score was known already."""
    used: list[Usage] = []
    scorer = CrossEncoderScorer(on_usage=used.append)
    chances = 1 / np.arange(1, len(lists) + 1)
    for number in np.random.default_rng(0).choice(len(lists), REQUESTS, p=chances / chances.sum()):
        scorer.score(lists[number])
    known, pairs = [u.known for u in used], [u.pairs for u in used]
    tenth = REQUESTS // 10
    return sum(known) / sum(pairs), sum(known[:tenth]) / sum(pairs[:tenth])


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/collections")
    collections = sorted(path.parent for path in root.glob("*/corpus.jsonl"))
    if not collections:
        print(f"skipped: no labelled collections in {root}")
        return
    lists = lists_of(collections)
    pairs = list(dict.fromkeys(pair for found in lists for pair in found))
    bare = CrossEncoder(str(BUNDLED_DIRECTORY), max_length=256, model_kwargs={"dtype": torch.float32})

    noted = _Noted(backend="torch", cached_scores=0)
    noted.score(pairs)
    print(f"{len(pairs)} pairs in {len(noted.read)} windows")

    def peer() -> None:
        bare.predict(noted.read, batch_size=BATCH_PAIRS, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)

    exact = CrossEncoderScorer(backend="torch").loaded()
    for backend in BACKENDS:
        scorer = CrossEncoderScorer(backend=backend, cached_scores=0).loaded()
        ratio(f"provider, backend {backend}", lambda s=scorer: s.score(pairs), peer, rounds=3)
        print(f"  order against single precision on torch: tau {agreement(lists, scorer, exact):.4f}")
    whole, tenth = saved(lists)
    print(f"{REQUESTS} requests by Zipf's law from {len(lists)} queries: {whole:.0%} of the pairs were known")
    print(f"  of the first {REQUESTS // 10} requests: {tenth:.0%}")


if __name__ == "__main__":
    main()
