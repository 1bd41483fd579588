"""One exchange with an endpoint through OpenAI's client: a reply with its usage, or how it failed."""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import httpx2
import msgspec
import openai

from detectors.judging.records import Reply, TokenChoice
from monitor import secret
from monitor.config_judge import JudgeConfig
from monitor.http_headers import headers_of, one_line
from monitor.judge.money import Tokens
from monitor.notifying.post import retry_after
from monitor.tls import trusting

CONNECT_SECONDS = 5.0
COMPLAINT_CHARACTERS = 500  # what comes later is more likely to be the request's own text
AGAIN = {408, 409, 425, 429}
BAD_REQUEST = {400, 422}
FOR_ALL = {301, 302, 303, 307, 308, 401, 402, 403, 404, 405}
_UNUSUAL = re.compile(r"[^\w.-]")  # in a code
_FILTERED = re.compile(r"content_filter|content_policy|content management policy|responsibleai|moderation|flagged")

Outcome = Literal["throttled", "server_error", "connection", "timeout", "not_understood", "rejected", "denied"]


class CallFailed(Exception):  # noqa: N818 - it may come
    """How an exchange failed.

    Parameters
    ----------
    outcome
        `throttled`, `server_error`, `connection`, `timeout` and `not_understood` may be other the next time; `rejected`
        is this request's fault, `denied` holds for every one.
    sent
        Whether the endpoint may have done the work, and want money for it.
    status, code, parameter, complaint
        What it said, if it did; the complaint may quote the request and is for comparing only.
    """

    def __init__(
        self, outcome: Outcome, *, sent: bool = False, retry_after_seconds: float = 0.0, status: int | None = None,
        code: str = "", parameter: str | None = None, complaint: str = "",
    ) -> None:  # fmt: skip
        super().__init__(outcome)
        self.outcome: Outcome = outcome
        self.sent = sent
        self.retry_after_seconds = retry_after_seconds
        self.status = status
        self.code = code
        self.parameter = parameter
        self.complaint = complaint

    @property
    def worth_retrying(self) -> bool:
        """Whether it may be other the next time."""
        return self.outcome not in {"rejected", "denied"}


class Answer(NamedTuple):
    """A reply, and the tokens that it took; None where the endpoint does not say."""

    reply: Reply
    tokens: Tokens | None


class Endpoint:
    """Speaks chat completions. Opens nothing before the first exchange; belongs to the event loop of that one.

    Raises
    ------
    LeadlineError
        Where a key, the value of a header or certificates cannot be had.
    """

    def __init__(self, config: JudgeConfig, clock: Callable[[], float] = time.time) -> None:
        self._model = config.model
        self._clock = clock
        key = secret.either(config.api_key_file, config.api_key_env, "judge.api_key_env", "a key")
        http = httpx2.AsyncClient(
            verify=trusting(config.ca_file) or True,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),  # `ask` has a timeout over all of it
            limits=httpx2.Limits(
                max_connections=config.concurrency, max_keepalive_connections=config.concurrency, keepalive_expiry=30
            ),
        )
        logging.getLogger("openai").setLevel(logging.WARNING)  # below, it says what was sent: OPENAI_LOG asks for it
        self._client = openai.AsyncOpenAI(
            api_key=one_line(key, "Authorization", "judge") if key else "none", base_url=config.base_url,
            max_retries=0, timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS), http_client=http,
            default_headers=headers_of(config.headers, "judge"),
        )  # fmt: skip
        # what the environment has for OpenAI itself is not for this endpoint
        self._client.organization = self._client.project = self._client.admin_api_key = None
        self._options: openai.RequestOptions = {} if key else {"headers": {"Authorization": openai.Omit()}}

    async def ask(self, body: dict[str, Any], timeout_seconds: float) -> Answer:
        """Post a body and read the reply.

        Raises
        ------
        CallFailed
            Where there is none.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await self._client.post(  # `create` walks through types for longer than all else takes
                    "/chat/completions", cast_to=httpx2.Response, content=_ENCODER.encode(body), options=self._options
                )
        except TimeoutError:
            raise CallFailed("timeout", sent=True) from None
        except openai.APIConnectionError as error:
            raise _unconnected(error) from error
        except openai.APIStatusError as error:
            return self._refusal(error)
        return _read(answer.content, self._model)

    def _refusal(self, error: openai.APIStatusError) -> Answer:
        """What a content filter says with a status is a refusal like others; all else is raised."""
        failed = _failure(error, self._clock())
        if failed.status in {*BAD_REQUEST, 403} and _FILTERED.search(failed.complaint):
            return Answer(Reply("", self._model, "content_filter"), Tokens(0, 0, 0))
        raise failed from error

    async def close(self) -> None:
        """Close the connections; twice is fine."""
        await self._client.close()


def _unconnected(error: openai.APIConnectionError) -> CallFailed:
    cause = error.__cause__
    timeout = isinstance(error, openai.APITimeoutError)
    never = isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    return CallFailed("timeout" if timeout else "connection", sent=not never)


def _failure(error: openai.APIStatusError, now: float) -> CallFailed:
    code = str(error.code or error.type or "")
    said: dict[str, Any] = {
        "status": error.status_code, "code": _UNUSUAL.sub("", code)[:40],
        "parameter": error.param if isinstance(error.param, str) else None,
        "complaint": f"{error.message} {error.body}"[:COMPLAINT_CHARACTERS].lower(),
    }  # fmt: skip
    if "insufficient_quota" in {error.code, error.type} or error.status_code in FOR_ALL:
        return CallFailed("denied", **said)
    if error.status_code in AGAIN or error.status_code >= 500:
        wait = _asked_to_wait(error.response, now)
        throttled = error.status_code == 429 or wait > 0
        return CallFailed("throttled" if throttled else "server_error", retry_after_seconds=wait, **said)
    return CallFailed("rejected", **said)


def _asked_to_wait(answer: httpx2.Response, now: float) -> float:
    """Seconds; 0 where it does not say."""
    milliseconds = answer.headers.get("retry-after-ms", "")
    if milliseconds.replace(".", "", 1).isdecimal():
        return float(milliseconds) / 1000
    return retry_after(answer.headers.get("retry-after", ""), now)


class _Top(msgspec.Struct, gc=False):
    token: str
    logprob: float | None = None


class _Token(msgspec.Struct, gc=False):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Top] = []


class _LogProbabilities(msgspec.Struct):
    content: list[_Token] | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw(b"null")


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: _Details | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


_ENCODER = msgspec.json.Encoder()
_COMPLETION = msgspec.json.Decoder(_Completion)
_LOG_PROBABILITIES = msgspec.json.Decoder(_LogProbabilities)
_USAGE = msgspec.json.Decoder(_Usage)


def _read(content: bytes, model: str) -> Answer:
    """What is not there or not as it should be beside the text is left out."""
    try:
        completion = _COMPLETION.decode(content)
        choice = completion.choices[0]
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError):
        raise CallFailed("not_understood", sent=True) from None
    message = choice.message
    reply = Reply(
        message.content or "", completion.model or model, choice.finish_reason or "stop", message.refusal or None,
        _tokens(choice.logprobs),
    )  # fmt: skip
    return Answer(reply, _usage(completion.usage))


def _tokens(raw: msgspec.Raw) -> tuple[TokenChoice, ...]:
    try:
        content = _LOG_PROBABILITIES.decode(raw).content or []
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return tuple(TokenChoice(one.token, _choices(one)) for one in content)


def _choices(token: _Token) -> dict[str, float]:
    found = {top.token: top.logprob for top in token.top_logprobs if top.logprob is not None}
    if token.logprob is not None:
        found.setdefault(token.token, token.logprob)
    return found


def _usage(raw: msgspec.Raw) -> Tokens | None:
    """None also where it is all zeros: no prompt is that short."""
    try:
        usage = _USAGE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    read, written = max(0, usage.prompt_tokens), max(0, usage.completion_tokens)
    cached = (usage.prompt_tokens_details or _Details()).cached_tokens or 0
    return Tokens(read, min(max(0, cached), read), written) if read + written else None
