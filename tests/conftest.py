"""What is started once for all tests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.broker import Broker


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Broker"]:
    """A real Apache Kafka."""
    from tests.e2e.broker import broker  # its client takes a while to import

    with broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running
