"""Ratings are the production path's, with priors that have not seen what they rate."""

from pathlib import Path

import numpy as np
import pytest

from detectors.held_out import OTHER_COLLECTIONS
from detectors.prior_fit import fit_prior
from detectors.risk import shipped_prior
from monitor.assess import rate
from monitor.evaluating.rating import Ratings, rate_all, recorded
from monitor.evaluating.results import SHIPPED
from monitor.evaluating.variants import FULL
from monitor.recording import SELF, References
from tests.labelled import GOOD, QUERIES, write_collection, write_collections
from tests.monitor.evaluating.kit import assess, table_scorer


def rated(folder: Path) -> Ratings:
    return rate_all(assess(folder, table_scorer()))


def falsify(directory: Path) -> None:
    """Other labels: the good ones failed, all others found what they need at once."""
    wrong = [f"q{i}\t{f'answer{(i + 1) % QUERIES}' if i in GOOD else f'noise{i}-0'}\t1\n" for i in range(QUERIES)]
    (directory / "qrels" / "test.tsv").write_text("".join(wrong))


def test_the_labels_of_a_collection_do_not_reach_its_own_risks(tmp_path: Path) -> None:
    """With the labels of `a` falsified, the risks of `a` stay what they were, to the last digit, in every variant and
    with nothing to find; those of the others change, so the labels do count where they may.
    """
    write_collections(tmp_path)
    before = rated(tmp_path)
    falsify(tmp_path / "a")
    after = rated(tmp_path)
    assert before.scheme == after.scheme == OTHER_COLLECTIONS
    for variant, some in before.variants.items():
        for one, other in zip(some, after.variants[variant], strict=True):
            for risk in ("risk", "risk_at_1"):
                same = np.array_equal(one.predictors[risk], other.predictors[risk], equal_nan=True)
                assert same == (one.collection == "a"), (variant.name, one.collection, risk)
    assert (before.main[0].failed["no_relevant_at_1"] != after.main[0].failed["no_relevant_at_1"]).any()


def test_the_risks_are_those_of_the_production_path(tmp_path: Path) -> None:
    """Fit on the other two, normalise against the recording itself, rate: by hand. With nothing to find too: against
    a reference of their own such traces would look like ordinary traffic.
    """
    assessed = assess(write_collections(tmp_path), table_scorer())
    ratings = rate_all(assessed)
    prior = fit_prior([recorded(one) for one in assessed if one.collection != "a"], "by hand")
    unrated = [assessment for assessment, _ in assessed[0].variants[FULL]]
    references = References(SELF, unrated, depth=lambda _: FULL.depth)
    assert references.versions == [SELF]
    for found, some in ((ratings.main[0], unrated), (ratings.emptied[0], [a for a, _ in assessed[0].emptied])):
        expected = [rate(assessment, references.of(assessment.pipeline), prior).risk for assessment in some]
        assert found.predictors["risk"].tolist() == expected


def test_the_risk_is_high_where_nothing_is_to_be_found(tmp_path: Path) -> None:
    ratings = rated(write_collections(tmp_path))
    for intact, emptied in zip(ratings.main, ratings.emptied, strict=True):
        assert (emptied.queries == intact.queries).all()
        assert emptied.predictors["risk"].mean() > intact.predictors["risk"].mean() + 0.1


@pytest.mark.parametrize("names", ["a", "a b"])
def test_few_collections_are_rated_with_the_shipped_prior(tmp_path: Path, names: str) -> None:
    assessed = assess(write_collections(tmp_path, names), table_scorer())
    ratings = rate_all(assessed)
    assert (ratings.scheme, list(ratings.schemes)) == (SHIPPED, [SHIPPED])
    unrated = [assessment for assessment, _ in assessed[0].variants[FULL]]
    references = References(SELF, unrated, depth=lambda _: FULL.depth)
    expected = [rate(assessment, references.of(assessment.pipeline), shipped_prior()).risk for assessment in unrated]
    assert ratings.main[0].predictors["risk"].tolist() == expected


def test_a_short_recording_is_seen_against_the_reference_of_its_prior(tmp_path: Path) -> None:
    """24 traces are too few for a reference of their own; none is fitted on them, and the shipped one stays out."""
    write_collection(write_collections(tmp_path, "a b c", "traces") / "d")
    assessed = assess(tmp_path, table_scorer())
    prior = fit_prior([recorded(one) for one in assessed if one.collection != "d"], "by hand")
    expected = [rate(assessment, prior.common, prior).risk for assessment, _ in assessed[3].variants[FULL]]
    ratings = rate_all(assessed)
    assert ratings.main[3].predictors["risk"].tolist() == expected
    without = rate_all(assessed[:3])
    for one, other in zip(ratings.main[:3], without.main, strict=True):
        assert one.predictors["risk"].tolist() == other.predictors["risk"].tolist()


def test_one_retriever_cannot_be_left_out(tmp_path: Path) -> None:
    assert list(rated(write_collections(tmp_path, "a b c", "traces")).schemes) == [OTHER_COLLECTIONS, SHIPPED]
