"""The scoreboard's figures are those of the ratings that it was computed from."""

import numpy as np
import pytest

from detectors.labels import FAILURE_KINDS
from detectors.outcomes import BASELINES, LEVELS, RISKS
from detectors.skill import auroc, brier_skill
from monitor.evaluating.assessing import Assessed
from monitor.evaluating.figures import Board
from monitor.evaluating.rating import Ratings, rate_all
from monitor.evaluating.results import ALL, Scoreboard
from monitor.evaluating.variants import FULL
from tests.labelled import write_collections
from tests.monitor.evaluating.kit import assess, table_scorer

KIND = "no_relevant_at_5"


@pytest.fixture(scope="module")
def assessed(tmp_path_factory: pytest.TempPathFactory) -> list[Assessed]:
    return assess(write_collections(tmp_path_factory.mktemp("three")), table_scorer())


@pytest.fixture(scope="module")
def ratings(assessed: list[Assessed]) -> Ratings:
    return rate_all(assessed)


@pytest.fixture(scope="module")
def board(assessed: list[Assessed], ratings: Ratings) -> Scoreboard:
    return Board(assessed, ratings, 50, 0).scoreboard("three", "table")


def areas(ratings: Ratings, name: str, kind: str, recording: str | None = None) -> list[float]:
    some = [of for of in ratings.main if recording in (None, of.recording)]
    return [auroc(of.predictors[name], of.failed[kind]) for of in some]


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_figures_by_recording_and_their_means(board: Scoreboard, ratings: Ratings, kind: str) -> None:
    for name in (RISKS[kind], "score_gap", "lexical_rbo"):
        expected = areas(ratings, name, kind)
        found = [r.auroc[kind][name] for r in board.recordings]
        assert [figure.value for figure in found if figure is not None] == pytest.approx(expected)
        for group, recording in ((ALL, None), ("traces", "traces"), ("traces.e5", "traces.e5")):
            mean = board.means[group][kind][name]
            assert mean is not None
            assert mean.value == pytest.approx(np.mean(areas(ratings, name, kind, recording)))
            assert mean.low <= mean.value <= mean.high


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_the_advantage_is_over_the_best_baseline(board: Scoreboard, ratings: Ratings, kind: str) -> None:
    """Nothing abstained here but what does so everywhere, so a difference of means is the mean of differences."""
    means = {name: np.mean(areas(ratings, name, kind)) for name in BASELINES}
    best = max(means, key=means.__getitem__)
    gain = board.advantage[ALL][kind][best]
    assert board.best_baseline[kind] == best
    assert gain is not None
    assert gain.value == pytest.approx(np.mean(areas(ratings, RISKS[kind], kind)) - means[best])
    assert all((found := r.advantage[kind]) is not None and np.isfinite(found.value) for r in board.recordings)


def test_the_retrievers_are_compared_collection_by_collection(board: Scoreboard, ratings: Ratings) -> None:
    [found] = [d for d in board.retriever_differences if d.kind == KIND]
    assert (found.one, found.other) == ("traces.e5", "traces")
    expected = np.subtract(areas(ratings, "risk", KIND, "traces.e5"), areas(ratings, "risk", KIND, "traces"))
    assert [found.by_collection[name].value for name in "abc"] == pytest.approx(expected)
    assert found.mean is not None
    assert found.mean.value == pytest.approx(expected.mean())


@pytest.mark.parametrize("kind", LEVELS)
def test_a_scheme_has_the_skills_of_its_own_ratings(board: Scoreboard, ratings: Ratings, kind: str) -> None:
    assert list(board.schemes) == list(ratings.schemes)
    for scheme, some in ratings.schemes.items():
        skills = board.schemes[scheme][kind]
        assert skills.brier_skill is not None
        assert skills.level is not None
        assert skills.brier_skill.value == pytest.approx(
            np.mean([brier_skill(of.predictors[RISKS[kind]], of.failed[kind]) for of in some])
        )
        errors = [of.predictors[RISKS[kind]].mean() - of.failed[kind].mean() for of in some]
        assert skills.level.mean_absolute == pytest.approx(np.mean(np.abs(errors)))


def test_a_variant_is_held_against_all_evidence(board: Scoreboard, ratings: Ratings) -> None:
    assert board.variants[FULL.name][KIND].less is None
    for variant, some in ratings.variants.items():
        found = board.variants[variant.name][KIND]
        assert found.skills.auroc is not None
        assert found.skills.auroc.value == pytest.approx(
            np.mean([auroc(o.predictors["risk"], o.failed[KIND]) for o in some])
        )
        if found.less is not None:
            assert found.less.value == pytest.approx(found.skills.auroc.value - np.mean(areas(ratings, "risk", KIND)))
            assert found.abstained == 0


def test_a_query_counts_in_the_scenarios_of_its_words(board: Scoreboard, ratings: Ratings) -> None:
    """The questions here show none: `none` is all, and there is nothing else."""
    assert set(board.scenarios) == {"none", "all"}
    found = board.scenarios["none"][KIND]
    assert (found.traces, found.failures) == (432, sum(int(of.failed[KIND].sum()) for of in ratings.main))
    assert found == board.scenarios["all"][KIND]
    assert found.bias is not None
    risks, failed = (
        np.concatenate(c) for c in zip(*((o.predictors["risk"], o.failed[KIND]) for o in ratings.main), strict=True)
    )
    assert found.bias.value == pytest.approx(risks.mean() - failed.mean())


def test_abstentions_are_counted_with_their_reasons(board: Scoreboard) -> None:
    """No calibration belongs to the scorer of the tests."""
    assert board.abstentions["none_relevant"].reasons == {"no_calibration": 432}
    assert board.abstentions["risk"].share == 0
    assert board.abstentions["risk"].failed_abstained is None
    assert board.abstentions["none_relevant"].failed_known is None


def test_the_same_input_gives_the_same_figures(assessed: list[Assessed], ratings: Ratings, board: Scoreboard) -> None:
    assert Board(assessed, ratings, 50, 0).scoreboard("three", "table") == board
    assert Board(assessed, ratings, 50, 1).scoreboard("three", "table") != board
