"""Text as the lexical side sees it: terms, identifiers, passages and keys."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

# The Snowball project's English stop words, with what splitting at the apostrophe leaves of contractions.
STOP_WORDS = frozenset(
    """i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
    it its itself they them their theirs themselves what which who whom this that these those am is are was were be
    been being have has had having do does did doing would should could ought a an the and but if or because as until
    while of at by for with about against between into through during before after above below to from up down in out
    on off over under again further then once here there when where why how all any both each few more most other some
    such no nor not only own same so than too very can will ll ve re don doesn didn isn aren ain wasn weren hasn haven
    hadn won wouldn couldn shouldn mustn needn""".split()
)
KEPT_CHARACTERS = 10_000
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]+|[^\W{_CJK}]{{2,}}")
_RUN = re.compile(rf"(?:[^\W{_CJK}]|[./:-])+")
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english", 0)


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    stem: str = _stemmer().stemWord(word)
    return stem


def terms(text: str) -> list[str]:
    """The index terms of `text`: words of two letters or more, lower case, without English stop words, stemmed.

    Runs of Chinese, Japanese or Korean script have no spaces to split at and give overlapping pairs of characters.

    >>> terms("The refunds for sugar-free drinks")
    ['refund', 'sugar', 'free', 'drink']
    >>> terms("退款政策")
    ['退款', '款政', '政策']
    """
    found = []
    for word in _WORD.findall(text.lower()):
        if _unspaced(word[0]):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif word not in STOP_WORDS:
            found.append(_stem(word))
    return found


def term_set(text: str) -> frozenset[str]:
    """The different terms of `text`; of short texts those of the last ones are kept, for documents come again.

    >>> sorted(term_set("refunds of a refund"))
    ['refund']
    """
    return _kept_term_set(text) if len(text) <= KEPT_CHARACTERS else frozenset(terms(text))


@lru_cache(maxsize=2048)
def _kept_term_set(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _unspaced(character: str) -> bool:
    """Whether `character` is of a script that has no spaces between words."""
    return "\u3040" <= character <= "\ud7af"


def identifiers(text: str) -> list[str]:
    """Identifiers and numbers in `text`, without repeats: whatever has two characters or more and holds a digit.

    >>> identifiers("refund for order 88-1023 over $1,500 on RX-20b")
    ['88-1023', '1500', 'rx-20b']
    >>> identifiers("refund policy")
    []
    """
    runs = (run.strip("./:-") for run in _RUN.findall(fold_numbers(text)))
    return list(dict.fromkeys(run for run in runs if len(run) > 1 and _DIGIT.search(run)))


def fold_numbers(text: str) -> str:
    """`fold`, and no commas between thousands: the form in which identifiers are looked for."""
    return _THOUSANDS.sub("", fold(text))


def contains_identifier(folded: str, identifier: str) -> bool:
    """Whether text, as `fold_numbers` gives it, holds `identifier` as a whole.

    Punctuation that joins it to more letters or digits behind, or to more digits before, makes it part of another one;
    a word before does not: `order:88-1023` holds `88-1023`.

    >>> contains_identifier("see order 88-1023.", "88-1023"), contains_identifier("v2.1 is out", "v2")
    (True, False)
    """
    return any(
        _begins_word(folded[max(0, start - 2) : start]) and _ends_word(folded[end : end + 2])
        for start, end in _occurrences(folded, identifier)
    )


def _begins_word(before: str) -> bool:
    joined = before[-1:] in (".", "/", "-") and before[:-1].isdigit()
    return not (_is_word(before[-1:]) or joined)


def _ends_word(after: str) -> bool:
    joined = after[:1] in (".", "/", ":", "-") and after[1:].isalnum()
    return not (_is_word(after[:1]) or joined)


def _is_word(character: str) -> bool:
    """Whether a character would go on with the word beside it."""
    return (character.isalnum() or character == "_") and not _unspaced(character)


def _occurrences(text: str, part: str) -> Iterator[tuple[int, int]]:
    start = text.find(part)
    while start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + 1)


def fold(text: str) -> str:
    """NFKC, lower case, white space folded: two texts that read alike are alike."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def passage(title: str | None, text: str) -> str:
    """Title, full stop, text: what is scored, judged and indexed."""
    return f"{title}. {text}" if title else text


def text_key(text: str) -> str:
    """A key for a document without an id: the hash of its folded text."""
    return "text-" + hashlib.blake2b(fold(text).encode(errors="surrogatepass"), digest_size=12).hexdigest()
