"""Judge calls a second, 32 at a time, against an endpoint that takes 200 ms: aim at least 0.9 of the ideal 160.

Everything is on: JSON schema, log-probabilities of 20 choices for each token, budgets in dollars and in tokens,
spending and verdicts on disk. The endpoint is a bare socket server in a process of its own, with one reply for all.
Processor time is that of the asking side; a bare `AsyncOpenAI` with the same requests is beside it.
"""

import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path

import openai

sys.path.append(str(Path(__file__).parents[1]))

from detectors.judging.records import Message, Prompt
from monitor.config_judge import JudgeConfig
from monitor.judge.client import Client
from monitor.judge.store import JudgeStore
from monitor.metrics import Metrics
from tests.monitor.judge.kit import SCHEMA

CONCURRENCY = 32
LATENCY_SECONDS = 0.2
IDEAL = CONCURRENCY / LATENCY_SECONDS
CALLS = 1600
PASSAGE = "Orders that were paid by card are refunded within five days, to the same card. " * 12
REPLY = '{"nonce": "a1b2c3d4e5f60718", "quote": "refunded within five days, to the same card", "grade": 2}'


def reply_bytes() -> bytes:
    """An answer of about 30 tokens with 20 choices each, as OpenAI writes it."""
    tokens = [REPLY[i : i + 3] for i in range(0, len(REPLY), 3)]
    top = [{"token": f"t{i}", "logprob": -i - 0.123456, "bytes": [116, 48 + i % 10]} for i in range(20)]
    content = [{"token": one, "logprob": -0.01, "bytes": list(one.encode()), "top_logprobs": top} for one in tokens]
    body = json.dumps({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-2026-11",
        "choices": [{
            "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": REPLY, "refusal": None},
            "logprobs": {"content": content, "refusal": None},
        }],
        "usage": {"prompt_tokens": 400, "completion_tokens": 31, "total_tokens": 431},
    }).encode()  # fmt: skip
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def serve(port: Connection) -> None:
    """Answer every request of every connection after the latency."""
    answer = reply_bytes()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                await asyncio.sleep(LATENCY_SECONDS)
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(one, "127.0.0.1", 0, limit=2**20)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def prompt(number: int) -> Prompt:
    """No two are the same."""
    text = f"nonce: {number:016x}\nquery: how long does refund {number} take?\npassage: {PASSAGE}"
    return Prompt((Message("system", "Grade the passage. " * 40), Message("user", text)), "verdict", SCHEMA, "n", ())


async def measure(name: str, call: Callable[[int], Awaitable[object]]) -> None:
    """Time calls after the connections are there."""
    places = asyncio.Semaphore(2 * CONCURRENCY)

    async def one(number: int) -> None:
        async with places:
            await call(number)

    await asyncio.gather(*map(one, range(CONCURRENCY)))
    began, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(one, range(CONCURRENCY, CONCURRENCY + CALLS)))
    rate = CALLS / (time.perf_counter() - began)
    processor = 1e3 * (time.process_time() - spent) / CALLS
    print(f"{name}: {rate:.1f} calls a second, {rate / IDEAL:.3f} of the ideal; {processor:.2f} ms of processor a call")


async def ours(url: str, directory: Path) -> None:
    config = JudgeConfig.model_validate({
        "base_url": url, "model": "m", "concurrency": CONCURRENCY, "dollars_per_day": 1000, "tokens_per_hour": 10**9,
        "prices": {"m": {"input_per_million": 0.25, "cached_input_per_million": 0.025, "output_per_million": 2.0}},
    })  # fmt: skip
    metrics = Metrics()
    store = JudgeStore(directory / "leadline.judge.db", metrics, days=30, entries=200_000)
    client = Client(config, store, metrics)

    async def call(number: int) -> None:
        asked = prompt(number)
        key = blake2b(asked.messages[1].content.encode(), digest_size=16).digest()
        assert store.get(key, "m-2026-11") is None
        reply = await client.complete(asked, deadline=time.monotonic() + 60)
        store.put(key, reply.model, reply.text.encode())

    await measure("the judge's client", call)
    await client.close()
    store.close()


async def bare(url: str) -> None:
    places = asyncio.Semaphore(CONCURRENCY)
    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:

        async def call(number: int) -> None:
            messages = [{"role": one.role, "content": one.content} for one in prompt(number).messages]
            schema = {"name": "verdict", "strict": True, "schema": SCHEMA}
            async with places:
                await client.chat.completions.create(
                    model="m", messages=messages, temperature=0, seed=1, logprobs=True, top_logprobs=20,  # type: ignore[arg-type]
                    response_format={"type": "json_schema", "json_schema": schema}, max_completion_tokens=400,  # type: ignore[typeddict-item]
                )  # fmt: skip

        await measure("bare AsyncOpenAI", call)


def main() -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}/v1"
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(ours(url, Path(directory)))
    asyncio.run(bare(url))
    server.terminate()


if __name__ == "__main__":
    main()
