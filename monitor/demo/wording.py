"""How the same question comes from different hands: capitals, question marks, greetings and slips of the finger."""

from __future__ import annotations

from random import Random

_OPENINGS = ("hi, ", "hello, ", "quick question: ", "please help: ", "for a customer: ")
_QUESTION_WORDS = frozenset(
    "how what which who when where why can do does did is are may should whom was will".split()
)


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
