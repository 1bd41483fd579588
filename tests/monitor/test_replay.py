"""A recorded file in, assessments and metrics out, whatever is in the file."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from detectors.records import Assessment, Weights
from detectors.signals import SIGNALS, UNJUDGED
from monitor.config import EVERYTHING, SampleRates
from monitor.errors import LeadlineError
from monitor.recording import Recording
from monitor.replay import RISKIEST, Summary, replay
from monitor.sampling import Sampler
from tests.builders import assessor, config, corpus, encoded, plain_trace, risk_calibration, samples, write_lines
from tests.detectors.fakes import TableScorer
from tests.monitor.kit import assessment

SHAPE = {"top_score", "score_gap", "score_z", "score_spread", "score_entropy"}
TERMS = {
    "uncovered_terms",
    "first_covered_terms",
    "best_covered_terms",
    "first_terms_contrast",
    "terms_regret",
    "first_terms_regret",
    "missed_identifiers",
}
ANSWER = {"first_answer_type"}
AGE = {"document_age"}
LEXICAL_SCORES = {"unknown_terms", "lexical_gap", "lexical_share", "first_lexical_share"}
LEXICAL = {"lexical_rbo", "lexical_miss", "lexical_score_discordance", *LEXICAL_SCORES, *TERMS}
PAIRS = {"near_duplicates", "list_coherence"}
LIST = PAIRS | {"served_length"}
ORDER = {"rank_discordance", "rank_discordance_top", "relevance_contrast", "first_contrast"}
AGREEMENT = {"lexical_score_discordance", "score_discordance"}  # of the retriever's scores with others
UNION = {"union_rbo", "regret", "relevance_share", "first_relevance_share"}
EXPECTED = {"expected_ndcg", "expected_regret"}
LEVEL = {"best_relevance", "first_relevance", "none_relevant", "mean_relevance", "first_regret"}
SCORED = LIST | ORDER | UNION | LEVEL | EXPECTED | {"score_discordance"}


class Replayed(NamedTuple):
    """What a replay wrote."""

    assessed: dict[str, dict[str, Any]]
    problems: dict[int, str]
    counts: dict[str, int]
    metrics: str
    summary: Summary

    def abstained(self, trace_id: str) -> dict[str, str]:
        """Signal and reason."""
        found: dict[str, str] = self.assessed[trace_id]["abstentions"]
        return found


def replayed(path: Path, rates: SampleRates = EVERYTHING) -> Replayed:
    """Replay a file over the small corpus of `tests.builders`, with a scorer of equal words."""
    settings = config()
    scorer = TableScorer({"Refund policy. Refunds take five working days after the order was returned.": 0.9}, 0.2)
    out, metrics = path.with_name("out.jsonl"), path.with_name("metrics.prom")
    recording = Recording(path, Sampler(lambda _: rates))
    summary, _ = replay(
        recording, assessor(corpus(path.parent), scorer), settings,
        reference="shipped", out=out, metrics_out=metrics,
    )  # fmt: skip
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    return Replayed(
        {line["trace_id"]: line for line in lines},
        {problem.line: problem.reason for problem in recording.problems},
        dict(recording.counts()),
        metrics.read_text(),
        summary,
    )


def one(directory: Path, **changes: Any) -> Replayed:
    """A file with one trace."""
    return replayed(write_lines(directory / "traces.jsonl", [plain_trace(**changes)]))


def documents(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{"id": f"kb-{1 + i % 6}", "score": 0.9 - i / (10 * count), **changes} for i in range(count)]


MEGABYTES = "refund of the order, again and again. " * (5_000_000 // 38)

# Lines that are no query traces, and the reason.
UNUSABLE: dict[str, tuple[bytes, str]] = {
    "not json": (b"this is not json", "expected JSON: Expecting value at character 0"),
    "wrong shape": (b'["a", "list"]', "expected a JSON object, got list"),
    "no query": (b'{"trace_id": "x", "documents": []}', "query: missing, expected a value"),
    "no documents": (b'{"trace_id": "x", "query": "q"}', "documents: missing, expected a value"),
    "neither id nor text": (
        encoded(plain_trace("x", documents=[{"id": "kb-1"}, {"score": 0.5}])),
        "documents[1]: expected an id or a text, got neither",
    ),
    "empty query": (encoded(plain_trace("x", query="")), "query: expected text, got none"),
}

# Sound traces that are hard to measure, and which signals abstain for which reason.
HARD: dict[str, tuple[dict[str, Any], dict[str, set[str]]]] = {
    "empty list": ({"documents": []}, {"too_few_documents": SHAPE | ANSWER | AGE | LEXICAL | SCORED | {"hub_share"}}),
    "nan score": ({"documents": [*documents(3), {"id": "kb-5", "score": math.nan}]}, {"no_scores": SHAPE | AGREEMENT}),
    "infinite score": (
        {"documents": [*documents(3), {"id": "kb-5", "score": math.inf}]},
        {"no_scores": SHAPE | AGREEMENT},
    ),
    "missing score": ({"documents": [*documents(3), {"id": "kb-5"}]}, {"no_scores": SHAPE | AGREEMENT}),
    "constant scores": ({"documents": documents(4, score=0.5)}, {"constant_scores": SHAPE | AGREEMENT}),
    "duplicate ids": ({"documents": documents(4, id="kb-1")}, {}),
    "one document": (
        {"documents": documents(1)},
        {"too_few_documents": SHAPE | PAIRS | ORDER | AGREEMENT | {"first_terms_contrast"}},
    ),
    "10,000 documents": ({"documents": documents(10_000)}, {}),
    "5 MB of text": ({"documents": [{"id": "kb-1", "text": MEGABYTES, "score": 1}, *documents(3)]}, {}),
    "5 MB of query": ({"query": MEGABYTES}, {"not_applicable": ANSWER | {"missed_identifiers"}}),
    "emoji and chinese": (
        {
            "query": "🎉 退款政策 order 88-1023 🚀",
            "documents": [{"id": "kb-1", "score": 1, "text": "退款 🎉"}, *documents(3)],
        },
        {},
    ),
    "only emoji": ({"query": "🎉🎉"}, {"no_query_terms": LEXICAL | UNION}),
    "unknown ids": ({"documents": [{"id": f"gone-{i}", "score": 1 - i / 10} for i in range(4)]}, {}),
}


def abstained_by_reason(found: Replayed, trace_id: str) -> dict[str, set[str]]:
    reasons: dict[str, set[str]] = {}
    for name, reason in found.abstained(trace_id).items():
        if name in SIGNALS:
            reasons.setdefault(reason, set()).add(name)
    return reasons


@pytest.mark.parametrize("name", sorted(UNUSABLE))
def test_a_line_that_is_no_trace_is_named_and_counted(tmp_path: Path, name: str) -> None:
    """And the trace after it is assessed."""
    line, reason = UNUSABLE[name]
    found = replayed(write_lines(tmp_path / "traces.jsonl", [line, plain_trace("good")]))
    assert found.problems == {1: reason}
    assert list(found.assessed) == ["good"]
    assert samples(found.metrics, "traces_total", "pipeline", "decision")["_unknown", "unusable"] == 1


@pytest.mark.parametrize("name", sorted(set(HARD) - {"unknown ids"}))
def test_a_trace_that_is_hard_to_measure_abstains_with_a_reason(tmp_path: Path, name: str) -> None:
    """What can be computed is; the reason is counted for each signal that cannot."""
    changes, reasons = HARD[name]
    found = one(tmp_path, **changes)
    assert {reason: names for reason, names in abstained_by_reason(found, "t1").items() if reason in reasons} == reasons
    signals = found.assessed["t1"]["signals"]
    assert signals.keys() | found.abstained("t1").keys() >= set(UNJUDGED)
    assert all(math.isfinite(value) for value in signals.values())
    counted = samples(found.metrics, "abstentions_total", "signal", "reason")
    assert counted.keys() == set(found.abstained("t1").items())


def test_an_empty_list_is_the_worst_failure(tmp_path: Path) -> None:
    worst = one(tmp_path, documents=[]).assessed["t1"]
    assert (worst["risk"], worst["risk_at_1"], worst["drivers"]) == (1.0, 1.0, ["empty_result"])


def test_no_more_than_the_depth_of_a_long_list_counts(tmp_path: Path) -> None:
    assert len(one(tmp_path, documents=documents(10_000)).assessed["t1"]["document_ids"]) == 10


def test_ids_that_the_corpus_does_not_know_stop_the_lexical_side(tmp_path: Path) -> None:
    """There is no text to be found for them either."""
    found = one(tmp_path, **HARD["unknown ids"][0])
    assert abstained_by_reason(found, "t1") == {
        "ids_not_in_corpus": LEXICAL | AGE, "no_text": SCORED | ANSWER, "too_few_traces": {"hub_share"},
    }  # fmt: skip


def test_one_unknown_id_among_known_ones_stops_what_needs_its_text(tmp_path: Path) -> None:
    """The rest of the file carries the share of documents found."""
    hard = plain_trace("hard", documents=[*documents(4), {"id": "gone", "score": 0.1}])
    found = replayed(write_lines(tmp_path / "traces.jsonl", [hard, *(plain_trace(f"t{i}") for i in range(10))]))
    assert abstained_by_reason(found, "hard")["no_text"] == SCORED | TERMS
    assert found.assessed["hard"]["signals"].keys() >= SHAPE | {"lexical_rbo", "lexical_miss"}


def test_hubs_are_the_same_however_often_a_file_is_replayed(tmp_path: Path) -> None:
    """They are counted from the file alone, in its order: nothing to say of its first 50 queries."""
    traces = [plain_trace(f"t{i}", query=f"query {i}", documents=documents(1 + i % 6)) for i in range(120)]
    path = write_lines(tmp_path / "traces.jsonl", traces)
    one, other = ([line["signals"].get("hub_share") for line in replayed(path).assessed.values()] for _ in range(2))
    assert one == other
    assert [i for i, value in enumerate(one) if value is None] == list(range(50))
    assert one[50:] == [1.0] * 70  # kb-1 is in every list


def test_a_repeated_trace_id_is_a_duplicate(tmp_path: Path) -> None:
    found = replayed(write_lines(tmp_path / "traces.jsonl", [plain_trace("a"), plain_trace("a", query="else")]))
    assert found.assessed["a"]["query"] == plain_trace()["query"]
    assert found.counts == {"evaluated": 1, "duplicate": 1}
    assert samples(found.metrics, "traces_total", "pipeline", "decision")["default", "duplicate"] == 1


def test_a_file_may_end_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace("a")])
    path.write_bytes(path.read_bytes() + encoded(plain_trace("b"))[:60])
    found = replayed(path)
    assert list(found.assessed) == ["a"]
    assert list(found.problems) == [2]
    assert found.problems[2].startswith("expected JSON: ")


def test_a_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    path.write_bytes(encoded(plain_trace("a")))
    assert list(replayed(path).assessed) == ["a"]


def everything_bad() -> Iterator[bytes | dict[str, Any]]:
    """Each bad line between two good ones."""
    yield plain_trace("good-0")
    for i, (line, _) in enumerate(UNUSABLE.values(), start=1):
        yield line
        yield plain_trace(f"good-{i}")
    for name, (changes, _) in HARD.items():
        yield plain_trace(name, **changes)
    yield plain_trace("good-0")


def test_everything_bad_in_one_file_leaves_the_rest_assessed(tmp_path: Path) -> None:
    """The whole list of bad input, a repeat, and an end in the middle of a line."""
    path = write_lines(tmp_path / "traces.jsonl", everything_bad())
    path.write_bytes(path.read_bytes() + b'{"trace_id": "cut sh')
    found = replayed(path)
    good = [f"good-{i}" for i in range(len(UNUSABLE) + 1)]
    assert found.assessed.keys() == {*good, *HARD}
    unusable = len(UNUSABLE) + 1
    assert found.counts == {"evaluated": len(good) + len(HARD), "duplicate": 1, "unusable": unusable}
    *reasons, cut_short = found.problems.values()
    assert reasons == [reason for _, reason in UNUSABLE.values()]
    assert cut_short.startswith("expected JSON: Unterminated string")
    assert {tuple(found.assessed[name]["signals"]) for name in good} == {tuple(found.assessed["good-0"]["signals"])}
    counted = samples(found.metrics, "traces_total", "pipeline", "decision")
    assert counted["default", "evaluated"] == len(good) + len(HARD)
    assert counted["_unknown", "unusable"] == unusable


def test_a_file_without_a_usable_line_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [b"{}", b"x"])
    with pytest.raises(LeadlineError, match=r"traces.jsonl:1: trace_id: missing"):
        replayed(path)
    with pytest.raises(LeadlineError, match=r"expected query traces, found none$"):
        replayed(write_lines(tmp_path / "empty.jsonl", []))


def test_a_file_of_which_nothing_was_sampled_is_fine(tmp_path: Path) -> None:
    """That is an answer: all counted, none assessed."""
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace("a")])
    found = replayed(path, SampleRates(cheap=0.0, scorer=0.0))
    assert (found.assessed, found.counts) == ({}, {"not_sampled": 1})


def test_the_metrics_say_what_the_assessments_say(tmp_path: Path) -> None:
    """Counts of evaluated traces, of values and of abstentions add up for every signal."""
    path = write_lines(
        tmp_path / "traces.jsonl", [plain_trace(f"t{i}") for i in range(5)] + [plain_trace("e", documents=[])]
    )
    found = replayed(path)
    for name in UNJUDGED:
        values = samples(found.metrics, f"signal_{name}_count", "pipeline").get(("default",), 0)
        reasons = samples(found.metrics, "abstentions_total", "signal", "reason")
        assert values + sum(count for (signal, _), count in reasons.items() if signal == name) == 6
    assert sum(samples(found.metrics, "documents_total", "text").values()) == 5 * len(plain_trace("t")["documents"])


def run_into(path: Path, out: Path | None, metrics: Path | None) -> None:
    recording = Recording(path, Sampler(lambda _: EVERYTHING))
    replay(recording, assessor(None), config(), reference="self", out=out, metrics_out=metrics)


@pytest.mark.parametrize("which", ["out", "metrics"])
def test_the_recording_itself_is_never_written_to(tmp_path: Path, which: str) -> None:
    """Under any of its names."""
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace("a")])
    before = path.read_bytes()
    (tmp_path / "link").symlink_to(path)
    link = tmp_path / "link"
    with pytest.raises(LeadlineError, match="is the recording, expected another file"):
        run_into(path, link if which == "out" else None, link if which == "metrics" else None)
    assert path.read_bytes() == before


@pytest.mark.parametrize("which", ["out", "metrics"])
def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path: Path, which: str) -> None:
    nowhere = tmp_path / "nowhere" / "file"
    with pytest.raises(LeadlineError, match="nowhere/file: cannot be written: No such file"):
        run_into(tmp_path / "gone.jsonl", nowhere if which == "out" else None, nowhere if which == "metrics" else None)


def rated(trace_id: str, risk: float | None, **changes: Any) -> Assessment:
    return assessment(trace_id, risk=risk, **changes)


def test_the_summary_keeps_the_riskiest() -> None:
    """Worst first, the earlier of two alike first, no more than it prints."""
    summary = Summary()
    risks = [0.1, 0.9, None, 0.9, *(0.2 + i / 100 for i in range(20))]
    for i, risk in enumerate(risks):
        summary.add(rated(f"t{i}", risk))
    found = [one.trace_id for one in summary.riskiest]
    assert len(found) == RISKIEST
    assert found[:4] == ["t1", "t3", "t23", "t22"]


def test_the_hit_rate_weighs_by_the_sampling() -> None:
    """30 traces of weight 1 and risk .2, 30 of weight 3 and risk .6: 1 - (30 * .2 + 90 * .6) / 120 = .5."""
    summary = Summary()
    for i in range(30):
        summary.add(rated(f"a{i}", 0.2, weights=Weights(1.0)))
        summary.add(rated(f"b{i}", 0.6, weights=Weights(3.0)))
    estimate = summary.hit_at_5()
    assert estimate is not None
    assert estimate.mean == pytest.approx(0.5)
    assert estimate.effective_samples == pytest.approx(120**2 / (30 + 270))
    assert Summary().hit_at_5() is None


def test_the_hit_rate_is_told_by_kind_of_query() -> None:
    """The most frequent first; too few of a kind have no estimate."""
    summary = Summary()
    for i in range(40):
        summary.add(rated(f"a{i}", 0.2))
        summary.add(rated(f"b{i}", 0.6, scenario="negation"))
    for i in range(29):
        summary.add(rated(f"c{i}", 0.9, scenario="jargon"))
    summary.add(rated("d", 0.2))
    found = summary.by_scenario()
    assert [(name, traces) for name, (traces, _) in found.items()] == [("none", 41), ("negation", 40), ("jargon", 29)]
    means = [estimate.mean if estimate else None for _, estimate in found.values()]
    assert means == [pytest.approx(0.8), pytest.approx(0.4), None]


def test_a_calibration_of_the_risk_holds_where_the_configuration_names_it(tmp_path: Path) -> None:
    """For the pipeline of that name, against its own traffic, and the summary says so."""
    own = risk_calibration(scorer="test-scorer")
    (tmp_path / "risk.json").write_bytes(msgspec.json.encode(own))
    everything = {"sample": {"cheap": 1.0, "scorer": 1.0}}
    settings = config(pipelines={"default": {**everything, "risk_calibration": str(tmp_path / "risk.json")}})
    path = write_lines(
        tmp_path / "traces.jsonl",
        [
            plain_trace(f"{name}{i}", pipeline=name, query=f"query {i}")
            for i in range(60)
            for name in ("default", "docs")
        ],
    )
    recording = Recording(path, Sampler(lambda _: EVERYTHING))
    summary, _ = replay(recording, assessor(corpus(tmp_path)), settings, reference="self", out=tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {(line["pipeline"], line["versions"].get("risk_calibration")) for line in lines} == {
        ("default", own.version), ("docs", None)
    }  # fmt: skip
    assert all(line["risk"] == own.at_5.at(line["prior_risks"]["risk"]) for line in lines if line["prior_risks"])
    assert summary.levels == {own.version, "the shipped prior"}


def test_writes_nothing_where_nothing_was_asked_for(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "traces.jsonl", [plain_trace("a")])
    run_into(path, None, None)
    assert [file.name for file in tmp_path.iterdir()] == ["traces.jsonl"]
