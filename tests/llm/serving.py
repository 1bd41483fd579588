"""A real small language model behind the chat completions protocol, on a free loopback port, gone at the end."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import require_llm

MODEL = "smollm2-135m"
SLOT_TOKENS = 2048
SERVER = Path(__file__).with_name("server.py")


@contextmanager
def llm(log: Path) -> Iterator[str]:
    """Its base URL."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [require_llm(), SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url, log.read_text()
        yield url
    finally:
        process.kill()
        process.communicate()
