"""A real Phoenix, what applications send to it, and a sidecar that polls it.

tests/monitor/sources/test_phoenix.py has what a Phoenix that is well does not show.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from detectors.records import QueryTrace
from monitor.config_phoenix import PhoenixSource as PhoenixConfig
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler
from monitor.otlp.convert import Unusable
from monitor.otlp.join import Join
from monitor.otlp.reading import read_spans
from monitor.otlp.spans import Decoded
from monitor.sources.phoenix import OVERLAP_SECONDS, PhoenixSource
from monitor.sources.phoenix_client import GENERATING, KINDS, PhoenixClient, PhoenixError, ProjectMissing
from tests.builders import samples
from tests.monitor.kit import Sidecar, sidecar, wait_for
from tests.monitor.otlp.kit import ARRIVAL, joined, new_id, read, recorded, retriever, traces_of, wire
from tests.monitor.test_crash import reachable
from tests.phoenix.server import KEY, START_SECONDS, Phoenix, phoenix

POLL_SECONDS, JOIN_SECONDS = 0.2, 0.8
QUIET_SECONDS = 2 * (POLL_SECONDS + JOIN_SECONDS)
RECORDINGS = [
    "genai_langchain", "genai_langgraph", "openinference_haystack", "openinference_haystack_answered",
    "openinference_langchain", "openinference_langgraph", "openinference_llama_index", "traceloop_chroma",
    "traceloop_langchain", "traceloop_langgraph",
]  # fmt: skip
UNUSABLE = ["genai_langchain_without_content", "openinference_langchain_redacted"]

pytestmark = pytest.mark.timeout(2 * START_SECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phoenix]:
    with phoenix(tmp_path_factory.mktemp("phoenix")) as started:
        yield started


@pytest.fixture(scope="module")
def recordings(server: Phoenix) -> Phoenix:
    """It was sent everything that was recorded, a project each."""
    for name in RECORDINGS + UNUSABLE:
        server.post(name, recorded(name))
    for name in RECORDINGS + UNUSABLE:
        wanted = {note.span_id for note in read(recorded(name), answers=True).notes}
        wait_for(lambda name=name, wanted=wanted: wanted <= set(server.span_ids(name)))  # type: ignore[misc]
    return server


def client(server: Phoenix, project: str) -> PhoenixClient:
    return PhoenixClient(server.url, project, api_key=KEY, kinds=(*KINDS, GENERATING))


def source(server: Phoenix, project: str, directory: Path, **keys: Any) -> dict[str, Any]:
    """The section of a source that polls often."""
    key = directory / "key"
    key.write_text(KEY + "\n")
    quick = {"poll_seconds": POLL_SECONDS, "join_seconds": JOIN_SECONDS}
    plain = {"kind": "phoenix", "url": server.url, "project": project, "api_key_file": str(key)}
    return {**plain, **quick, **keys}


def rows(running: Sidecar) -> list[dict[str, Any]]:
    path = running.directory / "out.jsonl"
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []


def asked(running: Sidecar) -> Counter[str]:
    return Counter(row["query"] for row in rows(running))


def metric(running: Sidecar, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    return samples(httpx2.get(f"{running.metrics_url}/metrics").text, name, *labels)


def comparable(trace: QueryTrace | Unusable) -> Any:
    """Without what Phoenix does not keep: resources, and times beyond the microsecond."""
    if isinstance(trace, Unusable):
        return trace.reason
    return (
        trace.trace_id, trace.span_id, trace.query, trace.documents, trace.candidates, trace.top_k, trace.filters,
        trace.timestamp, trace.answer,
    )  # fmt: skip


@pytest.mark.parametrize("name", RECORDINGS + UNUSABLE)
def test_what_phoenix_gives_back_makes_the_traces_that_otlp_would_have_made(recordings: Phoenix, name: str) -> None:
    """Ids, texts, scores, metadata, candidates: nothing of a retrieval is lost in its database."""
    with client(recordings, name) as asking:
        page = asking.page(0, 1000)
        recent = asking.recent(5)
    found = joined(read_spans(Decoded(page.spans, []), ARRIVAL, answers=True).notes)
    expected = joined(read(recorded(name), answers=True).notes)
    assert Counter(map(comparable, found)) == Counter(map(comparable, expected))
    assert len(found) >= 1
    assert recent == page.spans[-5:]


def test_short_metadata_becomes_attributes(server: Phoenix) -> None:
    """Phoenix takes JSON attributes apart; here they are whole again."""
    span = retriever()
    span["attributes"] += wire({"metadata": '{"index_version": "42", "more": {"a": 1}}'})["attributes"]
    server.send("metadata", span)
    with client(server, "metadata") as asking:
        (note,) = read_spans(Decoded(asking.recent(1), []), ARRIVAL).notes
    assert note.attributes is not None
    assert (note.attributes["metadata.index_version"], note.pipeline) == ("42", "metadata")


def test_pages_follow_each_other_while_spans_are_added(server: Phoenix) -> None:
    """Every span once, in the order in which they came."""
    first = [retriever() for _ in range(5)]
    server.send("pages", *first)
    with client(server, "pages") as asking:
        page = asking.page(0, 3)
        server.send("pages", *(later := [retriever() for _ in range(2)]))
        rest = asking.page(page.next_number or 0, 3)
        end = asking.page(rest.next_number or 0, 3)
    spans = [*page.spans, *rest.spans, *end.spans]
    assert [span.span_id for span in spans] == [span["spanId"] for span in first + later]
    assert end.next_number is None


def test_a_wrong_key_and_a_project_that_is_not_there_are_told_apart(server: Phoenix) -> None:
    with client(server, "nowhere") as asking, pytest.raises(ProjectMissing, match="there is no project nowhere"):
        asking.newest()
    with PhoenixClient(server.url, "pages", api_key="wrong") as asking, pytest.raises(PhoenixError) as caught:
        asking.newest()
    assert caught.value.strerror is not None
    assert caught.value.strerror.endswith("expected api_key_file or api_key_env with a key that is valid, got 401")


def test_recorded_stacks_are_assessed_once_by_a_sidecar_beside_phoenix(recordings: Phoenix, tmp_path: Path) -> None:
    """Nested retrievers and rerankers joined; the project is the pipeline."""
    sources = [source(recordings, name, tmp_path, start="beginning") for name in RECORDINGS]
    expected = Counter((name, trace.query) for name in RECORDINGS for trace in traces_of(name))
    with sidecar(tmp_path, sources=sources) as running:
        wait_for(lambda: len(rows(running)) >= expected.total(), 30)
        time.sleep(QUIET_SECONDS)
        assert Counter((row["pipeline"], row["query"]) for row in rows(running)) == expected
        results = metric(running, "otlp_retrieval_spans_total", "result")
        assert set(results) == {("served",), ("inner",)}
        assert set(metric(running, "source_lag_seconds", "source").values()) == {0.0}


def test_only_what_comes_from_now_on_unless_told_otherwise(server: Phoenix, tmp_path: Path) -> None:
    """And of a project that is not there yet, everything."""
    server.send("late", retriever("before"))
    sources = [source(server, "late", tmp_path), source(server, "new", tmp_path)]
    with sidecar(tmp_path, sources=sources) as running:
        wait_for(lambda: reachable(running.metrics_url), 30)
        wait_for(lambda: metric(running, "source_lag_seconds", "source"))
        wait_for(lambda: "there is no project new" in running.log)
        server.send("late", retriever("after"))
        server.send("new", retriever("first"))
        wait_for(lambda: len(rows(running)) >= 2)
        time.sleep(QUIET_SECONDS)
        assert asked(running) == Counter({"after": 1, "first": 1})


def embedding_retriever(trace_id: str, parent: str) -> dict[str, Any]:
    """One that does not know what was asked."""
    span = retriever(traceId=trace_id, parentSpanId=parent)
    span["attributes"] = [one for one in span["attributes"] if one["key"] != "input.value"]
    return span


def test_a_parent_that_comes_in_a_later_poll_is_joined(server: Phoenix, tmp_path: Path) -> None:
    """The query is in a chain that ends, and is exported, after the retriever below it."""
    trace_id, parent = new_id(32), new_id()
    chain = {"openinference.span.kind": "CHAIN", "input.value": "what the user asked"}
    with sidecar(tmp_path, sources=[source(server, "parents", tmp_path, start="beginning")]) as running:
        wait_for(lambda: reachable(running.metrics_url), 30)
        server.send("parents", embedding_retriever(trace_id, parent))
        wait_for(lambda: sum(metric(running, "otlp_open_spans", "source").values()) == 1)
        server.send("parents", wire(chain, traceId=trace_id, spanId=parent))
        wait_for(lambda: rows(running))
        assert asked(running) == Counter(["what the user asked"])


def test_kill_9_loses_nothing_and_repeats_nothing(server: Phoenix, tmp_path: Path) -> None:
    """Some are assessed, some were read and wait for their spans, some come while nobody is there."""
    with sidecar(tmp_path, sources=[source(server, "kills", tmp_path, start="beginning")]) as running:
        wait_for(lambda: reachable(running.metrics_url), 30)
        server.send("kills", *(retriever(f"assessed {i}") for i in range(20)))
        wait_for(lambda: len(rows(running)) == 20)
        time.sleep(QUIET_SECONDS)
        server.send("kills", *(retriever(f"waiting {i}") for i in range(20)))
        wait_for(lambda: sum(metric(running, "otlp_open_spans", "source").values()) == 20)
        running.kill()
        assert len(rows(running)) == 20, "too late: nothing was waiting"
        server.send("kills", *(retriever(f"missed {i}") for i in range(20)))
        running.start()
        wait_for(lambda: len(rows(running)) >= 60, 30)
        time.sleep(QUIET_SECONDS)
        words = ("assessed", "waiting", "missed")
        assert asked(running) == Counter(f"{word} {i}" for word in words for i in range(20))
        assert running.terminate() == 0


@pytest.mark.parametrize("seconds", [0.0, 2 * OVERLAP_SECONDS])
def test_what_gets_the_numbers_of_deleted_spans_is_read(server: Phoenix, seconds: float) -> None:
    """SQLite gives them again; at once, or when no smaller number is expected any more."""
    now, metrics, project = [100.0], Metrics(), f"deleted-{seconds:g}"
    config = PhoenixConfig(kind="phoenix", url=server.url, project=project, start="beginning")
    assembler = Assembler("phoenix", Join(lambda: now[0]), metrics, Recorder(metrics))
    with client(server, project) as asking:
        polled = PhoenixSource(config, asking, assembler, metrics, monotonic=lambda: now[0])
        gone = retriever("gone")
        server.send(project, retriever("stays"), gone)
        polled.poll(10, 0.0)
        now[0] += seconds
        found = list(polled.poll(10, 0.0).traces)
        server.delete_trace(gone["traceId"])
        server.send(project, retriever("in its place"))
        for _ in range(4):
            now[0] += config.poll_seconds
            found += polled.poll(10, 0.0).traces
    assert sorted({trace.query for trace in found}) == ["gone", "in its place", "stays"]


def test_goes_on_where_it_was_when_phoenix_comes_back(server: Phoenix, tmp_path: Path) -> None:
    """Killed while spans wait for others: these are assessed, and so is what comes later."""
    with sidecar(tmp_path, sources=[source(server, "down", tmp_path, start="beginning")]) as running:
        wait_for(lambda: reachable(running.metrics_url), 30)
        server.send("down", *(retriever(f"before {i}") for i in range(10)))
        wait_for(lambda: sum(metric(running, "otlp_open_spans", "source").values()) == 10)
        server.kill()
        wait_for(lambda: metric(running, "component_failures_total", "component"))
        assert "source failed" in running.log
        server.start()
        server.send("down", *(retriever(f"after {i}") for i in range(10)))
        wait_for(lambda: len(rows(running)) >= 20, 30)
        assert asked(running) == Counter(f"{word} {i}" for word in ("before", "after") for i in range(10))
        assert running.terminate() == 0
