"""Where the anchors come from: a file, or early traffic, as far as text may be kept."""

from pathlib import Path

import msgspec
import pytest

from monitor.config import PrivacyConfig
from monitor.config_judge import Anchors
from monitor.errors import LeadlineError
from monitor.judge.anchor_set import CANDIDATE, FROZEN, AnchorSet, read_anchors
from monitor.judge.store import JudgeStore
from monitor.metrics import Metrics
from monitor.privacy import REDACTED, Privacy

KEEPING = Privacy(PrivacyConfig())


def store_at(path: Path) -> JudgeStore:
    return JudgeStore(path / "judge.db", Metrics(), days=30, entries=1000)


def written(path: Path, rows: list[object]) -> Path:
    file = path / "anchors.jsonl"
    file.write_bytes(b"\n".join(row if isinstance(row, bytes) else msgspec.json.encode(row) for row in rows) + b"\n")
    return file


def rows(count: int) -> list[object]:
    return [{"query": f"q{i}", "passage": f"p{i}", "grade": i % 4} for i in range(count)]


def offered(anchors: AnchorSet, start: int, count: int) -> bool:
    """Pairs of four grades; whether the last one froze the set."""
    return [anchors.offer(f"query {i}", f"passage {i}", float(i % 4)) for i in range(start, start + count)][-1]


def test_a_file_gives_pairs_and_what_people_said(tmp_path: Path) -> None:
    unlabelled: list[object] = [{"query": "q", "passage": "p"}, b""]
    found = read_anchors(written(tmp_path, [*rows(40), *unlabelled]))
    assert len(found) == 41
    assert [one.human for one in found[:5]] == [0, 1, 2, 3, 0]
    assert found[-1].human is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"{", "line 41: expected query, passage and perhaps grade: Input data was truncated"),
        ({"query": "q"}, "line 41: expected query, passage and perhaps grade: Object missing required field `passage`"),
        (
            {"query": "q", "passage": "p", "grade": 4},
            "line 41: expected query, passage and perhaps grade: Expected `float` <= 3.0 - at `$.grade`",
        ),
        (
            {"query": "q", "passage": "p", "label": 1},
            "line 41: expected query, passage and perhaps grade: Object contains unknown field `label`",
        ),
        (
            {"query": "", "passage": "p"},
            "line 41: expected query, passage and perhaps grade: Expected `str` of length >= 1 - at `$.query`",
        ),
        ({"query": "q1", "passage": "p1"}, "line 41: got a pair that was there before, expected different ones"),
    ],
)
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, row: object, said: str) -> None:
    file = written(tmp_path, [*rows(40), row])
    with pytest.raises(LeadlineError) as error:
        read_anchors(file)
    assert str(error.value) == f"{file}: {said}"


def test_too_few_or_no_file(tmp_path: Path) -> None:
    file = written(tmp_path, rows(29))
    with pytest.raises(LeadlineError, match="got 29 anchors, expected at least 30"):
        read_anchors(file)
    with pytest.raises(LeadlineError, match="cannot read the anchors: No such file"):
        read_anchors(tmp_path / "none.jsonl")


def test_they_are_frozen_from_traffic_once_and_kept(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    anchors = AnchorSet(Anchors(size=40), store, KEEPING)
    assert anchors.problem is not None
    assert anchors.problem.startswith("no anchors yet: 0 pairs kept of 0")
    assert not offered(anchors, 0, 39)
    assert offered(anchors, 39, 1)
    assert anchors.problem is None
    assert len(anchors.anchors) == 40
    assert store.anchors(CANDIDATE) == []
    assert not offered(anchors, 100, 5)
    store.close()
    again = AnchorSet(Anchors(size=40), store_at(tmp_path), KEEPING)
    assert again.version == anchors.version
    assert {one.id for one in again.anchors} == {one.id for one in anchors.anchors}


def test_collecting_goes_on_after_a_restart(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    offered(AnchorSet(Anchors(size=40), store, KEEPING), 0, 30)
    store.close()
    second = AnchorSet(Anchors(size=40), store_at(tmp_path), KEEPING)
    assert second.problem is not None
    assert second.problem.startswith("no anchors yet: 30 pairs kept of 30")
    assert offered(second, 30, 10)


def test_what_privacy_redacts_is_never_kept(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    anchors = AnchorSet(Anchors(size=40), store, Privacy(PrivacyConfig(redact=(r"\d+",))))
    anchors.offer("call 12345", "the number is 12345", 2.0)
    [body] = store.anchors(CANDIDATE)
    assert b"12345" not in body
    assert REDACTED.encode() in body


def test_where_no_text_may_be_kept_there_are_none_and_old_ones_go(tmp_path: Path) -> None:
    """It abstains, and says why."""
    store = store_at(tmp_path)
    offered(AnchorSet(Anchors(size=40), store, KEEPING), 0, 40)
    assert len(store.anchors(FROZEN)) == 40
    silent = AnchorSet(Anchors(size=40), store, Privacy(PrivacyConfig(keep_text=False)))
    assert store.anchors(FROZEN) == []
    assert not offered(silent, 0, 200)
    assert silent.problem is not None
    assert "privacy.keep_text is off" in silent.problem
    assert store.anchors(CANDIDATE) == []


def test_a_file_of_the_users_is_used_all_the_same(tmp_path: Path) -> None:
    config = Anchors(path=written(tmp_path, rows(40)))
    anchors = AnchorSet(config, store_at(tmp_path), Privacy(PrivacyConfig(keep_text=False)))
    assert len(anchors.anchors) == 40
    assert anchors.problem is None
