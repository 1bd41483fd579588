"""Train the bundled cross-encoder from mined questions that `teach.py` has graded.

    python tools/scorer/train.py taught.jsonl --encoder DIR --out monitor/models/compact --checkpoints /tmp/scorer

Four steps, all reproducible from `--seed` (to the precision of bf16 on one machine):

1. shrink the bi-encoder: `--layers` of it, and the `--vocabulary` word pieces that are most frequent in the training
   text (the word pieces of other scripts go: what the model cannot read becomes [UNK], which the provider detects);
2. with `--adapt-steps`, predict masked word pieces of query and passage pairs, as BERT was made;
3. train on lists of one positive and `--negatives` negatives: `--loss` for the order, binary cross-entropy over every
   pair for the level (a score has to mean the same for every query, or it cannot tell queries that found something
   from queries that did not). The target is the label, or by a share of `--distil` what the teacher says. A share of
   `--keywords` of the questions is asked as keywords;
4. write half-precision weights that `sentence_transformers.CrossEncoder(path)` loads as they are.

A run that was stopped goes on from the newest file in `--checkpoints`.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from detectors.text import STOP_WORDS

HELD_BACK = 400  # lists kept for measuring, never trained on
CHECKPOINT_EVERY = 500
LENGTH_POOL_BATCHES = 64  # batches drawn together and sorted by length, so that padding costs little
MASKED_SHARE = 0.2

Loss = Literal["listwise", "pairwise", "pointwise"]


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
    loss: Loss = "listwise"
    distil: float = 0.0
    keywords: float = 0.0
    adapt_steps: int = 0
    sources: tuple[str, ...] = ()  # of negatives; all that the file has where empty


Mined = dict[str, Any]


class Drawn(NamedTuple):
    """A question, its passages with the positive first, and the teacher's logit of each (empty without a teacher)."""

    query: str
    passages: list[str]
    teacher: list[float]


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
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0  # one epoch; it costs a third of a step
    config.architectures = ["BertForSequenceClassification"]
    model = BertForSequenceClassification(config)
    model.set_attn_implementation("eager")  # the fused kernel is slow backwards: on a CPU it was half of a step
    model.bert.embeddings.word_embeddings.weight.data = base.embeddings.word_embeddings.weight.data[rows].clone()
    model.bert.embeddings.position_embeddings.load_state_dict(base.embeddings.position_embeddings.state_dict())
    model.bert.embeddings.token_type_embeddings.load_state_dict(base.embeddings.token_type_embeddings.state_dict())
    model.bert.embeddings.LayerNorm.load_state_dict(base.embeddings.LayerNorm.state_dict())
    for new, old in enumerate(layers):
        model.bert.encoder.layer[new].load_state_dict(base.encoder.layer[old].state_dict())
    model.bert.embeddings.word_embeddings.weight.requires_grad = False  # 20,000 rows of optimiser state, for little
    return model


def read_mined(path: Path, recipe: Recipe) -> list[Mined]:
    """The questions that have negatives enough for a list."""
    with path.open(encoding="utf-8") as lines:
        mined = [json.loads(line) for line in lines]
    return [
        m
        for m in mined
        if sum(len(n) for source, n in m["negatives"].items() if not recipe.sources or source in recipe.sources)
        >= max(recipe.negatives, 3)
    ]


def draw_list(mined: Mined, recipe: Recipe, dice: random.Random) -> Drawn:
    """One question and its passages: negatives of each source in turn."""
    teacher = mined.get("teacher")
    drawn = [(mined["positive"], teacher["positive"] if teacher else 0.0)]
    sources = []
    for source, passages in mined["negatives"].items():
        if passages and (not recipe.sources or source in recipe.sources):
            logits = teacher["negatives"][source] if teacher else [0.0] * len(passages)
            sources.append(list(zip(passages, logits, strict=True)))
    dice.shuffle(sources)
    while len(drawn) <= recipe.negatives and sources:
        source = sources.pop(0)
        drawn.append(source.pop(dice.randrange(len(source))))
        if source:
            sources.append(source)
    query, passages = mined["query"], [passage for passage, _ in drawn]
    if dice.random() < recipe.keywords:
        query = without_stop_words(query)
        if dice.random() < 0.5:
            passages = [without_stop_words(passage) for passage in passages]
    return Drawn(query, passages, [logit for _, logit in drawn] if teacher else [])


def without_stop_words(text: str) -> str:
    kept = [word for word in text.split() if word.lower().strip("?.,!") not in STOP_WORDS]
    return " ".join(kept) or text


def batches(mined: list[Mined], recipe: Recipe, first_step: int) -> Iterator[list[Drawn]]:
    """Endless batches of lists, similar in length; the same from a given step on, however often restarted."""
    per_pool = LENGTH_POOL_BATCHES * recipe.lists_per_batch
    for pool_number in range(first_step // LENGTH_POOL_BATCHES, sys.maxsize):
        dice = random.Random(f"{recipe.seed}/{pool_number}")
        epoch, offset = divmod(pool_number * per_pool, len(mined))
        order = list(range(len(mined)))
        random.Random(f"{recipe.seed}/epoch/{epoch}").shuffle(order)
        chosen = [mined[order[(offset + i) % len(order)]] for i in range(per_pool)]
        lists = sorted((draw_list(m, recipe, dice) for m in chosen), key=lambda drawn: max(map(len, drawn.passages)))
        starts = list(range(0, per_pool, recipe.lists_per_batch))
        dice.shuffle(starts)
        for start in starts[
            first_step % LENGTH_POOL_BATCHES if pool_number == first_step // LENGTH_POOL_BATCHES else 0 :
        ]:
            yield lists[start : start + recipe.lists_per_batch]


def encode(tokenizer: Any, lists: list[Drawn], max_tokens: int) -> Any:
    queries = [query for query, passages, _ in lists for _ in passages]
    passages = [passage for _, passages, _ in lists for passage in passages]
    return tokenizer(
        queries, passages, truncation="longest_first", max_length=max_tokens, padding=True, return_tensors="pt"
    )


def score(model: Any, tokenizer: Any, lists: list[Drawn], max_tokens: int) -> torch.Tensor:
    """Logits of shape (lists, passages in a list)."""
    encoded = encode(tokenizer, lists, max_tokens).to(model.device)
    with torch.autocast(model.device.type, dtype=torch.bfloat16):
        logits = model(**encoded).logits
    return logits.float().view(len(lists), -1)


def loss_of(logits: torch.Tensor, teacher: torch.Tensor | None, recipe: Recipe) -> torch.Tensor:
    """The loss of lists whose positive comes first; `logits` and `teacher` of shape (lists, passages in a list).

    The teacher orders a list and has no level of its own: for that, its logits count from the positive's, so that a
    negative that it finds as good as the positive is half relevant.
    """
    share = 0.0 if teacher is None else recipe.distil
    graded = torch.zeros_like(logits) if teacher is None else teacher
    label = torch.zeros_like(logits)
    label[:, 0] = 1
    level_target = (1 - share) * label + share * (graded - graded[:, :1]).sigmoid()
    loss = recipe.level_weight * functional.binary_cross_entropy_with_logits(logits, level_target)
    if recipe.loss == "listwise":
        target = (1 - share) * label + share * graded.softmax(dim=1)
        loss = loss + functional.cross_entropy(logits, target)
    elif recipe.loss == "pairwise":
        target = (1 - share) + share * (graded[:, :1] - graded[:, 1:]).sigmoid()
        loss = loss + functional.binary_cross_entropy_with_logits(logits[:, :1] - logits[:, 1:], target)
    return loss


def teacher_of(lists: list[Drawn], device: torch.device) -> torch.Tensor | None:
    return torch.tensor([drawn.teacher for drawn in lists], device=device) if lists[0].teacher else None


def adapt(model: Any, tokenizer: Any, mined: list[Mined], recipe: Recipe) -> None:
    """Predict masked word pieces of query and passage, the output weights tied to the (frozen) embedding."""
    transform = torch.nn.Sequential(
        torch.nn.Linear(model.config.hidden_size, model.config.hidden_size),
        torch.nn.GELU(),
        torch.nn.LayerNorm(model.config.hidden_size),
    ).to(model.device)
    trained = [p for p in [*model.bert.parameters(), *transform.parameters()] if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.learning_rate, fused=True)
    special = torch.tensor(tokenizer.all_special_ids)
    noise = torch.Generator().manual_seed(recipe.seed)
    for step, lists in zip(range(recipe.adapt_steps), batches(mined, recipe, 0), strict=False):
        encoded = encode(tokenizer, lists, recipe.max_tokens)
        ids = encoded["input_ids"].clone()
        masked = (torch.rand(ids.shape, generator=noise) < MASKED_SHARE) & ~torch.isin(ids, special)
        encoded["input_ids"] = ids.masked_fill(masked, tokenizer.mask_token_id)
        with torch.autocast(model.device.type, dtype=torch.bfloat16):
            hidden = model.bert(**encoded.to(model.device)).last_hidden_state[masked]
            words = transform(hidden) @ model.bert.embeddings.word_embeddings.weight.T
        loss = functional.cross_entropy(words.float(), ids[masked].to(model.device))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        if (step + 1) % 50 == 0:
            print(f"masked step {step + 1}/{recipe.adapt_steps} loss {loss.item():.3f}", file=sys.stderr, flush=True)


@torch.no_grad()
def measure(model: Any, tokenizer: Any, lists: list[Drawn], recipe: Recipe) -> dict[str, float]:
    model.eval()
    logits = torch.cat(
        [score(model, tokenizer, lists[i : i + 16], recipe.max_tokens) for i in range(0, len(lists), 16)]
    )
    model.train()
    positive, negative = logits[:, :1], logits[:, 1:]
    return {
        "loss": loss_of(logits, teacher_of(lists, logits.device), recipe).item(),
        "positive_first": (positive > negative).all(dim=1).float().mean().item(),
        "pairs_in_order": (positive > negative).float().mean().item(),
    }


def train(model: Any, tokenizer: Any, mined: list[Mined], recipe: Recipe, checkpoints: Path) -> dict[str, float]:
    held_back, mined = mined[:HELD_BACK], mined[HELD_BACK:]
    questions = {m["query"] for m in held_back}
    mined = [m for m in mined if m["query"] not in questions]
    plain = replace(recipe, keywords=0.0, negatives=3, sources=())  # so that recipes can be compared
    held_back_lists = [draw_list(m, plain, random.Random(recipe.seed)) for m in held_back]
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=0.01, fused=True)
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
    if first_step == 0:
        adapt(model, tokenizer, mined, recipe)
    began = time.monotonic()
    running = 0.0
    for step, lists in zip(range(first_step, recipe.steps), batches(mined, recipe, first_step), strict=False):
        logits = score(model, tokenizer, lists, recipe.max_tokens)
        loss = loss_of(logits, teacher_of(lists, logits.device), recipe)
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
    (out / "training.json").write_text(json.dumps({"recipe": asdict(recipe), "held_back": measured}, indent=1) + "\n")


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
    parser.add_argument("--loss", choices=get_args(Loss), default="listwise")
    parser.add_argument("--distil", type=float, default=0.5)
    parser.add_argument("--keywords", type=float, default=0.15)
    parser.add_argument("--adapt-steps", type=int, default=0)
    parser.add_argument(
        "--sources", default=(), type=lambda text: tuple(text.split(",")), help="of negatives; default all"
    )
    parser.add_argument("--threads", type=int, default=0, help="0: torch's choice")
    parser.add_argument("--seed", type=int, default=0)
    arguments = vars(parser.parse_args())
    paths = {key: arguments.pop(key) for key in ("mined", "encoder", "out", "checkpoints")}
    if threads := arguments.pop("threads"):
        torch.set_num_threads(threads)
    recipe = Recipe(**arguments)
    torch.manual_seed(recipe.seed)
    paths["checkpoints"].mkdir(parents=True, exist_ok=True)
    mined = read_mined(paths["mined"], recipe)
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
