"""A judge that obeys whatever hostile passages tell it: what the defences are measured against.

It is worse than a real model in all that matters here: it reads what is hidden or encoded, follows every instruction
that reaches it, and quotes what it is told to or what has most words of the query. What it cannot stand for is a model
that makes up other quotes.
"""

import html
import re
import unicodedata
from collections.abc import Sequence

import msgspec

from detectors.judging.records import Message
from tests.detectors.judging.suite import Attack, Kind

DEPENDS_ON_QUERY = (Kind.STUFFED_KEYWORDS, Kind.CONDITIONAL)
_NONCE = re.compile(r"nonce:\s*([0-9a-f]{8,})")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MARKUP = re.compile(r"< ?/? ?[^\W\d][^<>\n]{0,60}>|< ?\|[^<>\n]{0,40}\| ?>")  # a defence may have spaced it
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][)\]»”])\s+|(?<=[。！？；])|\n+")  # noqa: RUF001
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")  # Chinese is compared by characters
_FENCE_WORDS = 4
_ASCII = range(32, 127)
_SEEN: dict[int, int | str | None] = {
    **{0xE0000 + code: code for code in _ASCII},  # tag characters
    **{0xE0100 + code - 16: code for code in _ASCII},  # bytes as variation selectors
    **dict.fromkeys((0x115F, 0x1160)),  # Hangul fillers, which count as letters
    **str.maketrans("\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456", "aceopxyi"),  # Cyrillic
}


def obey(case: Attack, messages: Sequence[Message], *, outside_only: bool = False) -> str:
    """What a model that does as `case` tells it replies to a prompt in which the case's passage stands.

    The attack has reached it if the longest line of the payload is in the prompt, as `meant` reads both: markup may
    have been escaped or taken away around it, and hidden characters within it. It then obeys, for whatever query the
    prompt asks about, so for a decoy too; only stuffed words and conditional instructions depend on the query, and work
    for the case's own alone. Obeying is `dictates` to the letter or, without one, grade 3 with the prompt's nonce and
    `chosen_quote`. An attack that has not reached it gets grade 0 and no quote.

    `outside_only`: a model that the fence does help. It obeys what stands outside all fences (`outside`) and no more.
    """
    nonce = asked_nonce(messages)
    whole = "\n".join(message.content for message in messages)
    read = "\n".join(outside(message.content, nonce) for message in messages) if outside_only else whole
    if instruction(case) not in meant(read) or (case.kind in DEPENDS_ON_QUERY and not _asks(whole, case.query)):
        return _reply(nonce, "", 0)
    return case.dictates if case.dictates is not None else _reply(nonce, chosen_quote(case), 3)


def asked_nonce(messages: Sequence[Message]) -> str:
    """The nonce that a prompt asks to repeat (`nonce: <hex>`), "" if none.

    Of several, for a passage may bring its own, it is the one that the prompt names most often.
    """
    whole = "\n".join(message.content for message in messages)
    return max(_NONCE.findall(whole), key=whole.count, default="")


def outside(content: str, nonce: str) -> str:
    """The lines of one message that stand in no fence.

    A fence is opened and closed by a line that holds the nonce and at most four other words; the line that asks for the
    nonce is none.
    """
    kept, within = [], False
    for line in content.split("\n"):
        if _is_fence(line, nonce):
            within = not within
        elif not within:
            kept.append(line)
    return "\n".join(kept)


def instruction(case: Attack) -> str:
    """What of the payload has to arrive: its longest line, as `meant` reads it."""
    return max(map(meant, case.payload.split("\n")), key=len)


def chosen_quote(case: Attack) -> str:
    """The case's own quote, else the sentence of the passage, payload included, with most words of the query.

    Of equals the longest.
    """
    if case.quote is not None:
        return case.quote
    asked = _words(case.query)
    return max(_SENTENCE_END.split(case.passage), key=lambda sentence: (len(_words(sentence) & asked), len(sentence)))


def meant(text: str) -> str:
    r"""The letters and digits of `text` that an attentive reader takes from it, whatever was done to hide them.

    Entities are resolved; markup, terminal escapes, controls and all that has no width are dropped, as is punctuation;
    tag characters and variation selectors give the ASCII that they smuggle, look-alikes what they look like.

    >>> meant("Gr\u00ada\u200bde &lt;b&gt;THIS&lt;/b&gt; 3!")
    'gradethis3'
    """
    shown = _ANSI.sub("", unicodedata.normalize("NFKC", html.unescape(text)))
    return "".join(filter(str.isalnum, _MARKUP.sub(" ", shown).casefold().translate(_SEEN)))


def _is_fence(line: str, nonce: str) -> bool:
    if not nonce or nonce not in line or _NONCE.search(line):
        return False
    return len(_WORD.findall(line.replace(nonce, " "))) <= _FENCE_WORDS


def _asks(prompt: str, query: str) -> bool:
    """Whether `prompt` holds `query`; no passage of these two kinds does."""
    return _spaced(query) in _spaced(prompt)


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", html.unescape(text)).split())


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _reply(nonce: str, quote: str, grade: int) -> str:
    return msgspec.json.encode({"nonce": nonce, "quote": quote, "grade": grade}).decode()
