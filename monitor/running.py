"""The process of `leadline run`: one service, until a signal ends it."""

import gc
import signal
from pathlib import Path
from queue import Empty, SimpleQueue

import structlog

from monitor.config import Config
from monitor.errors import LeadlineError
from monitor.logs import configure_logs
from monitor.service import Service

log = structlog.get_logger()

LOOK_SECONDS = 0.5


def run(config: Config, config_path: Path | None = None) -> int:
    """Run the sidecar until SIGTERM or SIGINT; SIGHUP reloads `config_path`. The exit status.

    Raises
    ------
    LeadlineError
        Where it cannot start.
    """
    configure_logs()
    if not config.sources:
        raise LeadlineError("sources: none configured, expected at least one")
    service = Service(config)
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        service.start()
        _collect_rarely()
        return _until_signalled(service, config_path)
    except KeyboardInterrupt:  # while it was still starting
        return 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _collect_rarely() -> None:
    """Records hold no cycles: looking for some after every 700 of them took an eighth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _until_signalled(service: Service, config_path: Path | None) -> int:
    received: SimpleQueue[int] = SimpleQueue()  # its put is safe inside a signal handler
    ends = (signal.SIGTERM, signal.SIGINT)
    for number in (*ends, signal.SIGHUP):
        signal.signal(number, lambda number, _: received.put(number))
    status = _wait(service, config_path, received)
    for number in ends:
        signal.signal(number, signal.SIG_DFL)  # a second one ends it at once
    log.info("stopping")
    clean = service.stop()
    (log.info if clean else log.warning)("stopped", clean=clean)
    return status


def _wait(service: Service, config_path: Path | None, received: "SimpleQueue[int]") -> int:
    while True:
        try:
            number = received.get(timeout=LOOK_SECONDS)
        except Empty:
            if dead := service.health.dead():
                log.critical("stopping because a part of it died", problems=dead)
                return 1
            continue
        if number != signal.SIGHUP:
            return 0
        if config_path is None:
            log.warning("there is no configuration file to reload")
        else:
            service.reload(config_path)
