"""What can be known of the image without an engine: its files, ports, paths and commands are those of the code."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from monitor.assets import assets
from monitor.config import HttpConfig, QuarantineConfig, StateConfig, load_config
from monitor.service import STOP_SECONDS, Service
from tests.deploy.commands import accepted
from tests.monitor import kit

TEXT = (kit.ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((kit.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD, IMAGE = (1, 2)  # its stages


def instructions(*stages: int) -> dict[str, list[str]]:
    """What follows each instruction in these stages, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    stage = 0
    lines = [line for line in TEXT.splitlines() if not line.startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        stage += word == "FROM"
        if word and stage in stages:
            found[word].append(rest.strip())
    return found


def environment() -> dict[str, str]:
    return dict(item.split("=", 1) for item in instructions(IMAGE)["ENV"])


def health_check() -> list[str]:
    command: list[str] = json.loads(instructions(IMAGE)["HEALTHCHECK"][0].partition(" CMD ")[2])
    return [sys.executable, *command[1:]] if command[0] == "python" else command


def port(address: str) -> str:
    return address.rpartition(":")[2]


def test_everything_that_is_copied_exists_and_is_all_that_is_packaged() -> None:
    """The packages, what pyproject.toml names besides, and what setup.py puts into them."""
    copied = [name for line in instructions(BUILD)["COPY"] for name in line.split()[:-1]]
    assert all((kit.ROOT / name).exists() for name in copied)
    packages = [pattern.rstrip("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]
    project = PROJECT["project"]
    named = {"pyproject.toml", "setup.py", project["readme"], *project["license-files"], *packages}
    rest = set(copied) - named
    assert named <= set(copied)
    assert all(any(path.is_relative_to(name) for name in rest) for path in assets())
    assert all(any(path.is_relative_to(name) for path in assets()) for name in rest)


def test_only_the_installed_package_gets_into_the_image() -> None:
    (copied,) = instructions(IMAGE)["COPY"]
    assert copied == "--from=build /opt/leadline /opt/leadline"
    assert environment()["PATH"].split(":")[0] == "/opt/leadline/bin"


def test_the_python_is_one_that_the_package_supports_and_the_same_in_both_stages() -> None:
    """A virtual environment moves only to the same interpreter."""
    first, second = (line.split()[0] for line in instructions(BUILD, IMAGE)["FROM"])
    assert first == second
    version = re.fullmatch(r"python:([\d.]+)-slim", first)
    assert version is not None
    assert version[1] in SpecifierSet(PROJECT["project"]["requires-python"])


def test_the_ports_are_the_defaults_and_only_the_hosts_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over a configuration file that says loopback."""
    defaults = HttpConfig()
    assert instructions(IMAGE)["EXPOSE"] == [f"{port(defaults.metrics)} {port(defaults.ingest)}"]
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    http = load_config(kit.ROOT / "config" / "leadline.yaml").http
    assert (http.metrics, http.ingest) == (f"0.0.0.0:{port(defaults.metrics)}", f"0.0.0.0:{port(defaults.ingest)}")


def test_it_runs_as_nobody_in_particular() -> None:
    """By number, so that an orchestrator can see that it is not root; nothing is run as root after that."""
    (user,) = instructions(IMAGE)["USER"]
    assert user == "65532:65532"
    assert TEXT.index("\nUSER ") > TEXT.rindex("\nRUN ")


def test_state_is_written_to_the_volume() -> None:
    """Default paths are relative, and the volume is where the process starts."""
    assert instructions(IMAGE)["VOLUME"] == instructions(IMAGE)["WORKDIR"] == ["/var/lib/leadline"]
    assert not StateConfig().path.is_absolute()
    assert not QuarantineConfig().path.is_absolute()


def test_its_command_is_one_of_ours_with_the_mounted_configuration() -> None:
    (entry,), (arguments,) = instructions(IMAGE)["ENTRYPOINT"], instructions(IMAGE)["CMD"]
    assert accepted([*json.loads(entry), *json.loads(arguments)]) == {"config": "/etc/leadline/leadline.yaml"}


def test_the_documented_run_mounts_publishes_and_stops_what_is_there() -> None:
    """The command at the top, with time enough for the sidecar to finish what it has in hand."""
    example = re.sub(r"\\?\n# ", " ", TEXT.partition("docker run ")[2].partition("\n#\n")[0])
    words = shlex.split(example)
    given = [(option, value) for option, value in zip(words[::2], words[1::2], strict=False)]
    targets = {value.split(":")[1] for option, value in given if option == "--volume"}
    assert targets == {"/var/lib/leadline", "/var/lib/leadline/corpus.jsonl", "/etc/leadline/leadline.yaml"}
    published = [value.rpartition(":")[2] for option, value in given if option == "--publish"]
    assert published == instructions(IMAGE)["EXPOSE"][0].split()
    assert float(dict(given)["--stop-timeout"]) > STOP_SECONDS


def test_the_health_check_asks_the_sidecar(tmp_path: Path) -> None:
    """0 while it lives, 1 once nothing answers there."""
    with Service(kit.config(tmp_path, sources=[{"kind": "http"}])) as service:
        address = f"0.0.0.0:{service.metrics_address[1]}"  # what the container binds; it asks loopback
        assert _checked(address) == 0
    assert _checked(address) == 1


def test_the_health_check_fails_where_a_part_died(tmp_path: Path) -> None:
    """`/-/healthy` says 503."""
    with Service(kit.config(tmp_path, sources=[{"kind": "http"}])) as service:
        service.health.watch("a part", lambda: False)
        assert _checked(f"0.0.0.0:{service.metrics_address[1]}") == 1


def _checked(address: str) -> int:
    environ = {"LEADLINE_HTTP__METRICS": address}
    return subprocess.run(health_check(), env=environ, check=False, capture_output=True).returncode
