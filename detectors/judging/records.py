"""What passes between the judge's parts: a question, a reply, a verdict."""

from enum import StrEnum

import msgspec

from detectors.records import Reason

GRADES = range(4)  # as the prompts have them
BEST_GRADE = 3.0


class Task(StrEnum):
    """What a call asks; each has a prompt of its own."""

    CONTEXT_RELEVANCE = "context_relevance"
    GROUNDEDNESS = "groundedness"
    ANSWER_RELEVANCE = "answer_relevance"


class Question(msgspec.Struct, frozen=True):
    """One call's worth of judging.

    `context_relevance`: one passage, graded for the query. `answer_relevance`: the answer, graded for the query.
    `groundedness`: statements of the answer, each held against all passages. All text is as it came, not cleaned.
    """

    task: Task
    query: str
    passages: tuple[str, ...] = ()
    answer: str | None = None


class Message(msgspec.Struct, frozen=True):
    """One message of a chat."""

    role: str
    content: str


class Prompt(msgspec.Struct, frozen=True):
    """A question as it is sent: messages, and the JSON schema that the reply is asked to follow.

    `nonce` fences what is data; a reply has to carry it. `read` are the passages (or the answer) as the judge gets
    them, cleaned and cut: what quotes are looked for in. Of `statements` in number, `planted` is the made-up one.
    """

    messages: tuple[Message, ...]
    schema_name: str
    schema: dict[str, object]
    nonce: str
    read: tuple[str, ...]
    statements: int = 0
    planted: int = 0


class TokenChoice(msgspec.Struct, frozen=True):
    """One token of a reply, and the log-probabilities of the likeliest tokens in its place, its own among them."""

    token: str
    top: dict[str, float]


class Reply(msgspec.Struct, frozen=True):
    """What a model said. `tokens` is empty where the endpoint gives no log-probabilities.

    `model` is the name that the reply bears, which may be more exact than the one that was asked for.
    """

    text: str
    model: str
    finish_reason: str = "stop"
    refusal: str | None = None
    tokens: tuple[TokenChoice, ...] = ()


class Doubt(StrEnum):
    """Why a reply is no verdict."""

    REFUSED = "refused"  # the model would not
    MALFORMED = "malformed"  # no JSON of the schema, or cut off
    WRONG_NONCE = "wrong_nonce"  # it did not carry this question's nonce
    NO_QUOTE = "no_quote"  # a grade above 0 and nothing quoted, or too little
    QUOTE_NOT_FOUND = "quote_not_found"  # the quote is not in the passage
    QUOTE_NO_EVIDENCE = "quote_no_evidence"  # what is quoted is an instruction, or repeats the query and says no more
    FOOLED = "fooled"  # it graded the twin of the question as high, or found support for what is made up


class Verdict(msgspec.Struct, frozen=True):
    """A grade from 0 to 3 that was believed, with the words that it rests on: none where the grade was 0.

    `grade` is the expected grade where the endpoint gave log-probabilities, else the grade itself.
    """

    grade: float
    quote: str = ""
    model: str = ""


Outcome = Verdict | Doubt | Reason
"""A verdict, why a reply is none, or why there was no reply."""
