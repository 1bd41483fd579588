"""The committed dashboards are what the table says, and speak of metrics that exist."""

import re
from itertools import chain
from typing import Any

import pytest

from dashboards import build
from detectors.signals import SIGNALS
from monitor.catalogue import CATALOGUE, PREFIX
from tests.e2e.dashboards import panels, queries, read

NAMES = sorted(build.DASHBOARDS)
PARTS = ("_bucket", "_sum", "_count")


@pytest.fixture(params=NAMES)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_is_what_the_table_says(name: str) -> None:
    """Else: make dashboards."""
    assert build.render(build.DASHBOARDS[name]()) == (build.FOLDER / name).read_text(encoding="utf-8")


def test_every_committed_dashboard_is_built_here() -> None:
    assert sorted(path.name for path in build.FOLDER.glob("*.json")) == NAMES


def test_every_metric_is_in_the_catalogue(board: dict[str, Any]) -> None:
    """A histogram by its parts only, all others by their own name."""
    histograms = {name for name, spec in CATALOGUE.items() if spec.kind == "histogram"}
    known = {PREFIX + name for name in CATALOGUE.keys() - histograms}
    known |= {PREFIX + name + part for name in histograms for part in PARTS}
    variables = [variable["query"] for variable in board["templating"]["list"]]
    texts = chain((query["expr"] for panel in panels(board) for query in panel["targets"]), variables)
    used = {name for text in texts for name in re.findall(rf"\b{PREFIX}\w+", text)}
    assert used
    assert used <= known


def test_every_panel_says_what_it_concludes_and_in_which_unit(board: dict[str, Any]) -> None:
    for panel in panels(board):
        assert len(panel["description"]) > 40, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_it_takes_any_prometheus_and_keeps_its_address(board: dict[str, Any]) -> None:
    """A data source variable, a fixed uid, the classic schema."""
    assert board["uid"] == "leadline-overview"
    assert board["schemaVersion"] >= 36
    variables = {variable["name"]: variable["type"] for variable in board["templating"]["list"]}
    assert variables == {"DS_PROMETHEUS": "datasource", "pipeline": "query", "window": "interval"}
    assert {panel["datasource"]["uid"] for panel in panels(board)} == {"${DS_PROMETHEUS}"}


def test_ids_are_distinct_and_panels_lie_side_by_side(board: dict[str, Any]) -> None:
    """No two cover the same cell of Grafana's 24 columns."""
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    cells = [cell for panel in board["panels"] for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert all(x < 24 for x, _ in cells)


def _cells(place: dict[str, int]) -> list[tuple[int, int]]:
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return [(x, y) for x in columns for y in rows]


def test_every_signal_is_shown_once() -> None:
    """A new signal comes into the overview by itself."""
    shown = [query["legendFormat"] for query in queries(read("overview.json")) if "_signal_" in query["expr"]]
    assert sorted(shown) == sorted(SIGNALS)
