"""A scorer that loads behind the back of the traffic."""

import time
from collections.abc import Callable
from threading import Event

import numpy as np
import pytest

from detectors.measures.base import PairScorer
from monitor.errors import LeadlineError
from monitor.providers.background import BackgroundScorer, ScorerUnavailable
from tests.monitor.kit import LengthScorer, wait_for

PAIRS = [("q", "a passage"), ("q", "another")]


def started(load: Callable[[], PairScorer], patience_seconds: float = 10.0) -> BackgroundScorer:
    scorer = BackgroundScorer("model", load, patience_seconds=patience_seconds)
    scorer.start()
    return scorer


def test_whoever_asks_while_it_loads_waits_for_it() -> None:
    """Starting takes no time; the first score takes what loading takes."""
    release = Event()

    def load() -> PairScorer:
        assert release.wait(5)
        return LengthScorer()

    asked: list[int] = []
    scorer = BackgroundScorer("model", load, on_pairs=asked.append)
    scorer.start()
    assert scorer.status == "loading"
    release.set()
    assert np.isfinite(scorer.score(PAIRS)).all()
    assert (scorer.status, asked) == ("ready", [2])
    scorer.close()


def test_a_model_that_cannot_be_loaded_abstains_at_once() -> None:
    """And says so to whoever counts."""
    results: list[bool] = []

    def load() -> PairScorer:
        raise LeadlineError("no such model")

    scorer = BackgroundScorer("model", load, on_result=results.append)
    scorer.start()
    wait_for(lambda: scorer.status == "unavailable")
    with pytest.raises(ScorerUnavailable):
        scorer.score(PAIRS)
    assert results == [False]
    scorer.close()


def test_patience_has_an_end() -> None:
    """A download that hangs does not hold the traffic for ever, and nobody waits twice."""
    release = Event()

    def load() -> PairScorer:
        release.wait(5)
        return LengthScorer()

    scorer = started(load, patience_seconds=0.05)
    with pytest.raises(ScorerUnavailable):
        scorer.score(PAIRS)
    began = time.monotonic()
    with pytest.raises(ScorerUnavailable):
        scorer.score(PAIRS)
    assert time.monotonic() - began < 0.04
    release.set()
    wait_for(lambda: scorer.status == "ready")
    assert len(scorer.score(PAIRS)) == 2
    scorer.close()


def test_closing_lets_whoever_waits_go() -> None:
    """A shutdown does not wait for a model."""
    release = Event()

    def load() -> PairScorer:
        release.wait(5)
        return LengthScorer()

    scorer = started(load)
    scorer.close()
    with pytest.raises(ScorerUnavailable):
        scorer.score(PAIRS)
    release.set()
