"""Where records go that are no query traces."""

import json
from pathlib import Path

from monitor.config import PrivacyConfig, QuarantineConfig
from monitor.metrics import Metrics, Recorder
from monitor.privacy import Privacy
from monitor.quarantine import Quarantine
from monitor.sources.base import Malformed

BAD = Malformed("query: missing, expected a value", b'{"trace_id": "x", "mail": "a@b.example"}', {"offset": 12})


def quarantine(path: Path | None, metrics: Metrics, max_bytes: int = 10_000, **privacy: object) -> Quarantine:
    config = QuarantineConfig(path=path, max_bytes=max_bytes) if path is not None else None
    recorder = Recorder(metrics)
    return Quarantine(config, Privacy(PrivacyConfig.model_validate(privacy)), metrics, recorder, lambda: 0.0)


def test_says_what_where_when_and_why(tmp_path: Path) -> None:
    """With the record, redacted."""
    path = tmp_path / "q.jsonl"
    metrics = Metrics()
    quarantine(path, metrics, redact=[r"\w+@[\w.]+"]).write("jsonl:x", [BAD])
    assert json.loads(path.read_text()) == {
        "time": "1970-01-01T00:00:00Z", "source": "jsonl:x", "position": {"offset": 12}, "reason": BAD.reason,
        "bytes": 40, "record": '{"trace_id": "x", "mail": "[redacted]"}',
    }  # fmt: skip
    assert metrics.value("quarantined_records_total", "jsonl:x") == 1


def test_stays_within_its_bound(tmp_path: Path) -> None:
    """One file and the one before it, together no larger than configured."""
    path = tmp_path / "q.jsonl"
    kept = quarantine(path, Metrics(), max_bytes=8192)
    for _ in range(300):
        kept.write("s", [BAD])
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert 4096 < sum(sizes) <= 8192


def test_without_a_file_they_are_counted(tmp_path: Path) -> None:
    """And nothing is written."""
    metrics = Metrics()
    quarantine(None, metrics).write("s", [BAD, BAD])
    assert metrics.value("quarantined_records_total", "s") == 2
    assert metrics.value("traces_total", "_unknown", "unusable") == 2
    assert not list(tmp_path.iterdir())


def test_what_is_in_a_dead_letter_topic_is_only_counted(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    metrics = Metrics()
    quarantine(path, metrics).write("s", [BAD._replace(dead_lettered=True)])
    assert metrics.value("quarantined_records_total", "s") == 1
    assert not path.exists()


def test_without_keep_text_the_record_stays_out(tmp_path: Path) -> None:
    """Source, position, reason and size remain; bytes that are no text are no trouble either way."""
    path = tmp_path / "q.jsonl"
    quarantine(path, Metrics(), keep_text=False).write("s", [BAD._replace(record=b"\xff\xfe")])
    assert "record" not in json.loads(path.read_text())
