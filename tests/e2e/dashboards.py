"""Reads a committed dashboard as Grafana would: its panels, its expressions with the variables filled in."""

import json
from collections.abc import Iterator
from typing import Any

from tests.monitor.kit import ROOT

VARIABLES = {"$pipeline": ".*", "$window": "15m", "$__rate_interval": "4s"}


def read(name: str) -> dict[str, Any]:
    board: dict[str, Any] = json.loads((ROOT / "dashboards" / name).read_text(encoding="utf-8"))
    return board


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All that show something: rows do not."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def queries(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The targets of all panels."""
    return (target for panel in panels(board) for target in panel["targets"])


def filled(expression: str, **changes: str) -> str:
    """With a value for each variable."""
    for variable, value in {**VARIABLES, **{f"${name}": value for name, value in changes.items()}}.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression, f"a variable without a value: {expression}"
    return expression
