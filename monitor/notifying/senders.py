"""How events are sent to each kind of destination, with the secrets that the configuration names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from monitor import secret
from monitor.config_notify import Alertmanager, Destination, Webhook
from monitor.errors import LeadlineError
from monitor.http_headers import headers_of, one_line
from monitor.notifying.bodies import Event, pushed, signed, webhook_body
from monitor.notifying.post import Outcome, Post
from monitor.tls import trusting

PATH = "/api/v2/alerts"


class Sender(Protocol):
    """Sends some events in one request, now. One thread at a time."""

    def send(self, events: Sequence[Event]) -> Outcome:
        """Send them; whatever goes wrong on the way is an outcome."""

    def close(self) -> None:
        """Close the connections; twice is fine."""


class WebhookSender:
    """Alertmanager's webhook format, signed for each attempt.

    Raises
    ------
    LeadlineError
        Where a secret or the certificates cannot be had, or the URL that a file or a variable holds is none.
    """

    def __init__(self, config: Webhook, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._secret = secret.either(config.secret_file, config.secret_env, "secret_env", "a secret to sign with")
        self._post = _post(config, _url(config), headers_of(config.headers, "notify"))
        self.close = self._post.close

    def send(self, events: Sequence[Event]) -> Outcome:
        """In one body."""
        body = webhook_body(events, self._config.called, self._config.labels)
        now = self._clock()
        return self._post.send(body, signed(body, self._secret, int(now)) if self._secret else {}, now)


class AlertmanagerSender:
    """Alerts as an Alertmanager takes them; raises as the other does."""

    def __init__(self, config: Alertmanager, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        token = secret.either(config.token_file, config.token_env, "token_env", "a token")
        headers = {"Authorization": one_line(f"Bearer {token}", "Authorization", "notify")} if token else {}
        self._post = _post(config, config.url + PATH, headers, _login(config))
        self.close = self._post.close

    def send(self, events: Sequence[Event]) -> Outcome:
        """In one request."""
        now = self._clock()
        return self._post.send(pushed(events, self._config.labels, now, self._config.resend_seconds), {}, now)


def _post(
    config: Destination, url: str, headers: Mapping[str, str], login: tuple[str, str] | None = None
) -> Post:  # fmt: skip
    return Post(url, headers, timeout_seconds=config.timeout_seconds, tls=trusting(config.ca_file), login=login)


def _url(config: Webhook) -> str:
    if config.url is not None:
        return config.url
    url = secret.either(config.url_file, config.url_env, "url_env", "a URL") or ""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise LeadlineError(f"notify: expected http:// or https:// in {config.url_file or config.url_env}")
    return url


def _login(config: Alertmanager) -> tuple[str, str] | None:
    password = secret.either(config.password_file, config.password_env, "password_env", "a password")
    return (config.username, password) if config.username is not None and password is not None else None
