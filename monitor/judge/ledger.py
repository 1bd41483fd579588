"""Keeps watch over the judge on its own loop: anchors are re-judged and canaries asked, a few an hour, all day.

What comes of an anchor is handed on (`on_rejudged`) to the right half, which decides whether the judge has moved.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from typing import Protocol, TypeVar

import msgspec
import structlog

from detectors.judging.anchors import Anchor
from detectors.judging.canaries import Kind, canary, passed_ratio
from detectors.judging.drift import round_order
from detectors.judging.records import Outcome, Question, Task, Verdict
from detectors.judging.version import judge_version
from detectors.records import Reason
from monitor.config_judge import JudgeConfig
from monitor.deciding.judge_drift import Rejudged
from monitor.judge.anchor_set import AnchorSet
from monitor.judge.store import JudgeStore
from monitor.logs import describe
from monitor.metrics import Metrics
from monitor.privacy import Privacy

log = structlog.get_logger()

COMPONENT = "judge_anchors"
REMEMBERED = 100  # canaries of a kind
_T = TypeVar("_T", bound=msgspec.Struct)
_POSITION, _CANARIES = "anchors_position", "canaries"


class Asker(Protocol):
    """The judge."""

    async def ask(self, question: Question, *, fresh: bool = False, deadline: float) -> Outcome:
        """A verdict past the cache where `fresh`; a Reason where the judge was not asked, or did not answer."""
        ...


class Position(msgspec.Struct):
    """Where the round is, and which version of the judge answered last."""

    turn: int = 0
    place: int = 0
    judge: str = ""


class Canaries(msgspec.Struct):
    """How many were asked, and which of the last of each kind were passed."""

    turn: int = 0
    passed: dict[Kind, list[bool]] = {}


class TrustLedger:
    """Re-judges anchors and asks canaries, evenly spread; what the judge cannot do now is put off and counted.

    Parameters
    ----------
    judge, store, config, privacy, metrics
        `config` is the section `judge`.
    on_rejudged
        Called on the judge's loop with each verdict on an anchor. Its version of the judge is of the model that the
        reply names, the prompts and the set of anchors; another one starts the round anew, and its first verdicts are
        a reference of their own.
    clock, monotonic, sleep
        Seconds since 1970; seconds that never go back, those of the judge's deadlines; and what waits.

    Raises
    ------
    LeadlineError
        As of `AnchorSet`.
    """

    def __init__(
        self, judge: Asker, store: JudgeStore, config: JudgeConfig, *, privacy: Privacy, metrics: Metrics,
        on_rejudged: Callable[[Rejudged], Awaitable[None]], clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._judge, self._store, self._config = judge, store, config
        self._metrics, self._on_rejudged = metrics, on_rejudged
        self._clock, self._monotonic, self._sleep = clock, monotonic, sleep
        self._set = AnchorSet(config.anchors, store, privacy)
        self._position = _read(store, _POSITION, Position)
        self._canaries = _read(store, _CANARIES, Canaries)
        self._passed = {kind: deque(self._canaries.passed.get(kind, ()), REMEMBERED) for kind in Kind}
        self._failing = False
        for result in ("judged", "doubted", "skipped"):
            metrics.inc("judge_rejudgements_total", result, by=0)
        for kind, result in product(Kind, ("passed", "failed", "unanswered", "skipped")):
            metrics.inc("judge_canaries_total", kind, result, by=0)
        self._show()

    @property
    def problem(self) -> str | None:
        """What `/-/ready` has to say of it."""
        return self._set.problem

    @property
    def anchors(self) -> Sequence[Anchor]:
        """Those that are re-judged."""
        return self._set.anchors

    def offer(self, query: str, passage: str, verdict: Verdict) -> None:
        """Look at a pair of the traffic and its verdict, as long as anchors are wanted."""
        if self._set.offer(query, passage, verdict.grade):
            log.info("anchors frozen from traffic", anchors=len(self._set.anchors), version=self._set.version)

    async def run(self) -> None:
        """Until it is cancelled."""
        if self._config.anchors.per_hour and (problem := self._set.problem) is not None:
            log.warning("the judge is not watched", why=problem)
        duties = [
            (3600 / per_hour, work)
            for per_hour, work in (
                (self._config.anchors.per_hour, self.rejudge), (self._config.canaries_per_hour, self.ask_canary),
            )
            if per_hour
        ]  # fmt: skip
        await asyncio.gather(*(self._repeat(seconds, work) for seconds, work in duties))

    async def _repeat(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Once in so many seconds; what took longer is not made up for in a burst."""
        due = self._monotonic() + seconds
        while True:
            await self._sleep(max(0.0, due - self._monotonic()))
            await self._isolated(work)
            due = max(due + seconds, self._monotonic())

    async def _isolated(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - seen, and tried again: a full disk, say
            self._metrics.failed(COMPONENT)
            if not self._failing:
                log.error("watching the judge fails, trying again", **describe(error))
            self._failing = True
        else:
            self._metrics.succeeded(COMPONENT)
            self._failing = False

    async def rejudge(self) -> None:
        """Ask about the next anchor; it stays the next one where the judge was not asked."""
        anchor = self._next()
        if anchor is None:
            return
        reply = await self._ask(anchor.query, anchor.passage)
        if isinstance(reply, Reason):
            self._metrics.inc("judge_rejudgements_total", "skipped")
            return
        self._metrics.inc("judge_rejudgements_total", "judged" if isinstance(reply, Verdict) else "doubted")
        self._position.place += 1
        if isinstance(reply, Verdict):
            version = self._version(reply.model)
            self._note(version)
            await self._on_rejudged(Rejudged(self._clock(), version, anchor.id, reply.grade, anchor.human))
        self._store.set_piece(_POSITION, msgspec.json.encode(self._position))

    def _next(self) -> Anchor | None:
        anchors = {anchor.id: anchor for anchor in self._set.anchors}
        if not anchors:
            return None
        if self._position.place >= len(anchors):
            self._position.turn, self._position.place = self._position.turn + 1, 0
        return anchors[round_order([*anchors], self._position.turn)[self._position.place]]

    def _version(self, model: str) -> str:
        """Of the judge: model, prompts and anchors, with the number of the configuration."""
        judge = judge_version(model, twins=self._config.twins)
        return f"{judge} anchors {self._set.version}.{self._config.anchors.version}"

    def _note(self, version: str) -> None:
        """A new version takes its first verdicts in whole rounds."""
        if version == self._position.judge:
            return
        if self._position.judge:
            log.warning("another judge answers, its first verdicts are taken", was=self._position.judge, now=version)
            self._position.turn, self._position.place = self._position.turn + 1, 0
        self._position.judge = version

    async def ask_canary(self) -> None:
        """Ask the next question with a known answer; it stays the next one where the judge was not asked."""
        made = canary(self._canaries.turn, [(anchor.query, anchor.passage) for anchor in self._set.anchors])
        reply = await self._ask(made.query, made.passage)
        if isinstance(reply, Reason):
            self._metrics.inc("judge_canaries_total", made.kind, "skipped")
            return
        outcome = made.outcome(reply)
        self._metrics.inc("judge_canaries_total", made.kind, outcome)
        if outcome != "unanswered":
            self._passed[made.kind].append(outcome == "passed")
        passed = {kind: [*row] for kind, row in self._passed.items()}
        self._canaries = Canaries(self._canaries.turn + 1, passed)
        self._store.set_piece(_CANARIES, msgspec.json.encode(self._canaries))
        self._show()

    def _show(self) -> None:
        for kind, row in self._passed.items():
            figure = passed_ratio(row)
            if figure is not None:
                for end, value in zip(("", "_lower", "_upper"), figure, strict=True):
                    self._metrics.set(f"judge_canary_passed{end}_ratio", value, kind)

    async def _ask(self, query: str, passage: str) -> Outcome:
        question = Question(Task.CONTEXT_RELEVANCE, query, (passage,))
        deadline = self._monotonic() + self._config.deadline_seconds
        return await self._judge.ask(question, fresh=True, deadline=deadline)


def _read(store: JudgeStore, name: str, kind: type[_T]) -> _T:
    body = store.piece(name)
    return kind() if body is None else msgspec.json.decode(body, type=kind)
