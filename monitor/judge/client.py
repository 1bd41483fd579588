"""Asks the endpoint, again where that may help, within a rate, a number of calls at a time, and budgets.

It imports OpenAI's client: import it where a judge is configured.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
import structlog

from detectors.judging.records import Prompt, Reply
from monitor.backoff import Backoff
from monitor.config_judge import JudgeConfig
from monitor.judge.dialect import Dialect, Levels
from monitor.judge.endpoint import Answer, CallFailed, Endpoint
from monitor.judge.errors import JudgeUnavailable, OverBudget, RequestRejected
from monitor.judge.limits import Breaker, Turnstile
from monitor.judge.money import Budget, Ledger, Spent, Tokens, cost, limits_of
from monitor.judge.pace import Pace
from monitor.metrics import Metrics

log = structlog.get_logger()

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 8.0  # between the attempts of one call
LONGEST_HOLD_OFF_SECONDS = 600.0  # whatever the endpoint asks for
FRAME_TOKENS = 256  # at most, of a chat template and a system prompt of the endpoint's own
MESSAGE_TOKENS = 16  # at most, around each message


class Clocks(NamedTuple):
    """Seconds since 1970; seconds that never go back; and what waits for some."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


REAL = Clocks()


class _Call:
    """A prompt on its way, over all attempts."""

    def __init__(self, prompt: Prompt, deadline: float, most: Spent, *, log_probabilities: bool) -> None:
        self.prompt = prompt
        self.deadline = deadline
        self.most = most
        self.log_probabilities = log_probabilities
        self.seconds = 0.0
        self.spent = Spent()


class Client:
    """Completes prompts. All of it runs on one event loop, save `pace` and `report`, which any thread may ask.

    Parameters
    ----------
    ledger
        Where spending is kept.

    Raises
    ------
    LeadlineError
        Where a key, the value of a header or certificates cannot be had.
    """

    def __init__(self, config: JudgeConfig, ledger: Ledger, metrics: Metrics, clocks: Clocks = REAL) -> None:
        rate = config.calls_per_minute / 60 if config.calls_per_minute else None
        self._config = config
        self._metrics = metrics
        self._clocks = clocks
        self._endpoint = Endpoint(config, clocks.wall)
        self._dialect = Dialect(config.model, config.max_output_tokens)
        self._budget = Budget(limits_of(config), ledger, clocks.wall)
        self._turnstile = Turnstile(rate, clocks.monotonic)
        self._breaker = Breaker(clocks.monotonic)
        self._throttled = Backoff(FIRST_SECONDS, LONGEST_SECONDS)
        self._slots = asyncio.Semaphore(config.concurrency)
        self._in_flight = 0
        self.pace = Pace(self._budget, calls_per_second=rate, concurrency=config.concurrency, clock=clocks.monotonic)

    async def complete(self, prompt: Prompt, *, deadline: float, log_probabilities: bool = True) -> Reply:
        """A reply by the deadline, in monotonic seconds. A refusal, and one that was cut off, is a reply too.

        Raises
        ------
        OverBudget
            Where the most that it may cost is not left.
        RequestRejected
            Where the endpoint does not take this prompt.
        JudgeUnavailable
            Where there is no reply after all attempts or by the deadline, or the endpoint is left alone just now.
        """
        self.pace.asked()
        call = _Call(prompt, deadline, self._most(prompt), log_probabilities=log_probabilities)
        try:
            return await self._persist(call)
        except OverBudget:
            self._count("over_budget")
            raise
        finally:
            if call.spent.tokens:
                self.pace.done(call.seconds, call.spent)

    def _most(self, prompt: Prompt) -> Spent:
        """The most that one attempt may cost: a token is at least a byte."""
        schema = len(msgspec.json.encode(prompt.schema))
        texts = sum(len(message.content.encode()) + MESSAGE_TOKENS for message in prompt.messages)
        read, written = FRAME_TOKENS + schema + texts, self._config.max_output_tokens
        return max(cost(Tokens(read, cached, written), self._config.price) for cached in (0, read))

    async def _persist(self, call: _Call) -> Reply:
        """Attempt it until it works, or that is all."""
        backoff = Backoff(FIRST_SECONDS, LONGEST_SECONDS)
        failures = 0
        while True:
            try:
                return await self._in_turn(call)
            except _Conceded:
                continue
            except CallFailed as failed:
                failures += 1
                if failed.outcome == "rejected":
                    raise RequestRejected(f"rejected: {failed.status} {failed.code}".rstrip()) from None
                if not failed.worth_retrying or failures == self._config.attempts:
                    raise JudgeUnavailable(failed.outcome) from None
                pause = 0.0 if failed.outcome == "throttled" else backoff.next()
            if self._clocks.monotonic() + pause >= call.deadline:
                raise self._too_late()
            await self._clocks.sleep(pause)

    async def _in_turn(self, call: _Call) -> Reply:
        """One attempt, as soon as there is a place and it is its turn."""
        self._check_breaker()
        try:
            async with asyncio.timeout(call.deadline - self._clocks.monotonic()):
                await self._slots.acquire()
        except TimeoutError:
            raise self._too_late() from None
        try:
            await self._wait_for_turn(call.deadline)
            return await self._attempt(call)
        finally:
            self._slots.release()

    async def _wait_for_turn(self, deadline: float) -> None:
        while True:
            wait = self._turnstile.book(deadline)
            if wait is None:
                raise self._too_late()
            if wait > 0:
                await self._clocks.sleep(wait)
            if not self._turnstile.held:  # meanwhile
                return

    def _too_late(self) -> JudgeUnavailable:
        self._count("too_late")
        return JudgeUnavailable("no reply by the deadline")

    def _check_breaker(self) -> None:
        try:
            self._breaker.check()
        except JudgeUnavailable:
            self._count("breaker_open")
            raise

    async def _attempt(self, call: _Call) -> Reply:
        self._check_breaker()
        began = self._clocks.monotonic()
        seconds = min(self._config.timeout_seconds, call.deadline - began)
        if seconds <= 0:
            raise self._too_late()
        hold = self._budget.hold(call.most)
        trial = self._breaker.enter()
        spent = hold.charged  # unless it is known to be less
        body, levels = self._dialect.body(call.prompt, log_probabilities=call.log_probabilities)
        self._in_flight += 1
        try:
            answer = await self._endpoint.ask(body, seconds)
            spent = self._answered(answer, hold.charged)
        except CallFailed as failed:
            spent = hold.charged if failed.sent else Spent()
            self._failed(failed, levels, trial=trial, in_full=seconds == self._config.timeout_seconds)
            raise
        except BaseException:
            self._breaker.abandoned(trial=trial)
            raise
        else:
            return answer.reply
        finally:
            self._in_flight -= 1
            self._budget.settle(hold, spent)
            self._spent(call, self._clocks.monotonic() - began, spent)

    def _answered(self, answer: Answer, most: Spent) -> Spent:
        """What it cost."""
        self._count("answered")
        self._throttled.reset()
        if self._breaker.succeeded():
            log.info("the judge's endpoint answers again")
        tokens = answer.tokens
        if tokens is None:
            self._metrics.inc("judge_tokens_total", "estimated", by=most.tokens)
            return most
        for kind, count in zip(("input", "cached", "output"), tokens, strict=True):
            self._metrics.inc("judge_tokens_total", kind, by=count)
        return cost(tokens, self._config.price)

    def _failed(self, failed: CallFailed, levels: Levels, *, trial: bool, in_full: bool) -> None:
        """See what a failure means for others; raises `_Conceded` where less of the body may do.

        A timeout that is not the configured one but what was left till the deadline says nothing about the endpoint.
        """
        if failed.outcome == "rejected":
            self._breaker.succeeded()
            parameter = self._dialect.concede(levels, failed.parameter, failed.complaint)
            if parameter is not None:
                self._count("unsupported")
                self._metrics.inc("judge_unsupported_total", parameter)
                raise _Conceded
        elif failed.outcome == "throttled":
            wait = max(failed.retry_after_seconds, self._throttled.next())
            self._turnstile.hold_off(min(wait, LONGEST_HOLD_OFF_SECONDS))
        if failed.outcome == "throttled" or (failed.outcome == "timeout" and not in_full):
            self._breaker.abandoned(trial=trial)
        elif failed.outcome != "rejected" and self._breaker.failed(trial=trial, for_all=failed.outcome == "denied"):
            say = log.error if failed.outcome == "denied" else log.warning
            say("the judge's endpoint is left alone", outcome=failed.outcome, status=failed.status, code=failed.code)
        self._count(failed.outcome)

    def _spent(self, call: _Call, seconds: float, spent: Spent) -> None:
        call.seconds += seconds
        call.spent = call.spent.plus(spent)
        self._metrics.observe("judge_call_seconds", [seconds])
        self._metrics.inc("judge_cost_dollars_total", by=spent.dollars)

    def _count(self, outcome: str) -> None:
        self._metrics.inc("judge_calls_total", outcome)

    @property
    def refused(self) -> list[str]:
        """The parameters that the endpoint did not take as they were asked for first."""
        return self._dialect.refused

    def report(self) -> None:
        """Set the gauges: before each collection."""
        self._metrics.set("judge_share_ratio", self.pace.share)
        self._metrics.set("judge_breaker_open", float(self._breaker.open))
        self._metrics.set("judge_in_flight_calls", self._in_flight)
        for period, share in self._budget.remaining().items():
            self._metrics.set("judge_budget_remaining_ratio", share, period)

    async def close(self) -> None:
        """Close the connections; twice is fine."""
        await self._endpoint.close()


class _Conceded(Exception):  # noqa: N818 - it asks to try again
    """The endpoint refused a part of the body that it is not asked for again."""
