"""The report is whole Markdown, and its cells hold the scoreboard's figures."""

from pathlib import Path

import pytest

from detectors.labels import FAILURE_KINDS
from detectors.signals import SIGNALS
from monitor.evaluating.collections import find_collections
from monitor.evaluating.command import evaluate_all
from monitor.evaluating.report_markdown import report
from monitor.evaluating.results import Scoreboard
from monitor.evaluating.tables import doubly_ranged, ranged
from tests.labelled import write_collections
from tests.monitor.evaluating.kit import NO_SCORER, table_scorer

PICTURES = {name: f"files/{name}.png" for name in ("auroc", "coverage", "levels", "emptied", "reliability")}


def board(folder: Path, names: str, *, with_scorer: bool = True) -> Scoreboard:
    write_collections(folder, names, "traces traces.e5" if " " in names else "traces")
    scorer = table_scorer() if with_scorer else NO_SCORER
    return evaluate_all("some", find_collections(folder), scorer, lambda _: None, repetitions=50)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Scoreboard:
    return board(tmp_path_factory.mktemp("three"), "a b c")


def tables(text: str) -> list[list[str]]:
    """The lines of each table."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return [block for block in blocks if block and block[0].startswith("|")]


def assert_whole(text: str) -> None:
    for lines in tables(text):
        assert len(lines) > 2, lines[0]
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1, lines[0]
    assert "nan" not in text.replace("none", "")
    assert "None" not in text


def test_every_table_is_whole_and_no_figure_is_made_up(three: Scoreboard) -> None:
    text = report(three, PICTURES)
    assert_whole(text)
    assert all(f"]({path})" in text for path in PICTURES.values())


def test_one_collection_without_a_scorer_has_its_report_too(tmp_path: Path) -> None:
    """It says that nothing was held out, and leaves out what takes two retrievers."""
    text = report(board(tmp_path, "a", with_scorer=False), PICTURES)
    assert_whole(text)
    assert "**shipped** prior" in text
    assert "Between retrievers" not in text


def test_the_cells_hold_the_figures(three: Scoreboard) -> None:
    text = report(three, PICTURES)
    for kind in FAILURE_KINDS:
        assert doubly_ranged(three.skills["all"][kind].auroc) in text
    for r in three.recordings:
        cells = (
            r.collection,
            r.recording,
            str(r.failures["ndcg_below_half"]),
            ranged(r.auroc["ndcg_below_half"]["risk"]),
        )
        assert f"| {' | '.join(cells)} |" in text
    shown = [name for name in SIGNALS if three.means["all"]["no_relevant_at_5"][name] is not None]
    assert all(f"| `{name}` |" in text for name in shown)
