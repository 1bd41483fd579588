"""Puts a judge together from its configuration, for one service or one replay."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from pathlib import Path

from detectors.judging.records import Outcome, Task, Verdict
from detectors.judging.version import judge_version
from detectors.records import Reason
from monitor.config import Config
from monitor.config_judge import JudgeConfig
from monitor.deciding.judge_drift import Rejudged
from monitor.judge.client import Client
from monitor.judge.judge import Judge
from monitor.judge.ledger import TrustLedger
from monitor.judge.sampling import JudgeSampler
from monitor.judge.stage import Asked, JudgeStage
from monitor.judge.store import JudgeStore, store_path
from monitor.metrics import Metrics
from monitor.privacy import Privacy

CLOSE_SECONDS = 2.0


class Judging:
    """A judge with its endpoint and its memory; opened for the life of a service, as its state is.

    Raises
    ------
    LeadlineError
        Where the file beside the state cannot be had, or a key or certificates cannot be read.
    """

    def __init__(
        self, config: JudgeConfig, state: Path, metrics: Metrics, *,
        keep_text: bool, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._config = config
        self._metrics = metrics
        self._clock = clock
        self._trust: TrustLedger | None = None
        self._watching: Future[None] | None = None
        cache = config.cache
        self.store = JudgeStore(store_path(state), metrics, days=cache.days, entries=cache.entries, clock=clock)
        try:
            self.client = Client(config, self.store, metrics)
        except BaseException:
            self.store.close()
            raise
        self.judge = Judge(
            self.client, self.store, model=config.model, longest_passage=config.max_passage_characters,
            deadline_seconds=config.deadline_seconds, twins=config.twins, keep_quotes=keep_text,
            on_outcome=self._count,
        )  # fmt: skip
        metrics.on_collect(self._report)

    def watch(self, privacy: Privacy, tell: Callable[[Rejudged], None]) -> None:
        """Begin to re-judge anchors and to ask canaries; `tell` may wait for the disk.

        Raises
        ------
        LeadlineError
            Where the anchors cannot be read.
        """

        async def on_rejudged(one: Rejudged) -> None:
            await asyncio.to_thread(tell, one)

        self._trust = TrustLedger(
            self.judge, self.store, self._config, privacy=privacy, metrics=self._metrics, on_rejudged=on_rejudged,
            clock=self._clock,
        )  # fmt: skip
        self._watching = self.judge.start(self._trust.run())

    @property
    def alive(self) -> bool:
        """Whether its loop runs, and nothing ended what watches the judge."""
        watching = self._watching
        ended = watching is not None and watching.done() and (watching.cancelled() or watching.exception() is not None)
        return self.judge.alive and not ended

    @property
    def problem(self) -> str | None:
        """Why the judge is not watched, where it is not."""
        return self._trust.problem if self._trust is not None else None

    def stage(self, config: Config, privacy: Privacy, *, recorded: bool = False) -> JudgeStage:
        """What adds this judge's signals, by the sampling and privacy of a configuration.

        Live traffic does not wait: the share that is judged is what the judge keeps up with. What is recorded can.
        """
        share = (lambda: 1.0) if recorded else (lambda: self.client.pace.share)
        sampler = JudgeSampler(lambda name: config.pipeline(name).sample, share, self._config.uncertain_share)
        return JudgeStage(
            self.judge, sampler, privacy,
            tasks=self._config.tasks, passages=self._config.passages, twins=self._config.twins,
            at_once=self._config.concurrency if recorded else None, on_judged=self._offer,
        )  # fmt: skip

    def _offer(self, asked: Asked) -> None:
        """Early traffic may become anchors."""
        for question, outcome in asked:
            if self._trust is not None and question.task is Task.CONTEXT_RELEVANCE and isinstance(outcome, Verdict):
                self._trust.offer(question.query, question.passages[0], outcome)

    def _report(self) -> None:
        self.client.report()
        if self.judge.model is not None:
            version = judge_version(self.judge.model, twins=self._config.twins)
            self._metrics.replace("judge_info", {(version,): 1.0})

    def _count(self, task: Task, outcome: Outcome) -> None:
        result = "believed" if isinstance(outcome, Verdict) else outcome.value
        self._metrics.inc("judge_verdicts_total", task.value, result)
        if outcome is Reason.JUDGE_FAILED:
            self._metrics.failed("judge")
        elif outcome is not Reason.OVER_BUDGET:  # it was not asked
            self._metrics.succeeded("judge")

    def close(self) -> None:
        """Give up what is being asked, and close."""
        with suppress(NotInTime):
            self.judge.start(self.client.close()).result(CLOSE_SECONDS)
        self.judge.close()
        self.store.close()
