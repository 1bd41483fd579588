"""Whether the retrievers' own scores mean the same on both sides."""

from collections.abc import Callable

import pytest

from monitor.comparing.pairing import Row
from monitor.comparing.scores import why_scores_differ
from tests.monitor.comparing.kit import row

SCORES = [{"d1": 0.9 - i / 100, "d2": 0.5 + i / 200} for i in range(20)]


def units(change: Callable[[float], float] = lambda score: score, **changes: str) -> list[list[Row]]:
    return [
        [row(f"q{i}", scores={key: change(score) for key, score in scores.items()}, **changes)]
        for i, scores in enumerate(SCORES)
    ]


def test_the_same_scores_for_the_same_documents_can_be_compared() -> None:
    assert why_scores_differ(units(), units(), paired=True) is None
    assert why_scores_differ(units(), units(lambda score: score + 1e-5), paired=True) is None


@pytest.mark.parametrize("change", [lambda score: 2 * score, lambda score: score**2, lambda score: score + 0.05])
def test_another_scale_or_model_cannot(change: Callable[[float], float]) -> None:
    assert "another scale" in (why_scores_differ(units(), units(change), paired=True) or "")


def test_nor_other_pipelines_kinds_or_no_pairs() -> None:
    assert why_scores_differ(units(), units(pipeline="new"), paired=True) == "pipelines differ: default against new"
    distances = [[rows[0]._replace(score_kind="distance")] for rows in units()]
    assert why_scores_differ(units(), distances, paired=True) == "kinds of score differ"
    assert "without pairs" in (why_scores_differ(units(), units(), paired=False) or "")


def test_nor_lists_that_share_nothing() -> None:
    other = [[rows[0]._replace(scores={"d9": 0.4})] for rows in units()]
    assert "no document with a score" in (why_scores_differ(units(), other, paired=True) or "")
