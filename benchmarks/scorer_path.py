"""The whole path against bare `CrossEncoder.predict` on the same pairs. Aim: at least 0.95 of its throughput.

The peer computes in single precision; ours also decodes, samples, searches BM25, measures, rates and encodes. The first
row is torch in single precision, the second ONNX Runtime in the same, the third the default, which computes in bfloat16
where the processor can. The cache of scores is off.
"""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from common import generated_lines, ratio
from sentence_transformers import CrossEncoder

from detectors.risk import shipped_normalisation, shipped_prior
from monitor.assess import rate
from monitor.build import build_assessor, build_index
from monitor.config import EVERYTHING, PipelineConfig, build_config
from monitor.decode import decode_trace
from monitor.providers.corpus import Corpus, read_corpus
from monitor.providers.cross_encoder import CrossEncoderScorer
from monitor.providers.torch_model import BATCH_PAIRS
from monitor.sampling import Sampler
from monitor.sinks.jsonl import encode_line

TRACES = 64
BUNDLED_PATH = str(Path(__file__).parents[1] / "monitor" / "models" / "compact")
WORDS = (
    "gateway reset password invoice refund storage pool firmware licence port bridge error policy order claim".split()
)


class _Noted(CrossEncoderScorer):
    """Keeps the pairs that it was asked for, for the peer."""

    def score(self, pairs):  # noqa: ANN001, ANN202
        self.pairs = list(pairs)
        return super().score(pairs)


def generated_corpus(path: Path) -> Corpus:
    dice = random.Random(2)
    with path.open("w") as out:
        for number in range(10_000):
            text = " ".join(dice.choices(WORDS, k=dice.randrange(20, 120)))
            out.write(json.dumps({"_id": f"kb-{number}", "title": f"Article {number}", "text": text}) + "\n")
    return read_corpus(path)


def main() -> None:
    lines = generated_lines(TRACES, documents=10)
    config = build_config({"pipelines": {"default": PipelineConfig(sample=EVERYTHING)}}, "benchmark")
    with TemporaryDirectory() as folder:
        corpus = generated_corpus(Path(folder) / "corpus.jsonl")
    bare = CrossEncoder(BUNDLED_PATH, max_length=256, model_kwargs={"dtype": torch.float32})
    for backend in ("torch", "onnx", "auto"):
        scorer = _Noted(backend=backend, cached_scores=0).loaded()
        assessor = build_assessor(config, corpus, build_index(corpus), scorer, scorer.name)
        sampler, arrival = Sampler(lambda _: EVERYTHING), datetime.now(UTC)

        def ours(assessor=assessor, sampler=sampler, arrival=arrival) -> None:  # noqa: ANN001
            traces = [decode_trace(line, arrival) for line in lines]
            assessments = assessor.assess([(trace, sampler.weights(trace)) for trace in traces])
            for assessment in assessments:
                encode_line(rate(assessment, shipped_normalisation(), shipped_prior()))

        ours()
        pairs = list(dict.fromkeys(scorer.pairs))

        def peer(pairs=pairs) -> None:  # noqa: ANN001
            bare.predict(pairs, batch_size=BATCH_PAIRS, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)

        ratio(f"whole path, backend {backend}, {len(pairs)} pairs, against bare predict", ours, peer, rounds=5)


if __name__ == "__main__":
    main()
