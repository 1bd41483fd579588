"""One recording's columns, and what is computed from them on common traces."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from detectors.labels import FAILURE_KINDS
from detectors.outcomes import Answer, Outcomes, abstained, advantage, between, brier, discrimination, outcomes, pool
from detectors.records import Reason
from detectors.resampling import query_draws
from detectors.skill import auroc, brier_skill
from tests.monitor.kit import assessment

NAN = float("nan")


def columns(failed: list[bool], **predictors: list[float]) -> Outcomes:
    """A recording of one trace a query."""
    return Outcomes(
        "a", "traces", np.arange(len(failed)), {name: np.array(values) for name, values in predictors.items()},
        {}, dict.fromkeys(FAILURE_KINDS, np.array(failed)), ((),) * len(failed), {},
    )  # fmt: skip


def draws(n: int) -> Any:
    return query_draws({"a": n}, 200, 0)["a"]


def test_signals_are_turned_so_that_higher_speaks_for_failure() -> None:
    first = assessment(
        "1", signals={"score_gap": 0.2, "regret": 0.3}, risk=0.7, risk_at_1=None, level_errors={"risk": 0.1},
        abstentions={"lexical_rbo": Reason.NO_CORPUS, "risk_at_1": Reason.NO_EVIDENCE}, scenarios=("negation",),
    )  # fmt: skip
    rated = [
        (first, Answer("q2", dict.fromkeys(FAILURE_KINDS, True), 0.1)),
        (assessment("2", signals={}), Answer("q1", dict.fromkeys(FAILURE_KINDS, False), 0.9)),
    ]
    of = outcomes("a", "traces", rated, {"q1": 0, "q2": 1})
    assert of.queries.tolist() == [1, 0]
    assert of.predictors["score_gap"][0] == -0.2
    assert of.predictors["regret"][0] == 0.3
    assert np.isnan(of.predictors["score_gap"][1])
    assert of.predictors["risk"].tolist() == [0.7, 0.5]
    assert np.isnan(of.predictors["risk_at_1"][0])
    assert of.failed["ndcg_below_half"].tolist() == [True, False]
    assert of.scenarios == (("negation",), ())
    assert (of.abstentions["lexical_rbo"], of.abstentions["risk"]) == (Counter({Reason.NO_CORPUS: 1}), Counter())
    assert (abstained(of, "risk_at_1"), of.level_errors["risk"][0]) == (0.5, 0.1)


def test_two_predictors_are_compared_where_neither_abstained() -> None:
    """The other signal abstains on the ten failures that the risk gets wrong: on the rest both are right, no gain."""
    failed = [True] * 20 + [False] * 20
    risk = [0.0] * 10 + [0.9] * 10 + [0.5] * 20
    other = [NAN] * 10 + [0.9] * 10 + [0.5] * 20
    of = columns(failed, risk=risk, score_gap=other)
    alone = discrimination(of, "risk", "no_relevant_at_5", draws(40))
    gain = advantage(of, "risk", "score_gap", "no_relevant_at_5", draws(40))
    assert alone is not None
    assert gain is not None
    assert alone.value == 0.5
    assert (gain.value, set(gain.draws[~np.isnan(gain.draws)])) == (0, {0.0})


def test_a_difference_of_two_predictors_is_paired() -> None:
    """Their AUROCs rise and fall together from draw to draw: the difference varies less than either."""
    rng = np.random.default_rng(1)
    failed = rng.random(200) < 0.3
    common = rng.normal(0, 1, 200) + failed
    one, other = common + rng.normal(0, 0.1, 200), common + rng.normal(0, 0.1, 200)
    of = columns(failed.tolist(), risk=one.tolist(), top_score=other.tolist())
    alone = discrimination(of, "risk", "no_relevant_at_5", draws(200))
    gain = advantage(of, "risk", "top_score", "no_relevant_at_5", draws(200))
    assert alone is not None
    assert gain is not None
    assert gain.value == pytest.approx(auroc(one, failed) - auroc(other, failed))
    assert gain.draws.std() < alone.draws.std() / 3


def test_two_ratings_are_compared_over_the_queries_of_both() -> None:
    """The second lacks the first ten queries and abstains on the next ten; each has failures of its own."""
    failed = np.arange(60) % 3 == 0
    risk = np.linspace(0, 1, 60)
    one = columns(failed.tolist(), risk=risk.tolist())
    other_failed = np.arange(60) % 2 == 0
    other = columns(other_failed.tolist(), risk=np.where(np.arange(60) < 20, NAN, risk).tolist()).rows(
        np.arange(60) >= 10
    )
    found = between(one, other, "risk", "no_relevant_at_5", draws(60))
    assert found is not None
    assert found.value == pytest.approx(auroc(risk[20:], failed[20:]) - auroc(risk[20:], other_failed[20:]))


def test_too_few_failures_give_nothing() -> None:
    of = columns([True] * 9 + [False] * 30, risk=[0.5] * 39, top_score=[0.5] * 39)
    counts = draws(39)
    assert discrimination(of, "risk", "no_relevant_at_5", counts) is None
    assert advantage(of, "risk", "top_score", "no_relevant_at_5", counts) is None
    assert between(of, of, "risk", "no_relevant_at_5", counts) is None
    assert brier(of, "no_relevant_at_5", counts) is None


def test_brier_skill_is_of_what_was_rated() -> None:
    failed = [True] * 15 + [False] * 15
    risk = np.linspace(0.9, 0.1, 30)
    found = brier(columns(failed, risk=[NAN, *risk[1:].tolist()]), "no_relevant_at_5", draws(30))
    assert found is not None
    assert found.value == pytest.approx(brier_skill(risk[1:], failed[1:]))


def test_a_pool_draws_both_recordings_of_a_query_together() -> None:
    """Two recordings of `a`, one of `b`: rows of the same query of `a` have the same counts in every draw."""
    one = columns([True, False], risk=[0.1, 0.2])
    other = one._replace(recording="traces.e5", queries=np.array([1, 0]))
    third = columns([True, False, True], risk=[0.3, 0.4, 0.5])._replace(collection="b")
    by_collection = query_draws({"a": 2, "b": 3}, 50, 0)
    pooled, counts = pool([one, other, third], by_collection)
    rows = counts[:, pooled.queries]
    assert (rows[:, 0] == rows[:, 3]).all()
    assert (rows[:, 1] == rows[:, 2]).all()
    assert (rows[:, 4:] == by_collection["b"]).all()
    assert pooled.predictors["risk"].tolist() == [0.1, 0.2, 0.1, 0.2, 0.3, 0.4, 0.5]
