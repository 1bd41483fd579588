"""One POST and what came of it."""

import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

import httpx2

LONGEST_RETRY_AFTER_SECONDS = 3600.0
SAID_BYTES = 200
WORTH_RETRYING = {408, 425, 429}


class Outcome(NamedTuple):
    """`delivered`: a 2xx. `refused`: a 4xx that would be the same again. `failed`: anything else, worth trying again.

    `said` is for people: the status and the beginning of the answer, or the error; never the URL, which may be secret.
    """

    result: Literal["delivered", "refused", "failed"]
    said: str
    retry_after_seconds: float = 0.0


class Post:
    """Posts JSON to one URL. Connects for each request: there are few."""

    def __init__(
        self, url: str, headers: Mapping[str, str], *, timeout_seconds: float, tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._url = url
        self._http = httpx2.Client(headers=dict(headers), timeout=timeout_seconds, verify=tls or True, auth=login)

    def send(self, body: bytes, headers: Mapping[str, str], now: float) -> Outcome:
        """Post it; every error that the other side or the way to it can make is an outcome."""
        headers = {"Content-Type": "application/json", "Connection": "close", **headers}
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers) as answer:
                return self._outcome(answer, now)
        except httpx2.ConnectError as error:
            return Outcome("failed", f"ConnectError {error}".rstrip())
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:  # its message may quote a header or the URL
            return Outcome("failed", type(error).__name__)

    def _outcome(self, answer: httpx2.Response, now: float) -> Outcome:
        status = answer.status_code
        if answer.is_success:
            return Outcome("delivered", str(status))
        start = next(answer.iter_bytes(SAID_BYTES), b"").decode(errors="replace")
        said = f"{status} {' '.join(start.split())}".rstrip()
        if answer.is_client_error and status not in WORTH_RETRYING:
            return Outcome("refused", said)
        return Outcome("failed", said, retry_after(answer.headers.get("retry-after", ""), now))

    def close(self) -> None:
        """Close it; twice is fine."""
        self._http.close()


def retry_after(text: str, now: float) -> float:
    """Seconds, given as such or as a date; 0 for what is neither."""
    try:
        seconds = float(text) if text.replace(".", "", 1).isdecimal() else parsedate_to_datetime(text).timestamp() - now
    except ValueError:
        return 0.0
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)
