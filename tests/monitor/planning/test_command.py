"""`leadline check` and `leadline baseline` as a user meets them, beside a sidecar that is running."""

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml

from monitor.deciding.settings import read_baselines
from monitor.errors import LeadlineError
from monitor.state import State
from tests.monitor.conftest import Refused
from tests.monitor.deciding.traffic import DAY, MONDAY, hours
from tests.monitor.kit import assessed, assessment, document, follow, leadline, lines, sidecar, trace, wait_for
from tests.monitor.planning.states import write_state


def recorded(count: int) -> list[dict[str, object]]:
    """Traces of the last ten days, of which the first few hundred make the normalisation."""
    begin = time.time() - 10 * DAY
    moments = (datetime.fromtimestamp(begin + 9.9 * DAY * i / count, UTC).isoformat() for i in range(count))
    scores = ([0.9 - 0.1 * rank - 0.01 * (i % 7) for rank in range(4)] for i in range(count))
    return [
        trace(f"t{i}", timestamp=at, documents=[{"id": f"d{rank}", "score": score} for rank, score in enumerate(of)])
        for i, (at, of) in enumerate(zip(moments, scores, strict=True))
    ]


def test_both_read_the_state_of_a_running_sidecar(tmp_path: Path) -> None:
    """It keeps its lock and goes on. What it knows and what it wrote to its sink make the same baseline."""
    count = 2400
    (tmp_path / "traces.jsonl").write_bytes(lines(recorded(count)))
    with sidecar(tmp_path, sources=follow(tmp_path / "traces.jsonl")) as running:
        wait_for(lambda: len(assessed(tmp_path)) == count, 60)
        wait_for(lambda: leadline("check", running.file).stdout.count("by baseline") == 1, 60)
        with pytest.raises(LeadlineError, match="in use by another leadline"):
            State(tmp_path / "leadline.db")
        until = datetime.fromtimestamp(time.time() // 3600 * 3600 - 4 * 3600, UTC).isoformat()
        frozen = []
        for source in ([], [tmp_path / "out.jsonl"]):
            out = tmp_path / "baseline.json"
            command = ("baseline", "default", *source, "--config", running.file, "--until", until, "--out", out)
            found = leadline(*command)
            assert (found.returncode, found.stderr) == (0, "")
            assert f"{out}: set pipelines.default.baseline to it" in " ".join(found.stdout.split())
            frozen += read_baselines(out, "default")
        one, other = frozen
        assert (one.since, one.until, one.scale, one.strata.keys()) == (
            other.since, other.until, other.scale, other.strata.keys(),
        )  # fmt: skip
        for name, stratum in one.strata.items():
            assert stratum.values == other.strata[name].values
            assert stratum.mean == pytest.approx(other.strata[name].mean, abs=2e-5)  # sums of other batches, rounded
        assert running.terminate() == 0


def write_config(directory: Path, **sections: object) -> Path:
    file = directory / "leadline.yaml"
    file.write_text(yaml.safe_dump(document(directory, **sections)))
    return file


def test_check_prints_a_table_of_every_alert(tmp_path: Path) -> None:
    alerts = [{}, {"name": "cheap", "decider": "cusum"}, {"name": "low", "decider": "threshold", "limit": 0.6}]
    write_state(tmp_path / "leadline.db", hours(MONDAY, 200, 20, seed=1))
    found = leadline("check", write_config(tmp_path, alerts=alerts))
    assert (found.returncode, found.stderr) == (0, "")
    said = found.stdout
    assert "alert hit_at_5: e_detector, drops of 0.05 in hit_at_5; at most 4 false pages a year over 3 streams" in said
    rows = [line.split() for line in said.splitlines() if line.startswith(" all traffic")]
    assert all(480 <= int(row[2]) < 500 for row in rows)  # 20 an hour, or what the busiest last day had
    assert [row[-1] for row in rows] == ["1.33", "promise"]
    assert "alert low: threshold, while the mean hit_at_5 of the last 1,000 values is surely below 0.6" in said


def test_check_does_without_a_state(tmp_path: Path) -> None:
    """Missing, of an older leadline, of a newer one, or something else: it says so, and says what it can."""
    file, path = write_config(tmp_path), tmp_path / "leadline.db"
    assert f"traffic: not known, {path}: cannot be read: No such file" in leadline("check", file).stdout
    State(path).close()
    assert f"traffic: as {path} knows it" in leadline("check", file).stdout
    for schema, age in ((1, "an older"), (99, "a newer")):
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version={schema}")
        connection.close()
        assert f"written by {age} leadline (schema {schema})" in leadline("check", file).stdout
    path.write_bytes(b"no database" * 100)
    found = leadline("check", file)
    assert (found.returncode, found.stderr) == (0, "")
    assert "file is not a database" in found.stdout
    assert "what if its values were as Beta(6, 3)" in found.stdout


def test_check_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    path = write_state(tmp_path / "leadline.db", hours(MONDAY, 30, 5, seed=1))
    before = path.read_bytes()
    leadline("check", write_config(tmp_path))
    assert path.read_bytes() == before
    State(path).close()


def test_check_refuses_a_baseline_that_is_none(tmp_path: Path) -> None:
    """Status 1, as for the rest of the configuration: `run` would not start with it."""
    found = leadline("check", write_config(tmp_path, pipelines={"shop": {"baseline": str(tmp_path / "gone.json")}}))
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == f"{tmp_path}/gone.json: cannot read the baseline: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "leadline: baseline: expected --config FILE, whose state is read, or assessments"),
        (("--config", "{config}"), "leadline.db: cannot be read: No such file or directory"),
        (("gone.jsonl",), "leadline: gone.jsonl: cannot be read: No such file or directory"),
        (("{bad}",), "bad.jsonl:2: expected assessments as JSON: "),
        (("{short}",), "leadline: baseline: search: hit_at_5: covers 1 of 168 hours"),
        (("{short}", "--signal", "nonsense"), "leadline: --signal: got 'nonsense', expected one of hit_at_5, "),
        (("{short}", "--until", "now"), "leadline: --until: got 'now', expected ISO 8601 with a zone"),
        (("{short}", "--out", "nowhere/b.json"), "leadline: nowhere/b.json: cannot be written: no folder nowhere"),
    ],
)
def test_baseline_refuses_in_one_line(
    arguments: tuple[str, ...], message: str, refused: Refused, tmp_path: Path
) -> None:
    """Status 2, nothing on stdout, and nothing written."""
    good = msgspec.json.encode(assessment("a", pipeline="search", versions={"scorer": "none"}))
    bad, short = tmp_path / "bad.jsonl", tmp_path / "short.jsonl"
    bad.write_bytes(good + b"\n{}\n")
    short.write_bytes((good + b"\n") * 3)
    named = {"bad": bad, "short": short, "config": write_config(tmp_path)}
    out = () if "--out" in arguments else ("--out", tmp_path / "b.json")
    assert message in refused("baseline", "search", *(one.format(**named) for one in arguments), *out)
    assert not (tmp_path / "b.json").exists()
