"""A scorer that loads in the background, so that nothing waits for a model before it is needed."""

import time
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from detectors.measures.base import PairScorer
from monitor.backoff import Backoff
from monitor.errors import LeadlineError
from monitor.logs import describe

log = structlog.get_logger()

PATIENCE_SECONDS = 120.0
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 60.0, 900.0


class ScorerUnavailable(Exception):  # noqa: N818 - the measure that asked abstains, nothing breaks
    """There is no model to score with just now."""


class BackgroundScorer:
    """`PairScorer` around one that takes long to load. Traces that come meanwhile wait, within reason, then abstain.

    A model that cannot be loaded is tried again after a minute, then more and more seldom.

    Parameters
    ----------
    load
        Gives the scorer, ready to score.
    on_pairs
        Hears how many pairs are asked for, before they are scored.
    on_result
        Hears whether a load worked.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], PairScorer],
        *,
        on_pairs: Callable[[int], None] = lambda _: None,
        on_result: Callable[[bool], None] = lambda _: None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.name = name
        self._load = load
        self._on_pairs = on_pairs
        self._on_result = on_result
        self._patience = patience_seconds
        self._changed = Condition()
        self._scorer: PairScorer | None = None
        self._failed = self._closed = False
        self._thread = Thread(target=self._run, name="scorer load", daemon=True)

    def start(self) -> None:
        """Begin to load."""
        self._thread.start()

    @property
    def status(self) -> Literal["ready", "loading", "unavailable"]:
        """How far it is."""
        if self._scorer is not None:
            return "ready"
        return "unavailable" if self._failed else "loading"

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """As the scorer inside does.

        Raises
        ------
        ScorerUnavailable
            Where it could not be loaded so far, or takes too long.
        """
        if not pairs:
            return np.empty(0)
        scorer = self._wait()
        self._on_pairs(len(pairs))
        return scorer.score(pairs)

    def _wait(self) -> PairScorer:
        with self._changed:
            self._changed.wait_for(lambda: self._scorer or self._failed or self._closed, self._patience)
            if self._scorer is None:
                self._failed = True  # whoever comes next does not wait again
                raise ScorerUnavailable(self.name)
            return self._scorer

    def close(self) -> None:
        """Stop trying to load; whoever waits abstains."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        backoff = Backoff(RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        while not self._closed:
            began = time.monotonic()
            scorer = self._try_load()
            with self._changed:
                self._scorer, self._failed = scorer, scorer is None
                self._changed.notify_all()
                if scorer is not None:
                    log.info("scorer ready", scorer=self.name, seconds=round(time.monotonic() - began, 1))
                    return
                self._changed.wait_for(lambda: self._closed, backoff.next())

    def _try_load(self) -> PairScorer | None:
        try:
            scorer = self._load()
        except Exception as error:  # noqa: BLE001 - whatever a model's own code raises: its signals abstain
            reason = {"message": str(error)} if isinstance(error, LeadlineError) else {}
            log.error("scorer cannot be loaded, its signals abstain", scorer=self.name, **{**describe(error), **reason})
            self._on_result(False)
            return None
        self._on_result(True)
        return scorer
