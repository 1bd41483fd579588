"""The committed dashboards are what the tables say, and speak of metrics that exist."""

import re
from typing import Any

import pytest

from dashboards import build
from dashboards.asking import filled, panels, read
from dashboards.panels import EACH, SUMMED, WORST
from detectors.signals import SIGNALS
from monitor.catalogue import CATALOGUE, PREFIX

NAMES = sorted(build.BOARDS)
PARTS = ("_bucket", "_sum", "_count")
GAUGES = {PREFIX + name for name, spec in CATALOGUE.items() if spec.kind == "gauge"}
COUNTERS = {PREFIX + name for name, spec in CATALOGUE.items() if spec.kind == "counter"}
HISTOGRAMS = {PREFIX + name + part for name, spec in CATALOGUE.items() if spec.kind == "histogram" for part in PARTS}
INFO = {PREFIX + name for name, spec in CATALOGUE.items() if spec.kind == "info"}


@pytest.fixture(params=NAMES)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


def targets(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [target for panel in panels(board) for target in panel["targets"]]


def metrics(expression: str) -> set[str]:
    return set(re.findall(rf"\b{PREFIX}\w+", expression))


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_is_what_the_tables_say(name: str) -> None:
    """Else: make dashboards."""
    assert build.render(build.build(name)) == (build.FOLDER / f"{name}.json").read_text(encoding="utf-8")


def test_every_committed_dashboard_is_built_here() -> None:
    assert sorted(path.stem for path in build.FOLDER.glob("*.json")) == NAMES


def test_every_metric_is_in_the_catalogue(board: dict[str, Any]) -> None:
    """A histogram by its parts only, all others by their own name; a variable in a name has the name of a signal."""
    texts = [target["expr"] for target in targets(board)]
    texts += [variable["query"] for variable in board["templating"]["list"]]
    texts += [marks["expr"] for marks in board["annotations"]["list"]]
    used = {name for text in texts for signal in SIGNALS for name in metrics(text.replace("${signal}", signal))}
    assert used
    assert used <= GAUGES | COUNTERS | HISTOGRAMS | INFO


def test_every_panel_says_what_it_concludes_in_which_unit_and_by_which_limits(board: dict[str, Any]) -> None:
    for panel in panels(board):
        assert len(panel["description"]) > 100, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], panel["title"]


def test_gauges_of_replicas_are_never_added_up_or_averaged(board: dict[str, Any]) -> None:
    """Each panel says how replicas come together; counters are rates that are added up, gauges are not."""
    for panel in panels(board):
        counted = panel["description"].endswith(SUMMED)
        assert counted or panel["description"].endswith((EACH, WORST)), panel["title"]
        for target in panel["targets"]:
            expression = target["expr"].replace("${signal}", "top_score")
            assert not re.search(r"\b(avg|quantile|stddev)\b", expression)
            if counted:
                assert metrics(expression) <= COUNTERS | HISTOGRAMS
            for summed in re.findall(r"\bsum(?: by \([^)]*\))? ?\((\w+)", expression):
                assert summed in {"rate", "increase", "max"}, expression


def test_it_takes_any_prometheus_and_keeps_its_address(board: dict[str, Any]) -> None:
    """A data source variable, a fixed uid, the classic schema; the dashboards know each other by a tag."""
    name = board["uid"].removeprefix("leadline-")
    assert name in NAMES
    assert board["schemaVersion"] >= 36
    variables = {variable["name"]: variable["type"] for variable in board["templating"]["list"]}
    own = {"overview": "scenario", "scenarios": "scenario", "signals": "signal"}
    expected = {"DS_PROMETHEUS": "datasource", "pipeline": "query", "window": "interval"}
    assert variables.items() >= (expected | ({own[name]: "query"} if name in own else {})).items()
    assert {panel["datasource"]["uid"] for panel in panels(board)} == {"${DS_PROMETHEUS}"}
    (link,) = board["links"]
    assert set(link["tags"]) <= set(board["tags"])
    assert link["includeVars"]
    assert link["keepTime"]


def test_every_variable_has_a_value(board: dict[str, Any]) -> None:
    """Those of the dashboard, and those that Grafana brings itself."""
    chosen = {variable["name"]: "x" for variable in board["templating"]["list"]}
    for target in targets(board):
        filled(target["expr"], {**chosen, "__rate_interval": "1m"})


def test_the_risk_of_queries_leads_to_their_traces(board: dict[str, Any]) -> None:
    """Exemplars are asked for where there are any, and the panel leads to the store that the variable names."""
    for panel in panels(board):
        risky = ["leadline_risk_bucket" in target["expr"] for target in panel["targets"]]
        assert risky == [bool(target.get("exemplar")) for target in panel["targets"]]
        if any(risky):
            (link,) = panel["fieldConfig"]["defaults"]["links"]
            assert link["url"].startswith("${trace_store:raw}")
            assert "trace_store" in {variable["name"] for variable in board["templating"]["list"]}


def test_ids_are_distinct_and_panels_lie_side_by_side(board: dict[str, Any]) -> None:
    """No two cover the same cell of Grafana's 24 columns."""
    every = [*board["panels"], *(inner for panel in board["panels"] for inner in panel.get("panels", ()))]
    ids = [panel["id"] for panel in every]
    assert len(set(ids)) == len(ids)
    cells = [cell for panel in every for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert all(x < 24 for x, _ in cells)


def _cells(place: dict[str, int]) -> list[tuple[int, int]]:
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return [(x, y) for x in columns for y in rows]


def test_every_signal_is_shown_once() -> None:
    """A new signal comes into the dashboards by itself."""
    shown = [
        target["legendFormat"] for target in targets(read("signals")) if target["expr"].startswith("sum(rate(lead")
    ]
    assert sorted(shown) == sorted(SIGNALS)
