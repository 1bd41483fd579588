"""A recorded file, read once, with everything that is wrong in it named by line."""

from pathlib import Path

import msgspec
import pytest

from detectors.records import Assessment
from detectors.reference import Normalisation, QuantileSketch
from detectors.risk import shipped_normalisation, shipped_prior
from monitor.config import SampleRates
from monitor.errors import LeadlineError
from monitor.recording import (
    BATCH_TRACES,
    MINIMUM_SELF_TRACES,
    Recording,
    References,
    assess_all,
    read_normalisation,
)
from monitor.sampling import Sampler
from tests.builders import assessor, plain_trace, write_lines
from tests.monitor.kit import assessment

SHIPPED = shipped_normalisation().version
EVERYTHING = Sampler(lambda _: SampleRates(cheap=1.0, scorer=1.0))


def recording(path: Path, sampler: Sampler = EVERYTHING) -> Recording:
    return Recording(path, sampler)


def test_gives_batches_and_counts_what_it_saw(tmp_path: Path) -> None:
    """Blank lines are no lines; numbers of lines are those of the file."""
    lines = [plain_trace("a"), b"", b"{}", plain_trace("a"), plain_trace("b", pipeline="shop"), b"  ", b"[]"]
    read = recording(write_lines(tmp_path / "traces.jsonl", lines))
    assert [[trace.trace_id for trace, _ in batch] for batch in read.batches()] == [["a", "b"]]
    assert read.decisions == {
        ("default", "evaluated"): 1,
        ("shop", "evaluated"): 1,
        ("default", "duplicate"): 1,
        ("_unknown", "unusable"): 2,
    }
    assert read.counts() == {"evaluated": 2, "duplicate": 1, "unusable": 2}
    assert [problem.describe(Path("f")) for problem in read.problems] == [
        "f:3: trace_id: missing, expected a value",
        "f:7: expected a JSON object, got list",
    ]


def test_batches_are_bounded_and_lose_nothing(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace(f"t{i}") for i in range(2 * BATCH_TRACES + 1)])
    batches = list(recording(path).batches())
    assert [len(batch) for batch in batches] == [BATCH_TRACES, BATCH_TRACES, 1]
    assert len({trace.trace_id for batch in batches for trace, _ in batch}) == 2 * BATCH_TRACES + 1


def test_what_is_not_sampled_is_counted(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace(f"t{i}") for i in range(200)])
    read = recording(path, Sampler(lambda _: SampleRates(cheap=0.5, scorer=0.0)))
    taken = [weights.cheap for batch in read.batches() for _, weights in batch]
    assert set(taken) == {2.0}
    assert read.counts() == {"evaluated": len(taken), "not_sampled": 200 - len(taken)}
    assert 60 < len(taken) < 140


def test_the_progress_adds_up_to_the_file(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace("a"), b"", b"bad", plain_trace("b")])
    read: list[int] = []
    assert len(list(Recording(path, EVERYTHING, read.append).batches())) == 1
    assert sum(read) == path.stat().st_size


@pytest.mark.parametrize(("name", "reason"), [("gone.jsonl", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(LeadlineError, match=reason):
        list(recording(tmp_path / name).batches())


def test_assesses_all_of_it(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace(f"t{i}") for i in range(BATCH_TRACES + 5)])
    found = list(assess_all(recording(path), assessor(None)))
    assert [one.trace_id for one in found] == [f"t{i}" for i in range(BATCH_TRACES + 5)]


def assessments(pipeline: str, count: int) -> list[Assessment]:
    own = {"pipeline": pipeline, "versions": {"scorer": "s"}}
    return [assessment(f"{pipeline}{i}", signals={"score_gap": i / count}, **own) for i in range(count)]


def references(choice: str, *groups: list[Assessment]) -> References:
    return References(choice, [one for group in groups for one in group], depth=lambda _: 10)


def test_self_is_each_pipelines_own_traffic() -> None:
    """Where there is enough of it; the median of it is its middle."""
    chosen = references("self", assessments("shop", 100), assessments("few", MINIMUM_SELF_TRACES - 1))
    own = chosen.of("shop")
    assert (own.version, own.scorer, own.depth, own.traces) == ("self", "s", 10, 100)
    assert own.sketches["score_gap"].percentile(0.495) == pytest.approx(0.5, abs=0.01)
    assert chosen.of("few") is shipped_normalisation()
    assert chosen.versions == ["self", SHIPPED]


def test_says_only_what_is_in_use() -> None:
    assert references("self", assessments("shop", 100)).versions == ["self"]
    assert references("self", assessments("few", 3)).versions == [SHIPPED]
    assert references("shipped", assessments("shop", 100)).versions == [SHIPPED]


def test_a_file_holds_for_every_pipeline(tmp_path: Path) -> None:
    given = Normalisation("monday", 10, "s", 500, {"score_gap": QuantileSketch((0.0, 1.0))})
    path = tmp_path / "reference.json"
    path.write_bytes(msgspec.json.encode(given))
    chosen = references(str(path), assessments("shop", 100))
    assert (chosen.of("shop"), chosen.of("other"), chosen.versions) == (given, given, ["monday"])
    assert {one.versions["normalisation"] for one in chosen.rate(assessments("shop", 3), shipped_prior())} == {"monday"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot read the reference: No such file"),
        (b"{", "expected a normalisation reference"),
        (b'{"version": "x"}', "expected a normalisation reference: Object missing required field"),
        (
            b'{"version": "x", "depth": 1, "scorer": "s", "traces": 1, "sketches": {"score_gap": {"knots": [1]}}}',
            "knots: expected two or more numbers that do not fall",
        ),
    ],
)
def test_a_file_that_is_no_reference_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "reference.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LeadlineError, match=reason) as caught:
        read_normalisation(path)
    assert str(caught.value).startswith(f"{path}: ")
