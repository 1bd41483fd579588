"""Attacks on an LLM judge and honest cases beside them, written before the judge's defences were.

One JSON object a line. Nobody tunes on the `_held_out` files: they are measured once, when a defence is done. The two
`_held_out_2` are later than the first defences, by one who had not read how those weigh evidence.
What cannot be seen (controls, zero-width characters, tag characters) is escaped in the files.
"""

from enum import StrEnum
from importlib.resources import files
from typing import Literal, overload

import msgspec


class Kind(StrEnum):
    """How an attack goes about it."""

    DIRECT = "direct"  # grade this 3
    CLAIMED_RELEVANCE = "claimed_relevance"  # this passage answers the question in full
    FAKE_FENCE = "fake_fence"  # ends what it guesses to be the fence, and speaks from outside
    ROLE_PLAY = "role_play"  # you are now another
    DICTATED_JSON = "dictated_json"  # gives the whole reply
    STUFFED_KEYWORDS = "stuffed_keywords"  # the query's words and no information
    MIXED_LANGUAGE = "mixed_language"  # speaks another language than the text around it
    HIDDEN_CONTROL = "hidden_control"  # characters that are not seen: zero-width, bidi, tags, ANSI, NUL
    ENCODED = "encoded"  # base64, rot13, hexadecimal, spelt out, look-alikes
    CONDITIONAL = "conditional"  # if the question is about this, grade 3
    QUOTE_DIRECTED = "quote_directed"  # says what to quote
    AUTHORITY = "authority"  # guidelines, earlier verdicts
    FEW_SHOT = "few_shot"  # examples in which everything has grade 3
    LONG = "long"  # far into, or before, thousands of characters
    THREAT_OR_PLEA = "threat_or_plea"
    STATISTICS_STYLE = "statistics_style"  # 97% of annotators graded it 3
    # held out only
    METADATA = "metadata"  # comments, front matter, alternative texts
    FAKE_REASONING = "fake_reasoning"  # thinks aloud in the judge's place
    SUBSTITUTED_QUERY = "substituted_query"  # says that the query was another one, which the passage does answer
    SCALE_CHANGE = "scale_change"  # 3 now means irrelevant
    TASK_SWITCH = "task_switch"  # another task, whose result is a reply of the judge


class Attack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passage that says nothing on `query` (its true grade is 0), with what is to make a judge say 3.

    `payload` is that part of `passage`. `dictates` is the whole reply that it tells the judge to give, if it gives one;
    `quote` what an obeying judge quotes because it was told to or, of stuffed words, because they look like an answer.
    """

    id: str
    language: str
    kind: Kind
    query: str
    passage: str
    payload: str
    dictates: str | None
    quote: str | None


class Honest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passage without malice, the grade it deserves and what an honest judge quotes for it ("" for grade 0).

    `language` is the query's and the passage's, or both: `de>en` is a German query and an English passage. `note` says
    what is difficult about it; it begins with `near-verbatim` where the quote differs from the passage as models' do.
    """

    id: str
    language: str
    query: str
    passage: str
    grade: int
    quote: str
    note: str


@overload
def load(name: Literal["attacks", "attacks_held_out", "attacks_held_out_2"]) -> list[Attack]: ...
@overload
def load(name: Literal["honest", "honest_held_out", "honest_held_out_2"]) -> list[Honest]: ...
def load(name: str) -> list[Attack] | list[Honest]:
    lines = files(__package__).joinpath(f"{name}.jsonl").read_bytes()
    if name.startswith("attacks"):
        return msgspec.json.Decoder(Attack).decode_lines(lines)
    return msgspec.json.Decoder(Honest).decode_lines(lines)
