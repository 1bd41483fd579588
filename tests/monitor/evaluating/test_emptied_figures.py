"""Nothing to find against what succeeded before, worked by hand."""

import numpy as np
import pytest

from detectors.outcomes import BASELINES
from monitor.evaluating.emptied_figures import emptied_figures, exceeding
from tests.detectors.test_outcomes import NAN, columns, draws


def test_a_share_of_the_intact_exceeds_its_own_limit_whatever_ties() -> None:
    for values in (np.linspace(0, 1, 57), np.repeat([0.1, 0.8], [40, 17]), np.full(30, 0.5)):
        assert exceeding(values, values, 0.1).mean() == pytest.approx(0.1)
    assert exceeding(np.array([0.9]), np.full(30, 0.5), 0.1).tolist() == [1]
    assert exceeding(np.array([0.1]), np.full(30, 0.5), 0.1).tolist() == [0]


def test_figures_worked_by_hand() -> None:
    """Risks .8 for ten that failed and .2 for thirty that did not; emptied, .9 for thirty and .1 for ten. Of 40 * 30
    pairs 30 * 30 are right: .75. The 90th percentile is .8, which .9 is above.
    """
    signals = dict.fromkeys(BASELINES, [0.0] * 40)
    intact = columns([True] * 10 + [False] * 30, risk=[0.8] * 10 + [0.2] * 30, **signals)
    emptied = columns([True] * 40, risk=[0.9] * 30 + [0.1] * 10, **signals)
    found = emptied_figures([intact], [emptied], [7], "no_relevant_at_5", {"a": draws(40)}, 0)
    [one] = found.recordings
    assert one.auroc["risk"] is not None
    assert one.auroc["top_score"] is not None
    assert one.above is not None
    assert (one.auroc["risk"].value, one.auroc["top_score"].value, one.above.value) == (0.75, 0.5, 0.75)
    means = (one.risk_emptied, one.risk_intact, one.risk_successes)
    assert means == pytest.approx(((30 * 0.9 + 1) / 40, (8 + 6) / 40, 0.2))
    assert (one.queries, one.short) == (40, 7)
    assert found.above is not None
    assert found.above.low < 0.75 < found.above.high


def test_a_risk_that_abstained_everywhere_has_no_figures() -> None:
    signals = dict.fromkeys(BASELINES, [0.0] * 40)
    silent = columns([True] * 10 + [False] * 30, risk=[NAN] * 40, **signals)
    found = emptied_figures([silent], [silent], [0], "no_relevant_at_5", {"a": draws(40)}, 0)
    assert (found.auroc["risk"], found.above, found.recordings[0].risk_emptied) == (None, None, None)
