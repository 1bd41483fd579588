"""`leadline check` and `leadline baseline`."""

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from monitor.commands import console, look_for_folder
from monitor.config import build_config, load_config
from monitor.deciding.deciding import Deciding
from monitor.deciding.settings import Settings, settings_of, write_baselines
from monitor.errors import LeadlineError
from monitor.judge.anchor_set import read_anchors
from monitor.logs import configure_logs
from monitor.planning.freezing import freeze, from_assessments, from_state, moment, signals_of
from monitor.planning.machine import machine_of
from monitor.planning.outlook import Outlook, outlooks
from monitor.planning.printing import print_frozen, print_outlooks


def check_command(file: Path) -> int:
    """`leadline check`: 0 or 1."""
    try:
        config = load_config(file)
        settings = settings_of(config)
        if config.judge is not None and config.judge.anchors.path is not None:
            read_anchors(config.judge.anchors.path)
    except LeadlineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"{file}: valid")  # noqa: T201
    if config.alerts:
        by, found = _outlooks(config.state.path, settings)
        print(f"traffic: {by}")  # noqa: T201
        print_outlooks(console(), found)
    return 0


def _outlooks(state: Path, settings: Settings) -> tuple[str, list[Outlook]]:
    """By what the state says; where it cannot be had, that is no error of the configuration."""
    try:
        with machine_of(state, settings) as deciding:
            return f"as {state} knows it", outlooks(deciding)
    except LeadlineError as error:
        return f"not known, {error}", outlooks(Deciding(settings))


def baseline_command(
    pipeline: str, assessments: Sequence[Path], config_file: Path | None, *,
    since: str | None, until: str | None, signals: Sequence[str], out: Path,
) -> None:  # fmt: skip
    """`leadline baseline`."""
    configure_logs(logging.WARNING)
    if config_file is None and not assessments:
        raise LeadlineError("baseline: expected --config FILE, whose state is read, or assessments")
    config = load_config(config_file) if config_file is not None else build_config({}, "command line")
    chosen = signals_of(config, signals)
    begin, end = moment(since, "--since"), moment(until, "--until")
    look_for_folder(out)
    collected = from_assessments(assessments, config, pipeline) if assessments else from_state(config, pipeline)
    frozen = freeze(collected, pipeline, chosen, begin, end, time.time())
    write_baselines(out, frozen.baselines)
    print_frozen(console(), frozen, pipeline, out)
