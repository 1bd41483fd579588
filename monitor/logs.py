"""Logs: one structured line an event, on stderr. No event ever holds text of a query or a document.

Levels say what the operator must do: error, something is broken and stays so until someone acts; warning, look when you
can; info, what happened.
"""

import logging
import sys
import traceback
from typing import Any

import structlog


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


def describe(error: BaseException) -> dict[str, Any]:
    """An error as log fields: its type and place. Its message may quote what was being worked on, and stays out."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    message = {"message": error.strerror} if isinstance(error, OSError) and error.strerror else {}
    return {"error": type(error).__name__, "where": where, **message}
