"""A client before a scripted server, with time that only waiting moves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from detectors.judging.records import Message, Prompt, Reply
from monitor.config_judge import JudgeConfig
from monitor.judge.client import Client, Clocks
from monitor.judge.money import Spent
from monitor.metrics import Metrics
from tests.monitor.judge.server import JudgeServer

T = TypeVar("T")
START = 1_795_694_400.0  # 2026-11-26 12:00 UTC
NONCE = "a1b2c3d4"
PASSAGE = "Shoes can be returned within 30 days of purchase."
SCHEMA: dict[str, object] = {
    "type": "object", "additionalProperties": False, "required": ["nonce", "quote", "grade"],
    "properties": {
        "nonce": {"type": "string", "maxLength": 32}, "quote": {"type": "string", "maxLength": 80},
        "grade": {"type": "integer", "enum": [0, 1, 2, 3]},
    },
}  # fmt: skip
PROMPT = Prompt(
    (
        Message("system", "Grade the passage for the query, from 0 to 3. Reply with JSON."),
        Message("user", f"nonce: {NONCE}\nquery: how long can I return shoes?\npassage: {PASSAGE}"),
    ),
    "verdict", SCHEMA, NONCE, (PASSAGE,),
)  # fmt: skip
PRICES = {"m": {"input_per_million": 1.0, "cached_input_per_million": 0.1, "output_per_million": 10.0}}


class Time:
    """All clocks: it stands still but for those who wait, who find that it has passed."""

    def __init__(self, now: float = START) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.now = max(self.now, until)

    @property
    def clocks(self) -> Clocks:
        return Clocks(self, self, self.sleep)


class MemoryLedger:
    """Spending that is kept nowhere."""

    def __init__(self) -> None:
        self.hours: dict[int, Spent] = {}

    def spend(self, hour: int, more: Spent) -> None:
        self.hours[hour] = self.hours.get(hour, Spent()).plus(more)

    def spent_since(self, hour: int) -> dict[int, Spent]:
        return {at: spent for at, spent in self.hours.items() if at >= hour}

    @property
    def total(self) -> Spent:
        total = Spent()
        for spent in self.hours.values():
            total = total.plus(spent)
        return total


def judge_config(url: str, **settings: Any) -> JudgeConfig:
    return JudgeConfig(**{"base_url": url, "model": "m", "max_output_tokens": 400, **settings})


class Bench:
    """What a test needs of a client, and all that it can see of it."""

    def __init__(self, server: JudgeServer, **settings: Any) -> None:
        self.server = server
        self.config = judge_config(server.url, **settings)
        self.metrics = Metrics()
        self.ledger = MemoryLedger()
        self.time = Time()

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """On a loop of its own."""

        async def go() -> T:
            client = Client(self.config, self.ledger, self.metrics, self.time.clocks)
            try:
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(go())

    def calls(self, outcome: str) -> float:
        return self.metrics.value("judge_calls_total", outcome)


async def once(client: Client) -> Reply:
    return await client.complete(PROMPT, deadline=START + 60)


Outcomes = Callable[[Client], Awaitable[list[Reply | BaseException]]]


def asking(times: int) -> Outcomes:
    """That many calls, one after the other; what came of each."""

    async def work(client: Client) -> list[Reply | BaseException]:
        return [(await asyncio.gather(once(client), return_exceptions=True))[0] for _ in range(times)]

    return work


def at_once(times: int) -> Outcomes:
    """That many at the same time."""

    async def work(client: Client) -> list[Reply | BaseException]:
        return await asyncio.gather(*(once(client) for _ in range(times)), return_exceptions=True)

    return work
