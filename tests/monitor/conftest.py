"""Fixtures for the command line."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from monitor.cli import main

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Refused]:
    """In this process: the one line on stderr of a command that ends with status 2 and prints nothing on stdout."""

    def run(*arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["leadline", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (2, "")
        [line] = said.err.splitlines()
        return line

    handlers = logging.getLogger().handlers[:]
    yield run
    structlog.reset_defaults()  # a command sets up the logs of its process, which here is everybody's
    logging.getLogger().handlers[:] = handlers
