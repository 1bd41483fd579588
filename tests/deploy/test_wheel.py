"""What a user, and the image, gets from `pip install`: built as a wheel, installed in a plain virtual environment."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.assets import assets
from tests.deploy.test_dockerfile import BUILD, instructions
from tests.monitor.kit import ROOT

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of what the Dockerfile copies: a build leaves its folders beside the sources."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for line in instructions(BUILD)["COPY"]:
        *sources, target = line.split()
        for name in sources:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (copy / target).mkdir(exist_ok=True)
                shutil.copy(ROOT / name, copy / target)
    _pip("wheel", "--no-deps", "--wheel-dir", str(built), str(copy))
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def leadline(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The command of an environment with the wheel in it; what it depends on is that of the tests."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home)
    _pip("--python", str(home / "bin" / "python"), "install", "--no-deps", str(wheel))
    return home / "bin" / "leadline"


def _pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def run(program: Path, *arguments: str | Path, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [program, *arguments], cwd=directory, capture_output=True, text=True, check=False, env=environment
    )


def test_the_assets_are_in_it_and_no_more(wheel: Path) -> None:
    """Not the scripts beside them."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("monitor/shipped/")}
    assert names == {f"monitor/shipped/{name}" for name in assets()}


def test_an_installed_package_writes_the_files_of_the_repository(leadline: Path, tmp_path: Path) -> None:
    done = run(leadline, "assets", "out", directory=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == set(assets())
    assert all((tmp_path / "out" / name).read_bytes() == (ROOT / name).read_bytes() for name in written)


def test_the_configuration_that_it_writes_is_valid(leadline: Path, tmp_path: Path) -> None:
    run(leadline, "assets", ".", directory=tmp_path)
    checked = run(leadline, "check", "config/leadline.yaml", directory=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_it_is_the_installed_package_that_ran(leadline: Path, tmp_path: Path) -> None:
    """And not the checkout: the bundled model is where the wheel put it."""
    asked = "import monitor.assets, pathlib; print(pathlib.Path(monitor.assets.__file__).parent)"
    found = run(leadline.with_name("python"), "-c", asked, directory=tmp_path)
    package = Path(found.stdout.strip())
    assert package.is_relative_to(leadline.parents[1])
    assert list((package / "models").rglob("*.safetensors"))
