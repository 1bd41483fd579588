"""The unit: its command, paths and signals are those of the code, and systemd understands it."""

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from monitor.service import STOP_SECONDS
from tests.deploy.commands import accepted
from tests.monitor.kit import ROOT

UNIT = ROOT / "deploy" / "leadline.service"


def settings() -> dict[str, str]:
    """By key; where one comes twice, both."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[key].append(value)
    return {key: " ".join(values) for key, values in found.items()}


def test_its_command_is_one_of_ours() -> None:
    assert accepted(settings()["ExecStart"].split()) == {"config": "/etc/leadline/leadline.yaml"}


def test_it_comes_back_after_a_failure_and_reloads_on_a_hangup() -> None:
    """SIGHUP to the main process is what `leadline run` reloads on; it does not tell systemd of it, so not `notify`."""
    unit = settings()
    assert unit["Restart"] == "on-failure"
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert unit["Type"] == "exec"


def test_it_may_write_only_where_relative_paths_begin() -> None:
    unit = settings()
    assert unit["WorkingDirectory"] == "/var/lib/" + unit["StateDirectory"]
    assert unit["ProtectSystem"] == "strict"
    assert (unit["DynamicUser"], unit["CapabilityBoundingSet"], unit["NoNewPrivileges"]) == ("yes", "", "yes")


def test_it_waits_until_the_sidecar_has_finished() -> None:
    assert float(settings()["TimeoutStopSec"]) > STOP_SECONDS


def test_it_leaves_the_ports_to_the_configuration() -> None:
    """Loopback, unless a person says otherwise."""
    assert "LEADLINE_" not in settings()["Environment"]


def test_systemd_understands_it(tmp_path: Path) -> None:
    """No unknown key, no bad value."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed; to get it: apt-get install systemd")
    installed = UNIT.read_text(encoding="utf-8").replace(settings()["ExecStart"].split()[0], "/bin/true")
    (tmp_path / UNIT.name).write_text(installed)
    verified = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / UNIT.name)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
