"""What the demo says of a fault."""

import pytest

from detectors.estimate import Difference
from monitor.demo.faults import FAULTS
from monitor.demo.stack import Truth
from monitor.demo.verdict import Verdict
from monitor.demo.view import Act, Scene, plain_line
from tests.monitor.kit import assessment

LOSS = Difference(before=0.4, after=0.6, low=0.1, high=0.3, standardised=0.9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Difference(0.8, 0.7, -0.15, -0.05, -0.5), "retrieval got worse: estimated hit@5 -0.100"),
        (Difference(0.8, 0.79, -0.05, 0.03, -0.1), "retrieval got worse: estimated hit@5 -0.010"),
        (Difference(0.7, 0.8, 0.05, 0.15, 0.5), "the evidence disagrees on how: estimated hit@5 +0.100"),
    ],
)
def test_an_estimate_that_rose_is_not_called_worse(change: Difference, said: str) -> None:
    """Scores on another scale raise the estimate while other signals fall: that is said, not hidden."""
    verdict = Verdict(change, {"lexical_miss": LOSS})
    acts = [Act(name, 0, Truth()) for name in ("learning", "healthy", "broken")]
    scene = Scene(FAULTS["hub_documents"], acts, [assessment("a")], 0, None, [], verdict, "http://127.0.0.1")
    assert said in plain_line(scene)
    assert "lexical_miss 0.40 to 0.60" in plain_line(scene)
