"""Logs: one structured line an event, on stderr. No event ever holds text of a query or a document.

Levels say what the operator must do: error, something is broken and stays so until someone acts; warning, look when you
can; info, what happened.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog

QUIET_SECONDS = 60.0
REMEMBERED = 1000


class Seldom(logging.Filter):
    """Lets a library say the same thing once a minute: a Kafka client says it many times a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it has not been said lately; what differs in its arguments only is the same."""
        key, now = (record.name, str(record.msg)), self._clock()
        if now - self._said.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
            return False
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[key] = now
        return True


def configure_logs(level: int = logging.INFO) -> None:
    """Readable lines on a terminal, JSON elsewhere; libraries' own warnings join them."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    for handler in logging.root.handlers:
        handler.addFilter(Seldom())


def describe(error: BaseException) -> dict[str, Any]:
    """An error as log fields: its type and place. Its message may quote what was being worked on, and stays out."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    message = {"message": error.strerror} if isinstance(error, OSError) and error.strerror else {}
    return {"error": type(error).__name__, "where": where, **message}
