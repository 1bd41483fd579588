"""`leadline calibrate`: where its pairs come from, what it leaves out, and what it writes."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectors.calibration import Calibration, JudgedPair, fit
from detectors.records import Evidence
from monitor.calibrating import Judgements, calibrate
from monitor.config import EVERYTHING
from monitor.errors import LeadlineError
from monitor.providers.calibration import calibration_for, read_calibration
from monitor.providers.corpus import read_corpus
from monitor.providers.cross_encoder import BUNDLED_DIRECTORY, CrossEncoderScorer
from monitor.recording import Recording, assess_all
from monitor.sampling import Sampler
from tests.builders import assessor, write_lines
from tests.detectors.fakes import TableScorer
from tests.labelled import ANSWER, GOOD, LATE, NOISE, QUERIES, SIDE, relevance, write_collection
from tests.monitor.conftest import Refused
from tests.monitor.kit import assessment, leadline

FEW = "too little to calibrate on: expected at least 100 judged pairs"


def scored(number: int, scores: dict[str, float], scorer: str = "s", **changes: Any) -> dict[str, Any]:
    """An assessment, as it stands in a file, of a trace whose documents have these scores."""
    found = assessment(
        f"t{number}",
        document_ids=tuple(scores),
        evidence=Evidence(relevance=list(scores.values())),
        versions={"scorer": scorer, "calibration": "none"},
        **changes,
    )
    return msgspec.to_builtins(found)


def judged_traffic(directory: Path, traces: int = 60, scorer: str = "s") -> tuple[Path, Path]:
    """Assessments and verdicts of traces with three documents; a document is as often relevant as its score says."""
    dice = random.Random(1)
    assessments, verdicts = [], []
    for number in range(traces):
        scores = {key: dice.uniform(0.05, 0.95) for key in "abc"}
        assessments.append(scored(number, scores, scorer))
        verdicts += [
            {"trace_id": f"t{number}", "document_id": key, "grade": int(dice.random() < score)}
            for key, score in scores.items()
        ]
    return write_lines(directory / "assessments.jsonl", assessments), write_lines(directory / "v.jsonl", verdicts)


def test_a_collection_gives_every_served_document_of_every_labelled_query(tmp_path: Path) -> None:
    directory = write_collection(tmp_path)
    judgements = Judgements()
    recording = Recording(directory / "traces.jsonl", Sampler(lambda _: EVERYTHING))
    known = assessor(read_corpus(directory / "corpus.jsonl"), TableScorer(relevance()))
    judgements.add_collection(directory, assess_all(recording, known))
    assert len(judgements.pairs) == 4 * QUERIES
    assert sum(pair.relevant for pair in judgements.pairs) == 2 * len(GOOD) + len(LATE)
    assert {pair.score for pair in judgements.pairs if pair.relevant} == {ANSWER, SIDE}
    assert [pair.rank for pair in judgements.pairs if pair.relevant and pair.score == ANSWER] == [1] * 12 + [3] * 2


def test_a_collection_is_paired_by_rank_and_grade(tmp_path: Path) -> None:
    directory = write_collection(tmp_path)
    judgements = Judgements()
    served = {"answer0": ANSWER, "noise0-0": NOISE, "side0": SIDE}
    known = msgspec.convert(scored(0, served, query_id="q0"), type=type(assessment("t")))
    unknown = msgspec.convert(scored(1, served, query_id="who"), type=type(known))
    judgements.add_collection(directory, [known, unknown])
    assert [(pair.score, pair.rank, pair.relevant) for pair in judgements.pairs] == [
        (ANSWER, 1, True), (NOISE, 2, False), (SIDE, 3, True)
    ]  # fmt: skip
    assert judgements.left_out == {"unknown_query": 1}
    assert judgements.scorer == "s"


def test_only_documents_with_a_verdict_count_and_the_last_one_given(tmp_path: Path) -> None:
    assessments = write_lines(
        tmp_path / "a.jsonl", [scored(0, {"a": 0.9, "b": 0.5, "c": 0.1}), scored(1, {"a": 0.3}, span_id="x")]
    )
    verdicts = write_lines(
        tmp_path / "v.jsonl",
        [
            {"trace_id": "t0", "document_id": "a", "grade": 0},
            {"trace_id": "t0", "document_id": "a", "grade": 3},
            {"trace_id": "t0", "document_id": "c", "grade": 1},
            {"trace_id": "t1", "document_id": "a", "grade": 3},  # of another span than the assessed one
            {"trace_id": "t1", "span_id": "x", "document_id": "elsewhere", "grade": 3},
        ],
    )
    judgements = Judgements(relevant_from=2)
    judgements.add_verdicts(assessments, verdicts)
    assert judgements.pairs == [
        JudgedPair(0.9, 1, True, "default", "t0 None"),
        JudgedPair(0.1, 3, False, "default", "t0 None"),
    ]
    assert judgements.left_out == {"verdict_without_score": 2}


def test_scores_of_two_scorers_do_not_mix(tmp_path: Path) -> None:
    assessments = write_lines(tmp_path / "a.jsonl", [scored(0, {"a": 0.9}, "old"), scored(1, {"a": 0.9}, "new")])
    verdicts = write_lines(
        tmp_path / "v.jsonl", [{"trace_id": f"t{i}", "document_id": "a", "grade": 1} for i in range(2)]
    )
    with pytest.raises(LeadlineError, match=r"a\.jsonl:2: versions\.scorer: got 'new', expected 'old'"):
        Judgements().add_verdicts(assessments, verdicts)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"{", "v.jsonl:1: expected verdicts as JSON"),
        (b'{"trace_id": "t", "document_id": "d"}', "v.jsonl:1: expected verdicts as JSON: .*`grade`"),
        (b'{"trace_id": "t", "document_id": "d", "grade": "good"}', "Expected `int`, got `str`"),
    ],
)
def test_a_line_that_is_no_verdict_is_named(tmp_path: Path, line: bytes, expected: str) -> None:
    (tmp_path / "v.jsonl").write_bytes(line + b"\n")
    with pytest.raises(LeadlineError, match=expected):
        Judgements().add_verdicts(write_lines(tmp_path / "a.jsonl", [scored(0, {"a": 0.5})]), tmp_path / "v.jsonl")


def test_what_is_said_of_a_calibration_is_held_out() -> None:
    """Labels by the toss of a coin: a fit that was judged on its own pairs would look better than a coin."""
    dice = random.Random(0)
    judgements = Judgements()
    judgements.scorer = "s"
    judgements.pairs = [JudgedPair(dice.random(), 1, dice.random() < 0.5, "a", str(i)) for i in range(200)]
    result = calibrate(judgements, "isotonic")
    assert result.held_out.brier > 0.25
    assert result.bare.brier > result.held_out.brier


def test_the_command_writes_a_calibration_that_the_scorer_s_own_configuration_takes(tmp_path: Path) -> None:
    assessments, verdicts = judged_traffic(tmp_path)
    out, picture = tmp_path / "calibration.json", tmp_path / "diagram.png"
    done = leadline(
        "calibrate", "--assessments", assessments, "--verdicts", verdicts, "--out", out, "--picture", picture
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "180 judged, of 1 collections or pipelines" in done.stdout
    assert "calibrated, held out" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    written = calibration_for("s", out)
    assert written is not None
    assert written.version in done.stdout
    assert written.probabilities(0.8, 1) > written.probabilities(0.2, 1)


def test_a_calibration_of_another_scorer_is_refused(tmp_path: Path) -> None:
    pairs = [JudgedPair(i / 200, 1, i > 100, "a", str(i)) for i in range(200)]
    path = tmp_path / "c.json"
    path.write_bytes(msgspec.json.encode(fit(pairs, scorer="old")))
    with pytest.raises(LeadlineError, match=r"c\.json: scorer: got 'old', expected 'new', the one in use"):
        calibration_for("new", path)


@pytest.mark.parametrize("content", [b"{}", b"no", b'{"scores": [1]}'])
def test_a_file_that_is_no_calibration_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(LeadlineError, match=r"c\.json: expected a calibration as `leadline calibrate` writes it"):
        read_calibration(path)


def test_the_bundled_model_comes_with_its_own_calibration() -> None:
    shipped = calibration_for(CrossEncoderScorer().name, None)
    assert isinstance(shipped, Calibration)
    assert shipped == read_calibration(BUNDLED_DIRECTORY / "calibration.json")
    assert calibration_for("another", None) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "calibrate: expected labelled collections, or --verdicts with --assessments"),
        (("--verdicts", "v.jsonl"), "calibrate: --verdicts and --assessments go together"),
        (("nowhere",), "nowhere/traces.jsonl: cannot be read: No such file or directory"),
        (("--verdicts", "v.jsonl", "--assessments", "a.jsonl"), "v.jsonl: cannot be read: No such file or directory"),
    ],
)
def test_the_command_says_what_it_needs(arguments: tuple[str, ...], expected: str, refused: Refused) -> None:
    assert refused("calibrate", *arguments).endswith(expected)


def test_too_few_verdicts_are_no_calibration(tmp_path: Path, refused: Refused) -> None:
    assessments, verdicts = judged_traffic(tmp_path, traces=20)
    said = refused("calibrate", "--assessments", assessments, "--verdicts", verdicts, "--out", tmp_path / "c.json")
    assert FEW in said
    assert not (tmp_path / "c.json").exists()
