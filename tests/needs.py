"""What a test needs of the machine: skipped where it is missing, a failure where everything was to be there."""

import os
import shutil
from typing import NoReturn

import pytest


def require(program: str, how: str) -> str:
    """The path of `program`; without it the test is skipped, or fails under LEADLINE_TEST_REQUIRE=all."""
    path = shutil.which(program)
    return path if path is not None else missing(f"{program} is not installed; to get it: {how}")


def missing(what: str) -> NoReturn:
    """End the test for want of something: a skip, or a failure under LEADLINE_TEST_REQUIRE=all."""
    if os.environ.get("LEADLINE_TEST_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)
