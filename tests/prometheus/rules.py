"""The rules for Prometheus, read."""

from typing import Any

import yaml

from tests.monitor.kit import ROOT

FILE = ROOT / "config" / "prometheus" / "leadline.rules.yml"
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
