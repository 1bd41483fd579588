"""Requests of the sinks that write over HTTP."""

import errno
import ssl
from collections.abc import Mapping

import httpx2

from monitor.errors import SinkBusy
from monitor.notifying.post import retry_after

BUSY_SECONDS = 1.0
LONGEST_BUSY_SECONDS = 60.0


class Posting:
    """Posts to one URL over connections that it keeps. One thread at a time."""

    def __init__(
        self, url: str, headers: Mapping[str, str], *, timeout_seconds: float, tls: ssl.SSLContext | None = None
    ) -> None:
        self.url = url
        self._http = httpx2.Client(headers=dict(headers), timeout=timeout_seconds, verify=tls or True)

    def post(self, body: bytes, now: float, **params: str) -> httpx2.Response:
        """The answer, whatever it is but 429.

        Raises
        ------
        SinkBusy
            429.
        OSError
            Where no answer came.
        """
        try:
            answer = self._http.post(self.url, content=body, params=params)
        except httpx2.HTTPError as error:
            raise self.error(f"no answer: {error or type(error).__name__}") from error
        if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS:
            wait = retry_after(answer.headers.get("retry-after", ""), now) or BUSY_SECONDS
            raise SinkBusy(min(wait, LONGEST_BUSY_SECONDS))
        return answer

    def error(self, what: str) -> OSError:
        """Something to raise, that names the place."""
        return OSError(errno.EPROTO, f"{self.url}: {what}")

    def close(self) -> None:
        """Close the connections; twice is fine."""
        self._http.close()
