"""A scripted server for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.monitor.judge.server import JudgeServer, good, serving


@pytest.fixture(scope="module")
def _running() -> Iterator[JudgeServer]:
    with serving() as server:
        yield server


@pytest.fixture
def server(_running: JudgeServer) -> JudgeServer:
    """It gives a good verdict, unless a test says otherwise."""
    _running.script.clear()
    _running.asked.clear()
    _running.headers.clear()
    _running.default = good
    return _running
