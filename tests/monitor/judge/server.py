"""A real HTTP server that speaks chat completions by script, and keeps what it was asked."""

import asyncio
import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any, NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.monitor.kit import wait_for

Body = dict[str, Any]
MODEL = "scripted-2026-11"
LIKELY, UNLIKELY = math.log(0.7), math.log(0.1)


class Answer(NamedTuple):
    """What a request is answered with, after a while; with `cut`, half of it, and the connection is closed."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {"content-type": "application/json"}
    delay_seconds: float = 0.0
    cut: bool = False


Script = Callable[[Body], Answer]


def completion(
    request: Body, content: str | None, *, log_probabilities: bool = True, usage: Body | bool | None = True,
    finish_reason: str = "stop", refusal: str | None = None, model: str = MODEL,
) -> Answer:  # fmt: skip
    """A reply with this content. Log-probabilities are there where they were asked for, unless they are withheld.

    `usage`: True, made up of the lengths; or as given, or none.
    """
    choice: Body = {
        "index": 0, "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": content, "refusal": refusal},
    }  # fmt: skip
    if log_probabilities and request.get("logprobs") and content is not None:
        choice["logprobs"] = {"content": [_token(text) for text in re.findall(r"\d|[^\W\d]+|\W", content)]}
    body: Body = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]
    }  # fmt: skip
    if usage is True:
        read = sum(len(message["content"]) for message in request["messages"]) // 4
        written = len(content or "") // 4
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    if usage:
        body["usage"] = usage
    return Answer(json.dumps(body).encode())


def _token(text: str) -> Body:
    """A digit might have been another one up to 3."""
    others = [str(grade) for grade in range(4) if str(grade) != text] if text.isdigit() else ["other"]
    tops = [(text, LIKELY), *((other, UNLIKELY) for other in others)]
    return {
        "token": text, "logprob": LIKELY, "bytes": list(text.encode()),
        "top_logprobs": [{"token": one, "logprob": value, "bytes": list(one.encode())} for one, value in tops],
    }  # fmt: skip


def nonce_of(request: Body) -> str:
    """The nonce that a prompt asks for."""
    found = re.search(r"nonce[: ]+(\w+)", request["messages"][-1]["content"])
    return found[1] if found else ""


def verdict(request: Body, grade: int = 2, quote: str = "returned within 30 days") -> str:
    """A verdict on one passage, as JSON."""
    return json.dumps({"nonce": nonce_of(request), "quote": quote, "grade": grade})


def is_twin(request: Body) -> bool:
    """Whether it asks for the twin of a question: no query of the tests ends in brackets."""
    return re.search(r"\)\n=== query \w+ ends ===", request["messages"][-1]["content"]) is not None


def good(request: Body) -> Answer:
    """A verdict in due form."""
    return completion(request, verdict(request))


def plain(request: Body) -> Answer:
    """The same from a server that ignores what it was asked for beside the messages, and does not count tokens."""
    return completion(request, f"Sure!\n```json\n{verdict(request)}\n```", log_probabilities=False, usage=None)


def prose(request: Body) -> Answer:
    """No JSON at all."""
    return completion(request, "The passage answers the query quite well, I would say.")


def other_schema(request: Body) -> Answer:
    """JSON, of another form."""
    return completion(request, json.dumps({"nonce": nonce_of(request), "score": "high"}))


def false_quote(request: Body) -> Answer:
    """It quotes what no passage says."""
    return completion(request, verdict(request, 3, "the moon is made of green cheese and so is the sun"))


def truncated(request: Body) -> Answer:
    """It came to the end of its tokens."""
    return completion(request, verdict(request)[:-12], finish_reason="length")


def refusal(request: Body) -> Answer:
    """The model would not."""
    return completion(request, None, refusal="I can't help with that.")


def filtered(request: Body) -> Answer:
    """A filter took the reply away."""
    return completion(request, "", finish_reason="content_filter")


def error(
    status: int, message: str = "no", *, code: str | None = None, param: str | None = None, **headers: str
) -> Script:
    """An error as OpenAI gives it; the names of headers are written with `_`."""
    body = json.dumps({"error": {"message": message, "type": "error", "param": param, "code": code}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(body, status, {"content-type": "application/json", **named})


def cut(request: Body) -> Answer:
    """The connection ends in the middle of the reply."""
    return good(request)._replace(cut=True)


def slow(seconds: float, script: Script = good) -> Script:
    """The same, later."""
    return lambda request: script(request)._replace(delay_seconds=seconds)


def refusing(*parameters: str, script: Script = good) -> Script:
    """A server that has never heard of some parameters."""

    def answer(request: Body) -> Answer:
        name = next((one for one in parameters if one in request), None)
        if name is None:
            return script(request)
        said = f"Unsupported parameter: '{name}' is not supported with this model."
        return error(400, said, code="unsupported_parameter", param=name)(request)

    return answer


class JudgeServer:
    """Answers by the next of `script`, or by `default`."""

    def __init__(self, default: Script) -> None:
        self.default = default
        self.script: deque[Script] = deque()
        self.asked: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        app = Starlette(routes=[Route("/v1/chat/completions", self._chat, methods=["POST"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_for(lambda: self._server.started)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def _chat(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        answer = (self.script.popleft() if self.script else self.default)(body)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(answer.delay_seconds)
        finally:
            self.at_once -= 1
        response = _Cut if answer.cut else Response
        return response(answer.body, answer.status, dict(answer.headers))

    def close(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()


class _Cut(Response):
    """Sends half of what it announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        raise ConnectionAbortedError


@contextmanager
def serving(default: Script = good) -> Iterator[JudgeServer]:
    server = JudgeServer(default)
    try:
        yield server
    finally:
        server.close()
