"""What the scenarios know of words: general ones, from the bundled tokenizer, and the corpus's own."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.resources import files
from weakref import WeakKeyDictionary

from detectors.scenarios import Vocabulary, scripts
from detectors.text import STOP_WORDS, terms
from monitor.providers.corpus import Corpus
from monitor.providers.cross_encoder import BUNDLED_DIRECTORY

WORD = re.compile(r"[A-Za-z]{2,}")
SHATTERED_PIECES = 4  # word pieces: fewer are inflections and everyday compounds, too
MIN_LETTERS = 5
HOUSE_DOCUMENTS = 3
ACRONYM_LETTERS = 6
SCRIPT_SHARE = 0.05  # of the documents: a corpus does not have a script that fewer are written in


def bundled_pieces() -> tuple[set[str], Callable[[list[str]], list[int]]]:
    """The whole words of the bundled tokenizer, and a function that counts the pieces of each of many words."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - `leadline --help` has no use for it

    tokenizer = Tokenizer.from_file(str(BUNDLED_DIRECTORY / "tokenizer.json"))
    whole = {word for word in tokenizer.get_vocab(with_added_tokens=False) if word.isalpha() and len(word) > 1}
    return whole, lambda words: [len(e.ids) for e in tokenizer.encode_batch(words, add_special_tokens=False)]


def shattered(words: Iterable[str], whole: set[str], pieces: Callable[[list[str]], list[int]]) -> list[str]:
    """Those words that the tokenizer has no use for: no inflection of a whole word, and broken into many pieces."""
    stems = set(terms(" ".join(whole)))
    asked = [word for word in words if len(word) >= MIN_LETTERS and stems.isdisjoint(terms(word))]
    return [word for word, count in zip(asked, pieces(asked), strict=True) if count >= SHATTERED_PIECES]


@lru_cache(maxsize=1)
def general_words() -> frozenset[str]:
    """Words and stems of words in general use, and acronyms that the world knows, in small letters."""
    whole, _ = bundled_pieces()
    return frozenset(whole) | {line.lower() for line in _listed()}


_KNOWN: WeakKeyDictionary[Corpus, Vocabulary] = WeakKeyDictionary()


def vocabulary_of(corpus: Corpus | None) -> Vocabulary:
    """What is general, and what is the corpus's own: frequent in it, and unknown to general texts.

    An acronym is the house's where the world does not know it as one; a word where `HOUSE_DOCUMENTS` have it, in small
    letters more often than not (the others are names), and the tokenizer shatters it. Read once from each corpus, which
    takes about as long as to index it, for however many assessors there are over it.
    """
    if corpus is None:
        return Vocabulary(general_words())
    if corpus not in _KNOWN:
        _KNOWN[corpus] = _read(corpus)
    return _KNOWN[corpus]


def _read(corpus: Corpus) -> Vocabulary:
    frequencies: Counter[str] = Counter()
    written: Counter[str] = Counter()
    for document in corpus.documents:
        frequencies.update(set(WORD.findall(document.passage)))
        written.update(scripts(document.passage))
    enough = SCRIPT_SHARE * len(corpus)
    return Vocabulary(
        general_words(),
        frozenset(_house(frequencies)),
        frozenset(script for script, documents in written.items() if documents >= enough),
    )


def _house(frequencies: Counter[str]) -> set[str]:
    frequent = {word for word, documents in frequencies.items() if documents >= HOUSE_DOCUMENTS}
    world = {line for line in _listed() if line.isupper()}
    acronyms = {
        word
        for word in frequencies
        if word.isupper() and len(word) <= ACRONYM_LETTERS and word not in world and word.lower() not in STOP_WORDS
    }
    whole, pieces = bundled_pieces()
    stems = {line for line in _listed() if line.islower()}
    small = [
        w for w in frequent if w.islower() and frequencies[w] > frequencies[w.capitalize()] + frequencies[w.upper()]
    ]
    return acronyms | {word for word in shattered(small, whole, pieces) if stems.isdisjoint(terms(word))}


def _listed() -> list[str]:
    return files("detectors").joinpath("data/general_words.txt").read_text(encoding="utf-8").split()
