"""`leadline doctor http://...` on a real Phoenix."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.monitor import kit
from tests.monitor.doctor.kit import FIXTURES, doctor
from tests.monitor.otlp.kit import read, recorded, traces_of
from tests.phoenix.server import KEY, START_SECONDS, Phoenix, phoenix

RECORDINGS = (
    "openinference_langchain",
    "openinference_haystack",
    "genai_langchain",
    "openinference_langchain_redacted",
)

pytestmark = pytest.mark.timeout(2 * START_SECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phoenix]:
    """It was sent what real emitters send, a project each."""
    with phoenix(tmp_path_factory.mktemp("phoenix")) as started:
        for name in (*RECORDINGS, "genai_langchain_without_content"):
            started.post(name, recorded(name))
            wanted = {note.span_id for note in read(recorded(name)).notes}
            kit.wait_for(lambda name=name, wanted=wanted: wanted <= set(started.span_ids(name)))  # type: ignore[misc]
        yield started


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A sidecar's, which knows the key and reads another project elsewhere."""
    (tmp_path / "key").write_text(KEY)
    source = {"kind": "phoenix", "url": "http://elsewhere:1", "project": "p", "api_key_file": str(tmp_path / "key")}
    path = tmp_path / "leadline.yaml"
    path.write_text(yaml.safe_dump({"sources": [source]}))
    return path


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_project_is_worth_what_its_spans_are(server: Phoenix, config: Path, name: str) -> None:
    """The same verdicts and advice as on the spans themselves, which Phoenix keeps in a form of its own."""
    stored = doctor(f"{server.url}/{name}", "--config", config)
    sent = doctor(FIXTURES / f"{name}.json")
    assert (stored["retrievals"], stored["unusable"]) == (sent["retrievals"], sent["unusable"])
    assert stored["measures"] == sent["measures"]


def test_spans_without_content_that_phoenix_translated_still_get_their_own_advice(
    server: Phoenix, config: Path
) -> None:
    """Phoenix turns OTel's GenAI conventions into OpenInference's; the variable to set stays the first's."""
    found = doctor(f"{server.url}/genai_langchain_without_content", "--config", config)
    assert (found["retrievals"], found["unusable"]) == (0, {"no_documents": 1})
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in found["advice"]


def test_the_limit_cuts_to_the_newest(server: Phoenix, config: Path) -> None:
    found = doctor(f"{server.url}/genai_langchain", "--config", config, "--limit", "1")
    assert 1 <= found["retrievals"] < len(traces_of("genai_langchain"))


def test_what_is_wrong_is_one_line(server: Phoenix, config: Path) -> None:
    """No key, and no such project."""
    keyless = kit.leadline("doctor", f"{server.url}/genai_langchain")
    assert (keyless.returncode, keyless.stdout) == (2, "")
    assert "expected api_key_file or api_key_env with a key that is valid, got 401" in keyless.stderr
    missing = kit.leadline("doctor", f"{server.url}/nothing", "--config", config)
    assert missing.stderr == (f"leadline: {server.url}/v1/projects/nothing/spans: there is no project nothing\n")
