"""`leadline evaluate --all`: assess, rate, compute, write."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from monitor.build import Scorer
from monitor.commands import calibrated_scorer, console, file_config, look_for_folder, steps
from monitor.errors import LeadlineError
from monitor.evaluating.assessing import Assessed, assess_collection
from monitor.evaluating.collections import Collection, find_collections
from monitor.evaluating.figures import REPETITIONS, Board
from monitor.evaluating.plots import draw_all
from monitor.evaluating.rating import rate_all
from monitor.evaluating.report_markdown import report
from monitor.evaluating.results import Scoreboard
from monitor.evaluating.summary import print_scoreboard
from monitor.logs import configure_logs
from monitor.pictures import load_pyplot

COLLECTION_SCORES = 400_000  # more than one collection asks for in all variants; about 60 MB
SEED = 0


def evaluate_all_command(folder: Path, report_file: Path | None, scorer: str | None, *, as_json: bool) -> None:
    """`leadline evaluate --all`."""
    configure_logs(logging.WARNING)
    if report_file is None and not as_json:
        raise LeadlineError("evaluate --all: expected --report FILE.md, or --json")
    if report_file is not None:  # before anything is scored for nothing
        load_pyplot()
        look_for_folder(report_file)
    collections = find_collections(folder)
    with steps() as on_step:
        loaded = calibrated_scorer(file_config(None, None, None, scorer), COLLECTION_SCORES)
        board = evaluate_all(str(folder), collections, loaded, on_step)
    if report_file is not None:
        write_report(report_file, board)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(board), indent=1).decode())  # noqa: T201
    else:
        print_scoreboard(console(), board, report_file)


def evaluate_all(
    folder: str, collections: Sequence[Collection], scorer: Scorer, on_step: Callable[[str], None],
    repetitions: int = REPETITIONS,
) -> Scoreboard:  # fmt: skip
    """The scoreboard of the collections of a folder; one of them is in memory at a time.

    Raises
    ------
    LeadlineError
        Where something in them cannot be read, or does not belong together.
    """
    began = time.monotonic()
    assessed: list[Assessed] = []
    for collection in collections:
        assessed += assess_collection(collection, scorer, on_step)
    on_step("fitting, rating, drawing")
    board = Board(assessed, rate_all(assessed), repetitions, SEED).scoreboard(folder, scorer.name)
    timed: Scoreboard = msgspec.structs.replace(board, seconds=time.monotonic() - began)
    return timed


def write_report(file: Path, board: Scoreboard) -> None:
    """The report, and its pictures in a folder beside it."""
    pictures = draw_all(file.with_name(f"{file.stem}_files"), board)
    file.write_text(report(board, {name: f"{path.parent.name}/{path.name}" for name, path in pictures.items()}))
