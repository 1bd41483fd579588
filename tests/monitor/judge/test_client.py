"""Calls through a real HTTP server: tried again where that helps, within a rate, a number at a time, and budgets."""

import asyncio
import json
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from detectors.judging.records import Reply
from monitor.judge.client import Client
from monitor.judge.errors import JudgeUnavailable, OverBudget, RequestRejected
from monitor.judge.limits import Breaker
from tests.monitor.judge import server as scripts
from tests.monitor.judge.kit import PRICES, PROMPT, START, Bench, asking, at_once, once
from tests.monitor.judge.server import JudgeServer, Script, completion, error, good, serving, verdict
from tests.monitor.kit import free_ports, wait_for


@pytest.mark.parametrize(
    "script",
    [
        error(429, Retry_After="0"),
        error(500),
        error(503),
        error(408),
        error(409),
        scripts.cut,
        lambda _: scripts.Answer(b"<html>"),
        lambda _: scripts.Answer(b'{"error": {"message": "overloaded"}}'),
    ],
)
def test_what_may_be_other_the_next_time_is_tried_again(server: JudgeServer, script: Script) -> None:
    server.script.extend([script, script])
    bench = Bench(server)
    assert json.loads(bench.run(once).text)["grade"] == 2
    assert len(server.asked) == 3
    assert 0 < sum(bench.time.slept) < 3


def test_after_all_attempts_there_is_no_reply(server: JudgeServer) -> None:
    server.default = error(500)
    bench = Bench(server, attempts=2)
    with pytest.raises(JudgeUnavailable, match="server_error"):
        bench.run(once)
    assert len(server.asked) == bench.calls("server_error") == 2


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_prompt_that_is_not_taken_is_not_sent_again_and_others_are(server: JudgeServer, status: int) -> None:
    said = "'max_completion_tokens' is too large: 400. This model's maximum context length is 2048 tokens."
    server.script.append(error(status, said, code="context_length_exceeded"))
    bench = Bench(server)
    first, second = bench.run(asking(2))
    assert isinstance(first, RequestRejected)
    assert str(first) == f"rejected: {status} context_length_exceeded"
    assert isinstance(second, Reply)
    assert server.asked[0] == server.asked[1]


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (error(401, "wrong key sk-secret"), 401),
        (error(403), 403),
        (error(404, code="model_not_found"), 404),
        (error(307, Location="/elsewhere"), 307),
        (error(429, code="insufficient_quota"), 429),
    ],
)
def test_what_holds_for_all_calls_ends_them_at_once_and_is_said_once(
    server: JudgeServer, script: Script, status: int
) -> None:
    """Without what the endpoint says: it may quote the key."""
    server.default = script
    bench = Bench(server)
    with capture_logs() as logs:
        assert all(isinstance(one, JudgeUnavailable) for one in bench.run(asking(3)))
    assert len(server.asked) == 1
    assert bench.calls("denied") == 1
    assert bench.calls("breaker_open") == 2
    [line] = logs
    assert (line["log_level"], line["status"]) == ("error", status)
    assert "secret" not in str(line)


def test_an_endpoint_that_fails_is_left_alone_and_tried_now_and_then(server: JudgeServer) -> None:
    """Five failures; then one call after 15 s, after 30 s more, and all of them once that worked."""
    server.default = error(500)
    bench = Bench(server, attempts=1, deadline_seconds=60)

    async def work(client: Client) -> list[int]:
        seen = []
        for pause in (0, 14.9, 0.2, 29.9, 0.2):
            bench.time.now += pause
            for _ in range(7):
                with pytest.raises(JudgeUnavailable):
                    await client.complete(PROMPT, deadline=bench.time() + 60)
            seen.append(len(server.asked))
        bench.time.now += 60
        server.default = good
        for _ in range(2):
            await client.complete(PROMPT, deadline=bench.time() + 60)
        return seen

    with capture_logs() as logs:
        assert bench.run(work) == [5, 5, 6, 6, 7]
    assert [line["event"] for line in logs] == [
        "the judge's endpoint is left alone", "the judge's endpoint answers again",
    ]  # fmt: skip


def test_only_one_call_is_on_trial(server: JudgeServer) -> None:
    server.default = error(500)
    bench = Bench(server, attempts=1)

    async def work(client: Client) -> int:
        for _ in range(Breaker.FAILURES):
            with pytest.raises(JudgeUnavailable):
                await once(client)
        bench.time.now += 20
        server.default = scripts.slow(0.1)
        found = await asyncio.gather(*(once(client) for _ in range(4)), return_exceptions=True)
        return sum(isinstance(one, Reply) for one in found)

    assert bench.run(work) == 1


def test_nobody_is_there(tmp_path: Path) -> None:
    """Nothing was sent, so that nothing is charged."""
    del tmp_path
    with serving() as gone:
        bench = Bench(gone, attempts=2, prices=PRICES, tokens_per_hour=10_000)
    bench.config = bench.config.model_copy(update={"base_url": f"http://127.0.0.1:{free_ports(1)[0]}/v1"})
    with pytest.raises(JudgeUnavailable, match="connection"):
        bench.run(once)
    assert bench.calls("connection") == 2
    assert bench.ledger.total == (0, 0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7),
        ({"Retry_After": "7.5"}, 7.5),
        ({"Retry_After": formatdate(START + 9, usegmt=True)}, 9),
        ({"Retry_After_Ms": "2500", "Retry_After": "9"}, 2.5),
    ],
)
def test_a_pause_that_the_endpoint_asks_for_holds_for_all_callers(
    server: JudgeServer, headers: dict[str, str], seconds: float
) -> None:
    server.script.append(error(429, **headers))
    bench = Bench(server, attempts=1)
    sent: list[float] = []
    server.default = lambda body: (sent.append(bench.time()), good(body))[1]
    told, *others = bench.run(asking(3))
    assert str(told) == "throttled"
    assert all(isinstance(one, Reply) for one in others)
    assert sent == pytest.approx([START + seconds] * 2)


def test_a_pause_beyond_the_deadline_is_not_waited_for(server: JudgeServer) -> None:
    server.default = error(429, Retry_After="90")
    bench = Bench(server)
    found = bench.run(asking(2))
    assert [str(one) for one in found] == ["no reply by the deadline"] * 2
    assert len(server.asked) == 1
    assert bench.time() < START + 60


def test_a_reply_that_does_not_come_in_time_is_given_up(server: JudgeServer) -> None:
    """And paid for: the endpoint may have done the work."""
    server.default = scripts.slow(5)
    bench = Bench(server, attempts=2, timeout_seconds=0.1)
    with pytest.raises(JudgeUnavailable, match="timeout"):
        bench.run(once)
    assert bench.calls("timeout") == 2
    assert bench.ledger.total.tokens > 2 * 400


def test_no_more_calls_at_a_time_than_configured() -> None:
    with serving(scripts.slow(0.05)) as server:
        bench = Bench(server, concurrency=3)
        assert all(isinstance(one, Reply) for one in bench.run(at_once(10)))
        assert server.most_at_once == 3


def test_calls_begin_at_the_configured_rate(server: JudgeServer) -> None:
    """One every two seconds; those that would begin after their deadline do not."""
    begun: list[float] = []
    bench = Bench(server, calls_per_minute=30, concurrency=40)
    server.default = lambda body: (begun.append(bench.time()), good(body))[1]
    found = bench.run(at_once(40))
    assert sum(isinstance(one, Reply) for one in found) == 30
    assert bench.calls("too_late") == 10
    assert bench.time() == START + 58


def test_every_attempt_waits_for_its_turn(server: JudgeServer) -> None:
    server.script.extend([error(500), error(500)])
    bench = Bench(server, calls_per_minute=6)
    bench.run(once)
    assert bench.time() == START + 20


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": "many"}])
def test_a_reply_that_does_not_say_costs_the_most_that_it_can(server: JudgeServer, usage: Any) -> None:
    server.script.append(lambda body: completion(body, verdict(body), usage=usage))
    bench = Bench(server)
    bench.run(once)
    characters = sum(len(message.content) for message in PROMPT.messages)
    assert bench.ledger.total.tokens == bench.metrics.value("judge_tokens_total", "estimated") > characters + 400


def test_errors_cost_nothing(server: JudgeServer) -> None:
    server.script.extend([error(500), error(429, Retry_After="0"), error(400, "seed is not supported", param="seed")])
    bench = Bench(server, attempts=5)
    bench.run(once)
    assert bench.ledger.total.tokens == bench.metrics.value("judge_tokens_total", "input") + bench.metrics.value(
        "judge_tokens_total", "output"
    )


def test_a_budget_that_is_gone_ends_it_before_anything_is_sent(server: JudgeServer) -> None:
    bench = Bench(server, tokens_per_hour=1500)

    async def work(client: Client) -> float:
        *_, last = await asking(20)(client)
        assert isinstance(last, OverBudget)
        assert str(last) == "the budget of tokens for this hour is spent"
        bench.time.now += 3600
        await client.complete(PROMPT, deadline=bench.time() + 60)
        client.report()
        return bench.metrics.value("judge_budget_remaining_ratio", "hour")

    remaining = bench.run(work)
    assert max(spent.tokens for spent in bench.ledger.hours.values()) <= 1500
    assert 0.8 < remaining < 1
    assert bench.calls("over_budget") + bench.calls("answered") == 21
    assert len(server.asked) == bench.calls("answered") > 2


def test_a_call_that_is_given_up_is_paid_for(server: JudgeServer) -> None:
    """Its place and its trial are free again."""
    server.default = scripts.slow(5)
    bench = Bench(server, concurrency=1)

    async def work(client: Client) -> Reply:
        waiting = asyncio.ensure_future(once(client))
        await asyncio.to_thread(wait_for, lambda: server.asked)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        server.default = good
        return await once(client)

    assert bench.run(work).text
    assert bench.ledger.total.tokens > 400
