"""Query traces of every kind: verdicts, advice, hints."""

from pathlib import Path
from typing import Any

import pytest

from detectors.risk import shipped_prior
from detectors.signals import UNJUDGED
from monitor.doctor.advice import ADVICE, BY_DIALECT, CAPTURE, NO_RETRIEVAL, SCORES, Facts, text_for
from monitor.doctor.carrying import script_of
from monitor.doctor.gathering import NATIVE
from monitor.doctor.measuring import GROUPS, SHAPE_SIGNALS
from monitor.otlp.dialects import DIALECTS
from monitor.otlp.join import MAX_TRACE_SPANS
from tests import builders
from tests.builders import plain_trace
from tests.monitor.doctor.kit import advice, gathered, report, shares, verdicts
from tests.monitor.doctor.test_emitters import BY_CORPUS, ORDER, RANKS, RELEVANCE, RISK, SHAPE, WORDS
from tests.monitor.otlp.kit import TRACE, as_json, request, retriever, wire

NOW = {"timestamp": "2026-11-25T10:00:00Z"}


def traces(count: int = 20, **changes: Any) -> list[dict[str, Any]]:
    return [plain_trace(f"t{i}", **{**NOW, **changes}) for i in range(count)]


def documents(*scores: float | None, **changes: Any) -> list[dict[str, Any]]:
    return [{"id": f"kb-{i}", "score": score, **changes} for i, score in enumerate(scores, start=1)]


def test_everything_is_full_where_nothing_is_missing(tmp_path: Path) -> None:
    found = report(gathered(*traces()), builders.corpus(tmp_path))
    assert {verdict for verdict, _ in verdicts(found).values()} == {"full"}
    assert (found.advice, found.hints) == (None, [])
    assert {one.advice for one in found.measures} == {None}
    assert shares(found) == {
        "ids": 1, "scores": 1, "texts": 0, "found in the corpus": 1, "list length": None, "candidates (reranking)": 0,
        "answers": 0, "top_k": 0, "filters": 0, "own timestamps": 1, "scripts of the queries": None,
    }  # fmt: skip


def test_a_judge_reads_texts_and_of_some_traces_an_answer(tmp_path: Path) -> None:
    answered = [{**plain_trace(f"a{i}", **NOW), "answer": "On Friday." if i else " "} for i in range(6)]
    found = report(gathered(*traces(4), *answered), builders.corpus(tmp_path))
    assert verdicts(found)["LLM judge: context relevance"] == ("full", 100)
    assert shares(found)["answers"] == 0.5
    assert verdicts(report(gathered(*answered)))["LLM judge: context relevance"] == ("impossible", 0)


def test_ids_and_scores_alone_leave_the_shape() -> None:
    found = report(gathered(*traces()))
    assert verdicts(found)[SHAPE] == ("full", 100)
    for measure in (*BY_CORPUS, ORDER, RELEVANCE):
        assert verdicts(found)[measure] == ("impossible", 0)
        assert "100% of the served documents have no text" in advice(found, measure)
    weighed = {*shipped_prior().at_5.weights, *shipped_prior().at_1.weights}
    assert verdicts(found)[RISK] == ("degraded", round(100 * len(weighed & {*SHAPE_SIGNALS}) / len(weighed)))


def test_without_scores_the_shape_says_where_to_put_them() -> None:
    found = report(gathered(*traces(documents=documents(None, None, None))))
    assert (verdicts(found)[SHAPE], advice(found, SHAPE)) == (("impossible", 0), "send `documents[].score`")


def test_shares_are_of_all_retrievals() -> None:
    half = traces(10), [plain_trace(f"u{i}", documents=documents(None, None, None), **NOW) for i in range(10)]
    found = report(gathered(*half[0], *half[1]))
    assert verdicts(found)[SHAPE] == ("degraded", 50)
    assert [one.reasons for one in found.measures if one.measure == SHAPE] == [{"no_scores": 10}]


def test_a_reranker_that_passes_on_scores_is_told_from_a_retriever_without_any() -> None:
    reranked = traces(documents=documents(None, None, None), candidates=documents(0.9, 0.8, 0.7))
    assert "the reranker passes on the retriever's scores" in advice(report(gathered(*reranked)), SHAPE)


def test_foreign_ids_are_shown_beside_the_corpus_own(tmp_path: Path) -> None:
    foreign = traces(documents=[{"id": f"kb-{i}#0", "score": 1 - i / 10} for i in range(4)])
    found = report(gathered(*foreign), builders.corpus(tmp_path))
    assert verdicts(found)[RANKS] == ("impossible", 0)
    for measure in (RANKS, RELEVANCE):
        assert "`corpus.id`" in advice(found, measure)
        assert "(served: kb-0#0, in the corpus: kb-1)" in advice(found, measure)
    [known] = [one for one in found.carries if one.name == "found in the corpus"]
    assert (known.share, known.note) == (0, "served: kb-0#0, in the corpus: kb-1")


def test_filters_have_to_be_known_in_the_corpus(tmp_path: Path) -> None:
    corpus = builders.corpus(tmp_path, tenant="acme")
    unknown = report(gathered(*traces(filters={"language": "en"})), corpus)
    assert (verdicts(unknown)[WORDS], advice(unknown, WORDS)[:31]) == (
        ("impossible", 0),
        "`corpus: {metadata: [language]}",
    )
    assert [one.note for one in unknown.carries if one.name == "filters"] == ["language (not in corpus.metadata)"]
    assert verdicts(report(gathered(*traces(filters={"tenant": "acme"})), corpus))[WORDS] == ("full", 100)


def test_short_lists(tmp_path: Path) -> None:
    found = report(gathered(*traces(documents=documents(0.9, 0.5))), builders.corpus(tmp_path))
    for measure in (SHAPE, ORDER):
        assert verdicts(found)[measure] == ("impossible", 0)
        assert advice(found, measure).startswith("lists of fewer than 3 documents")
    assert verdicts(found)[RELEVANCE] == ("full", 100)


def test_constant_scores(tmp_path: Path) -> None:
    found = report(gathered(*traces(documents=documents(1.0, 1.0, 1.0))), builders.corpus(tmp_path))
    assert verdicts(found)[SHAPE] == ("impossible", 0)
    assert advice(found, SHAPE).startswith("scores of whole lists, or of all but the first, are alike")


@pytest.mark.parametrize(("kind", "other"), [("similarity", "distance"), ("distance", "similarity")])
def test_polarity_is_doubted_in_either_direction(kind: str, other: str) -> None:
    scores = (0.1, 0.2, 0.3, 0.5) if kind == "similarity" else (0.9, 0.7, 0.6, 0.5)
    config = builders.config(pipelines={"default": {"score_kind": kind}})
    found = report(gathered(*traces(documents=documents(*scores))), None, config)
    assert verdicts(found)[SHAPE] == ("degraded", 0)
    assert f"`pipelines: {{default: {{score_kind: {other}}}}}`" in advice(found, SHAPE)


def test_scores_that_say_their_kind_are_not_doubted() -> None:
    found = report(gathered(*traces(documents=documents(0.1, 0.2, 0.3), score_kind="distance")))
    assert verdicts(found)[SHAPE] == ("full", 100)


def test_spans_of_which_none_is_a_retrieval() -> None:
    """A web server's, say: the report says what came, and what to do."""
    found = report(gathered(as_json(request(wire({"http.route": "/ask"})))))
    assert (found.spans, found.retrievals, found.advice) == ({"ignored": 1}, 0, NO_RETRIEVAL)
    assert set(verdicts(found).values()) == {("impossible", 0)}


def test_hints() -> None:
    """Each for a condition that no measure depends on."""
    untimed = [plain_trace(f"u{i}") for i in range(5)]
    unordered = [plain_trace(f"v{i}", documents=documents(0.2, 0.9, 0.5), **NOW) for i in range(5)]
    chinese = [plain_trace(f"w{i}", query="退款政策", **NOW) for i in range(5)]
    found = report(gathered(*untimed, *unordered, *chinese, chinese[0]), source="kafka://b:9092/t")
    assert found.hints == [
        "in the section of the source: `encoding: json`",
        "5 traces have no `timestamp`: the time of their arrival counts",
        "1 repeats of the same pipeline, trace_id and span_id: they are dropped",
        "in 5 lists the scores do not follow the order: another score than the one that ranked them",
        "5 queries are not in Latin script: see with --cross-encoder bundled whether it reads them",
    ]
    assert report(gathered(*traces())).hints == []


def test_lists_that_are_all_empty_have_their_risk_and_nothing_else(tmp_path: Path) -> None:
    found = report(gathered(*traces(documents=[])), builders.corpus(tmp_path))
    assert found.hints == ["empty lists: 20 (the worst failure, with a risk of 1)"]
    assert verdicts(found)[RISK] == ("full", 100)
    assert (verdicts(found)[SHAPE], found.advice) == (("impossible", 0), None)


def test_every_signal_is_in_one_row() -> None:
    assert sorted(name for group in GROUPS for name in group.signals) == sorted(UNJUDGED)


def test_every_dialect_has_its_own_advice() -> None:
    """For what an emitter's own settings decide."""
    assert CAPTURE.keys() == DIALECTS.keys()
    assert SCORES.keys() == {NATIVE, *DIALECTS}


def test_a_trace_of_too_many_spans_is_told() -> None:
    many = [retriever(traceId=TRACE) for _ in range(MAX_TRACE_SPANS)]
    found = report(gathered(as_json(request(*many, service_name="shop"))))
    assert found.hints == [f"{MAX_TRACE_SPANS:,} spans belong to traces of 1000 and more: those are not waited for"]


def test_spans_that_come_twice_are_repeats() -> None:
    body = as_json(request(retriever(), service_name="shop"))
    assert report(gathered(body, body)).repeats == 1


def test_spans_without_a_service_name() -> None:
    plain = wire({"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q",
                  "gen_ai.retrieval.documents": '[{"id": "a"}]'})  # fmt: skip
    assert any("OTEL_SERVICE_NAME" in hint for hint in report(gathered(as_json(request(plain)))).hints)
    assert report(gathered(as_json(request(plain, service_name="shop")))).hints == []


@pytest.mark.parametrize("reason", [*ADVICE, *BY_DIALECT])
@pytest.mark.parametrize("dialect", ["native", "openinference", "genai", "traceloop"])
def test_every_advice_can_be_written(reason: str, dialect: str) -> None:
    """Its places are facts, and no sign of a place is left."""
    text = text_for((reason, dialect), Facts(filters="tenant"))
    assert text
    assert "%(" not in text
    assert "%%" not in text


@pytest.mark.parametrize(
    ("query", "script"), [("refund", "latin"), ("退款 A", "cjk"), ("возврат", "cyrillic"), ("42?", "none")]
)
def test_scripts(query: str, script: str) -> None:
    assert script_of(query) == script
