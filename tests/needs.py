"""What a test needs of the machine: skipped where it is missing, a failure where everything was to be there."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

EMITTERS = Path(__file__).parents[1] / ".venvs" / "emitters"


def require(program: str, how: str) -> str:
    """The path of `program`; without it the test is skipped, or fails under LEADLINE_TEST_REQUIRE=all."""
    path = shutil.which(program)
    return path if path is not None else _missing(f"{program} is not installed; to get it: {how}")


def require_emitters() -> str:
    """The Python that has LangChain and the others (LEADLINE_TEST_EMITTERS names another one), else as in `require`."""
    python = Path(os.environ.get("LEADLINE_TEST_EMITTERS", EMITTERS / "bin" / "python"))
    return (
        str(python) if python.exists() else _missing("the emitters are not installed; to get them: make test-emitters")
    )


def _missing(missing: str) -> NoReturn:
    if os.environ.get("LEADLINE_TEST_REQUIRE") == "all":
        pytest.fail(missing)
    pytest.skip(missing)
