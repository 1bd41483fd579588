"""The training script: what makes a run repeatable, and what it makes of a vocabulary."""

import importlib.util
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from tests.builders import write_lines


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


train, teach = load("train"), load("teach")
RECIPE = train.Recipe((0,), 100, 2, 4, 1000, 1e-4, 1.0, 32, seed=5)
MINED: list[dict[str, Any]] = [
    {"query": f"which q{i}", "positive": f"p{i}", "negatives": {"bm25": [f"b{i}", f"c{i}"], "dense": [f"d{i}"]},
     "teacher": {"positive": 9.0, "negatives": {"bm25": [1.0, 2.0], "dense": [3.0]}}}
    for i in range(300)
]  # fmt: skip


@pytest.mark.parametrize("step", [1, 63, 64, 65, 200])
def test_a_run_that_goes_on_sees_the_batches_that_it_would_have_seen(step: int) -> None:
    whole = list(islice(train.batches(MINED, RECIPE, 0), step + 3))
    assert list(islice(train.batches(MINED, RECIPE, step), 3)) == whole[step:]


def test_an_epoch_sees_every_question_once() -> None:
    per_epoch = len(MINED) // RECIPE.lists_per_batch
    steps = islice(train.batches(MINED, RECIPE, 0), per_epoch - per_epoch % 64)
    seen = [drawn.query for lists in steps for drawn in lists]
    assert len(set(seen)) == len(seen)


def test_a_list_has_its_positive_first_its_negatives_from_every_source_and_what_the_teacher_said_of_each() -> None:
    said = {"p": 9.0, "b": 1.0, "c": 2.0, "d": 3.0}
    for lists in islice(train.batches(MINED, RECIPE, 0), 50):
        for query, passages, teacher in lists:
            assert passages[0] == query.replace("which q", "p")
            assert len(passages) == 1 + RECIPE.negatives
            assert len({passage[0] == "d" for passage in passages[1:]}) == 2
            assert teacher == [said[passage[0]] for passage in passages]


def test_only_the_sources_that_were_asked_for_are_drawn_from() -> None:
    recipe = replace(RECIPE, sources=("bm25",))
    drawn = next(train.batches(MINED, recipe, 0))[0]
    assert {passage[0] for passage in drawn.passages[1:]} == {"b", "c"}


def test_keywords_are_the_question_without_its_stop_words() -> None:
    asked = [d.query for d in next(train.batches(MINED, replace(RECIPE, keywords=1.0), 0))]
    assert all(query.startswith("q") for query in asked)
    assert train.without_stop_words("Where is the colder cloud?") == "colder cloud?"
    assert train.without_stop_words("who is it") == "who is it"  # nothing would be left


def test_questions_with_too_few_negatives_are_left_out(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "mined.jsonl", [*MINED[:2], {**MINED[2], "negatives": {"bm25": ["b"], "dense": []}}])
    assert [m["positive"] for m in train.read_mined(path, RECIPE)] == ["p0", "p1"]
    assert train.read_mined(path, replace(RECIPE, sources=("dense",))) == []


ORDERED, LOW, REVERSED = [[2.0, -2.0, -2.0]], [[-2.0, -6.0, -6.0]], [[-2.0, 2.0, -2.0]]


@pytest.mark.parametrize("loss", ["listwise", "pairwise", "pointwise"])
def test_the_loss_falls_with_the_order_and_with_the_level(loss: str) -> None:
    """The same order at too low a level costs, the wrong order costs more."""
    recipe = replace(RECIPE, loss=loss)
    found = [train.loss_of(torch.tensor(logits), None, recipe).item() for logits in (ORDERED, LOW, REVERSED)]
    assert found == sorted(found)
    assert found[0] < found[1]


@pytest.mark.parametrize("loss", ["listwise", "pairwise", "pointwise"])
def test_a_student_is_asked_for_what_the_teacher_says_as_far_as_it_distils(loss: str) -> None:
    """The teacher finds the first negative as good as the positive: to say so costs ever less than to deny it."""
    teacher = torch.tensor([[2.0, 2.0, -4.0]])
    agrees, denies = torch.tensor([[1.0, 1.0, -3.0]]), torch.tensor([[3.0, -3.0, -3.0]])
    more = []
    for share in (0.0, 0.5, 1.0):
        recipe = replace(RECIPE, loss=loss, distil=share)
        more.append((train.loss_of(agrees, teacher, recipe) - train.loss_of(denies, teacher, recipe)).item())
    assert more[0] > more[1] > more[2]
    assert more[0] > 0 > more[2]


def test_the_teacher_is_an_average_sharp_enough_to_name_the_positive() -> None:
    """Of two bi-encoders one knows the answer and one guesses; the slope makes up for the guesses."""
    dice = np.random.default_rng(0)
    mined = [{"query": f"q{i}", "positive": "p", "negatives": {"bm25": ["a", "b", "c"]}} for i in range(400)]
    knows = np.tile([0.9, 0.3, 0.2, 0.1], 400) + dice.normal(0, 0.2, 1600)
    logits = teach.grade(mined, [knows, dice.normal(size=1600)]).reshape(400, 4)
    likelihood = [scale * logits[:, 0] - logsumexp(scale * logits, axis=1) for scale in (0.8, 1.0, 1.25)]
    assert np.argmax([found.mean() for found in likelihood]) == 1
    assert (logits.argmax(axis=1) == 0).mean() > 0.6


def test_random_negatives_are_other_questions_answers_and_the_same_for_a_seed() -> None:
    first, second = ([{**m, "negatives": dict(m["negatives"])} for m in MINED] for _ in range(2))
    teach.add_random(first, 3, seed=1)
    teach.add_random(second, 3, seed=1)
    assert first == second
    for record in first:
        assert record["positive"] not in record["negatives"]["random"]
        assert {passage[0] for passage in record["negatives"]["random"]} <= {"p"}
    assert sum(len(record["negatives"]["random"]) for record in first) > 3 * 295
