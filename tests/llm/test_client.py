"""The judge's client before a real language model: what it enforces, counts and gives, and what it will not take."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeVar

import jsonschema
import pytest

from detectors.judging.records import Message, Prompt, Reply
from monitor.judge.client import Client
from monitor.judge.errors import RequestRejected
from monitor.metrics import Metrics
from tests.llm.serving import MODEL, SLOT_TOKENS, llm
from tests.monitor.judge.kit import PROMPT, SCHEMA, MemoryLedger, judge_config

T = TypeVar("T")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llm(tmp_path_factory.mktemp("llm") / "log.txt") as address:
        yield address


class Asked(Generic[T]):
    """A client on a loop of its own, and what it counted."""

    def __init__(self, url: str, work: Callable[[Client], Awaitable[T]], *, max_output_tokens: int = 120) -> None:
        self.metrics, self.ledger = Metrics(), MemoryLedger()

        async def go() -> T:
            config = judge_config(url, model=MODEL, max_output_tokens=max_output_tokens)
            client = Client(config, self.ledger, self.metrics)
            try:
                return await work(client)
            finally:
                await client.close()

        self.found = asyncio.run(go())

    def calls(self, outcome: str) -> float:
        return self.metrics.value("judge_calls_total", outcome)


def complete(prompt: Prompt) -> Callable[[Client], Awaitable[Reply]]:
    return lambda client: client.complete(prompt, deadline=time.monotonic() + 60)


def test_a_reply_follows_the_schema_and_is_counted(url: str) -> None:
    """With a small model that would not by itself."""
    asked = Asked(url, complete(PROMPT))
    reply = asked.found
    jsonschema.validate(json.loads(reply.text), SCHEMA)
    assert (reply.model, reply.finish_reason) == (MODEL, "stop")
    assert asked.calls("answered") == 1
    assert asked.metrics.value("judge_tokens_total", "estimated") == 0
    counted = [asked.metrics.value("judge_tokens_total", kind) for kind in ("input", "output")]
    assert 40 < counted[0] < 200
    assert 10 < counted[1] <= 120
    assert asked.ledger.total.tokens == sum(counted)


def test_each_token_comes_with_the_likeliest_ones_in_its_place(url: str) -> None:
    reply = Asked(url, complete(PROMPT)).found
    assert reply.text in "".join(choice.token for choice in reply.tokens)  # the server cuts a fence of code away
    assert all(choice.token in choice.top for choice in reply.tokens)
    assert all(value <= 0 for choice in reply.tokens for value in choice.top.values())
    assert max(len(choice.top) for choice in reply.tokens) >= 20


def test_more_calls_at_the_same_time_than_it_takes_all_come_back(url: str) -> None:
    async def five(client: Client) -> list[Reply]:
        return await asyncio.gather(*(complete(PROMPT)(client) for _ in range(5)))

    replies = Asked(url, five).found
    assert len(replies) == 5
    for reply in replies:
        jsonschema.validate(json.loads(reply.text), SCHEMA)


def test_a_prompt_that_is_too_long_is_not_sent_again(url: str) -> None:
    long = Prompt((Message("user", "word " * 2 * SLOT_TOKENS),), "verdict", SCHEMA, "n", ())

    async def refused(client: Client) -> RequestRejected:
        with pytest.raises(RequestRejected) as caught:
            await complete(long)(client)
        return caught.value

    asked = Asked(url, refused)
    assert str(asked.found).startswith("rejected: 400")
    assert asked.calls("rejected") == 1
    assert asked.calls("unsupported") == 0
    assert asked.ledger.total.tokens == 0


def test_a_reply_that_runs_out_of_tokens_says_so(url: str) -> None:
    assert Asked(url, complete(PROMPT), max_output_tokens=16).found.finish_reason == "length"
