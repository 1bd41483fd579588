"""A sidecar in this process, and a Prometheus that scrapes it; or a module's own, where it defines a `sidecar`."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from monitor.service import Service
from tests.e2e.servers import prometheus_of
from tests.monitor import kit

TRACES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for both."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="module")
def sidecar(folder: Path) -> Iterator[Service]:
    """It has assessed `TRACES` traces."""
    sections = {"sources": [{"kind": "http"}], "pipelines": {"default": {"sample": {"scorer": 1.0}}}, "scorer": {}}
    with Service(kit.config(folder, **sections), scorer=kit.LengthScorer()) as service:
        assert service.ingest_address is not None
        host, port = service.ingest_address
        httpx2.post(f"http://{host}:{port}/v1/query-traces", json=kit.traces(TRACES)).raise_for_status()
        kit.wait_for(lambda: len(service.recent.recent()) == TRACES)
        yield service


@pytest.fixture(scope="module")
def prometheus(folder: Path, sidecar: Service) -> Iterator[str]:
    """Its address."""
    with prometheus_of(sidecar.metrics_address, folder) as address:
        yield address
