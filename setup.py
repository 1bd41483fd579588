"""Takes what `leadline assets` writes into the package; everything else is in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))

from monitor.assets import SHIPPED, files  # noqa: E402 - a build front end does not put the project on the path


class BuildPy(build_py):
    """Copies them below `monitor/shipped`; an editable install goes without, it reads the repository."""

    def run(self) -> None:
        """Copy, after all else."""
        super().run()
        if not self.editable_mode:
            for path in files(ROOT):
                copy = Path(self.build_lib) / "monitor" / SHIPPED / path.relative_to(ROOT)
                self.mkpath(str(copy.parent))
                self.copy_file(str(path), str(copy))


setup(cmdclass={"build_py": BuildPy})
