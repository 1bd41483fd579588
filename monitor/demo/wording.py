"""Words of the demo: which carry content, which become tags, and how the same question comes from different hands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from monitor.demo.tables import parse_words

_CONTENT_WORD = re.compile(r"[A-Za-z]{4,}|[A-Za-z]{3}(?=\b)")
_FILLER = parse_words(
    "about after again all also and another any are because been before but both can cannot could did does down each "
    "every few first for from get give goes had has have her here him his how into its itself know lead least less let "
    "like long made make many may more most much must myself never new nobody nor not now off old once one only other "
    "our out over own same say send she should some someone something still such than that the their them then there "
    "these they this those through time too top turn two until use very want was way well were what when where which "
    "while who whom why will with without would yet you your yours accept ago anybody anything ask asks "
    "belongs bought called careful come comes done else ends everybody everyone everything fast got happens keep keeps "
    "last left look matter mean means needs please plugged possible really right same says second set since sorry "
    "somebody something stop suddenly take taken talk took usable visit whom why work works wrong"
)
_OPENINGS = ("hi, ", "hello, ", "quick question: ", "please help: ", "for a customer: ")
_QUESTION_WORDS = (
    "how",
    "what",
    "which",
    "who",
    "when",
    "where",
    "why",
    "can",
    "do",
    "does",
    "is",
    "are",
    "may",
    "should",
)


def content_words(text: str) -> list[str]:
    """Return the lower-case words of a text that carry content, each once, in order."""
    return [word for word in dict.fromkeys(_CONTENT_WORD.findall(text.lower())) if word not in _FILLER]


def tag_line(label: str, questions: Sequence[str], body: str, rng: Random, share: float = 0.65) -> str:
    """Return a line of words that readers use and the writer did not, as it stands at the end of a page; or nothing."""
    known = set(content_words(body))
    missing = [word for word in content_words(" ".join(questions)) if word not in known]
    picked = rng.sample(missing, min(len(missing), max(1, round(share * len(missing)))))
    return f" {label}: {', '.join(picked)}." if picked else ""


def rephrase(query: str, rng: Random) -> str:
    """Return the query as one of many users would type it."""
    text = query.rstrip("?")
    if rng.random() < 0.06:
        text = _misspell(text, rng)
    if rng.random() < 0.05:
        text = rng.choice(_OPENINGS) + text
    if rng.random() < 0.4:
        text = text[0].upper() + text[1:]
    asks = text.lower().split(" ")[0] in _QUESTION_WORDS
    return text + "?" if asks and rng.random() < 0.5 else text


def _misspell(text: str, rng: Random) -> str:
    """Swap two inner letters of a long word, or leave one out; words with digits are left alone."""
    parts = text.split(" ")
    places = [place for place, word in enumerate(parts) if len(word) > 5 and word.isascii() and word.isalpha()]
    if not places:
        return text
    place = rng.choice(places)
    word = parts[place]
    at = rng.randrange(1, len(word) - 2)
    slip = word[at + 1] + word[at] if rng.random() < 0.6 else word[at + 1]
    parts[place] = word[:at] + slip + word[at + 2 :]
    return " ".join(parts)
