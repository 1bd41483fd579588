from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise, permutations
from time import process_time

import ir_measures
import msgspec
import numpy as np
import pytest
from scipy.stats import binom, kendalltau, mannwhitneyu

from detectors.evaluate import (
    FAILURE_KINDS,
    MINIMUM_FAILURES,
    Judged,
    Skill,
    against_labels,
    auroc,
    auroc_interval,
    brier_skill,
    evaluate_signals,
    failures,
    graded,
    kendall_with,
    ndcg,
    precision_of_riskiest,
    risk_coverage,
)
from detectors.records import Assessment, Evidence, Weights
from detectors.signals import SIGNALS

# --- labels ---------------------------------------------------------------------------------------------------------


def test_ndcg_worked_by_hand() -> None:
    """Served 0, 2, 1 of a judged 2, 1, 1: (2 / log2 3 + 1 / log2 4) / (2 + 1 / log2 3 + 1 / log2 4)."""
    log3 = 1.584962500721156
    assert ndcg([0, 2, 1], [1, 2, 1]) == pytest.approx((2 / log3 + 1 / 2) / (2 + 1 / log3 + 1 / 2))


def test_ndcg_is_that_of_ir_measures_with_linear_gain() -> None:
    """Grades 0 to 3, unjudged documents served, more judged ones than ranks, lists of 1 to 30."""
    rng = np.random.default_rng(8)
    for depth in (5, 10):
        for _ in range(100):
            documents = [f"d{i}" for i in range(60)]
            qrels = {key: int(rng.integers(0, 4)) for key in rng.permutation(documents)[: rng.integers(1, 40)]}
            qrels["d0"] = 2
            served = rng.permutation(documents)[: rng.integers(1, 31)].tolist()
            run = {"q": {key: -float(rank) for rank, key in enumerate(served)}}
            truth = ir_measures.calc_aggregate([ir_measures.nDCG @ depth], {"q": qrels}, run)
            assert ndcg(graded(served, qrels), qrels.values(), depth) == pytest.approx(next(iter(truth.values())))


def test_ndcg_of_the_best_order_is_one_and_of_nothing_relevant_zero() -> None:
    assert ndcg([3, 2, 1], [1, 2, 3, 0]) == 1
    assert ndcg([0, 0], [1]) == 0
    assert ndcg([], [1]) == 0


def test_ndcg_is_undefined_without_a_relevant_document() -> None:
    assert np.isnan(ndcg([0, 0], [0, 0]))
    assert np.isnan(ndcg([0], []))


def test_a_grade_below_zero_gains_nothing() -> None:
    """TREC marks spam with -2: worse than useless, and still no negative gain."""
    assert ndcg([-2, 1], [-2, 1]) == pytest.approx(1 / 1.584962500721156)


def test_a_document_served_twice_is_found_once() -> None:
    """Else five servings of the one relevant document would make an nDCG above 1."""
    assert graded(["a", "a", "b", "a"], {"a": 1, "b": 2}) == [1, 0, 2, 0]


@pytest.mark.parametrize(
    ("grades", "at_5", "at_1"),
    [
        ([1, 0, 0, 0, 0], False, False),
        ([0, 0, 0, 0, 2], False, True),
        ([0, 0, 0, 0, 0, 2], True, True),  # the sixth comes too late
        ([-1, 0], True, True),
        ([], True, True),
    ],
)
def test_failures_at_5_and_at_1(grades: list[int], at_5: bool, at_1: bool) -> None:
    found = failures(grades, ndcg_at_10=0.9)
    assert (found["no_relevant_at_5"], found["no_relevant_at_1"]) == (at_5, at_1)


def test_ndcg_below_half_is_strictly_below() -> None:
    assert failures([1], 0.4999)["ndcg_below_half"] is True
    assert failures([1], 0.5)["ndcg_below_half"] is False


def _assessment(document_ids: tuple[str, ...]) -> Assessment:
    return Assessment(
        trace_id="t",
        span_id=None,
        timestamp=datetime(2026, 11, 23, tzinfo=UTC),
        pipeline="p",
        query_id="q",
        scenario="none",
        scenarios=(),
        weights=Weights(),
        risk=0.3,
        risk_at_1=0.4,
        drivers=(),
        signals={"score_gap": 0.1},
        abstentions={},
        evidence=Evidence(),
        versions={},
        document_ids=document_ids,
        attributes={},
        query=None,
    )


def test_an_assessment_beside_its_labels() -> None:
    """The only relevant document at rank 2: nDCG = 1 / log2 3 = .63."""
    judged = against_labels(_assessment(("b", "a")), {"a": 1, "c": 0})
    assert judged is not None
    assert judged.failures == {"no_relevant_at_5": False, "no_relevant_at_1": True, "ndcg_below_half": False}
    assert judged.ndcg_at_10 == pytest.approx(0.6309297535714575)
    assert (judged.signals, judged.risk, judged.risk_at_1) == ({"score_gap": 0.1}, 0.3, 0.4)


def test_a_query_on_which_nobody_could_succeed_is_not_judged() -> None:
    assert against_labels(_assessment(("b",)), {"b": 0}) is None
    assert against_labels(_assessment(("b",)), {}) is None


# --- AUROC ----------------------------------------------------------------------------------------------------------


def _ranked(n: int, seed: int, levels: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """A signal with many ties that knows something of who failed."""
    rng = np.random.default_rng(seed)
    failed = rng.random(n) < 0.3
    return rng.integers(0, levels, n) + failed * rng.integers(0, 3, n), failed


def test_auroc_worked_by_hand() -> None:
    """Failed .9 and .4 against .4 and .1: three pairs right and one tie of four."""
    assert auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False]) == 3.5 / 4
    assert auroc([0.1, 0.9], [True, False]) == 0
    assert auroc([3, 3, 3], [True, False, True]) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_auroc_is_the_mann_whitney_u_over_all_pairs(seed: int) -> None:
    signal, failed = _ranked(200, seed)
    u = mannwhitneyu(signal[failed], signal[~failed]).statistic
    assert auroc(signal, failed) == pytest.approx(u / (failed.sum() * (~failed).sum()))


@pytest.mark.parametrize("failed", [[], [True, True], [False, False]])
def test_auroc_is_undefined_where_a_class_is_empty(failed: list[bool]) -> None:
    signal = list(range(len(failed)))
    assert np.isnan(auroc(signal, failed))
    assert np.isnan(auroc_interval(signal, failed)).all()


@pytest.mark.parametrize("levels", [6, 10_000], ids=["ties", "no ties"])
def test_the_interval_is_that_of_a_plain_bootstrap(levels: int) -> None:
    """Queries drawn one by one and each draw's AUROC from scipy; two bootstraps differ by their own chance only."""
    signal, failed = _ranked(120, 1, levels)
    rng = np.random.default_rng(99)
    values = []
    for _ in range(3000):
        drawn = rng.integers(0, len(signal), len(signal))
        s, f = signal[drawn], failed[drawn]
        values.append(mannwhitneyu(s[f], s[~f], method="asymptotic").statistic / (f.sum() * (~f).sum()))
    expected = np.quantile(values, [0.025, 0.975])
    assert auroc_interval(signal, failed, 3000) == pytest.approx(expected, abs=0.01)


def test_the_interval_holds_the_true_auroc_about_as_often_as_it_says() -> None:
    """Signals are binomial, of 4 trials at .6 for failures and at .4 for others, so the true AUROC can be summed."""
    values = np.arange(5)
    truth = float(binom.pmf(values, 4, 0.6) @ (binom.cdf(values - 1, 4, 0.4) + binom.pmf(values, 4, 0.4) / 2))
    rng = np.random.default_rng(12)
    held = 0
    for seed in range(300):
        failed = rng.random(200) < 0.25
        low, high = auroc_interval(rng.binomial(4, np.where(failed, 0.6, 0.4)), failed, 400, seed=seed)
        held += low <= truth <= high
    assert 0.91 <= held / 300 <= 0.99


def test_the_interval_depends_on_nothing_but_input_and_seed() -> None:
    signal, failed = _ranked(80, 3)
    order = np.random.default_rng(0).permutation(80)
    assert auroc_interval(signal, failed, seed=1) == auroc_interval(signal[order], failed[order], seed=1)
    assert auroc_interval(signal, failed, seed=1) == auroc_interval(10 * signal - 3, failed, seed=1)
    assert auroc_interval(signal, failed, seed=1) != auroc_interval(signal, failed, seed=2)


def test_draws_without_a_failure_are_left_out() -> None:
    """One failure of four, rightly on top: a third of the draws lack it, and in all others the AUROC is 1."""
    assert auroc_interval([1.0, 2.0, 3.0, 4.0], [False, False, False, True]) == (1, 1)


def test_the_interval_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many queries are drawn in small blocks, so that memory stays bounded; the draws are the same."""
    signal, failed = _ranked(60, 4)
    whole = auroc_interval(signal, failed, 200)
    monkeypatch.setattr("detectors.evaluate._BLOCK", 1)
    assert auroc_interval(signal, failed, 200) == whole


def test_a_thousand_draws_of_500_queries_take_less_than_half_a_second() -> None:
    signal, failed = _ranked(500, 5, levels=10_000)
    start = process_time()
    auroc_interval(signal, failed)
    assert process_time() - start < 0.5


# --- correlation, coverage, calibration -----------------------------------------------------------------------------


def test_kendall_is_scipys() -> None:
    signal, failed = _ranked(90, 6)
    quality = 1 - failed * 0.5
    assert kendall_with(signal, quality) == pytest.approx(kendalltau(signal, quality).statistic)
    assert kendall_with(signal, quality) < 0


@pytest.mark.parametrize(("values", "quality"), [([], []), ([1], [1]), ([1, 1], [0, 1]), ([0, 1], [1, 1])])
def test_kendall_is_undefined_without_an_order(values: list[float], quality: list[float]) -> None:
    assert np.isnan(kendall_with(values, quality))


RISK = [0.2, 0.5, 0.5, 0.5, 0.8, 0.8]
FAILED = [False, True, False, False, True, False]


def _orders() -> Iterator[list[bool]]:
    """The failures by rising risk, in every order that the ties of `RISK` allow."""
    for order in permutations(range(len(RISK))):
        if all(RISK[a] <= RISK[b] for a, b in pairwise(order)):
            yield [FAILED[i] for i in order]


def test_risk_coverage_worked_by_hand() -> None:
    """By rising risk: kept, failed, kept, failed. Failure rates 0, 1/2, 1/3, 2/4; their mean is 1/3."""
    curve = risk_coverage([0.8, 0.1, 0.6, 0.3], [True, False, False, True])
    assert curve.coverage == pytest.approx([0.25, 0.5, 0.75, 1])
    assert curve.failure_rate == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert curve.area == pytest.approx(1 / 3)


def test_risk_coverage_with_ties_is_the_mean_over_all_their_orders() -> None:
    curves = [np.cumsum(order) / np.arange(1, 7) for order in _orders()]
    assert len(curves) == 12  # 3! * 2!
    curve = risk_coverage(RISK, FAILED)
    assert curve.failure_rate == pytest.approx(np.mean(curves, axis=0))
    assert curve.area == pytest.approx(np.mean(curves))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 1.0])
def test_precision_of_the_riskiest_with_ties_is_the_mean_over_all_their_orders(share: float) -> None:
    count = {0.1: 1, 0.5: 3, 0.7: 4, 1.0: 6}[share]
    expected = np.mean([order[-count:] for order in _orders()])
    assert precision_of_riskiest(RISK, FAILED, share) == pytest.approx(expected)


def test_the_riskiest_tenth_of_thirty_is_three() -> None:
    """.1 * 30 is a little more than 3 in floating point."""
    assert precision_of_riskiest(list(range(30)), [False] * 27 + [True] * 3) == 1


def test_the_order_of_the_input_does_not_matter() -> None:
    risk, failed = (np.array(column) for column in (RISK, FAILED))
    order = np.array([5, 2, 0, 3, 4, 1])
    assert risk_coverage(risk[order], failed[order]).area == pytest.approx(risk_coverage(risk, failed).area)
    assert precision_of_riskiest(risk[order], failed[order]) == precision_of_riskiest(risk, failed)


def test_a_risk_that_knows_nothing_has_the_failure_rate_for_area_and_precision() -> None:
    assert risk_coverage([0.4] * 8, [True, False] * 4).area == pytest.approx(0.5)
    assert precision_of_riskiest([0.4] * 8, [True, False] * 4) == 0.5


def test_without_queries_there_is_no_area_and_no_precision() -> None:
    assert np.isnan(risk_coverage([], []).area)
    assert np.isnan(precision_of_riskiest([], []))


def test_brier_skill_worked_by_hand() -> None:
    """Errors .2, .2, .4, .1 squared are .04 + .04 + .16 + .01 = .25 of 4; the constant 1/4 has 3/16: 1 - 1/3."""
    assert brier_skill([0.8, 0.2, 0.4, 0.1], [True, False, False, False]) == pytest.approx(2 / 3)


def test_brier_skill_of_the_observed_rate_is_zero_of_certainty_one_and_of_a_wrong_level_negative() -> None:
    failed = [True, False, False, False]
    assert brier_skill([0.25] * 4, failed) == pytest.approx(0)
    assert brier_skill(failed, failed) == 1
    assert brier_skill([0.75] * 4, failed) == pytest.approx(1 - (0.0625 + 3 * 0.5625) / 4 / (3 / 16))


@pytest.mark.parametrize("failed", [[], [True, True], [False, False]])
def test_brier_skill_is_undefined_where_a_class_is_empty(failed: list[bool]) -> None:
    assert np.isnan(brier_skill([0.5] * len(failed), failed))


# --- the whole ------------------------------------------------------------------------------------------------------


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
