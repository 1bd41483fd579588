"""What a test needs of the machine: skipped where it is missing, a failure where everything was to be there."""

import os
import shutil

import pytest


def require(program: str, how: str) -> str:
    """The path of `program`; without it the test is skipped, or fails under LEADLINE_TEST_REQUIRE=all."""
    path = shutil.which(program)
    if path is not None:
        return path
    missing = f"{program} is not installed; to get it: {how}"
    if os.environ.get("LEADLINE_TEST_REQUIRE") == "all":
        pytest.fail(missing)
    pytest.skip(missing)
