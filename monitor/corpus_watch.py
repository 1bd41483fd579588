"""Notices that the corpus's file changed, and has it loaded again, off the assessing thread."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import structlog

from monitor.errors import LeadlineError
from monitor.logs import describe
from monitor.metrics import Metrics
from monitor.providers.corpus_files import Fingerprint, fingerprint

log = structlog.get_logger()

COMPONENT = "corpus"
LOOK_SECONDS = 5.0
RETRY_SECONDS = 60.0


class CorpusWatch:
    """Compares, every few seconds, the corpus's file with the one in use, and calls `load` where they differ.

    A change counts once two looks agree: a file that is being written is not read. What cannot be loaded is tried
    again when it changes, and every minute: permissions and full disks change without it.

    Parameters
    ----------
    in_use
        The path of the corpus and the fingerprint of what was loaded from it; None without a corpus to watch.
    load
        Loads it and puts it to use, or raises and changes nothing.
    """

    def __init__(
        self, in_use: Callable[[], tuple[Path, Fingerprint] | None], load: Callable[[], None], metrics: Metrics
    ) -> None:
        self._in_use = in_use
        self._load = load
        self._metrics = metrics
        self._seen: Fingerprint | None = None
        self._refused: Fingerprint | None = None
        self._retry_at = 0.0
        self._reason: str | None = None
        self._ended = Event()
        self._thread = Thread(target=self._run, name=COMPONENT, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    @property
    def status(self) -> str | None:
        """Why an older corpus is in use; None where the file's is."""
        return self._reason

    def stop(self, timeout_seconds: float) -> None:
        """Look no more. A load that takes longer than the timeout is left behind."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        used = self._in_use()
        now = fingerprint(used[0]) if used is not None else None
        if used is None or now == used[1]:
            self._seen = self._refused = self._reason = None
        elif now != self._seen:
            self._seen = now
        elif now != self._refused or time.monotonic() >= self._retry_at:
            self._take(used[0], now)

    def _take(self, path: Path, now: Fingerprint | None) -> None:
        try:
            self._load()
        except Exception as error:  # noqa: BLE001 - whatever the file holds, the corpus before stays in use
            known = isinstance(error, LeadlineError)
            problem = {"reason": str(error)} if known else describe(error)
            if now != self._refused:
                log.error("the corpus cannot be reloaded, the one before stays in use", path=str(path), **problem)
            self._metrics.failed(COMPONENT)
            self._refused, self._retry_at = now, time.monotonic() + RETRY_SECONDS
            self._reason = (
                f"cannot be reloaded, the one before stays in use: {error if known else type(error).__name__}"
            )
        else:
            self._reason = None
            log.info("corpus reloaded", path=str(path), documents=int(self._metrics.value("corpus_documents")))
