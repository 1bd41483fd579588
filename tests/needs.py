"""What a test needs of the machine: skipped where it is missing, a failure where everything was to be there."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

VENVS = Path(__file__).parents[1] / ".venvs"


def require(program: str, how: str) -> str:
    """The path of `program`; without it the test is skipped, or fails under LEADLINE_TEST_REQUIRE=all."""
    path = shutil.which(program)
    return path if path is not None else missing(f"{program} is not installed; to get it: {how}")


def require_emitters() -> str:
    """The Python that has LangChain and the others (LEADLINE_TEST_EMITTERS names another one), else as in `require`."""
    python = Path(os.environ.get("LEADLINE_TEST_EMITTERS", VENVS / "emitters" / "bin" / "python"))
    return str(python) if python.exists() else missing("no emitters; to get them: make test-emitters")


def require_phoenix() -> str:
    """The program that starts a Phoenix (LEADLINE_TEST_PHOENIX names another one), else as in `require`."""
    program = Path(os.environ.get("LEADLINE_TEST_PHOENIX", VENVS / "phoenix" / "bin" / "phoenix"))
    return str(program) if program.exists() else missing("no Phoenix; to get it: make test-phoenix")


def require_llm() -> str:
    """The Python that has a small language model (LEADLINE_TEST_LLM names another one), else as in `require`."""
    python = Path(os.environ.get("LEADLINE_TEST_LLM", VENVS / "llm" / "bin" / "python"))
    return str(python) if python.exists() else missing("no language model; to get one: make test-llm")


def missing(what: str) -> NoReturn:
    """End the test for want of something: a skip, or a failure under LEADLINE_TEST_REQUIRE=all."""
    if os.environ.get("LEADLINE_TEST_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)
