"""Real exporters pointed at `leadline doctor listen://...`: the packages as they are installed, named as they are."""

import re
import subprocess
from pathlib import Path

import pytest

from monitor.doctor.advice import ADVICE, CAPTURE
from monitor.doctor.gathering import Gathering
from monitor.doctor.listening import GRPC_HINT, Listener
from tests.emitters.test_emitters import QUERIES, UNUSABLE, run_stack
from tests.monitor.doctor.kit import report
from tests.needs import require_emitters


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
@pytest.mark.parametrize("stack", ["openinference_haystack", "genai_langchain_without_content"])
def test_an_exporter_is_recognised(stack: str, encoding: str) -> None:
    require_emitters()
    gathering, listener = Gathering(limit=500), Listener("127.0.0.1:0")
    with listener as url:
        run_stack(url, stack, encoding)
        listener.gather(gathering, seconds=0.1)
    found = report(gathering.sample())
    [emitter] = found.emitters
    dialect, _, framework = stack.partition("_")
    assert (emitter.dialect, emitter.usable) == (dialect, len(QUERIES.get(stack, ())))
    assert found.unusable == ({UNUSABLE[stack]: 1} if stack in UNUSABLE else {})
    assert emitter.instrumentation is not None
    assert framework.partition("_")[0] in emitter.instrumentation
    assert found.malformed == 0


def test_the_variables_that_are_advised_are_those_of_the_packages() -> None:
    """As they are installed: names change between versions."""
    find = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    packages = Path(subprocess.check_output([require_emitters(), "-c", find], text=True).strip())
    sources = [
        file.read_text() for name in ("openinference", "opentelemetry") for file in (packages / name).rglob("*.py")
    ]
    texts = " ".join([*CAPTURE.values(), *ADVICE.values(), GRPC_HINT])
    variables = set(re.findall(r"[A-Z]{2,}(?:_[A-Z]+)+", texts))
    assert len(variables) >= 7
    assert {name for name in variables if not any(name in source for source in sources)} == set()
