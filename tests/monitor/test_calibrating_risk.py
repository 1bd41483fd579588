"""`leadline calibrate --risk`: which traces are labels, what is left out, what it writes and who takes it."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectors.records import Weights
from detectors.risk import shipped_normalisation, shipped_prior
from detectors.risk_calibration import Label, RiskCalibration
from monitor.assess import rate
from monitor.calibrating_risk import LabelledTraces, Outcome, _weighted, calibrate_risk
from monitor.config import PipelineConfig
from monitor.errors import LeadlineError
from monitor.providers.calibration import risk_calibrations
from tests.builders import risk_calibration, write_lines
from tests.labelled import FAILED, LATE, QUERIES, trace, write_collection
from tests.monitor.conftest import Refused
from tests.monitor.kit import assessment, leadline

PRIOR = shipped_prior().version
SERVED = tuple("abcdefg")
WHOLE = {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0}


def rated(number: int, **changes: Any) -> dict[str, Any]:
    """An assessment, as it stands in a file, of a trace that served seven documents."""
    plain: dict[str, Any] = {
        "document_ids": SERVED, "risk": 0.2, "risk_at_1": 0.4, "risk_basis": "score",
        "versions": {"scorer": "s", "calibration": "none", "prior": PRIOR, "normalisation": "default-2026"},
    }  # fmt: skip
    return msgspec.to_builtins(assessment(f"t{number}", **{**plain, **changes}))


def verdicts(number: int, grades: dict[str, int]) -> list[dict[str, Any]]:
    return [{"trace_id": f"t{number}", "document_id": key, "grade": grade} for key, grade in grades.items()]


def labelled(directory: Path, *traces: tuple[dict[str, Any], dict[str, int]], **settings: Any) -> LabelledTraces:
    """Of assessments, each changed and with the grades that its documents got."""
    rows = [rated(i, **changes) for i, (changes, _) in enumerate(traces)]
    given = [row for i, (_, grades) in enumerate(traces) for row in verdicts(i, grades)]
    found = LabelledTraces("default", **settings)
    found.add_verdicts(write_lines(directory / "a.jsonl", rows), write_lines(directory / "v.jsonl", given))
    return found


@pytest.mark.parametrize(
    ("grades", "at_5", "at_1"),
    [
        (WHOLE, [True], [True]),
        ({"a": 1}, [False], [False]),  # one relevant among the first five decides it, whatever the others are
        ({"e": 1}, [False], []),  # and the first was not judged
        ({"a": 0, "b": 0, "c": 1}, [False], [True]),
        ({**WHOLE, "f": 1}, [True], [True]),  # too late
        ({"a": 0, "b": 0}, [], [True]),  # the third may be relevant
        ({"f": 0}, [], []),
    ],
)
def test_a_trace_counts_where_its_verdicts_decide_it(
    grades: dict[str, int], at_5: list[bool], at_1: list[bool], tmp_path: Path
) -> None:
    found = labelled(tmp_path, ({}, grades))
    assert [one.failed for one in found.at_5] == at_5
    assert [one.failed for one in found.at_1] == at_1
    assert {one.risk for one in found.at_5} <= {0.2}
    assert {one.risk for one in found.at_1} <= {0.4}


def test_a_list_of_three_is_judged_with_three_verdicts(tmp_path: Path) -> None:
    found = labelled(tmp_path, ({"document_ids": ("a", "b", "c")}, {"a": 0, "b": 0, "c": 0}))
    assert [one.failed for one in found.at_5] == [True]


def test_a_grade_is_relevant_from_where_one_says(tmp_path: Path) -> None:
    found = labelled(tmp_path, ({}, {**WHOLE, "b": 1}), ({}, {**WHOLE, "b": 2}), relevant_from=2)
    assert [one.failed for one in found.at_5] == [True, False]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pipeline": "other"}, "other_pipeline"),
        ({"risk": None, "risk_basis": ""}, "no_risk"),
        ({"document_ids": (), "risk": 1.0, "risk_basis": "empty_result"}, "empty_result"),
        ({"versions": {"scorer": "s", "prior": "prior-0", "normalisation": "n"}}, "other_prior"),
        (
            {"versions": {"scorer": "s", "prior": PRIOR, "normalisation": shipped_normalisation().version}},
            "shipped_reference",
        ),
    ],
)
def test_what_says_nothing_of_the_prior_s_risk_here_is_left_out(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    found = labelled(tmp_path, (changes, WHOLE))
    assert (found.at_5, found.at_1, +found.left_out) == ([], [], {reason: 1})


def test_verdicts_on_traces_that_are_not_there_are_counted(tmp_path: Path) -> None:
    found = LabelledTraces("default")
    given = [*verdicts(0, WHOLE), *verdicts(9, WHOLE)]
    found.add_verdicts(write_lines(tmp_path / "a.jsonl", [rated(0)]), write_lines(tmp_path / "v.jsonl", given))
    assert found.left_out == {"verdicts_without_trace": 1}


def test_a_risk_that_was_calibrated_before_counts_as_the_prior_s(tmp_path: Path) -> None:
    """Or a second calibration would be one of the first."""
    [once] = labelled(tmp_path, ({"risk": 0.9, "prior_risks": {"risk": 0.3, "risk_at_1": 0.5}}, WHOLE)).at_5
    assert once.risk == 0.3


def test_risks_with_two_scorers_do_not_mix(tmp_path: Path) -> None:
    other = {"versions": {"scorer": "x", "calibration": "c", "prior": PRIOR, "normalisation": "n"}}
    with pytest.raises(LeadlineError, match=r"a\.jsonl:2: versions\.scorer: got 'x c', expected 's' as before"):
        labelled(tmp_path, ({}, WHOLE), (other, WHOLE))


def test_verdicts_that_stop_before_they_decide_are_refused(tmp_path: Path) -> None:
    """Traces whose first document alone was judged count only if it was relevant: a rate of such would be a lie."""
    halves = [({}, {"a": int(i % 2 == 0)}) for i in range(60)]
    with pytest.raises(LeadlineError, match=r"30 of 60 judged traces have .* expected verdicts on all five"):
        calibrate_risk(labelled(tmp_path, *halves))


def test_too_few_labels_are_one_line(tmp_path: Path) -> None:
    expected = r"too little to calibrate on: expected at least 20 labelled traces, got 19 \(left out: 1 no_risk\)"
    with pytest.raises(LeadlineError, match=expected):
        calibrate_risk(labelled(tmp_path, ({"risk": None, "risk_basis": ""}, WHOLE), *[({}, WHOLE)] * 19))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([Weights(2.0, 20.0, 200.0), Weights(2.0, 20.0, 100.0)], [200.0, 100.0]),
        ([Weights(2.0, 20.0, None), Weights(2.0, 20.0, 100.0)], [20.0, 20.0]),
        ([Weights(2.0, None, None), Weights(3.0, 20.0, 100.0)], [2.0, 3.0]),
    ],
)
def test_labels_weigh_as_the_deepest_tier_that_took_them_all(weights: list[Weights], expected: list[float]) -> None:
    assert _weighted([Outcome(0.2, True, one) for one in weights]) == [Label(0.2, True, w) for w in expected]


def traffic(count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Assessments of a pipeline twice as risky as the prior says, and their verdicts."""
    dice = random.Random(1)
    rows, given = [], []
    for number in range(count):
        risk = dice.uniform(0.05, 0.4)
        rows.append(rated(number, risk=risk, risk_at_1=min(1.0, 2 * risk)))
        relevant = dice.random() > 2 * risk
        given += verdicts(number, {**WHOLE, "a": int(relevant)})
    return rows, given


def test_the_command_writes_a_calibration_that_its_pipeline_takes(tmp_path: Path) -> None:
    rows, given = traffic(80)
    a, v = write_lines(tmp_path / "a.jsonl", rows), write_lines(tmp_path / "v.jsonl", given)
    out = tmp_path / "risk.json"
    done = leadline("calibrate", "--risk", "default", "--assessments", a, "--verdicts", v, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    pipelines = {"default": PipelineConfig(risk_calibration=out), "other": PipelineConfig()}
    assert risk_calibrations(pipelines, prior=PRIOR, scorer="s").keys() == {"default"}
    found = risk_calibrations(pipelines, prior=PRIOR, scorer="s")["default"]
    assert (found.at_5.labels, found.at_1.labels, found.bases) == (80, 80, {"score": 80})
    assert found.at_5.at(0.2) > 0.3
    assert found.at_1.at(0.4) == pytest.approx(0.4, abs=0.1)
    assert found.version in done.stdout
    assert "pipelines.default.risk_calibration" in done.stdout


def test_a_collection_is_labels_too(tmp_path: Path) -> None:
    """All of its queries with a relevant document, rated against the recording itself."""
    again = (trace(i, trace_id=f"{turn} {i}") for turn in "ab" for i in range(QUERIES))
    directory = write_collection(tmp_path, *again)
    out = tmp_path / "risk.json"
    done = leadline("calibrate", directory, "--risk", "default", "--cross-encoder", "none", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    found = msgspec.json.decode(out.read_bytes(), type=RiskCalibration)
    assert (found.at_5.labels, found.at_5.failed) == (3 * QUERIES, 3 * len(FAILED))
    assert (found.at_1.labels, found.at_1.failed) == (3 * QUERIES, 3 * len(FAILED) + 3 * len(LATE))
    assert (found.scorer, found.prior) == ("none", PRIOR)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pipeline": "docs"}, "pipeline: got 'docs', expected 'default', the one in use: calibrate again"),
        ({"prior": "prior-0"}, f"prior: got 'prior-0', expected '{PRIOR}', the one in use: calibrate again"),
        ({"scorer": "old"}, "scorer: got 'old', expected 's', the one in use: calibrate again"),
    ],
)
def test_a_calibration_of_something_else_is_refused(changes: dict[str, str], expected: str, tmp_path: Path) -> None:
    path = tmp_path / "risk.json"
    path.write_bytes(msgspec.json.encode(risk_calibration(**changes)))
    with pytest.raises(LeadlineError) as caught:
        risk_calibrations({"default": PipelineConfig(risk_calibration=path)}, prior=PRIOR, scorer="s")
    assert str(caught.value) == f"{path}: {expected}"


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "risk.json"
    path.write_bytes(b'{"version": "x"}')
    with pytest.raises(LeadlineError, match=r"risk\.json: expected a calibration as `leadline calibrate --risk`"):
        risk_calibrations({"default": PipelineConfig(risk_calibration=path)}, prior=PRIOR, scorer="s")


def unrated(**changes: Any) -> Any:
    plain = {"risk": None, "risk_at_1": None, "signals": {"score_gap": 0.01, "score_spread": 0.01, "score_z": 1.0}}
    return assessment("t", **{**plain, **changes})


def test_the_risk_is_the_calibration_s_and_keeps_what_the_prior_said() -> None:
    own, reference = risk_calibration(), msgspec.structs.replace(shipped_normalisation(), version="shop-2026")
    before = rate(unrated(), reference, shipped_prior())
    after = rate(unrated(), reference, shipped_prior(), own)
    assert before.risk is not None
    assert after.risk == own.at_5.at(before.risk) != before.risk
    assert after.level_errors == {"risk": own.at_5.level_error, "risk_at_1": own.at_1.level_error}
    assert after.prior_risks == {"risk": before.risk, "risk_at_1": before.risk_at_1}
    assert after.versions == {**before.versions, "risk_calibration": own.version}
    assert (before.prior_risks, after.risk_basis) == ({}, before.risk_basis)


def test_by_the_shipped_reference_the_risk_stays_the_prior_s() -> None:
    """The labels were seen as percentiles of the pipeline's own traffic: those of others are no such thing."""
    assert rate(unrated(), shipped_normalisation(), shipped_prior(), risk_calibration()) == rate(
        unrated(), shipped_normalisation(), shipped_prior()
    )


def test_an_empty_result_keeps_its_risk_of_1() -> None:
    """And names the calibration: it belongs to the same numbers as its neighbours, by which baselines are kept."""
    reference = msgspec.structs.replace(shipped_normalisation(), version="shop-2026")
    empty = rate(unrated(document_ids=()), reference, shipped_prior(), risk_calibration())
    assert (empty.risk, empty.risk_at_1, empty.prior_risks) == (1.0, 1.0, {})
    assert empty.versions["risk_calibration"] == risk_calibration().version


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "calibrate: expected labelled collections, or --verdicts with --assessments"),
        (("--verdicts", "v.jsonl"), "calibrate: --verdicts and --assessments go together"),
        (("--verdicts", "v.jsonl", "--assessments", "a.jsonl"), "v.jsonl: cannot be read: No such file or directory"),
    ],
)
def test_the_command_says_what_it_needs(arguments: tuple[str, ...], expected: str, refused: Refused) -> None:
    assert refused("calibrate", "--risk", "shop", *arguments).endswith(expected)
