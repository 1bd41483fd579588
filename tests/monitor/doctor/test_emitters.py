"""What the real emitters sent: what each measure can do with it, and what is advised."""

from pathlib import Path

import pytest

from monitor.doctor.advice import CAPTURE
from monitor.providers.corpus import Corpus
from tests import builders
from tests.emitters.stacks import TEXTS
from tests.monitor.doctor.kit import FIXTURES, advice, of_file, report, shares, verdicts

SHAPE, RANKS, WORDS = "score shape", "BM25 check: ranks", "BM25 check: words, identifiers"
ORDER, RELEVANCE, MISSED = "cross-encoder: order", "cross-encoder: relevance", "cross-encoder: what was missed"
RISK, JUDGE = "risk, hit_at_5", "LLM judge: context relevance"
EMPTY = ["empty lists: 1 (the worst failure, with a risk of 1)"]
BY_CORPUS = (RANKS, WORDS, MISSED)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """The texts that the stacks have indexed."""
    return builders.corpus(tmp_path, TEXTS)


@pytest.mark.parametrize(
    ("name", "instrumentation", "usable"),
    [
        ("openinference_langchain", "openinference.instrumentation.langchain 0.1.80", 6),
        ("openinference_llama_index", "openinference.instrumentation.llama_index 4.6.1", 4),
        ("openinference_haystack", "openinference.instrumentation.haystack 0.1.46", 3),
        ("genai_langchain", "opentelemetry.instrumentation.genai.langchain 1.3b0", 6),
        ("traceloop_langchain", "opentelemetry.instrumentation.langchain 0.62.4", 6),
        ("traceloop_chroma", "opentelemetry.instrumentation.chromadb 0.62.4", 1),
    ],
)
def test_the_emitter_is_named(name: str, instrumentation: str, usable: int) -> None:
    found = report(of_file(FIXTURES / f"{name}.json"))
    [emitter] = found.emitters
    assert (emitter.dialect, emitter.instrumentation) == (name.partition("_")[0], instrumentation)
    assert (emitter.usable, emitter.unusable, found.retrievals) == (usable, 0, usable)
    assert found.pipelines == {name.replace("_", "-"): usable}
    assert found.hints == (EMPTY if name == "openinference_llama_index" else [])


@pytest.mark.parametrize(
    "name", ["openinference_langchain", "openinference_llama_index", "openinference_haystack", "traceloop_langchain"]
)
def test_with_texts_the_cross_encoder_reads_and_bm25_wants_a_corpus(name: str, corpus: Corpus) -> None:
    without, with_corpus = (report(of_file(FIXTURES / f"{name}.json"), known) for known in (None, corpus))
    assert shares(without)["texts"] == 1
    for measure in (RELEVANCE, JUDGE):
        assert verdicts(without)[measure] == ("full", 100)
    for measure in BY_CORPUS:
        assert verdicts(without)[measure] == ("impossible", 0)
        assert verdicts(with_corpus)[measure] == ("full", 100)
        assert advice(without, measure).startswith("`corpus: {path: FILE}`")
    assert verdicts(with_corpus)[RISK][1] > verdicts(without)[RISK][1]
    assert without.advice == advice(without, RANKS)


def test_genai_has_no_texts_and_a_corpus_gives_them(corpus: Corpus) -> None:
    sample = of_file(FIXTURES / "genai_langchain.json")
    without, with_corpus = report(sample), report(sample, corpus)
    assert shares(without)["texts"] == 0
    for measure in (RELEVANCE, JUDGE, MISSED):
        assert verdicts(without)[measure] == ("impossible", 0)
        assert verdicts(with_corpus)[measure] == ("full", 100)
        assert "100% of the served documents have no text" in advice(without, measure)
    assert verdicts(without)[RISK][0] == "degraded"


def test_traceloop_has_no_ids_and_the_corpus_is_found_by_text(corpus: Corpus) -> None:
    found = report(of_file(FIXTURES / "traceloop_langchain.json"), corpus)
    assert (shares(found)["ids"], shares(found)["found in the corpus"]) == (0, 1)
    assert verdicts(found)[RANKS] == ("full", 100)


def test_langchain_is_told_where_to_put_its_scores() -> None:
    """Of six retrievals one has no scores, two are alike but for the first, one is of two documents."""
    found = report(of_file(FIXTURES / "openinference_langchain.json"))
    [shape] = [one for one in found.measures if one.measure == SHAPE]
    assert (shape.verdict, round(shape.share, 2)) == ("degraded", 0.6)
    assert shape.reasons == {"constant_scores": 2, "no_scores": 1, "too_few_documents": 1}


def test_distances_are_told_by_their_rise() -> None:
    found = report(of_file(FIXTURES / "traceloop_chroma.json"))
    assert verdicts(found)[SHAPE] == ("degraded", 0)
    assert "`pipelines: {traceloop-chroma: {score_kind: distance}}`" in advice(found, SHAPE)
    configured = {"default": {}, "traceloop-chroma": {"score_kind": "distance"}}
    cured = report(of_file(FIXTURES / "traceloop_chroma.json"), None, builders.config(pipelines=configured))
    assert verdicts(cured)[SHAPE] == ("full", 100)


@pytest.mark.parametrize(
    ("name", "reason", "dialect"),
    [
        ("openinference_langchain_redacted", "redacted", "openinference"),
        ("genai_langchain_without_content", "no_documents", "genai"),
    ],
)
def test_content_that_is_not_captured_makes_everything_impossible(name: str, reason: str, dialect: str) -> None:
    found = report(of_file(FIXTURES / f"{name}.json"))
    assert (found.retrievals, found.unusable) == (0, {reason: 1})
    assert set(verdicts(found).values()) == {("impossible", 0)}
    assert {one.advice for one in found.measures} == {found.advice} == {CAPTURE[dialect]}


def test_an_empty_list_needs_nothing() -> None:
    """LlamaIndex found nothing once: that is no want of the traces, and its risk is certain."""
    found = report(of_file(FIXTURES / "openinference_llama_index.json"))
    assert any("1 empty" in one.note for one in found.carries)
    assert verdicts(found)[RELEVANCE] == ("full", 100)


@pytest.mark.parametrize(
    ("name", "share"),
    [("openinference_langchain", 1 / 6), ("openinference_haystack_answered", 1), ("openinference_haystack", 0)],
)
def test_answers_are_found_whether_or_not_a_judge_is_configured(name: str, share: float) -> None:
    """One might be."""
    assert shares(report(of_file(FIXTURES / f"{name}.json")))["answers"] == pytest.approx(share)
