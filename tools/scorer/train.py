"""Train the bundled cross-encoder from mined questions.

    python tools/scorer/train.py mined.jsonl --encoder DIR --out monitor/models/compact --checkpoints /tmp/scorer

Three steps, all reproducible from `--seed` (to the precision of bf16 on one machine):

1. shrink the bi-encoder: `--layers` of it, and the `--vocabulary` word pieces that are most frequent in the training
   text (the word pieces of other scripts go: what the model cannot read becomes [UNK], which the provider detects);
2. train on lists of one positive and `--negatives` negatives: softmax over the list for the order, binary
   cross-entropy over every pair for the level (a score has to mean the same for every query, or it cannot tell
   queries that found something from queries that did not);
3. write half-precision weights that `sentence_transformers.CrossEncoder(path)` loads as they are.

A run that was stopped goes on from the newest file in `--checkpoints`.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

HELD_BACK = 400  # lists kept for measuring, never trained on
CHECKPOINT_EVERY = 500
LENGTH_POOL_BATCHES = 64  # batches drawn together and sorted by length, so that padding costs little


@dataclass(frozen=True)
class Recipe:
    layers: tuple[int, ...]
    vocabulary: int
    negatives: int
    lists_per_batch: int
    steps: int
    learning_rate: float
    level_weight: float
    max_tokens: int
    seed: int


Mined = dict[str, Any]


def shrink_tokenizer(encoder: str, size: int, texts: list[str]) -> tuple[PreTrainedTokenizerFast, list[int]]:
    """The `size` most useful word pieces, and their rows in the old embedding."""
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    old: dict[str, int] = state["model"]["vocab"]
    pieces = sorted(old, key=old.__getitem__)
    counts = Counter(
        i for text in texts for i in tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    )
    special = list(tokenizer.all_special_tokens)
    latin = [
        piece
        for piece in pieces
        if piece not in special and piece.removeprefix("##").isascii() and not piece.startswith("[unused")
    ]
    characters = [piece for piece in latin if len(piece.removeprefix("##")) == 1]
    rest = sorted(set(latin) - set(characters), key=lambda piece: (-counts[old[piece]], old[piece]))
    kept = sorted(special + characters + rest[: size - len(special) - len(characters)], key=old.__getitem__)
    state["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    new = state["model"]["vocab"]
    for token in state["added_tokens"]:
        token["id"] = new[token["content"]]
    processor = state["post_processor"]
    for name, value in processor.get("special_tokens", {}).items():
        value["ids"] = [new[name]]
    for key in ("sep", "cls"):
        if key in processor:
            processor[key] = [processor[key][0], new[processor[key][0]]]
    state["truncation"] = state["padding"] = None
    from tokenizers import Tokenizer

    shrunk = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)),
        model_max_length=512,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],  # the second tells query from passage
        **{key: getattr(tokenizer, key) for key in ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")},
    )
    return shrunk, [old[piece] for piece in kept]


def shrink_model(encoder: str, layers: tuple[int, ...], rows: list[int]) -> BertForSequenceClassification:
    base = AutoModel.from_pretrained(encoder, dtype=torch.float32)
    config = BertConfig.from_pretrained(encoder, num_hidden_layers=len(layers), vocab_size=len(rows), num_labels=1)
    config.architectures = ["BertForSequenceClassification"]
    model = BertForSequenceClassification(config)
    model.bert.embeddings.word_embeddings.weight.data = base.embeddings.word_embeddings.weight.data[rows].clone()
    model.bert.embeddings.position_embeddings.load_state_dict(base.embeddings.position_embeddings.state_dict())
    model.bert.embeddings.token_type_embeddings.load_state_dict(base.embeddings.token_type_embeddings.state_dict())
    model.bert.embeddings.LayerNorm.load_state_dict(base.embeddings.LayerNorm.state_dict())
    for new, old in enumerate(layers):
        model.bert.encoder.layer[new].load_state_dict(base.encoder.layer[old].state_dict())
    model.bert.embeddings.word_embeddings.weight.requires_grad = False  # 20,000 rows of optimiser state, for little
    return model


def draw_list(mined: Mined, recipe: Recipe, pool: list[Mined], dice: random.Random) -> tuple[str, list[str]]:
    """One question and its passages, the positive first: hard negatives of each kind, and sometimes a random one."""
    sources = [list(passages) for passages in mined["negatives"].values() if passages]
    passages = [mined["positive"]]
    dice.shuffle(sources)
    while len(passages) <= recipe.negatives:
        source = sources[(len(passages) - 1) % len(sources)] if sources else []
        if not source or dice.random() < 0.15:
            passages.append(dice.choice(pool)["positive"])
        else:
            passages.append(source.pop(dice.randrange(len(source))))
    return mined["query"], passages


def batches(mined: list[Mined], recipe: Recipe, first_step: int) -> Iterator[list[tuple[str, list[str]]]]:
    """Endless batches of lists, similar in length; the same from a given step on, however often restarted."""
    per_pool = LENGTH_POOL_BATCHES * recipe.lists_per_batch
    for pool_number in range(first_step // LENGTH_POOL_BATCHES, sys.maxsize):
        dice = random.Random(f"{recipe.seed}/{pool_number}")
        epoch, offset = divmod(pool_number * per_pool, len(mined))
        order = list(range(len(mined)))
        random.Random(f"{recipe.seed}/epoch/{epoch}").shuffle(order)
        chosen = [mined[order[(offset + i) % len(order)]] for i in range(per_pool)]
        lists = sorted((draw_list(m, recipe, mined, dice) for m in chosen), key=lambda item: max(map(len, item[1])))
        starts = list(range(0, per_pool, recipe.lists_per_batch))
        dice.shuffle(starts)
        for start in starts[
            first_step % LENGTH_POOL_BATCHES if pool_number == first_step // LENGTH_POOL_BATCHES else 0 :
        ]:
            yield lists[start : start + recipe.lists_per_batch]


def score(model: Any, tokenizer: Any, lists: list[tuple[str, list[str]]], max_tokens: int) -> torch.Tensor:
    """Logits of shape (lists, passages in a list)."""
    queries = [query for query, passages in lists for _ in passages]
    passages = [passage for _, passages in lists for passage in passages]
    encoded = tokenizer(
        queries, passages, truncation="longest_first", max_length=max_tokens, padding=True, return_tensors="pt"
    )
    encoded = encoded.to(model.device)
    with torch.autocast(model.device.type, dtype=torch.bfloat16):
        logits = model(**encoded).logits
    return logits.float().view(len(lists), -1)


def loss_of(logits: torch.Tensor, level_weight: float) -> torch.Tensor:
    first = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    target = functional.one_hot(first, logits.shape[1]).float()
    level = functional.binary_cross_entropy_with_logits(logits, target)
    return functional.cross_entropy(logits, first) + level_weight * level


@torch.no_grad()
def measure(model: Any, tokenizer: Any, lists: list[tuple[str, list[str]]], recipe: Recipe) -> dict[str, float]:
    model.eval()
    logits = torch.cat(
        [score(model, tokenizer, lists[i : i + 16], recipe.max_tokens) for i in range(0, len(lists), 16)]
    )
    model.train()
    positive, negative = logits[:, :1], logits[:, 1:]
    return {
        "loss": loss_of(logits, recipe.level_weight).item(),
        "positive_first": (positive > negative).all(dim=1).float().mean().item(),
        "pairs_in_order": (positive > negative).float().mean().item(),
    }


def train(model: Any, tokenizer: Any, mined: list[Mined], recipe: Recipe, checkpoints: Path) -> dict[str, float]:
    held_back, mined = mined[:HELD_BACK], mined[HELD_BACK:]
    questions = {m["query"] for m in held_back}
    mined = [m for m in mined if m["query"] not in questions]
    held_back_lists = [draw_list(m, recipe, held_back, random.Random(recipe.seed)) for m in held_back]
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=0.01)
    warmup = max(1, recipe.steps // 16)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warmup, max(0.0, (recipe.steps - step) / (recipe.steps - warmup)))
    )
    first_step = 0
    latest = checkpoints / "latest.pt"
    if latest.exists():
        saved = torch.load(latest)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        first_step = saved["step"]
    model.train()
    began = time.monotonic()
    running = 0.0
    for step, lists in zip(range(first_step, recipe.steps), batches(mined, recipe, first_step), strict=False):
        loss = loss_of(score(model, tokenizer, lists, recipe.max_tokens), recipe.level_weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        running += loss.item()
        done = step + 1
        if done % 50 == 0:
            rate = (done - first_step) * recipe.lists_per_batch * (1 + recipe.negatives) / (time.monotonic() - began)
            print(f"step {done}/{recipe.steps} loss {running / 50:.4f} {rate:.0f} pairs/s", file=sys.stderr, flush=True)
            running = 0.0
        if done % CHECKPOINT_EVERY == 0:
            print(
                f"step {done} held back {measure(model, tokenizer, held_back_lists, recipe)}",
                file=sys.stderr,
                flush=True,
            )
            state = {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
                "step": done,
            }
            torch.save(state, checkpoints / "writing.pt")
            (checkpoints / "writing.pt").replace(latest)
    return measure(model, tokenizer, held_back_lists, recipe)


def save(model: Any, tokenizer: Any, recipe: Recipe, measured: dict[str, float], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    tokenizer.backend_tokenizer.no_truncation()  # what was set for training is no part of the model
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(out)
    (out / "training.json").write_text(json.dumps({"recipe": recipe.__dict__, "held_back": measured}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mined", type=Path)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--checkpoints", required=True, type=Path)
    parser.add_argument("--layers", default="0,1,3,5", type=lambda text: tuple(map(int, text.split(","))))
    parser.add_argument("--vocabulary", type=int, default=18_000)
    parser.add_argument("--negatives", type=int, default=3)
    parser.add_argument("--lists-per-batch", type=int, default=12)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--level-weight", type=float, default=1.0)
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's choice")
    parser.add_argument("--seed", type=int, default=0)
    arguments = vars(parser.parse_args())
    paths = {key: arguments.pop(key) for key in ("mined", "encoder", "out", "checkpoints")}
    if threads := arguments.pop("threads"):
        torch.set_num_threads(threads)
    recipe = Recipe(**arguments)
    torch.manual_seed(recipe.seed)
    paths["checkpoints"].mkdir(parents=True, exist_ok=True)
    with paths["mined"].open(encoding="utf-8") as lines:
        mined = [json.loads(line) for line in lines]
    texts = [text for m in mined for text in (m["query"], m["positive"])]
    tokenizer, rows = shrink_tokenizer(paths["encoder"], recipe.vocabulary, texts)
    model = shrink_model(paths["encoder"], recipe.layers, rows)
    if torch.cuda.is_available():
        model.cuda()
    measured = train(model, tokenizer, mined, recipe, paths["checkpoints"])
    save(model, tokenizer, recipe, measured, paths["out"])
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
