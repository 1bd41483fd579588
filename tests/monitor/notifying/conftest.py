"""A receiver, and time that stands still."""

from collections.abc import Iterator

import pytest

from tests.monitor.notifying.receiver import Receiver, Time, receiving


@pytest.fixture
def receiver(time: Time) -> Iterator[Receiver]:
    with receiving(clock=time) as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()
