"""Jargon, scripts and senses: what is told by words alone."""

import pytest

from detectors.scenarios import Classifier, Vocabulary, classify, scripts

HOUSE = Vocabulary(frozenset({"usa", "owl", "the", "meet"}), frozenset({"OWL", "gridpad"}), frozenset({"latin"}))


def jargon(query: str, vocabulary: Vocabulary = HOUSE) -> str | None:
    return Classifier(vocabulary=vocabulary).classify(query).get("jargon")


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("who approves an RMA", "RMA"),
        ("how many RMAs", "RMA"),
        ("QoS for calls", "QoS"),
        ("who is the OWL", "OWL"),
        ("reset the Gridpad", "gridpad"),
        ("RMA", "RMA"),
        ("怎么申请RMA", "RMA"),
    ],
)
def test_a_term_of_the_house_or_an_unknown_acronym_is_jargon(query: str, term: str) -> None:
    assert jargon(query) == term


@pytest.mark.parametrize(
    "query", ["who is an owl", "in the USA", "WHERE IS MY REFUND", "Louis XIV", "error AB-2041", "the McDonald case"]
)
def test_other_words_are_not(query: str) -> None:
    assert jargon(query) is None


def test_without_a_vocabulary_nothing_is_jargon() -> None:
    assert jargon("who approves an RMA", Vocabulary()) is None


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("如何重置 router 密码", "router"),
        ("router 如何重置", "router"),
        ("refund правила", "refund"),
        ("smart汽车", "smart"),
    ],
)
def test_two_scripts_in_one_query_cross_languages(query: str, word: str) -> None:
    assert classify(query)["cross_lingual"] == word


@pytest.mark.parametrize(
    "query",
    [
        "如何重置密码",
        "如何重置 A",
        "DNA检测",
        "用户的app",
        "合同HT-2023",
        "für alle",
        "help → 5°",
        "Π2 in the hierarchy",
    ],
)
def test_one_script_does_not(query: str) -> None:
    assert "cross_lingual" not in classify(query)


def test_a_script_that_the_corpus_does_not_have_does_too() -> None:
    assert Classifier(vocabulary=HOUSE).classify("如何重置密码") == {"cross_lingual": "cjk"}
    assert Classifier(vocabulary=HOUSE._replace(scripts=frozenset({"latin", "cjk"}))).classify("如何重置密码") == {}


def test_scripts_of_a_text() -> None:
    assert scripts("退款 policy и") == {"cjk", "latin"}
    assert scripts("1, 2, 3 a") == set()


@pytest.mark.parametrize("query", ["pool", "The bank?", "claims", "苹果"])
def test_a_word_of_several_senses_alone_is_polysemy(query: str) -> None:
    assert "polysemy" in classify(query)


@pytest.mark.parametrize("query", ["swimming pool", "the river bank", "refund", "苹果手机", "a"])
def test_beside_another_word_it_is_not(query: str) -> None:
    assert "polysemy" not in classify(query)
