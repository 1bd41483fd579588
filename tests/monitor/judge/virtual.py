"""Time that passes when everybody waits for it."""

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any

START = 1_700_000_000.0


class Time:
    """A clock and a `sleep` of its own: a day takes milliseconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def monotonic(self) -> float:
        return self.now

    def clock(self) -> float:
        return START + self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.now + seconds, self._count, future))
        await future

    def run(self, work: Coroutine[Any, Any, None], seconds: float) -> None:
        """Let it work for so long, then cancel it."""
        asyncio.run(self._run(work, seconds))

    async def _run(self, work: Coroutine[Any, Any, None], seconds: float) -> None:
        task = asyncio.ensure_future(work)
        end = self.now + seconds
        while True:
            for _ in range(20):  # whatever can go on, does
                await asyncio.sleep(0)
            if task.done():
                task.result()
                return
            if not self._waiting or self._waiting[0][0] > end:
                break
            self.now, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
        self.now = end
        self._waiting.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
