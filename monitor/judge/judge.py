"""The judge: a question in, an outcome out, through cache, endpoint, checks and twins; on a loop of its own."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from hashlib import blake2b
from threading import Thread
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from detectors.judging.prompts import render
from detectors.judging.records import Doubt, Outcome, Prompt, Question, Reply, Task, Verdict
from detectors.judging.twins import HIGH_GRADE, fooled, planted_statement, twin_of
from detectors.judging.verdicts import verdict_of
from detectors.judging.version import prompt_version
from detectors.records import Reason
from monitor.judge.errors import JudgeUnavailable, OverBudget

log = structlog.get_logger()

_PASSING = (Doubt.REFUSED, Doubt.MALFORMED, Doubt.WRONG_NONCE)  # may not come again: never kept
T = TypeVar("T")


class Completes(Protocol):
    """An endpoint that replies to prompts."""

    async def complete(self, prompt: Prompt, *, deadline: float) -> Reply:
        """A reply by the deadline (monotonic seconds).

        Raises
        ------
        JudgeUnavailable, OverBudget
            Where there is none.
        """
        ...


class Keeps(Protocol):
    """What remembers verdicts by key, and the model that gave them."""

    def get(self, key: bytes, model: str) -> bytes | None: ...

    def put(self, key: bytes, model: str, value: bytes) -> None: ...

    def last_model(self) -> str | None:
        """The model of the last reply; None before the first."""
        ...


class Judge:
    """Asks, checks and remembers. All of `ask` runs on the judge's own loop; `start` brings work there from any thread.

    Parameters
    ----------
    model
        As the endpoint is asked for it; part of the key by which verdicts are kept.
    twins
        Whether a question whose passage was graded high is asked once more as its twin, and a made-up statement is put
        among those of an answer (`detectors.judging.twins`).
    keep_quotes
        Whether text may be stored.
    on_outcome
        Hears each outcome of a question that was not answered from memory.
    """

    def __init__(
        self, endpoint: Completes, memory: Keeps, *, model: str, longest_passage: int, deadline_seconds: float,
        twins: bool = True, keep_quotes: bool = True,
        on_outcome: Callable[[Task, Outcome], None] = lambda *_: None, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._endpoint = endpoint
        self._memory = memory
        self._asked_for = model
        self._longest_passage = longest_passage
        self._deadline_seconds = deadline_seconds
        self._twins = twins
        self._salt = secrets.token_bytes(16)
        self._keep_quotes = keep_quotes
        self._on_outcome = on_outcome
        self._clock = clock
        self._model = memory.last_model()
        self._flying: dict[bytes, asyncio.Future[Outcome]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="judge", daemon=True)
        self._thread.start()

    @property
    def model(self) -> str | None:
        """The model of the last reply, by its own name."""
        return self._model

    @property
    def alive(self) -> bool:
        """Whether its loop runs."""
        return self._thread.is_alive()

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run something on the judge's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def ask_all(self, questions: Sequence[Question]) -> list[Outcome]:
        """The outcomes of the questions about one retrieval, in order, by one deadline."""
        deadline = self._clock() + self._deadline_seconds
        return await asyncio.gather(*(self.ask(question, deadline=deadline) for question in questions))

    async def ask(self, question: Question, *, deadline: float, fresh: bool = False) -> Outcome:
        """The outcome of a question; from memory, unless it has to be `fresh`. The same one is asked once at a time."""
        return await self._ask(question, deadline, fresh=fresh, twin=self._twins)

    async def _ask(self, question: Question, deadline: float, *, fresh: bool = False, twin: bool) -> Outcome:
        key = self._key(question)
        if not fresh:
            known = self._remembered(key)
            if known is not None:
                return known
            if key in self._flying:
                return await asyncio.shield(self._flying[key])
        asked: asyncio.Future[Outcome] = asyncio.ensure_future(self._outcome(question, key, deadline, twin=twin))
        self._flying[key] = asked
        try:
            return await asked
        finally:
            if self._flying.get(key) is asked:
                del self._flying[key]

    async def _outcome(self, question: Question, key: bytes, deadline: float, *, twin: bool) -> Outcome:
        try:
            outcome = await self._once(question, deadline)
        except OverBudget:
            outcome = Reason.OVER_BUDGET
        except JudgeUnavailable:
            outcome = Reason.JUDGE_FAILED
        if twin and isinstance(outcome, Verdict) and question.task is Task.CONTEXT_RELEVANCE:
            outcome = await self._beside_twin(question, outcome, deadline)
        self._on_outcome(question.task, outcome)
        if not isinstance(outcome, Reason) and outcome not in _PASSING:
            self._remember(key, outcome)
        return outcome

    async def _beside_twin(self, question: Question, verdict: Verdict, deadline: float) -> Outcome:
        """The verdict, unless the twin of the question gets it as well; a low grade needs no twin."""
        if verdict.grade < HIGH_GRADE:
            return verdict
        twin = msgspec.structs.replace(question, query=twin_of(question.query, question.passages[0], self._salt))
        found = await self._ask(twin, deadline, twin=False)
        if isinstance(found, Reason):
            return found  # it was not tried, so nothing is believed
        return Doubt.FOOLED if isinstance(found, Verdict) and fooled(verdict.grade, found.grade) else verdict

    async def _once(self, question: Question, deadline: float) -> Outcome:
        answers = self._twins and question.task is Task.GROUNDEDNESS
        planted = planted_statement(question.answer or "", self._salt) if answers else ""
        prompt = render(question, secrets.token_hex(8), longest_passage=self._longest_passage, planted=planted)
        reply = await self._endpoint.complete(prompt, deadline=deadline)
        if reply.model != self._model:
            log.info("the judge's model", asked_for=self._asked_for, replies=reply.model, before=self._model)
            self._model = reply.model
        return verdict_of(question, prompt, reply)

    def _key(self, question: Question) -> bytes:
        said = (question, self._asked_for, prompt_version(), self._longest_passage, self._twins)
        return blake2b(msgspec.msgpack.encode(said), digest_size=16).digest()

    def _remembered(self, key: bytes) -> Outcome | None:
        if self._model is None:
            return None
        value = self._memory.get(key, self._model)
        return msgspec.msgpack.decode(value, type=Verdict | Doubt) if value is not None else None

    def _remember(self, key: bytes, outcome: Verdict | Doubt) -> None:
        if isinstance(outcome, Verdict) and not self._keep_quotes:
            outcome = msgspec.structs.replace(outcome, quote="")
        assert self._model is not None, "something has replied"
        self._memory.put(key, self._model, msgspec.msgpack.encode(outcome))

    def close(self) -> None:
        """Give up what is being asked; twice is fine."""
        if self._loop.is_closed():
            return
        self.start(self._give_up()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _give_up(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
