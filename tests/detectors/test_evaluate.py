import msgspec
import pytest

from detectors.evaluate import MINIMUM_FAILURES, Skill, evaluate_signals
from detectors.labels import FAILURE_KINDS, Judged
from detectors.signals import SIGNALS


def _judged(failed: bool, *, risk: float | None = None, risk_at_1: float | None = None, **signals: float) -> Judged:
    return Judged(signals, risk, risk_at_1, {}, dict.fromkeys(FAILURE_KINDS, failed), 0.2 if failed else 0.9)


def _skill(found: Skill | None) -> Skill:
    assert found is not None
    return found


def test_every_signal_is_oriented_by_its_direction() -> None:
    """A failing query has a small gap (-) and a large lexical miss (+): both foretell it, neither the other way."""
    judged = [_judged(i < 20, score_gap=float(i), lexical_miss=-float(i), top_score=-float(i)) for i in range(50)]
    evaluation = evaluate_signals(judged, repetitions=50)
    auc = {name: _skill(evaluation.signals[name]["no_relevant_at_5"]).auroc for name in ("score_gap", "lexical_miss")}
    assert auc == {"score_gap": 1, "lexical_miss": 1}
    assert _skill(evaluation.signals["top_score"]["no_relevant_at_5"]).auroc == 0
    assert _skill(evaluation.signals["score_gap"]["no_relevant_at_5"]).precision_of_riskiest == 1


def test_kendall_is_positive_for_a_signal_that_orders_queries_by_quality() -> None:
    """Of C(50, 2) = 1,225 pairs 20 * 30 = 600 differ in quality, all in the right order: 600 / sqrt(600 * 1225)."""
    judged = [_judged(i < 20, score_gap=float(i), lexical_miss=float(i), risk=1 - i / 50) for i in range(50)]
    tau = evaluate_signals(judged, repetitions=50).kendall_tau
    expected = 600 / (600 * 1225) ** 0.5
    assert (tau["score_gap"], tau["lexical_miss"], tau["risk"]) == pytest.approx((expected, -expected, expected))
    assert tau["risk_at_1"] is None


def test_a_kind_with_fewer_than_ten_failures_has_no_entry() -> None:
    for count in (MINIMUM_FAILURES - 1, MINIMUM_FAILURES):
        judged = [_judged(i < count, score_gap=float(i), risk=i / 50) for i in range(50)]
        evaluation = evaluate_signals(judged, repetitions=50)
        enough = count == MINIMUM_FAILURES
        assert all((evaluation.signals["score_gap"][kind] is not None) == enough for kind in FAILURE_KINDS)
        assert all((evaluation.risk[kind] is not None) == enough for kind in FAILURE_KINDS)


def test_a_kind_of_which_all_failed_has_no_entry() -> None:
    evaluation = evaluate_signals([_judged(True, score_gap=float(i)) for i in range(50)])
    assert evaluation.signals["score_gap"]["no_relevant_at_5"] is None
    assert evaluation.failure_rate["no_relevant_at_5"] == 1


def test_a_query_on_which_a_signal_abstained_counts_for_the_others_only() -> None:
    """The nine failures left to the gap are too few for it, and enough for nothing."""
    judged = [_judged(i < 12, regret=-float(i), **({} if i < 3 else {"score_gap": float(i)})) for i in range(50)]
    evaluation = evaluate_signals(judged, repetitions=50)
    assert _skill(evaluation.signals["regret"]["no_relevant_at_1"]).n == 50
    assert evaluation.signals["score_gap"]["no_relevant_at_1"] is None
    more = [*judged, *(_judged(True, score_gap=-1.0) for _ in range(5))]
    assert _skill(evaluate_signals(more, repetitions=50).signals["score_gap"]["no_relevant_at_1"]).n == 52


def test_the_kinds_are_told_apart() -> None:
    """Each kind's failures are other queries: 0-9, 10-24 and 25-49 of 50."""
    bounds = {"no_relevant_at_5": (0, 10), "no_relevant_at_1": (10, 25), "ndcg_below_half": (25, 50)}
    judged = [
        Judged({"regret": float(i)}, None, None, {}, {k: a <= i < b for k, (a, b) in bounds.items()}, 0.5)
        for i in range(50)
    ]
    evaluation = evaluate_signals(judged, repetitions=50)
    assert evaluation.failure_rate == pytest.approx(
        {"no_relevant_at_5": 0.2, "no_relevant_at_1": 0.3, "ndcg_below_half": 0.5}
    )
    auc = {kind: _skill(evaluation.signals["regret"][kind]).auroc for kind in FAILURE_KINDS}
    assert auc == pytest.approx({"no_relevant_at_5": 0, "no_relevant_at_1": 10 / 35, "ndcg_below_half": 1})


def test_each_risk_is_measured_by_itself() -> None:
    """The first is certain and right, the second knows only the rate, which has no skill and the rate for its area."""
    judged = [_judged(i < 20, risk=float(i < 20), risk_at_1=0.4) for i in range(50)]
    evaluation = evaluate_signals(judged, repetitions=50)
    right, level = evaluation.risk["no_relevant_at_5"], evaluation.risk_at_1["no_relevant_at_5"]
    assert right is not None
    assert level is not None
    assert (right.auroc, right.brier_skill, right.precision_of_riskiest) == (1, 1, 1)
    assert right.aurc == pytest.approx(sum(i / (30 + i) for i in range(1, 21)) / 50)
    assert (level.auroc, level.brier_skill, level.aurc) == pytest.approx((0.5, 0, 0.4))


def test_what_comes_out_is_the_json_that_the_contract_promises() -> None:
    """Every signal of the table is named, whether or not it ever had a value; no NaN anywhere."""
    judged = [_judged(i % 3 == 0, score_gap=float(i % 7), risk=i / 50) for i in range(50)]
    report = msgspec.json.decode(msgspec.json.encode(evaluate_signals(judged, repetitions=50)))
    assert set(report["signals"]) == set(SIGNALS)
    assert all(set(kinds) == set(FAILURE_KINDS) for kinds in report["signals"].values())
    assert {"auroc", "low", "high", "n"} <= set(report["signals"]["score_gap"]["no_relevant_at_5"])
    assert {"auroc", "low", "high", "n", "brier_skill", "aurc"} <= set(report["risk"]["no_relevant_at_5"])
    assert report["risk_at_1"] == dict.fromkeys(FAILURE_KINDS)
    assert report["signals"]["regret"] == dict.fromkeys(FAILURE_KINDS)
    assert None not in report["signals"]["score_gap"]["no_relevant_at_5"].values()
    assert None not in report["risk"]["no_relevant_at_5"].values()


def test_without_queries_nothing_is_said() -> None:
    evaluation = evaluate_signals([])
    assert evaluation.queries == 0
    assert evaluation.failure_rate == dict.fromkeys(FAILURE_KINDS)
    assert set(evaluation.kendall_tau.values()) == {None}
