"""What an endpoint is asked for, and what it is no longer asked for once it has refused it."""

import json

import pytest
from structlog.testing import capture_logs

from detectors.judging.records import Reply
from tests.monitor.judge import server as scripts
from tests.monitor.judge.kit import PROMPT, SCHEMA, START, Bench, asking, at_once, once
from tests.monitor.judge.server import JudgeServer, error


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


def test_log_probabilities_are_left_out_where_nobody_wants_them(server: JudgeServer) -> None:
    reply = Bench(server).run(lambda client: client.complete(PROMPT, deadline=START + 60, log_probabilities=False))
    assert reply.tokens == ()
    assert not {"logprobs", "top_logprobs"} & server.asked[0].keys()


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
