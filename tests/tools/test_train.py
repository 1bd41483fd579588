"""The training script: what makes a run repeatable, and what it makes of a vocabulary."""

import importlib.util
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def load(name: str) -> ModuleType:
    """A script of `tools/scorer`, as a module."""
    path = Path(__file__).parents[2] / "tools" / "scorer" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tools_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


train = load("train")
RECIPE = train.Recipe((0,), 100, 2, 4, 1000, 1e-4, 1.0, 32, seed=5)
MINED: list[dict[str, Any]] = [
    {"query": f"q{i}", "positive": f"p{i}", "negatives": {"bm25": [f"b{i}", f"c{i}"], "dense": [f"d{i}"]}}
    for i in range(300)
]


@pytest.mark.parametrize("step", [1, 63, 64, 65, 200])
def test_a_run_that_goes_on_sees_the_batches_that_it_would_have_seen(step: int) -> None:
    whole = list(islice(train.batches(MINED, RECIPE, 0), step + 3))
    assert list(islice(train.batches(MINED, RECIPE, step), 3)) == whole[step:]


def test_an_epoch_sees_every_question_once() -> None:
    per_epoch = len(MINED) // RECIPE.lists_per_batch
    seen = [
        query for lists in islice(train.batches(MINED, RECIPE, 0), per_epoch - per_epoch % 64) for query, _ in lists
    ]
    assert len(set(seen)) == len(seen)


def test_a_list_begins_with_its_positive_and_has_as_many_negatives_as_asked() -> None:
    for lists in islice(train.batches(MINED, RECIPE, 0), 50):
        for query, passages in lists:
            assert passages[0] == query.replace("q", "p")
            assert len(passages) == 1 + RECIPE.negatives


def test_the_loss_falls_with_the_order_and_with_the_level() -> None:
    import torch

    right, wrong, low = ([[2.0, -2.0, -2.0]], [[-2.0, 2.0, -2.0]], [[-2.0, -6.0, -6.0]])
    loss = [train.loss_of(torch.tensor(logits), 1.0).item() for logits in (right, low, wrong)]
    assert loss == sorted(loss)  # the same order at too low a level costs, the wrong order costs more
