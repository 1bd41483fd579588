"""The sinks of a configuration."""

from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.metrics import Metrics
from monitor.sinks.build import build_sinks
from tests.monitor import kit

SERVERS = [
    {"kind": "kafka", "bootstrap_servers": ["127.0.0.1:1"], "topic": "a"},
    {"kind": "otlp", "url": "http://127.0.0.1:1/v1/traces"},
    {"kind": "phoenix", "url": "http://127.0.0.1:1/"},
]


def test_each_is_built_without_its_server_and_named_as_in_the_configuration(tmp_path: Path) -> None:
    """A server may come later; what cannot be written then is an error each time."""
    config = kit.config(tmp_path, sinks=[{"kind": "jsonl", "path": str(tmp_path / "out.jsonl"), "keep": 2}, *SERVERS])
    sinks = build_sinks(config, Metrics(), lambda: 0.0)
    assert [sink.name for sink in sinks] == [section.name for section in config.sinks]
    assert [sink.name for sink in sinks] == [
        f"jsonl:{tmp_path}/out.jsonl", "kafka:127.0.0.1:1/a", "otlp:http://127.0.0.1:1/v1/traces",
        "phoenix:http://127.0.0.1:1",
    ]  # fmt: skip
    for sink in sinks[1:]:
        for _ in range(2):
            with pytest.raises(OSError, match=r"127\.0\.0\.1:1"):
                sink.write([kit.assessment("0" * 31 + "1", span_id="0" * 15 + "1")])
    for sink in (*sinks, *sinks):
        sink.close()


def test_nothing_stays_open_where_one_cannot_be_had(tmp_path: Path) -> None:
    """An unclosed file would be a warning, and warnings are errors here."""
    wrong = {**SERVERS[2], "api_key_env": "NO_SUCH_KEY"}
    config = kit.config(tmp_path, sinks=[{"kind": "jsonl", "path": str(tmp_path / "out.jsonl")}, *SERVERS[:2], wrong])
    with pytest.raises(LeadlineError, match="api_key_env: expected an API key in the environment as NO_SUCH_KEY"):
        build_sinks(config, Metrics(), lambda: 0.0)
