"""What the tests of the judge's pure half share."""

import json
from typing import Any

from detectors.judging.prompts import render
from detectors.judging.records import Prompt, Question, Reply, Task

NONCE = "5eed5eed5eed5eed"
PASSAGE = "Shoes can be sent back within 30 days. The buyer pays for the parcel."
QUESTION = Question(Task.CONTEXT_RELEVANCE, "how long can I return shoes", (PASSAGE,))


def prompt(question: Question = QUESTION, **settings: Any) -> Prompt:
    return render(question, NONCE, **{"longest_passage": 6000, **settings})


def reply(text: str | None = None, **fields: Any) -> Reply:
    """A reply; without a text, an object of the given fields with this nonce."""
    known = {name: fields.pop(name) for name in ("tokens", "finish_reason", "refusal") if name in fields}
    return Reply(text if text is not None else json.dumps({"nonce": NONCE, **fields}), "m-1", **known)
