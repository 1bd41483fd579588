from datetime import UTC, datetime

import msgspec
import pytest

from detectors.records import (
    Assessment,
    Evidence,
    Findings,
    Missed,
    QueryTrace,
    Reason,
    RetrievedDocument,
    Tier,
    Weights,
)


def test_findings_do_not_share_their_containers() -> None:
    one, other = Findings(), Findings()
    one.signals["score_gap"] = 0.1
    one.missed.append(Missed("a", "why"))
    assert (other.signals, other.missed) == ({}, [])


def test_merging_adds_what_another_measure_found() -> None:
    findings = Findings({"score_gap": 0.1}, {"score_z": Reason.CONSTANT_SCORES}, [Missed("b", "before")])
    findings.merge(Findings({"regret": 0.2}, {"union_rbo": Reason.NO_CORPUS}, [Missed("a", "why")]))
    assert findings.signals == {"score_gap": 0.1, "regret": 0.2}
    assert findings.abstentions == {"score_z": "constant_scores", "union_rbo": "no_corpus"}
    assert findings.missed == [Missed("b", "before"), Missed("a", "why")]


def test_merging_keeps_relevance_whichever_measure_came_first() -> None:
    """Only one measure has it; the others' empty lists are no news."""
    for order in ((Findings(), Findings(relevance=[0.7])), (Findings(relevance=[0.7]), Findings())):
        merged = Findings()
        for found in order:
            merged.merge(found)
        assert merged.relevance == [0.7]


def test_each_tier_has_its_own_weight() -> None:
    weights = Weights(cheap=1.0, scorer=10.0, judge=None)
    assert [weights.of(tier) for tier in Tier] == [1.0, 10.0, None]


def test_a_trace_is_told_from_another_by_pipeline_trace_and_span() -> None:
    trace = QueryTrace(trace_id="t", query="q", documents=(), pipeline="p")
    assert trace.identity == ("p", "t", "")
    assert msgspec.structs.replace(trace, span_id="s").identity == ("p", "t", "s")


def test_a_trace_decodes_from_the_documented_form_and_ignores_what_it_does_not_know() -> None:
    line = b"""{"trace_id": "t", "timestamp": "2026-11-23T12:00:00Z", "query": "q", "top_k": 10,
     "score_kind": "distance", "documents": [
        {"id": "kb-17", "score": 0.83, "text": "x", "title": null, "parent_id": null, "lang": "en"}, {"text": "y"}],
     "filters": {"tenant": "acme"}, "unknown": [1]}"""
    trace = msgspec.json.decode(line, type=QueryTrace)
    assert trace.documents == (RetrievedDocument(id="kb-17", score=0.83, text="x"), RetrievedDocument(text="y"))
    assert trace.timestamp == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert (trace.pipeline, trace.score_kind, trace.filters) == ("default", "distance", {"tenant": "acme"})


@pytest.mark.parametrize("line", [b'{"trace_id": "t", "query": "q"}', b'{"query": "q", "documents": []}'])
def test_a_trace_without_a_required_key_does_not_decode(line: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        msgspec.json.decode(line, type=QueryTrace)


def test_an_assessment_has_the_documented_keys_and_survives_json() -> None:
    assessment = Assessment(
        trace_id="t",
        span_id=None,
        timestamp=datetime(2026, 11, 23, tzinfo=UTC),
        pipeline="p",
        query_id=None,
        scenario="none",
        scenarios=(),
        weights=Weights(),
        risk=None,
        risk_at_1=None,
        drivers=(),
        signals={"score_gap": 0.1},
        abstentions={"regret": Reason.NO_TEXT},
        evidence=Evidence([Missed("a", "why")], [0.7]),
        versions={},
        document_ids=("a",),
        attributes={},
        query=None,
    )
    encoded = msgspec.json.encode(assessment)
    assert msgspec.json.decode(encoded, type=Assessment) == assessment
    assert list(msgspec.json.decode(encoded)) == [
        *("schema", "trace_id", "span_id", "timestamp", "pipeline", "query_id", "scenario", "scenarios", "weights"),
        *(
            "risk",
            "risk_at_1",
            "risk_basis",
            "level_errors",
            "prior_risks",
            "drivers",
            "signals",
            "abstentions",
            "evidence",
            "versions",
            "document_ids",
        ),
        *("attributes", "query"),
    ]  # DESIGN section 4, in its order
