"""The map from the prior's risk to a pipeline's own."""

import msgspec
import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from detectors.records import Rated, Risk
from detectors.risk_calibration import (
    MINIMUM_LABELS,
    Label,
    RiskCalibration,
    RiskMap,
    fit_map,
    fit_risk,
    held_out,
)

FREE = {"slope_sd": 1e4, "shift_sd": 1e4}
GRID = np.linspace(0.0, 1.0, 101)


def labels(count: int, *, slope: float = 1.0, shift: float = 0.0, seed: int = 0, middle: float = -1.5) -> list[Label]:
    """Traces of a pipeline that lies so far from the prior."""
    rng = np.random.default_rng(seed)
    x = rng.normal(middle, 1.0, count)
    failed = rng.random(count) < expit(slope * x + shift)
    return [Label(float(risk), bool(y)) for risk, y in zip(expit(x), failed, strict=True)]


def curve(found: RiskMap) -> list[float]:
    return [found.at(risk) for risk in GRID]


def test_without_a_penalty_it_is_logistic_regression() -> None:
    """As scikit-learn fits it on the same logits, weights and all."""
    given = [label._replace(weight=1.0 + i % 3) for i, label in enumerate(labels(400, slope=1.4, shift=-0.6))]
    risks, failed, weights = np.array(given).T
    peer = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(risks)[:, None], failed, sample_weight=weights)
    found = fit_map(given, **FREE)
    assert (found.slope, found.intercept) == (
        pytest.approx(peer.coef_.item(), abs=2e-3), pytest.approx(peer.intercept_.item(), abs=2e-3)
    )  # fmt: skip


def test_few_labels_move_little_and_many_all_the_way() -> None:
    """A pipeline that fails far more often than the prior says."""
    moved = [
        np.mean([fit_map(labels(count, shift=1.5, seed=seed)).at(0.18) for seed in range(20)])
        for count in (1, 10, 40, 4000)
    ]
    assert moved == sorted(moved)
    assert 0.18 < moved[0] < 0.3
    assert moved[-1] == pytest.approx(expit(logit(0.18) + 1.5), abs=0.02)


def test_one_label_of_each_kind_leaves_the_prior_nearly_as_it_is() -> None:
    few = fit_map([Label(0.5, True), Label(0.5, False)])
    assert (few.slope, few.intercept) == (pytest.approx(1.0, abs=1e-3), pytest.approx(0.0, abs=1e-3))


def test_it_never_falls_even_where_the_labels_do() -> None:
    """The risky ones succeeded, the others failed: the slope stops at 0, and all have the same risk."""
    upside_down = [Label(0.9, False)] * 200 + [Label(0.1, True)] * 100
    found = fit_map(upside_down)
    assert found.slope == 0
    assert curve(found) == pytest.approx([1 / 3] * len(GRID), abs=0.01)


@pytest.mark.parametrize("failed", [False, True])
def test_labels_of_one_outcome_only_are_labels_too(failed: bool) -> None:
    found = fit_map([Label(risk, failed) for risk in np.linspace(0.05, 0.6, 40)])
    assert curve(found) == sorted(curve(found))
    assert (found.at(0.3) > 0.3) == failed
    assert 0.005 < found.at(0.3) < 0.995
    assert found.level_error > 0.01


def test_risks_of_0_and_1_have_a_place_on_it() -> None:
    found = fit_map([Label(0.0, False), Label(1.0, True)] * 20)
    assert 0 < found.at(0.0) < 0.01
    assert 0.99 < found.at(1.0) < 1


def test_a_map_too_steep_for_a_float_stays_within_0_and_1() -> None:
    steep = RiskMap(slope=1e300, intercept=0.0, level_error=0.0, labels=1, failed=0)
    assert (steep.at(0.4), steep.at(0.6)) == (0.0, 1.0)


def test_a_sample_drawn_with_unequal_probability_is_weighted() -> None:
    """Failures labelled four times as often as the rest, with a quarter of the weight: the rate comes out right."""
    population = labels(4000, shift=0.5, seed=3)
    rng = np.random.default_rng(4)
    drawn = [
        label._replace(weight=1.0 if label.failed else 4.0)
        for label in population
        if rng.random() < (0.4 if label.failed else 0.1)
    ]
    weighted, plain = fit_map(drawn), fit_map([label._replace(weight=1.0) for label in drawn])
    truth = np.mean([label.failed for label in population])
    means = [np.mean([found.at(label.risk) for label in population]) for found in (weighted, plain)]
    assert means[0] == pytest.approx(truth, abs=2 * weighted.level_error)
    assert means[1] > truth + 0.15
    assert weighted.level_error > plain.level_error


def test_the_scale_of_the_weights_says_nothing() -> None:
    given = labels(40)
    assert fit_map(given) == fit_map([label._replace(weight=500.0) for label in given])


def test_the_level_error_is_what_the_level_is_off_by() -> None:
    """Pipelines drawn around the prior as the penalties say: 95% of the intervals hold the true rate, with few labels
    and with many.
    """
    rng = np.random.default_rng(7)
    for count in (20, 80):
        inside = []
        for seed in range(300):
            # with the mean logit at -1.5, the shift at the labels' mean is `shift`, whatever the slope
            slope, shift = max(0.0, rng.normal(1, 0.5)), rng.normal(0, 1)
            made = labels(count + 3000, slope=slope, shift=shift + (1 - slope) * -1.5, seed=seed)
            found = fit_map(made[:count])
            rest = made[count:]
            estimated, true = np.mean([found.at(x.risk) for x in rest]), np.mean([x.failed for x in rest])
            inside.append(abs(estimated - true) < 1.96 * np.hypot(found.level_error, 0.008))
        assert 0.91 < np.mean(inside) < 0.99


def test_what_is_held_out_was_not_seen() -> None:
    """Labels by the toss of a coin: maps that had seen them would look better than the toss."""
    rng = np.random.default_rng(0)
    toss = [Label(float(rng.random()), bool(rng.random() < 0.5)) for _ in range(60)]
    failed = np.array([label.failed for label in toss])
    seen = np.array([fit_map(toss).at(label.risk) for label in toss])
    assert np.square(held_out(toss) - failed).mean() > np.square(seen - failed).mean()


def calibration(seed: int = 0) -> RiskCalibration:
    at_5, at_1 = labels(40, shift=-1, seed=seed), labels(30, shift=1, seed=seed + 1)
    return fit_risk(at_5, at_1, pipeline="shop", prior="p", scorer="s", bases={"score": 40})


def test_each_kind_of_failure_has_its_own_map() -> None:
    found = calibration()
    risk = Risk(Rated(0.3, 0.1), Rated(0.3, 0.12), "score", ("score_gap",))
    applied = found.applied(risk)
    assert applied.at_5 == Rated(found.at_5.at(0.3), found.at_5.level_error)
    assert applied.at_1 == Rated(found.at_1.at(0.3), found.at_1.level_error)
    assert applied.at_5.probability < 0.3 < applied.at_1.probability
    assert applied.at_5.level_error < 0.1
    assert (applied.basis, applied.drivers) == ("score", ("score_gap",))
    assert (found.at_5.labels, found.at_1.labels) == (40, 30)


def test_on_other_evidence_than_the_labels_had_its_level_is_less_sure() -> None:
    """By half of what the prior does not know there; the risk itself is mapped all the same."""
    found = calibration()
    seen, unseen = (
        found.applied(Risk(Rated(0.3, 0.08), Rated(0.3, 0.08), basis, ())) for basis in ("score", "lexical")
    )
    assert unseen.at_5.probability == seen.at_5.probability
    assert unseen.at_5.level_error == pytest.approx(np.hypot(seen.at_5.level_error, 0.04))


def test_the_version_is_of_what_it_says() -> None:
    assert calibration().version == calibration().version
    assert calibration().version != calibration(seed=5).version


def test_a_file_of_it_is_the_same_again() -> None:
    found = calibration()
    assert msgspec.json.decode(msgspec.json.encode(found), type=RiskCalibration) == found


@pytest.mark.parametrize(("at_5", "at_1"), [(MINIMUM_LABELS - 1, 40), (40, MINIMUM_LABELS - 1)])
def test_too_few_labels_are_refused(at_5: int, at_1: int) -> None:
    with pytest.raises(ValueError, match="expected at least 20 labelled traces, got 19"):
        fit_risk(labels(at_5), labels(at_1), pipeline="shop", prior="p", scorer="s", bases={})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({"slope": -0.1}, "slope: expected 0 or more"), ({"level_error": -0.1}, "level_error: expected 0 or more")],
)
def test_a_map_that_cannot_be_is_refused(changed: dict[str, float], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        RiskMap(**{"slope": 1.0, "intercept": 0.0, "level_error": 0.1, "labels": 40, "failed": 4, **changed})  # type: ignore[arg-type]
