from __future__ import annotations

import json
import re
from pathlib import Path

from monitor.demo.corpus import DemoDocument, build_corpus, write_corpus


def test_same_seed_writes_the_same_corpus_and_another_seed_another(demo_documents: list[DemoDocument]) -> None:
    assert build_corpus(seed=7) == demo_documents
    assert build_corpus(seed=8) != demo_documents


def test_ids_are_unique_for_many_seeds() -> None:
    for seed in range(20):
        ids = [document.id for document in build_corpus(seed)]
        assert len(ids) == len(set(ids))


def test_corpus_has_a_few_hundred_articles_of_readable_length(demo_documents: list[DemoDocument]) -> None:
    assert 400 <= len(demo_documents) <= 700
    lengths = sorted(len(document.passage.split()) for document in demo_documents if document.passage.isascii())
    assert lengths[0] >= 20
    assert 40 <= lengths[len(lengths) // 2] <= 120
    assert lengths[-1] <= 130


def test_every_article_names_kind_product_and_tenant(demo_documents: list[DemoDocument]) -> None:
    for document in demo_documents:
        assert {"kind", "product", "tenant"} <= document.metadata.keys()
    tenants = [document.metadata["tenant"] for document in demo_documents]
    assert 0.35 < tenants.count("emea") / len(tenants) < 0.65


def test_no_article_shows_traces_of_its_template(demo_documents: list[DemoDocument]) -> None:
    """No empty slot, doubled space or full stop, no list without words, no wrong article before a vowel."""
    trace = re.compile(r"[{}|]|  |\.\.|: \.|None|\ba (?!one)[aeio]|\n|^\s|\s$")
    for document in demo_documents:
        for text in (document.title, document.text):
            assert not trace.search(text), text


def test_all_kinds_of_difficulty_are_in_the_text(demo_documents: list[DemoDocument]) -> None:
    """Identifiers, amounts, contrasts, Chinese, and one word in several senses."""
    texts = [document.passage for document in demo_documents]
    for pattern in (r"\bINV-\d{6}\b", r"\bC-20\d\d-\d{4}\b", r"\bLM-\w+-EU\b", r"\bHRN-\d{4}\b", r"\bRMA-\d{5}\b"):
        assert sum(bool(re.search(pattern, text)) for text in texts) >= 5
    for phrase in ("contains latex", "latex-free", "Does not support PoE", "Supports PoE", "euros", "保修期"):
        assert any(phrase in text for text in texts)
    pools = [document for document in demo_documents if document.metadata.get("topic", "").startswith("pool-")]
    assert len({document.metadata["topic"] for document in pools}) == 4


def test_file_is_beir_with_date_and_metadata(demo_documents: list[DemoDocument], tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_corpus(demo_documents, path)
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(records) == len(demo_documents)
    first = demo_documents[0]
    assert records[0] == {
        "_id": first.id,
        "title": first.title,
        "text": first.text,
        "published": first.published.isoformat(),
        **first.metadata,
    }
