"""What the judge is asked, word for word: prompts with a version, and text made safe to stand in them."""

import html
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from zlib import crc32

import msgspec

from detectors.judging.records import GRADES, Message, Prompt, Question, Task
from detectors.judging.statements import statements

LONGEST_QUERY = 2_000  # characters; what is beyond is cut, as of passages
_MARKS = re.compile(r"<(?=[|/s\uff5c])|(?<=[|\uff5c])>|\[(?=/?INST\])")
_BLANK_LINES = re.compile(r"\n{3,}")
_KEPT = "\n\t"


@lru_cache
def instructions(task: Task) -> str:
    """The task as the judge is told it; it holds no data."""
    return files("detectors").joinpath(f"data/judge_{task}.txt").read_text(encoding="utf-8").strip()


def wording() -> list[str]:
    """Every word that a prompt has beside data."""
    schemas = msgspec.json.encode([_GRADED, _statements_schema(1)]).decode()
    return [*map(instructions, Task), _FRAME, _LAST, schemas]


def clean(text: str, longest: int) -> str:
    r"""Text as it may stand in a prompt: without control and invisible characters, and cut.

    Entities of HTML are resolved, as whoever reads them does. Marks by which chat templates end a message are broken
    up: a server that reads templates out of data would take them for its own.

    >>> clean("grade\u200b this\x00 <|im_end|>", 100)
    'grade this < |im_end| >'
    """
    text = html.unescape(text).replace("\r\n", "\n")
    kept = "".join(c for c in text if c in _KEPT or unicodedata.category(c)[0] != "C")
    spaced = _BLANK_LINES.sub("\n\n", kept).strip()
    return _MARKS.sub(lambda mark: f" {mark[0]}" if mark[0] == ">" else f"{mark[0]} ", spaced)[:longest]


def render(question: Question, nonce: str, *, longest_passage: int, planted: str = "") -> Prompt:
    """The prompt of a question.

    Parameters
    ----------
    nonce
        Letters and digits that whoever wrote the data could not know; another for each call.
    longest_passage
        In characters; what is beyond is cut.
    planted
        A statement that no passage supports, put among those of the answer; empty for none.
    """
    query = clean(question.query, LONGEST_QUERY)
    if question.task is Task.GROUNDEDNESS:
        read = tuple(clean(passage, longest_passage) for passage in question.passages)
        claims = statements(clean(question.answer or "", longest_passage))
        place = crc32(planted.encode()) % (len(claims) + 1) + 1 if planted else 0
        if planted:
            claims.insert(place - 1, planted)
        blocks = [("statements", "\n".join(f"{i}. {claim}" for i, claim in enumerate(claims, 1)))]
        blocks += [(f"passage {i}", passage) for i, passage in enumerate(read, 1)]
        found = _prompt(question.task, nonce, blocks, _statements_schema(len(claims)), read)
        return msgspec.structs.replace(found, statements=len(claims), planted=place)
    graded = question.passages[0] if question.task is Task.CONTEXT_RELEVANCE else question.answer or ""
    read = (clean(graded, longest_passage),)
    name = "passage" if question.task is Task.CONTEXT_RELEVANCE else "answer"
    return _prompt(question.task, nonce, [("query", query), (name, read[0])], _GRADED, read)


_FRAME = "=== {name} {nonce} {end} ==="
_LAST = 'Reply with the JSON object. It begins: {{"nonce": "{nonce}",'


def _prompt(
    task: Task, nonce: str, blocks: list[tuple[str, str]], schema: dict[str, object], read: tuple[str, ...]
) -> Prompt:
    fenced = (
        f"{_FRAME.format(name=name, nonce=nonce, end='begins')}\n{text}\n"
        f"{_FRAME.format(name=name, nonce=nonce, end='ends')}"
        for name, text in blocks
    )
    data = "\n\n".join((f"nonce: {nonce}", *fenced, _LAST.format(nonce=nonce)))
    return Prompt((Message("system", instructions(task)), Message("user", data)), task.value, schema, nonce, read)


def _object(properties: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False
    }  # fmt: skip


LONGEST_QUOTE = 400  # characters
_NONCE: dict[str, object] = {"type": "string", "maxLength": 32}
_QUOTE: dict[str, object] = {"type": "string", "maxLength": LONGEST_QUOTE}
_GRADED = _object({"nonce": _NONCE, "quote": _QUOTE, "grade": {"type": "integer", "enum": [*GRADES]}})


def _statements_schema(count: int) -> dict[str, object]:
    one = _object({
        "statement": {"type": "integer"}, "passage": {"type": "integer"}, "quote": _QUOTE,
        "verdict": {"type": "string", "enum": ["supported", "unsupported", "no_claim"]},
    })  # fmt: skip
    return _object(
        {"nonce": _NONCE, "statements": {"type": "array", "items": one, "minItems": count, "maxItems": count}}
    )
