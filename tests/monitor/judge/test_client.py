"""OpenAI's client before a real HTTP server: what is sent, what comes back, and what is tried again."""

import asyncio
import json
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from detectors.judging.records import Reply
from monitor.errors import LeadlineError
from monitor.judge.client import Client
from monitor.judge.errors import JudgeUnavailable, OverBudget, RequestRejected
from monitor.judge.limits import Breaker
from tests.monitor.judge import server as scripts
from tests.monitor.judge.kit import NONCE, PRICES, PROMPT, SCHEMA, START, Bench
from tests.monitor.judge.server import MODEL, JudgeServer, Script, completion, error, good, serving, verdict
from tests.monitor.kit import ROOT, free_ports, wait_for


@pytest.fixture(scope="module")
def running() -> Any:
    with serving() as server:
        yield server


@pytest.fixture
def server(running: JudgeServer) -> JudgeServer:
    running.script.clear()
    running.asked.clear()
    running.headers.clear()
    running.default = good
    return running


async def once(client: Client) -> Reply:
    return await client.complete(PROMPT, deadline=START + 60)


def asking(times: int) -> Any:
    """That many, one after the other; what came of each."""

    async def work(client: Client) -> list[Reply | Exception]:
        return [(await asyncio.gather(once(client), return_exceptions=True))[0] for _ in range(times)]

    return work


def at_once(times: int) -> Any:
    async def work(client: Client) -> list[Reply | BaseException]:
        return await asyncio.gather(*(once(client) for _ in range(times)), return_exceptions=True)

    return work


def test_a_request_asks_for_everything_that_a_verdict_can_use(server: JudgeServer) -> None:
    Bench(server, max_output_tokens=123).run(once)
    [body] = server.asked
    assert body == {
        "model": "m",
        "messages": [{"role": message.role, "content": message.content} for message in PROMPT.messages],
        "response_format": {
            "type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA},
        },
        "max_completion_tokens": 123, "temperature": 0, "seed": 1, "logprobs": True, "top_logprobs": 20,
    }  # fmt: skip


def test_a_reply_is_read_whole(server: JudgeServer) -> None:
    reply = Bench(server).run(once)
    assert json.loads(reply.text)["nonce"] == NONCE
    assert (reply.model, reply.finish_reason, reply.refusal) == (MODEL, "stop", None)
    assert "".join(choice.token for choice in reply.tokens) == reply.text
    grade = reply.tokens[-2]
    assert grade.token == "2"  # noqa: S105 - of a text
    assert grade.top == pytest.approx({"2": -0.3567, "0": -2.3026, "1": -2.3026, "3": -2.3026}, abs=1e-4)


def test_log_probabilities_are_left_out_where_nobody_wants_them(server: JudgeServer) -> None:
    reply = Bench(server).run(lambda client: client.complete(PROMPT, deadline=START + 60, log_probabilities=False))
    assert reply.tokens == ()
    assert not {"logprobs", "top_logprobs"} & server.asked[0].keys()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (scripts.prose, ("The passage answers the query quite well, I would say.", "stop", None)),
        (scripts.other_schema, (json.dumps({"nonce": NONCE, "score": "high"}), "stop", None)),
        (scripts.truncated, (verdict({"messages": [{"content": f"nonce {NONCE}"}]})[:-12], "length", None)),
        (scripts.refusal, ("", "stop", "I can't help with that.")),
        (scripts.filtered, ("", "content_filter", None)),
        (error(400, "filtered", code="content_filter"), ("", "content_filter", None)),
        (error(403, "Your input was flagged", code="403"), ("", "content_filter", None)),
    ],
)
def test_what_a_model_says_is_a_reply_whatever_it_is(
    server: JudgeServer, script: Script, expected: tuple[str, str, str | None]
) -> None:
    """It is for the checks to see what it is worth; nothing is tried again."""
    server.script.append(script)
    reply = Bench(server).run(once)
    assert (reply.text, reply.finish_reason, reply.refusal) == expected
    assert len(server.asked) == 1


def test_a_server_that_ignores_what_it_was_asked_for_is_no_error(server: JudgeServer) -> None:
    server.script.append(scripts.plain)
    bench = Bench(server)
    reply = bench.run(once)
    assert reply.text.startswith("Sure!")
    assert reply.tokens == ()
    assert bench.metrics.value("judge_tokens_total", "estimated") > 400


@pytest.mark.parametrize(
    ("parameter", "instead"),
    [
        ("response_format", {"response_format": {"type": "json_object"}}),
        ("max_completion_tokens", {"max_tokens": 400}),
        ("temperature", {}),
        ("seed", {}),
        ("top_logprobs", {"logprobs": True, "top_logprobs": 5}),
    ],
)
def test_what_is_refused_by_name_is_left_out_or_replaced_from_then_on(
    server: JudgeServer, parameter: str, instead: dict[str, object]
) -> None:
    """Told once, counted once, and nothing else of the request is given up."""
    said = f"Unsupported parameter: '{parameter}' is not supported with this model."
    server.script.append(error(400, said, code="unsupported_parameter", param=parameter))
    bench = Bench(server)
    with capture_logs() as logs:
        first, second = bench.run(asking(2))
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    refused, taken, later = server.asked
    assert {key: value for key, value in refused.items() if key not in {parameter, "logprobs"} | instead.keys()} == {
        key: value for key, value in taken.items() if key not in instead.keys() | {"logprobs"}
    }
    assert {key: taken[key] for key in instead} == instead
    assert later == taken
    assert [line["parameter"] for line in logs] == [parameter]
    assert bench.metrics.value("judge_unsupported_total", parameter) == bench.calls("unsupported") == 1


@pytest.mark.parametrize(
    ("status", "body", "lacks"),
    [
        # DeepSeek, Groq, Mistral, OpenAI and vLLM, as they are reported to say it
        (400, {"error": {"message": "This response_format type is unavailable now", "param": None}}, "json_schema"),
        (
            400,
            {"error": {"message": "'response_format.type' : value is not one of the allowed values ['text']"}},
            "json_schema",
        ),
        (
            422,
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
            "seed",
        ),
        (
            400,
            {
                "error": {
                    "message": "Unsupported value: 'temperature' does not support 0 with this model. Only the "
                    "default (1) value is supported.",
                    "param": "temperature",
                    "code": "unsupported_value",
                }
            },
            "temperature",
        ),
        (400, {"object": "error", "message": "max_completion_tokens: unknown field", "code": 400}, "max_completion_"),
    ],
)
def test_known_ways_to_say_so_are_understood(
    server: JudgeServer, status: int, body: dict[str, object], lacks: str
) -> None:
    server.script.append(lambda _: scripts.Answer(json.dumps(body).encode(), status))
    assert isinstance(Bench(server).run(once), Reply)
    refused, taken = map(json.dumps, server.asked)
    assert lacks in refused
    assert lacks not in taken


def test_a_server_that_knows_next_to_nothing_is_asked_for_next_to_nothing(server: JudgeServer) -> None:
    server.default = scripts.refusing(
        "response_format", "max_completion_tokens", "temperature", "seed", "logprobs", "top_logprobs",
        script=scripts.plain,
    )  # fmt: skip
    bench = Bench(server)
    first, second = bench.run(asking(2))
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert server.asked[-1].keys() == {"model", "messages", "max_tokens"}
    assert bench.calls("answered") == 2


def test_calls_at_the_same_time_give_up_a_parameter_once(server: JudgeServer) -> None:
    server.default = scripts.slow(0.05, scripts.refusing("response_format", script=scripts.plain))
    bench = Bench(server)
    with capture_logs() as logs:
        replies = bench.run(at_once(8))
    assert all(isinstance(reply, Reply) for reply in replies)
    assert [line["instead"] for line in logs] == ["response_format", "nothing"]


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


def test_a_call_costs_what_the_endpoint_says_that_it_took(server: JudgeServer) -> None:
    usage = {
        "prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050,
        "prompt_tokens_details": {"cached_tokens": 600},
    }  # fmt: skip
    server.script.append(lambda body: completion(body, verdict(body), usage=usage))
    bench = Bench(server, prices=PRICES)
    bench.run(once)
    dollars = (400 * 1.0 + 600 * 0.1 + 50 * 10.0) / 1e6
    assert bench.ledger.total == (round(dollars * 1e9), 1050)
    assert bench.metrics.value("judge_cost_dollars_total") == pytest.approx(dollars)
    assert [bench.metrics.value("judge_tokens_total", kind) for kind in ("input", "cached", "output")] == [
        1000,
        600,
        50,
    ]


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


@pytest.mark.parametrize("key", ["file", "env", "none"])
def test_the_key_is_the_configured_one_or_none(
    server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Whatever OpenAI's own variables say: they are for another endpoint."""
    for variable in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{variable}", "not-for-you")
    monkeypatch.setenv("MINE", "sk-env")
    (tmp_path / "key").write_text("sk-file\n")
    settings: dict[str, Any] = {"file": {"api_key_file": tmp_path / "key"}, "env": {"api_key_env": "MINE"}}.get(key, {})
    Bench(server, headers=[{"name": "X-Team", "value": "search"}], **settings).run(once)
    [headers] = server.headers
    assert headers.get("authorization") == {"file": "Bearer sk-file", "env": "Bearer sk-env"}.get(key)
    assert headers["x-team"] == "search"
    assert "not-for-you" not in str(headers)


def test_a_key_that_is_not_there_is_named(server: JudgeServer) -> None:
    with pytest.raises(LeadlineError, match=r"^judge\.api_key_env: expected a key in the environment as NO_SUCH$"):
        Bench(server, api_key_env="NO_SUCH").run(once)


def test_nothing_of_a_request_is_logged_even_where_openais_client_is_told_to(server: JudgeServer) -> None:
    program = f"""
import asyncio, logging
from tests.monitor.judge.kit import *
from monitor.judge.client import Client
logging.basicConfig(level=logging.DEBUG)
async def go():
    client = Client(judge_config({server.url!r}), MemoryLedger(), Metrics())
    print((await client.complete(PROMPT, deadline=1e18)).finish_reason)
asyncio.run(go())
"""
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"OPENAI_LOG": "debug", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "stop\n"
    assert "passage" not in found.stderr
    assert NONCE not in found.stderr
