"""A real Phoenix gets spans, a sidecar assesses them, and the verdicts are read back from it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitor.config_sinks import OtlpSink as OtlpConfig
from monitor.config_sinks import PhoenixSink as PhoenixConfig
from monitor.sinks.otlp import OtlpSink
from monitor.sinks.phoenix import PhoenixSink
from tests.builders import samples
from tests.monitor import kit
from tests.monitor.kit import PRIVATE, assessed, assessment, sidecar, wait_for
from tests.monitor.otlp.kit import retriever
from tests.monitor.sinks.kit import Skips, judged_span, of_span
from tests.phoenix.server import KEY, START_SECONDS, Phoenix, phoenix

pytestmark = pytest.mark.timeout(2 * START_SECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phoenix]:
    with phoenix(tmp_path_factory.mktemp("phoenix")) as started:
        yield started


@pytest.fixture
def key(tmp_path: Path) -> str:
    (tmp_path / "key").write_text(KEY + "\n")
    return str(tmp_path / "key")


def annotations(server: Phoenix, project: str, *span_ids: str) -> list[dict[str, Any]]:
    answer = httpx2.get(
        f"{server.url}/v1/projects/{project}/span_annotations",
        params={"span_ids": span_ids, "limit": "1000"}, headers={"Authorization": f"Bearer {KEY}"},
    )  # fmt: skip
    return answer.json()["data"] if answer.status_code == httpx2.codes.OK else []


def test_verdicts_come_back_to_the_spans_they_are_about(server: Phoenix, tmp_path: Path, key: str) -> None:
    """Read from a project, written to its spans; nothing of the query is written where no text may be."""
    spans = [retriever(query, ids=("a", "b", "c", "d")) for query in (PRIVATE, *(f"q{i}" for i in range(20)))]
    spans.append(retriever("too few to judge", ids=("a", "b")))
    server.send("written", *spans)
    ids = [span["spanId"] for span in spans]
    quick = {"poll_seconds": 0.2, "join_seconds": 0.8, "start": "beginning"}
    place = {"kind": "phoenix", "url": server.url, "api_key_file": key}
    sections = {"sources": [{**place, "project": "written", **quick}], "privacy": {"keep_text": False}}
    out = {"kind": "jsonl", "path": str(tmp_path / "out.jsonl")}
    with sidecar(tmp_path, **sections, sinks=[place, out]) as running:
        wait_for(lambda: len(annotations(server, "written", *ids)) == 2 * len(ids), 30)
        wait_for(lambda: len(assessed(tmp_path)) == len(ids))
        assert running.terminate() == 0
    found = annotations(server, "written", *ids)
    assert {(one["annotator_kind"], one["identifier"], one["source"]) for one in found} == {("CODE", "leadline", "API")}
    written = {(one["span_id"], one["name"]): one["result"] for one in found}
    assert {result["label"] for result in written.values()} > {"abstained"}
    for line in (tmp_path / "out.jsonl").read_text().splitlines():
        assessment = json.loads(line)
        for name in ("risk", "risk_at_1"):
            result = written.pop((assessment["span_id"], f"retrieval_{name}"))
            assert result["score"] == assessment[name]
            assert (result["label"] == "abstained") == (assessment[name] is None)
    assert not written
    assert "zanzibar" not in str(found)


def test_what_is_written_again_takes_the_place_of_the_one_before(server: Phoenix, key: str) -> None:
    """At least once, and still two annotations a span; a span that comes later gets its own then."""
    first, later = retriever(), retriever()
    server.send("again", first)
    skips = Skips()
    sink = PhoenixSink(PhoenixConfig.model_validate({"kind": "phoenix", "url": server.url, "api_key_file": key}), skips)
    for risk in (0.2, 0.8):
        batch = [assessment(span["traceId"], span_id=span["spanId"], risk=risk) for span in (first, later)]
        sink.write([*batch, assessment("native")])
    sink.close()
    found = annotations(server, "again", first["spanId"])
    assert {(one["name"], one["result"]["score"]) for one in found} == {
        ("retrieval_risk", 0.8), ("retrieval_risk_at_1", 0.5),
    }  # fmt: skip
    assert len(found) == 2
    assert skips == {"unknown_span": 2, "no_otlp_ids": 2}


def document_annotations(server: Phoenix, span_id: str) -> list[dict[str, Any]]:
    """Which Phoenix gives back over GraphQL only."""
    query = """query($id: String!) { getSpanByOtelId(spanId: $id) { documentEvaluations {
        name annotatorKind documentPosition score label explanation } } }"""
    body = {"query": query, "variables": {"id": span_id}}
    answer = httpx2.post(f"{server.url}/graphql", json=body, headers={"Authorization": f"Bearer {KEY}"}).json()
    found: list[dict[str, Any]] = answer["data"]["getSpanByOtelId"]["documentEvaluations"]
    return sorted(found, key=lambda one: one["documentPosition"])


def test_what_a_judge_said_is_read_back_from_spans_and_documents(server: Phoenix, key: str) -> None:
    """Again takes the place of before; a list that is shorter in Phoenix stops nothing."""
    span, short = retriever(ids=("kb-1", "kb-2", "kb-3")), retriever(ids=("kb-1",))
    server.send("judged", span, short)
    skips = Skips()
    sink = PhoenixSink(PhoenixConfig.model_validate({"kind": "phoenix", "url": server.url, "api_key_file": key}), skips)
    for grounded in (0.1, 0.5):
        signals = {"context_relevance": 0.45, "groundedness": grounded}
        sink.write([judged_span(span_id=one["spanId"], signals=signals) for one in (span, short)])
    sink.close()
    found = {one["name"]: one for one in annotations(server, "judged", span["spanId"])}
    assert {name: (one["annotator_kind"], one["result"]["score"]) for name, one in found.items()} == {
        "retrieval_risk": ("CODE", 0.5), "retrieval_risk_at_1": ("CODE", 0.5), "context_relevance": ("LLM", 0.45),
        "groundedness": ("LLM", 0.5),
    }  # fmt: skip
    assert found["groundedness"]["metadata"]["versions"] == {"judge": "gpt-x p-1"}
    first, second = document_annotations(server, span["spanId"])
    assert first == {
        "name": "context_relevance", "annotatorKind": "LLM", "documentPosition": 0, "score": pytest.approx(0.9),
        "label": "answers", "explanation": "Grade 2.70 of 3 by gpt-x p-1: within 30 days",
    }  # fmt: skip
    assert (second["documentPosition"], second["score"], second["label"]) == (1, 0.0, "irrelevant")
    assert document_annotations(server, short["spanId"]) == []
    assert skips == {"unknown_documents": 2}


def test_a_wrong_key_is_said(server: Phoenix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOENIX_KEY", "wrong")
    config = PhoenixConfig.model_validate({"kind": "phoenix", "url": server.url, "api_key_env": "PHOENIX_KEY"})
    sink = PhoenixSink(config, Skips())
    with pytest.raises(OSError, match="expected api_key_file or api_key_env with a key that is valid, got 401"):
        sink.write([of_span()])
    sink.close()


def test_phoenix_takes_evaluator_spans_over_otlp(server: Phoenix, tmp_path: Path) -> None:
    """Into the pipeline's project; a repeat is the same span. It keeps no links, so that the ids are attributes too."""
    (tmp_path / "header").write_text(f"Bearer {KEY}")
    header = {"name": "Authorization", "file": str(tmp_path / "header")}
    config = OtlpConfig.model_validate({"kind": "otlp", "url": f"{server.url}/v1/traces", "headers": [header]})
    judged = of_span(pipeline="evaluated", query="refunds?", risk=0.7)
    sink = OtlpSink(config, Skips())
    sink.write([judged])
    sink.write([judged])
    sink.close()
    wait_for(lambda: server.span_ids("evaluated"))
    answer = httpx2.get(
        f"{server.url}/v1/projects/evaluated/spans", headers={"Authorization": f"Bearer {KEY}"}
    ).json()  # fmt: skip
    (span,) = answer["data"]
    assert span["span_kind"] == "EVALUATOR"
    assert span["attributes"]["leadline.span_id"] == judged.span_id
    events = {one["attributes"]["gen_ai.evaluation.name"]: one["attributes"] for one in span["events"]}
    assert events["retrieval_risk"]["gen_ai.evaluation.score.value"] == 0.7
    assert set(events) == {"retrieval_risk", "retrieval_risk_at_1"}


def test_positions_are_held_back_while_phoenix_is_down(server: Phoenix, tmp_path: Path, key: str) -> None:
    """Traces come from elsewhere meanwhile; what was not annotated is, once it is back."""
    spans = [retriever(f"q{i}") for i in range(10)]
    server.send("down", *spans)
    path = tmp_path / "traces.jsonl"
    path.touch()
    place = {"kind": "phoenix", "url": server.url, "api_key_file": key}
    with sidecar(tmp_path, sources=[{"kind": "jsonl", "path": str(path)}], sinks=[place]) as running:
        wait_for(lambda: "started" in running.log, 30)
        server.kill()
        path.write_bytes(b"".join(map(_native, spans)))
        name = f"phoenix:{server.url}"
        wait_for(lambda: _failures(running.metrics_url).get((name,), 0) >= 2)
        assert "failing, trying again" in running.log
        server.start()
        wait_for(lambda: len(annotations(server, "down", *(span["spanId"] for span in spans))) == 20, 40)
        assert running.terminate() == 0


def _native(span: dict[str, Any]) -> bytes:
    return kit.lines([kit.trace(span["traceId"], span_id=span["spanId"])])


def _failures(url: str) -> dict[tuple[str, ...], float]:
    return samples(httpx2.get(f"{url}/metrics").text, "component_failures_total", "component")
