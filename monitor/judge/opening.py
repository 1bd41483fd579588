"""Opens the configured judge; without one, nothing of it is loaded."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from monitor.config import Config
from monitor.metrics import Metrics

if TYPE_CHECKING:
    from monitor.judge.build import Judging


def open_judge(
    config: Config, metrics: Metrics, closing: ExitStack, clock: Callable[[], float] = time.time
) -> "Judging | None":
    """The judge, closed with `closing`; None where none is configured. Raises as `Judging` does."""
    if config.judge is None:
        return None
    from monitor.judge.build import Judging  # noqa: PLC0415 - it brings OpenAI's client with it

    judging = Judging(config.judge, config.state.path, metrics, keep_text=config.privacy.keep_text, clock=clock)
    closing.callback(judging.close)
    return judging
