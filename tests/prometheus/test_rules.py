"""Rules for Prometheus: sound, tested one by one, of metrics that exist, each alert with its section of the runbook."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from monitor.catalogue import CATALOGUE, MAX_PIPELINES, MAX_SERIES, PREFIX
from tests.monitor.kit import ROOT
from tests.needs import require
from tests.prometheus.rules import ALERTS, FILE, RULES

UNIT_TESTS = sorted(Path(__file__).parent.glob("*.test.yml"))


def promtool(*arguments: str | Path) -> str:
    """What it says of files that it finds sound."""
    program = require("promtool", "apt-get install prometheus")
    found = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_promtool_finds_them_sound() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", FILE)


@pytest.mark.parametrize("file", UNIT_TESTS, ids=lambda file: file.name)
def test_every_alert_fires_when_it_should_and_not_otherwise(file: Path) -> None:
    promtool("test", "rules", file)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_on_what_is_bad_and_beside_what_is_good(name: str) -> None:
    """In one of the files: something fires, of the job `bad`; the job `good` is there and silent."""
    groups = [group for file in UNIT_TESTS for group in yaml.safe_load(file.read_text())["tests"]]
    for group in groups:
        asked = [test for test in group["promql_expr_test"] if name in re.findall(r"\w+", test["expr"])]
        fired = [sample["labels"] for test in asked for sample in test["exp_samples"]]
        if not fired:
            continue
        jobs = {job for series in group["input_series"] for job in re.findall(r'job="(\w+)', series["series"])}
        silent = any(not test["exp_samples"] for test in asked)
        assert "good" in jobs or silent
        assert not any('job="good' in labels for labels in fired)
        return
    pytest.fail("no test in which it fires")


def test_every_metric_exists() -> None:
    """In the catalogue, or a rule records it."""
    known = {PREFIX + name for name in CATALOGUE} | {rule["record"] for rule in RULES if "record" in rule}
    for rule in RULES:
        used = set(re.findall(r"\b(?:\w+:)?leadline_\w+(?::\w+)?", re.sub(r'"[^"]*"', "", rule["expr"])))
        assert used, rule
        assert used <= known, used - known


def test_labels_that_are_asked_for_exist() -> None:
    """A selector on a label that a metric lacks is empty for ever: a dead rule."""
    selector = re.compile(rf"{PREFIX}(\w+)(?:{{([^}}]*)}})?")
    for rule in RULES:
        for name, conditions in selector.findall(rule["expr"]):
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", conditions))
            if name in CATALOGUE:
                assert labels <= set(CATALOGUE[name].labels), (name, labels)


def test_each_alert_says_what_and_who_and_names_its_page() -> None:
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"


def test_the_runbook_has_a_section_for_each_alert_and_for_nothing_else() -> None:
    """With its severity, and what to look at and to do."""
    text = (ROOT / "docs" / "runbook.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^# |^## |\Z)", text, flags=re.MULTILINE | re.DOTALL))
    assert sections.keys() == ALERTS.keys()
    for name, section in sections.items():
        assert section.startswith(f"\n**{ALERTS[name]['labels']['severity'].title()}.**"), name
        assert "**do**" in section.lower(), name


def test_the_bounds_are_those_of_the_code() -> None:
    expression = ALERTS["LeadlineSeriesCapped"]["expr"]
    assert re.findall(r"> (\d+)", expression) == [str(MAX_SERIES), str(MAX_PIPELINES)]
