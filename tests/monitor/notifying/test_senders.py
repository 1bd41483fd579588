"""Where URLs, secrets and logins come from."""

import base64
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.config import build_config
from monitor.config_notify import Webhook
from monitor.errors import LeadlineError
from monitor.notifying.bodies import Event
from monitor.notifying.senders import AlertmanagerSender, Sender, WebhookSender
from tests.monitor.notifying.receiver import START, Got, Receiver, notice


def sender(**section: Any) -> Sender:
    [config] = build_config({"notify": [section]}, "test").notify
    return (
        WebhookSender(config, time.time) if isinstance(config, Webhook) else AlertmanagerSender(config, time.time)
    )  # fmt: skip


def sent(receiver: Receiver, **section: Any) -> Got:
    one = sender(**section)
    assert one.send([Event(notice(), START)]).result == "delivered"
    one.close()
    return receiver.got[-1]


def test_a_webhook_has_secrets_from_files_and_the_environment(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("Bearer abc\n")
    monkeypatch.setenv("HOOK", receiver.url + "?key=1")
    headers = [{"name": "Authorization", "file": str(tmp_path / "token")}, {"name": "X-Team", "value": "search"}]
    section = {"kind": "webhook", "url_env": "HOOK", "secret_env": "HOOK", "labels": {"severity": "page"}}
    got = sent(receiver, headers=headers, **section)
    assert (got.path, got.headers["authorization"], got.headers["x-team"]) == ("/hook?key=1", "Bearer abc", "search")
    assert got.headers["x-leadline-signature"].startswith("sha256=")
    assert got.json["alerts"][0]["labels"]["severity"] == "page"
    assert got.json["receiver"] == "webhook"


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    assert "x-leadline-signature" not in sent(receiver, kind="webhook", url=receiver.url).headers


def test_the_path_of_a_webhook_stays_as_it_is(receiver: Receiver) -> None:
    assert sent(receiver, kind="webhook", url=receiver.url + "/").path == "/hook/"


@pytest.mark.parametrize(
    ("login", "header"),
    [
        ({}, None),
        ({"token_env": "SECRET"}, "Bearer s3cret"),
        ({"username": "me", "password_env": "SECRET"}, "Basic " + base64.b64encode(b"me:s3cret").decode()),
    ],
)
def test_an_alertmanager_is_logged_in_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, login: dict[str, str], header: str | None
) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    got = sent(receiver, kind="alertmanager", url=receiver.url.removesuffix("hook"), **login)
    assert (got.path, got.headers.get("authorization")) == ("/api/v2/alerts", header)
    assert got.json[0]["labels"]["alertname"] == "hit_at_5"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"kind": "webhook", "url_env": "NO_SUCH"}, "url_env: expected a URL in the environment as NO_SUCH"),
        ({"kind": "webhook", "url_env": "SECRET"}, "notify: expected http:// or https:// in SECRET"),
        ({"kind": "webhook", "url": "http://a", "secret_file": "/none"}, "/none: expected a secret to sign with in"),
        (
            {"kind": "webhook", "url": "http://a", "headers": [{"name": "X", "value": "a\nb"}]},
            "expected one line of ASCII as the value of the header X",
        ),
        ({"kind": "alertmanager", "url": "http://a", "token_env": "LINES"}, "of the header Authorization"),
        ({"kind": "alertmanager", "url": "http://a", "token_env": "NO_SUCH"}, "token_env: expected a token in"),
        ({"kind": "alertmanager", "url": "http://a", "ca_file": "/none"}, "ca_file: expected certificates in PEM"),
    ],
)
def test_what_cannot_be_had_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, section: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    monkeypatch.setenv("LINES", "s3cret\nline")
    with pytest.raises(LeadlineError, match=message) as caught:
        sender(**section)
    assert "s3cret" not in str(caught.value)
