"""OpenAI's client before a real HTTP server: what a reply is read as, what a failure, and what is never said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import LeadlineError
from tests.monitor.judge import server as scripts
from tests.monitor.judge.kit import NONCE, PRICES, Bench, once
from tests.monitor.judge.server import MODEL, JudgeServer, Script, completion, error, verdict
from tests.monitor.kit import ROOT


def test_a_reply_is_read_whole(server: JudgeServer) -> None:
    reply = Bench(server).run(once)
    assert json.loads(reply.text)["nonce"] == NONCE
    assert (reply.model, reply.finish_reason, reply.refusal) == (MODEL, "stop", None)
    assert "".join(choice.token for choice in reply.tokens) == reply.text
    grade = reply.tokens[-2]
    assert grade.token == "2"  # noqa: S105 - of a text
    assert grade.top == pytest.approx({"2": -0.3567, "0": -2.3026, "1": -2.3026, "3": -2.3026}, abs=1e-4)


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
