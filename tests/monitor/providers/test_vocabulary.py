"""What counts as general, and what as the corpus's own."""

from monitor.providers.corpus import Corpus, CorpusDocument
from monitor.providers.vocabulary import general_words, vocabulary_of


def corpus(*passages: str) -> Corpus:
    return Corpus([CorpusDocument(str(number), passage) for number, passage in enumerate(passages)])


def test_general_words_are_the_tokenizers_and_those_of_general_texts() -> None:
    assert {"refund", "usa", "bbc", "hdmi"} <= general_words()
    assert general_words().isdisjoint({"rapamycin", "ergothioneine"})


def test_a_word_is_of_the_house_where_it_is_frequent_and_shattered() -> None:
    """Names stand in capitals; what two documents have may be a slip."""
    frequent = [f"The phylloquinator {number} runs for Xylophantia, see refunds." for number in range(3)]
    rare = ["A zymotachygraph."] * 2
    assert vocabulary_of(corpus(*frequent, *rare)).house == {"phylloquinator"}


def test_an_acronym_is_of_the_house_unless_the_world_knows_it() -> None:
    found = vocabulary_of(corpus("The OWL of the USA answers. Ask AND wait. SUPERCALIFRAGILISTIC"))
    assert found.house == {"OWL"}


def test_a_script_is_of_the_corpus_where_one_document_in_twenty_has_it() -> None:
    latin = ["refund policy"] * 19
    assert vocabulary_of(corpus(*latin, "退款政策")).scripts == {"latin", "cjk"}
    assert vocabulary_of(corpus(*latin, *latin, "退款政策")).scripts == {"latin"}


def test_without_a_corpus_there_is_nothing_of_the_house() -> None:
    found = vocabulary_of(None)
    assert (found.house, found.scripts, found.general) == (frozenset(), frozenset(), general_words())


def test_a_corpus_is_read_once_for_all_assessors_over_it() -> None:
    corpus, same_texts = (Corpus([CorpusDocument("a", "The SLO of the gateway")]) for _ in range(2))
    assert vocabulary_of(corpus) is vocabulary_of(corpus)
    assert vocabulary_of(same_texts) is not vocabulary_of(corpus)
    assert vocabulary_of(same_texts) == vocabulary_of(corpus)
