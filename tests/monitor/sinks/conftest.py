"""A receiver, and what a sink leaves out."""

from collections.abc import Iterator

import pytest

from tests.monitor.notifying.receiver import Receiver, receiving
from tests.monitor.sinks.kit import Skips


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def skips() -> Skips:
    return Skips()
