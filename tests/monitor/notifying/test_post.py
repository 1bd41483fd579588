"""What is worth trying again and what is not, against a real server."""

import pytest

from monitor.notifying.post import Outcome, Post
from tests.monitor.kit import free_port
from tests.monitor.notifying.receiver import CUT, HANG, Answer, Receiver

NOW = 1_795_521_600.0  # Tue, 24 Nov 2026 12:00:00 GMT


def send(url: str, timeout_seconds: float = 10) -> Outcome:
    post = Post(url, {"X-Team": "search"}, timeout_seconds=timeout_seconds)
    try:
        return post.send(b"{}", {"X-More": "1"}, NOW)
    finally:
        post.close()


def test_a_request_has_its_body_and_headers(receiver: Receiver) -> None:
    assert send(receiver.url) == Outcome("delivered", "200")
    [got] = receiver.got
    assert (got.path, got.body) == ("/hook", b"{}")
    assert {name: got.headers[name] for name in ("content-type", "x-team", "x-more")} == {
        "content-type": "application/json", "x-team": "search", "x-more": "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "result"),
    [
        *((status, "delivered") for status in (200, 202, 204)),
        *((status, "refused") for status in (400, 401, 403, 404, 410, 413, 422)),
        *((status, "failed") for status in (302, 408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_a_status_says_whether_to_come_again(receiver: Receiver, status: int, result: str) -> None:
    receiver.script.append(Answer(status))
    assert send(receiver.url) == Outcome(result, str(status))  # type: ignore[arg-type]


def test_a_refusal_is_quoted_from_its_beginning(receiver: Receiver) -> None:
    receiver.script.append(Answer(400, {}, b"no label\n  severity " + b"x" * 100_000))
    said = send(receiver.url).said
    assert said.startswith("400 no label severity xxx")
    assert len(said) <= 204


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("Tue, 24 Nov 2026 12:01:30 GMT", 90), ("Tue, 24 Nov 2026 11:00:00 GMT", 0), ("99999", 3600),
     ("soon", 0), ("-5", 0), ("", 0)],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(receiver: Receiver, text: str, seconds: float) -> None:
    receiver.script.append(Answer(429, {"Retry-After": text}))
    assert send(receiver.url).retry_after_seconds == seconds


def test_a_cut_connection_is_worth_another_try(receiver: Receiver) -> None:
    receiver.script.append(CUT)
    assert send(receiver.url).result == "failed"


def test_no_answer_in_time_is_worth_another_try(receiver: Receiver) -> None:
    receiver.script.append(HANG)
    assert send(receiver.url, timeout_seconds=0.1) == Outcome("failed", "ReadTimeout")


def test_nobody_there_is_worth_another_try() -> None:
    assert send(f"http://127.0.0.1:{free_port()}/") == Outcome("failed", "ConnectError [Errno 111] Connection refused")


def test_a_url_that_is_none_is_no_crash() -> None:
    assert send("http://a:secret/") == Outcome("failed", "InvalidURL")
